#include "image/resize.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* Weights have 14 fractional bits, a row between the two passes 6: products stay below 2^28 and the
 * result is within half a grey level and a little of the exact one. */
enum { WEIGHT_BITS = 14, WEIGHT_ONE = 1 << WEIGHT_BITS, ROW_BITS = 6 };

/* How one output coordinate gathers source coordinates: weights of `count` neighbours from `first`.
 * They sum to WEIGHT_ONE. */
typedef struct filter_tap {
    uint32_t first, count;
    uint16_t *weights;
} filter_tap;

/* One axis of a resize. `taps` and the weights behind it are one block of memory. */
typedef struct filter_axis {
    filter_tap *taps;
    uint32_t begin, end; /* source coordinates that any tap uses */
} filter_axis;

static double triangle(double t) {
    return fmax(0.0, 1.0 - fabs(t));
}

/* A triangle of half-width `support` around `center`, inside 0..size. Weights are rounded as
 * differences of the rounded running sum, so that they sum to exactly one. */
static void fill_tap(filter_tap *tap, double center, double support, uint32_t size) {
    double first = fmax(0.0, floor(center - support + 0.5));
    double end = fmin((double)size, floor(center + support + 0.5));
    tap->first = (uint32_t)first;
    tap->count = (uint32_t)(end - first);

    double total = 0, sum = 0;
    for (uint32_t i = 0; i < tap->count; i++)
        total += triangle((first + i + 0.5 - center) / support);
    uint32_t given = 0;
    for (uint32_t i = 0; i < tap->count; i++) {
        sum += triangle((first + i + 0.5 - center) / support);
        uint32_t rounded = (uint32_t)(sum / total * WEIGHT_ONE + 0.5);
        tap->weights[i] = (uint16_t)(rounded - given);
        given = rounded;
    }
}

/* Taps that take `length` source coordinates from `start` to `count` output coordinates. */
static retune_status make_axis(double start, double length, uint32_t size, uint32_t count,
                               filter_axis *out_axis, retune_error *error) {
    memset(out_axis, 0, sizeof *out_axis);
    double scale = length / count, support = fmax(scale, 1.0);
    size_t weights = 2 * (size_t)ceil(support) + 1;
    RETUNE_TRY(retune_allocate(count, sizeof(filter_tap) + weights * sizeof(uint16_t),
                               "resize weights", &out_axis->taps, error));
    uint16_t *next = (uint16_t *)(out_axis->taps + count);
    for (uint32_t i = 0; i < count; i++, next += weights) {
        out_axis->taps[i].weights = next;
        fill_tap(&out_axis->taps[i], start + (i + 0.5) * scale, support, size);
    }
    out_axis->begin = out_axis->taps[0].first;
    out_axis->end = out_axis->taps[count - 1].first + out_axis->taps[count - 1].count;
    return RETUNE_OK;
}

/* out[i] = sum over rows k of weight k * row k [i], with ROW_BITS fractional bits. `source` is the
 * first row, rows are `stride` bytes apart; `sums` is scratch of `length`. */
static void blend_rows(const filter_tap *tap, const unsigned char *source, size_t stride,
                       size_t length, uint32_t *restrict sums, uint16_t *restrict out) {
    enum { SHIFT = WEIGHT_BITS - ROW_BITS };
    for (size_t i = 0; i < length; i++)
        sums[i] = 1u << (SHIFT - 1);
    for (uint32_t k = 0; k < tap->count; k++, source += stride) {
        const uint16_t weight = tap->weights[k];
        for (size_t i = 0; i < length; i++)
            sums[i] += (uint32_t)weight * source[i];
    }
    for (size_t i = 0; i < length; i++)
        out[i] = (uint16_t)(sums[i] >> SHIFT);
}

/* One output pixel from a blended row that begins at source column `begin`. */
static void blend_pixels(const filter_tap *tap, const uint16_t *row, uint32_t begin,
                         unsigned char *out) {
    enum { SHIFT = WEIGHT_BITS + ROW_BITS };
    const uint16_t *pixel = row + (size_t)(tap->first - begin) * 3;
    uint32_t red = 1u << (SHIFT - 1), green = red, blue = red;
    for (uint32_t k = 0; k < tap->count; k++, pixel += 3) {
        uint32_t weight = tap->weights[k];
        red += weight * pixel[0];
        green += weight * pixel[1];
        blue += weight * pixel[2];
    }
    out[0] = (unsigned char)(red >> SHIFT);
    out[1] = (unsigned char)(green >> SHIFT);
    out[2] = (unsigned char)(blue >> SHIFT);
}

static retune_status check_view(const retune_image *image, const retune_view *view,
                                retune_error *error) {
    /* Written so that a NaN fails. */
    bool inside = view->x >= 0 && view->y >= 0 && view->width > 0 && view->height > 0 &&
                  (double)view->x + view->width <= image->width &&
                  (double)view->y + view->height <= image->height;
    if (inside)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_INVALID,
                       "view of %g x %g pixels at (%g, %g) is not inside an image of %u x %u",
                       (double)view->width, (double)view->height, (double)view->x, (double)view->y,
                       image->width, image->height);
}

retune_status retune_image_resize(const retune_image *image, retune_view view, uint32_t width,
                                  uint32_t height, unsigned char *out, retune_error *error) {
    RETUNE_TRY(check_view(image, &view, error));
    if (width == 0 || height == 0)
        return retune_fail(error, RETUNE_INVALID, "cannot resize to %u x %u pixels", width, height);

    filter_axis columns = {0}, rows = {0};
    uint32_t *sums = NULL;
    uint16_t *row = NULL;
    retune_status status =
        make_axis((double)view.x, (double)view.width, image->width, width, &columns, error);
    if (status == RETUNE_OK)
        status =
            make_axis((double)view.y, (double)view.height, image->height, height, &rows, error);
    size_t length = 3 * (size_t)(columns.end - columns.begin);
    if (status == RETUNE_OK)
        status = retune_allocate(length, sizeof *sums, "resize row", &sums, error);
    if (status == RETUNE_OK)
        status = retune_allocate(length, sizeof *row, "resize row", &row, error);
    if (status != RETUNE_OK)
        goto done;

    size_t stride = 3 * (size_t)image->width;
    for (uint32_t y = 0; y < height; y++) {
        const filter_tap *vertical = &rows.taps[y];
        const unsigned char *source =
            image->pixels + vertical->first * stride + 3 * (size_t)columns.begin;
        blend_rows(vertical, source, stride, length, sums, row);
        for (uint32_t x = 0; x < width; x++, out += 3)
            blend_pixels(&columns.taps[view.flip ? width - 1 - x : x], row, columns.begin, out);
    }
done:
    free(row);
    free(sums);
    free(rows.taps);
    free(columns.taps);
    return status;
}
