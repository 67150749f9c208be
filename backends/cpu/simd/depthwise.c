/* Depthwise convolution and the gradient of its input: one walk over a map, channels in vectors. */
#include "epilogue.h"
#include "geometry.h"
#include "ops.h"

#include <stdbool.h>

enum { PIXELS = 4 }; /* computed together, to share weights and neighbours */

/* What a row of the result is made from: the first row of the map and of the kernel that meet. */
typedef struct line {
    const float *source, *weight;
    float *out;
    int64_t channels;
    int64_t taps, source_row, weight_row; /* vertical taps on the map, and the way between them */
    const simd_axis *width;
    const simd_epilogue *epilogue;
} line;

/* `lanes` channels of `pixels` neighbouring positions. All but the line is a constant where speed
 * counts: then the sums stay in registers and what neighbours share is loaded once. */
SIMD_INLINE void sum_taps(const line *l, const float *source, const float *weight, float *out,
                          int64_t channel, int64_t lanes, int pixels, int64_t taps, int64_t step,
                          int64_t tap_step) {
    int64_t channels = l->channels, weight_step = l->width->weight_step * channels;
    vector sum[PIXELS] = {{0}};
    for (int64_t y = 0; y < l->taps; y++) {
        const float *from = source + y * l->source_row + channel;
        const float *by = weight + y * l->weight_row + channel;
        SIMD_UNROLL
        for (int64_t x = 0; x < taps; x++) {
            vector w = vector_load_some(by + x * weight_step, lanes);
            SIMD_UNROLL
            for (int n = 0; n < pixels; n++)
                sum[n] += w * vector_load_some(from + (n * step + x * tap_step) * channels, lanes);
        }
    }
    SIMD_UNROLL
    for (int n = 0; n < pixels; n++)
        vector_store_some(out + n * l->width->out_step * channels + channel,
                          finish(l->epilogue, sum[n], channel, lanes), lanes);
}

/* All channels of `pixels` positions from `position` on, with the taps [begin, begin + taps). */
SIMD_INLINE void compute_pixels(const line *l, int64_t position, int pixels, int64_t begin,
                                int64_t taps, int64_t step, int64_t tap_step) {
    const simd_axis *width = l->width;
    int64_t source_x = width->first + position * step + begin * tap_step;
    const float *source = l->source + source_x * l->channels;
    const float *weight = l->weight + begin * width->weight_step * l->channels;
    float *out = l->out + position * width->out_step * l->channels;
    int64_t channel = 0;
    for (; channel + LANES <= l->channels; channel += LANES)
        sum_taps(l, source, weight, out, channel, LANES, pixels, taps, step, tap_step);
    if (channel < l->channels)
        sum_taps(l, source, weight, out, channel, l->channels - channel, pixels, taps, step,
                 tap_step);
}

/* Any shape, and the ends of the others. */
static void compute_any(const line *l, int64_t begin, int64_t end) {
    for (int64_t position = begin; position < end; position++) {
        int64_t first, last;
        simd_axis_clip(l->width, position, &first, &last);
        compute_pixels(l, position, 1, first, last - first, l->width->step, l->width->tap_step);
    }
}

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

/* Taps and steps that are constants to the compiler. */
SIMD_INLINE void compute_fast(const line *l, int64_t taps, int64_t step) {
    int64_t begin, end;
    inside_of(l->width, &begin, &end);
    compute_any(l, 0, begin);
    int64_t position = begin;
    for (; position + PIXELS <= end; position += PIXELS)
        compute_pixels(l, position, PIXELS, 0, taps, step, 1);
    for (; position < end; position++)
        compute_pixels(l, position, 1, 0, taps, step, 1);
    compute_any(l, end, l->width->count);
}

/* The gradient of the input at stride 2 is made of lines with one tap and lines with two. */
static void compute_line(const line *l) {
    const simd_axis *width = l->width;
    bool adjacent = width->tap_step == 1;
    if (adjacent && width->taps == 3 && width->step == 1)
        compute_fast(l, 3, 1);
    else if (adjacent && width->taps == 3 && width->step == 2)
        compute_fast(l, 3, 2);
    else if (adjacent && width->taps == 2 && width->step == 1)
        compute_fast(l, 2, 1);
    else if (adjacent && width->taps == 1 && width->step == 1)
        compute_fast(l, 1, 1);
    else
        compute_any(l, 0, width->count);
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
    compute_line(&l);
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
