#include "matrix.h"

enum {
    STRIP_MAX = TILE_COLUMNS,
    STRIPS = (int)LEFT_STRIPS > RIGHT_STRIPS ? LEFT_STRIPS : RIGHT_STRIPS
};
_Static_assert((int)TILE_ROWS <= (int)STRIP_MAX, "a strip of either operand fits");

/* A row: the source coordinates of its tap (0, 0). */
typedef struct place {
    const float *image;
    int64_t y, x;
    int64_t grid_y, grid_x;
} place;

/* A column: the offsets of its tap and its channel. */
typedef struct column {
    int64_t y, x, channel;
} column;

static int64_t image_size(const simd_matrix *m) {
    return m->height.extent * m->width.extent * m->channels;
}

static place place_of(const simd_matrix *m, int64_t row) {
    int64_t grid_x = row % m->width.count, line = row / m->width.count;
    int64_t grid_y = line % m->height.count, image = line / m->height.count;
    return (place){.image = m->data + image * image_size(m),
                   .y = m->height.first + grid_y * m->height.step,
                   .x = m->width.first + grid_x * m->width.step,
                   .grid_y = grid_y,
                   .grid_x = grid_x};
}

SIMD_INLINE void advance(const simd_matrix *m, place *at) {
    at->x += m->width.step;
    if (++at->grid_x < m->width.count)
        return;
    at->grid_x = 0;
    at->x = m->width.first;
    at->y += m->height.step;
    if (++at->grid_y < m->height.count)
        return;
    at->grid_y = 0;
    at->y = m->height.first;
    at->image += image_size(m);
}

static column column_of(const simd_matrix *m, int64_t index) {
    int64_t tap = index / m->channels;
    return (column){.y = tap / m->width.taps * m->height.tap_step,
                    .x = tap % m->width.taps * m->width.tap_step,
                    .channel = index % m->channels};
}

/* The map's line under a column, at the column's channel, or NULL outside the map. */
SIMD_INLINE const float *line_of(const simd_matrix *m, const place *at, const column *from) {
    int64_t y = at->y + from->y;
    if ((uint64_t)y >= (uint64_t)m->height.extent)
        return NULL;
    return at->image + y * m->width.extent * m->channels + from->channel;
}

/* The map's element under a column, or NULL outside the map. */
SIMD_INLINE const float *element(const simd_matrix *m, const place *at, const column *from) {
    const float *line = line_of(m, at, from);
    int64_t x = at->x + from->x;
    return line && (uint64_t)x < (uint64_t)m->width.extent ? line + x * m->channels : NULL;
}

/* Copies `count` values of a row from a column on, pixel by pixel; neighbouring taps on
 * neighbouring pixels of the map are one run. */
static void gather(const simd_matrix *m, const place *at, column from, int64_t count, float *to) {
    int64_t taps_end = m->width.taps * m->width.tap_step;
    bool adjacent = m->width.tap_step == 1 && at->x >= 0 && at->x + taps_end <= m->width.extent;
    while (count > 0) {
        int64_t pixels = adjacent ? taps_end - from.x : 1;
        int64_t run = pixels * m->channels - from.channel;
        if (run > count)
            run = count;
        const float *source = element(m, at, &from);
        for (int64_t n = 0; n < run; n++)
            to[n] = source ? source[n] : 0.0f;
        to += run;
        count -= run;
        from.channel = 0;
        from.x += pixels * m->width.tap_step;
        if (from.x >= taps_end) {
            from.x = 0;
            from.y += m->height.tap_step;
        }
    }
}

/* `count` <= STRIP_MAX values of a row: in place where they belong to one pixel. */
SIMD_INLINE const float *row_values(const simd_matrix *m, const place *at, const column *from,
                                    int64_t count, float *buffer) {
    static const float zeros[STRIP_MAX + LANES];
    if (from->channel + count <= m->channels) {
        const float *source = element(m, at, from);
        return source ? source : zeros;
    }
    gather(m, at, *from, count, buffer);
    return buffer;
}

/* Rows that go along the depth: each is copied as it is, for all strips before the next, in the
 * order in which it lies in memory. Rows of a wide matrix are pages apart, too far for a processor
 * to see what comes next. */
SIMD_INLINE void pack_along(const simd_matrix *m, int64_t first, int64_t count, int64_t row,
                            int64_t rows, int64_t width, float *restrict to) {
    enum { ROWS_AHEAD = 8 };
    float buffer[STRIP_MAX];
    column from[STRIPS];
    int64_t strips = (count + width - 1) / width, strip_size = simd_strip_size(rows, width);
    int64_t rest = count - (strips - 1) * width, ahead = ROWS_AHEAD * m->width.step * m->channels;
    for (int64_t s = 0; s < strips; s++)
        from[s] = column_of(m, first + s * width);
    place at = place_of(m, row);
    for (int64_t d = 0; d < rows; d++, advance(m, &at)) {
        for (int64_t s = 0; s < strips; s++) {
            int64_t here = s + 1 < strips ? width : rest;
            float *out = to + s * strip_size + d * width;
            const float *source = row_values(m, &at, &from[s], here, buffer);
            __builtin_prefetch(source + ahead);
            if (here == width) {
                memcpy(out, source, (size_t)width * sizeof *to);
                continue;
            }
            for (int64_t n = 0; n < width; n++)
                out[n] = n < here ? source[n] : 0.0f;
        }
    }
}

