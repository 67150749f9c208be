/* Depthwise convolution and the gradient of its input: one walk over a map, channels in vectors. */
#include "epilogue.h"
#include "geometry.h"
#include "ops.h"

#include <stdbool.h>

enum { PIXELS = 4 /* computed together, to share what they see */, ROWS = 3, TAPS = 3 };

/* What a row of the result is made from: the first row of the map and of the kernel that meet. */
typedef struct line {
    const float *source, *weight;
    float *out;
    int64_t channels;
    int64_t taps, source_row, weight_row; /* vertical taps on the map, and the way between them */
    const simd_axis *width;
    int64_t inside, outside; /* the positions [inside, outside) have all taps on the map */
    const simd_epilogue *epilogue;
} line;

/* ---- A vector of channels along a line ------------------------------------------------------ */

/* Any shape, and the ends of the others: `lanes` channels of the positions [begin, end). */
static void walk_any(const line *l, int64_t channel, int64_t lanes, int64_t begin, int64_t end) {
    const simd_axis *width = l->width;
    int64_t channels = l->channels;
    finisher f = finisher_of(l->epilogue, channel, lanes);
    for (int64_t position = begin; position < end; position++) {
        int64_t source_x = width->first + position * width->step, first, last;
        simd_axis_clip(width, position, &first, &last);
        vector sum = {0};
        for (int64_t y = 0; y < l->taps; y++) {
            const float *from = l->source + y * l->source_row + channel;
            const float *by = l->weight + y * l->weight_row + channel;
            for (int64_t x = first; x < last; x++)
                sum += vector_load_some(by + x * width->weight_step * channels, lanes) *
                       vector_load_some(from + (source_x + x * width->tap_step) * channels, lanes);
        }
        vector_store_some(l->out + position * width->out_step * channels + channel, finish(&f, sum),
                          lanes);
    }
}

/* `pixels` neighbouring positions. All sizes are constants to the compiler, so that the sums and
 * the weights stay in registers and what neighbours share is loaded once. */
SIMD_INLINE void walk_pixels(const line *l, const finisher *f, vector weight[ROWS][TAPS],
                             int64_t channel, int64_t position, int pixels, int rows, int taps,
                             int64_t step) {
    int64_t channels = l->channels, out_step = l->width->out_step * channels;
    const float *source = l->source + (l->width->first + position * step) * channels + channel;
    float *out = l->out + position * out_step + channel;
    vector sum[PIXELS] = {{0}};
    SIMD_UNROLL
    for (int y = 0; y < rows; y++) {
        const float *from = source + y * l->source_row;
        SIMD_UNROLL
        for (int x = 0; x < taps; x++) {
            SIMD_UNROLL
            for (int n = 0; n < pixels; n++)
                sum[n] += weight[y][x] * vector_load(from + (n * step + x) * channels);
        }
    }
    SIMD_UNROLL
    for (int n = 0; n < pixels; n++)
        vector_store(out + n * out_step, finish(f, sum[n]));
}

SIMD_INLINE void walk_inside(const line *l, int64_t channel, int rows, int taps, int64_t step) {
    vector weight[ROWS][TAPS];
    finisher f = finisher_of(l->epilogue, channel, LANES);
    SIMD_UNROLL
    for (int y = 0; y < rows; y++) {
        const float *by = l->weight + y * l->weight_row + channel;
        SIMD_UNROLL
        for (int x = 0; x < taps; x++)
            weight[y][x] = vector_load(by + x * l->width->weight_step * l->channels);
    }
    int64_t position = l->inside;
    for (; position + PIXELS <= l->outside; position += PIXELS)
        walk_pixels(l, &f, weight, channel, position, PIXELS, rows, taps, step);
    for (; position < l->outside; position++)
        walk_pixels(l, &f, weight, channel, position, 1, rows, taps, step);
}

/* ---- A line --------------------------------------------------------------------------------- */

typedef void walk_function(const line *l, int64_t channel);

#define WALK(rows, taps, step)                                                                     \
    static void walk_##rows##_##taps##_##step(const line *l, int64_t channel) {                    \
        walk_inside(l, channel, rows, taps, step);                                                 \
    }
#define WALKS(taps, step) WALK(1, taps, step) WALK(2, taps, step) WALK(3, taps, step)
WALKS(3, 1)
WALKS(3, 2)
WALKS(2, 1)
WALKS(1, 1)

/* The function for the inside of a line, or NULL: it is walked like any other. The gradient of the
 * input at stride 2 is made of lines with one tap and lines with two. */
