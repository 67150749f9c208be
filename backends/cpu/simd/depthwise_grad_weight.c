/* Gradient of the weight of a depthwise convolution: for each tap and channel a sum over positions.
 * Threads divide the channels. Rows are summed in registers, then added to the result. */
#include "elements.h"
#include "geometry.h"
#include "ops.h"
#include "reduce.h"

enum { PIXELS = 4, TAPS = 3 };

/* A row of dz, the row of x that one row of the kernel saw, and that row of dw; all from the same
 * channel on. */
typedef struct line {
    const float *x, *dz;
    float *dw;
    int64_t channels;
    const simd_axis *width;
} line;

/* Adds to the taps [tap, tap + taps) what the positions [begin, end), whole multiples of `pixels`,
 * give them, for `lanes` channels. Constants, where speed counts, keep the sums in registers: one a
 * tap and neighbour, so that additions do not wait for each other. */
SIMD_INLINE void add_positions(const line *l, int64_t channel, int64_t lanes, int64_t begin,
                               int64_t end, int64_t tap, int taps, int pixels, int64_t step,
                               int64_t tap_step) {
    int64_t channels = l->channels;
    const float *x = l->x + channel, *dz = l->dz + channel;
    vector sum[TAPS][PIXELS] = {{{0}}};
    for (int64_t position = begin; position < end; position += pixels) {
        int64_t source = l->width->first + position * step + tap * tap_step;
        SIMD_UNROLL
        for (int n = 0; n < pixels; n++) {
            vector gradient = vector_load_some(dz + (position + n) * channels, lanes);
            SIMD_UNROLL
            for (int t = 0; t < taps; t++)
                sum[t][n] +=
                    gradient *
                    vector_load_some(x + (source + n * step + t * tap_step) * channels, lanes);
        }
    }
    SIMD_UNROLL
    for (int t = 0; t < taps; t++) {
        float *to = l->dw + (tap + t) * channels + channel;
        vector total = vector_load_some(to, lanes);
        SIMD_UNROLL
        for (int n = 0; n < pixels; n++)
            total += sum[t][n];
        vector_store_some(to, total, lanes);
    }
}

/* The positions whose tap falls on the map. */
static void positions_of(const simd_axis *axis, int64_t tap, int64_t *out_begin, int64_t *out_end) {
    int64_t start = axis->first + tap * axis->tap_step;
    int64_t begin = start < 0 ? (-start + axis->step - 1) / axis->step : 0;
    int64_t end = start < axis->extent ? (axis->extent - 1 - start) / axis->step + 1 : 0;
    end = end < axis->count ? end : axis->count;
    *out_begin = begin;
    *out_end = end > begin ? end : begin;
}

/* `lanes` channels of a row: where all taps fall on the map together, the rest tap by tap. */
SIMD_INLINE void add_line(const line *l, int64_t channel, int64_t lanes) {
    const simd_axis *width = l->width;
    int64_t begin = 0, end = 0, unused;
    if (width->taps == TAPS && width->tap_step == 1 && (width->step == 1 || width->step == 2)) {
        positions_of(width, 0, &begin, &unused);
        positions_of(width, TAPS - 1, &unused, &end);
        end = end > begin ? begin + (end - begin) / PIXELS * PIXELS : begin;
        if (width->step == 1)
            add_positions(l, channel, lanes, begin, end, 0, TAPS, PIXELS, 1, 1);
        else
            add_positions(l, channel, lanes, begin, end, 0, TAPS, PIXELS, 2, 1);
    }
    for (int64_t tap = 0; tap < width->taps; tap++) {
        int64_t first, last;
        positions_of(width, tap, &first, &last);
        int64_t before = begin < last ? begin : last, after = end > first ? end : first;
        if (begin < end) {
            add_positions(l, channel, lanes, first, before, tap, 1, 1, width->step,
                          width->tap_step);
            first = after;
        }
        add_positions(l, channel, lanes, first, last, tap, 1, 1, width->step, width->tap_step);
    }
}

typedef struct gradient {
    const float *x, *dz;
    float *dw;
    simd_convolution shape;
    simd_axis height, width;
} gradient;

/* The channels [first, first + count) of one row of dz. */
static void add_row(const gradient *g, int64_t image, int64_t row, int64_t first, int64_t count) {
    int64_t channels = g->shape.inputs, begin, end;
    simd_axis_clip(&g->height, row, &begin, &end);
    for (int64_t tap = begin; tap < end; tap++) {
        int64_t y = g->height.first + row * g->height.step + tap * g->height.tap_step;
        line l = {.x = g->x + (image * g->height.extent + y) * g->width.extent * channels + first,
                  .dz = g->dz + (image * g->height.count + row) * g->width.count * channels + first,
                  .dw = g->dw + tap * g->width.taps * channels + first,
                  .channels = channels,
                  .width = &g->width};
        int64_t channel = 0;
        for (; channel + LANES <= count; channel += LANES)
            add_line(&l, channel, LANES);
        if (channel < count)
            add_line(&l, channel, count - channel);
    }
}

void SIMD(depthwise_grad_weight)(const cpu_call *call) {
    const retune_op_desc *op = call->op;
    gradient g = {.x = call->inputs[0],
                  .dz = call->inputs[1],
                  .dw = call->outputs[0],
                  .shape = simd_convolution_of(op, op->inputs[0], op->outputs[0], op->inputs[1])};
    g.height = simd_axis_forward(&g.shape.height);
    g.width = simd_axis_forward(&g.shape.width);
    int threads = threads_for(call, element_count(op->inputs[0]));
    int64_t channels = g.shape.inputs, width = strip_width(channels, threads);
    int64_t taps = g.height.taps * g.width.taps;
    memset(g.dw, 0, (size_t)(taps * channels) * sizeof *g.dw);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t first = 0; first < channels; first += width) {
        int64_t count = channels - first < width ? channels - first : width;
        for (int64_t image = 0; image < g.shape.batch; image++) {
            for (int64_t row = 0; row < g.height.count; row++)
                add_row(&g, image, row, first, count);
        }
    }
    if (call->outputs[1])
        SIMD(column_sums)
    (g.dz, g.shape.batch * g.height.count * g.width.count, channels, call->outputs[1],
     call->threads);
}