#if SIMD_BYTES == 64
#define ZIP_LOW(a, b)                                                                              \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define ZIP_HIGH(a, b)                                                                             \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif SIMD_BYTES == 32
#define ZIP_LOW(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define ZIP_LOW(a, b)  __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

/* Transposes LANES x LANES values: a perfect shuffle of the rows, once for each bit of an index. */
SIMD_INLINE void transpose(vector v[LANES]) {
    SIMD_UNROLL
    for (int bit = 1; bit < LANES; bit *= 2) {
        vector zipped[LANES];
        SIMD_UNROLL
        for (int n = 0; n < LANES / 2; n++) {
            zipped[2 * n] = ZIP_LOW(v[n], v[n + LANES / 2]);
            zipped[2 * n + 1] = ZIP_HIGH(v[n], v[n + LANES / 2]);
        }
        SIMD_UNROLL
        for (int n = 0; n < LANES; n++)
            v[n] = zipped[n];
    }
}

/* Rows that go across the depth: LANES rows by LANES columns of one pixel at a time are transposed.
 * Where the strip is narrower than a vector, each store runs over the place of the next, which
 * comes later. */
SIMD_INLINE void pack_across(const simd_matrix *m, int64_t first, int64_t count, int64_t index,
                             int64_t depth, int64_t width, float *restrict to) {
    place at[STRIP_MAX];
    place next = place_of(m, first);
    for (int64_t n = 0; n < count; n++, advance(m, &next))
        at[n] = next;
    for (int64_t done = 0, columns; done < depth; done += columns) {
        column from = column_of(m, index + done);
        columns = m->channels - from.channel < LANES ? m->channels - from.channel : LANES;
        if (columns > depth - done)
            columns = depth - done;
        for (int64_t strip = 0; strip < width; strip += LANES) {
            vector v[LANES];
            SIMD_UNROLL
            for (int n = 0; n < LANES; n++) {
                const float *source = strip + n < count ? element(m, &at[strip + n], &from) : NULL;
                v[n] = source ? vector_load_some(source, columns) : (vector){0};
            }
            transpose(v);
            SIMD_UNROLL
            for (int n = 0; n < LANES; n++) {
                if (n < columns)
                    vector_store(to + (done + n) * width + strip, v[n]);
            }
        }
    }
}

/* The next column: the next channel, or the first of the next tap. */
SIMD_INLINE void next_column(const simd_matrix *m, column *c) {
    if (++c->channel < m->channels)
        return;
    c->channel = 0;
    c->x += m->width.tap_step;
    if (c->x < m->width.taps * m->width.tap_step)
        return;
    c->x = 0;
    c->y += m->height.tap_step;
}

/* The same for pixels of few channels, which fill no vector: column by column, along the rows that
 * lie on one line of the grid. */
SIMD_INLINE void pack_across_narrow(const simd_matrix *m, int64_t first, int64_t count,
                                    int64_t index, int64_t depth, int64_t width,
                                    float *restrict to) {
    int64_t step = m->width.step, stride = step * m->channels, run;
    for (int64_t r = 0; r < count; r += run) {
        place at = place_of(m, first + r);
        column from = column_of(m, index);
        run = m->width.count - at.grid_x < count - r ? m->width.count - at.grid_x : count - r;
        for (int64_t d = 0; d < depth; d++, next_column(m, &from)) {
            int64_t x = at.x + from.x, last = x + (run - 1) * step;
            float *out = to + d * width + r;
            const float *line = line_of(m, &at, &from);
            if (line && x >= 0 && last < m->width.extent) {
                const float *source = line + x * m->channels;
                for (int64_t n = 0; n < run; n++)
                    out[n] = source[n * stride];
                continue;
            }
            for (int64_t n = 0; n < run; n++, x += step)
                out[n] = line && x >= 0 && x < m->width.extent ? line[x * m->channels] : 0.0f;
        }
    }
    for (int64_t d = 0; d < depth && count < width; d++)
        memset(to + d * width + count, 0, (size_t)(width - count) * sizeof *to);
}

SIMD_INLINE void pack_any_across(const simd_matrix *m, int64_t first, int64_t count, int64_t index,
                                 int64_t depth, int64_t width, float *to) {
    for (int64_t n = 0; n < count; n += width, to += simd_strip_size(depth, width)) {
        int64_t here = count - n < width ? count - n : width;
        if (m->channels < LANES)
            pack_across_narrow(m, first + n, here, index, depth, width, to);
        else
            pack_across(m, first + n, here, index, depth, width, to);
    }
}

void SIMD(pack_left)(const simd_matrix *left, int64_t first, int64_t count, int64_t depth_first,
                     int64_t depth, float *to) {
    if (left->transposed)
        pack_along(left, first, count, depth_first, depth, TILE_ROWS, to);
    else
        pack_any_across(left, first, count, depth_first, depth, TILE_ROWS, to);
}

void SIMD(pack_right)(const simd_matrix *right, int64_t first, int64_t count, int64_t depth_first,
                      int64_t depth, float *to) {
    if (right->transposed)
        pack_any_across(right, first, count, depth_first, depth, TILE_COLUMNS, to);
    else
        pack_along(right, first, count, depth_first, depth, TILE_COLUMNS, to);
}