static walk_function *walk_of(const line *l) {
    static walk_function *const walks[][ROWS] = {{walk_1_3_1, walk_2_3_1, walk_3_3_1},
                                                 {walk_1_3_2, walk_2_3_2, walk_3_3_2},
                                                 {walk_1_2_1, walk_2_2_1, walk_3_2_1},
                                                 {walk_1_1_1, walk_2_1_1, walk_3_1_1}};
    const simd_axis *width = l->width;
    if (l->taps < 1 || l->taps > ROWS || width->tap_step != 1 || l->channels < LANES)
        return NULL;
    if (width->taps == 3 && (width->step == 1 || width->step == 2))
        return walks[width->step - 1][l->taps - 1];
    if ((width->taps == 2 || width->taps == 1) && width->step == 1)
        return walks[4 - width->taps][l->taps - 1];
    return NULL;
}

/* The last vector may overlap the one before: then it computes the same values again. */
static void walk_channels(const line *l) {
    walk_function *inside = walk_of(l);
    for (int64_t next = 0; next < l->channels; next += LANES) {
        int64_t most = l->channels - LANES, lanes = most < 0 ? l->channels : LANES;
        int64_t channel = most < 0 || next < most ? next : most;
        if (!inside) {
            walk_any(l, channel, lanes, 0, l->width->count);
            continue;
        }
        walk_any(l, channel, lanes, 0, l->inside);
        inside(l, channel);
        walk_any(l, channel, lanes, l->outside, l->width->count);
    }
}

/* ---- A map ---------------------------------------------------------------------------------- */

/* The positions [begin, end) whose taps all fall on the map. */
static void inside_of(const simd_axis *axis, int64_t *out_begin, int64_t *out_end) {
    int64_t last_tap = axis->first + (axis->taps - 1) * axis->tap_step;
    int64_t begin = 0, end = axis->count;
    while (begin < end && axis->first + begin * axis->step < 0)
        begin++;
    while (end > begin && last_tap + (end - 1) * axis->step >= axis->extent)
        end--;
    *out_begin = begin;
    *out_end = end;
}

/* Source, kernel and result of a walk, forward or backward. */
typedef struct walk {
    const float *source, *weight;
    float *out;
    int64_t out_height, out_width;
    simd_convolution shape;
    simd_epilogue epilogue;
} walk;

static void walk_line(const walk *w, const simd_axis *height, const simd_axis *width, int64_t image,
                      int64_t position) {
    int64_t channels = w->shape.inputs, kernel_row = w->shape.width.kernel * channels;
    int64_t begin, end;
    simd_axis_clip(height, position, &begin, &end);
    int64_t source_y = height->first + position * height->step + begin * height->tap_step;
    int64_t weight_y = height->weight_first + begin * height->weight_step;
    int64_t out_y = height->out_first + position * height->out_step;
    line l = {.source = w->source + (image * height->extent + source_y) * width->extent * channels,
              .weight = w->weight + weight_y * kernel_row + width->weight_first * channels,
              .out = w->out +
                     ((image * w->out_height + out_y) * w->out_width + width->out_first) * channels,
              .channels = channels,
              .taps = end - begin,
              .source_row = height->tap_step * width->extent * channels,
              .weight_row = height->weight_step * kernel_row,
              .width = width,
              .epilogue = &w->epilogue};
    inside_of(width, &l.inside, &l.outside);
    walk_channels(&l);
}

void SIMD(depthwise)(const cpu_call *call) {
    const retune_op_desc *op = call->op;
    walk w = {.source = call->inputs[0],
              .weight = call->inputs[1],
              .out = call->outputs[0],
              .shape = simd_convolution_of(op, op->inputs[0], op->inputs[1], op->outputs[0]),
              .epilogue = {.scale = call->inputs[2],
                           .bias = call->inputs[3],
                           .activation = op->attributes.convolution.activation}};
    w.out_height = w.shape.height.out;
    w.out_width = w.shape.width.out;
    simd_axis height = simd_axis_forward(&w.shape.height);
    simd_axis width = simd_axis_forward(&w.shape.width);
    int64_t lines = w.shape.batch * w.out_height;
#pragma omp parallel for num_threads(call->threads) schedule(static)
    for (int64_t n = 0; n < lines; n++)
        walk_line(&w, &height, &width, n / w.out_height, n % w.out_height);
}

void SIMD(depthwise_grad_input)(const cpu_call *call) {
    const retune_op_desc *op = call->op;
    walk w = {.source = call->inputs[0],
              .weight = call->inputs[1],
              .out = call->outputs[0],
              .shape = simd_convolution_of(op, op->outputs[0], op->inputs[1], op->inputs[0])};
    w.out_height = w.shape.height.in;
    w.out_width = w.shape.width.in;
    int64_t lines = w.shape.batch * w.out_height, stride = w.shape.height.stride;
#pragma omp parallel for num_threads(call->threads) schedule(static)
    for (int64_t n = 0; n < lines; n++) {
        int64_t row = n % w.out_height;
        simd_axis height = simd_axis_backward(&w.shape.height, row % stride);
        for (int64_t phase = 0; phase < w.shape.width.stride && phase < w.out_width; phase++) {
            simd_axis width = simd_axis_backward(&w.shape.width, phase);
            walk_line(&w, &height, &width, n / w.out_height, row / stride);
        }
    }
}
