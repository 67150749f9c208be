/* Depthwise convolution and the gradient of its input: one walk over a map, channels in vectors. */
#include "elements.h"
#include "epilogue.h"
#include "geometry.h"
#include "ops.h"

#include <stdbool.h>

enum { PIXELS = 4 /* computed together, to share what they see */, ROWS = 3 };

/* Weights, scale and bias in the order in which vectors of channels need them: for each vector the
 * taps, then scale and bias. Read from where they are, the taps of many channels would lie a power
 * of two apart and push each other out of the cache. */
typedef struct packed {
    float *data;
    int64_t channels, vectors, step; /* floats from one vector to the next */
    int64_t taps;
} packed;

/* What a row of the result is made from: the first row of the map and of the kernel that meet. */
typedef struct line {
    const float *source;
    float *out;
    int64_t rows, source_row; /* of the kernel on the map, and the way between them */
    int64_t weight, weight_row, weight_step; /* in the packed taps */
    const simd_axis *width;
    int64_t inside, outside; /* the positions [inside, outside) have all taps on the map */
    const packed *by;
    uint32_t activation;
} line;

/* The first channel of a vector. The last vector may overlap the one before and compute the same
 * values again; a map narrower than a vector is one vector of fewer lanes. */
SIMD_INLINE int64_t channel_of(const packed *p, int64_t vector_index) {
    int64_t last = p->channels > LANES ? p->channels - LANES : 0;
    return vector_index * LANES < last ? vector_index * LANES : last;
}

static packed packed_of(const simd_convolution *shape, float *data) {
    int64_t taps = shape->height.kernel * shape->width.kernel;
    return (packed){.data = data,
                    .channels = shape->inputs,
                    .vectors = (shape->inputs + LANES - 1) / LANES,
                    .step = (taps + 2) * LANES,
                    .taps = taps};
}

static void pack(const packed *p, const float *weight, const float *scale, const float *bias) {
    for (int64_t v = 0; v < p->vectors; v++) {
        int64_t channel = channel_of(p, v);
        float *to = p->data + v * p->step;
        for (int64_t tap = 0; tap < p->taps; tap++, to += LANES)
            vector_store(to, vector_load_some(weight + tap * p->channels + channel, p->channels));
        vector_store(to, scale ? vector_load_some(scale + channel, p->channels) : vector_set(1.0f));
        vector_store(to + LANES,
                     bias ? vector_load_some(bias + channel, p->channels) : (vector){0});
    }
}

SIMD_INLINE finisher finisher_at(const packed *p, const float *weight, uint32_t activation) {
    finisher f = activation_range(activation);
    f.scale = vector_load(weight + p->taps * LANES);
    f.bias = vector_load(weight + (p->taps + 1) * LANES);
    return f;
}

/* ---- Positions of a line -------------------------------------------------------------------- */

/* Any taps, and the ends of the others: the positions [begin, end). */
static void walk_any(const line *l, int64_t begin, int64_t end) {
    const simd_axis *width = l->width;
    int64_t channels = l->by->channels;
    for (int64_t position = begin; position < end; position++) {
        int64_t source_x = width->first + position * width->step, first, last;
        simd_axis_clip(width, position, &first, &last);
        for (int64_t v = 0; v < l->by->vectors; v++) {
            int64_t channel = channel_of(l->by, v);
            const float *by = l->by->data + v * l->by->step;
            finisher f = finisher_at(l->by, by, l->activation);
            vector sum = {0};
            for (int64_t y = 0; y < l->rows; y++) {
                const float *from = l->source + y * l->source_row + channel;
                const float *weight = by + l->weight + y * l->weight_row;
                for (int64_t x = first; x < last; x++)
                    sum += vector_load(weight + x * l->weight_step) *
                           vector_load_some(from + (source_x + x * width->tap_step) * channels,
                                            channels);
            }
            vector_store_some(l->out + position * width->out_step * channels + channel,
                              finish(&f, sum), channels);
        }
    }
}

/* `pixels` neighbouring positions. All sizes are constants to the compiler, so that the sums stay
 * in registers and what neighbours share is loaded once. What the next positions see of the last
 * row was not seen by the line before: it is fetched ahead. */
SIMD_INLINE void walk_pixels(const line *l, int64_t position, int pixels, int rows, int taps,
                             int64_t step) {
    const packed *p = l->by;
    int64_t channels = p->channels, out_step = l->width->out_step * channels;
    int64_t source_row = l->source_row, weight_row = l->weight_row, weight_step = l->weight_step;
    const float *source = l->source + (l->width->first + position * step) * channels;
    const float *by = p->data;
    float *out = l->out + position * out_step;
    for (int64_t v = 0; v < p->vectors; v++, by += p->step) {
        int64_t channel = channel_of(p, v);
        vector sum[PIXELS] = {{0}};
        SIMD_UNROLL
        for (int y = 0; y < rows; y++) {
            const float *from = source + y * source_row + channel;
            SIMD_UNROLL
            for (int x = 0; x < taps; x++) {
                vector weight = vector_load(by + l->weight + y * weight_row + x * weight_step);
                SIMD_UNROLL
                for (int n = 0; n < pixels; n++)
                    sum[n] += weight * vector_load(from + (n * step + x) * channels);
            }
        }
        const float *next = source + (rows - 1) * source_row + channel;
        SIMD_UNROLL
        for (int64_t n = 0; n < pixels * step; n++)
            __builtin_prefetch(next + ((pixels - 1) * step + taps + n) * channels);
        finisher f = finisher_at(p, by, l->activation);
        SIMD_UNROLL
        for (int n = 0; n < pixels; n++)
            vector_store(out + n * out_step + channel, finish(&f, sum[n]));
    }
}

SIMD_INLINE void walk_inside(const line *l, int rows, int taps, int64_t step) {
    int64_t position = l->inside;
    for (; position + PIXELS <= l->outside; position += PIXELS)
        walk_pixels(l, position, PIXELS, rows, taps, step);
    for (; position < l->outside; position++)
        walk_pixels(l, position, 1, rows, taps, step);
}

/* ---- A line --------------------------------------------------------------------------------- */

typedef void walk_function(const line *l);

#define WALK(rows, taps, step)                                                                     \
    static void walk_##rows##_##taps##_##step(const line *l) {                                     \
        walk_inside(l, rows, taps, step);                                                          \
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
    if (l->rows < 1 || l->rows > ROWS || width->tap_step != 1 || l->by->channels < LANES)
        return NULL;
    if (width->taps == 3 && (width->step == 1 || width->step == 2))
        return walks[width->step - 1][l->rows - 1];
    if ((width->taps == 2 || width->taps == 1) && width->step == 1)
        return walks[4 - width->taps][l->rows - 1];
    return NULL;
}

static void walk_line(const line *l) {
    walk_function *inside = walk_of(l);
    if (!inside) {
        walk_any(l, 0, l->width->count);
        return;
    }
    walk_any(l, 0, l->inside);
    inside(l);
    walk_any(l, l->outside, l->width->count);
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

/* Source, kernel and result of a convolution, forward or backward. */
typedef struct job {
    const float *source;
    float *out;
    int64_t out_height, out_width;
    simd_convolution shape;
    packed by;
    uint32_t activation;
} job;

static void run_line(const job *j, const simd_axis *height, const simd_axis *width, int64_t image,
                     int64_t position) {
    int64_t channels = j->shape.inputs, kernel_row = j->shape.width.kernel * LANES;
    int64_t begin, end;
    simd_axis_clip(height, position, &begin, &end);
    int64_t source_y = height->first + position * height->step + begin * height->tap_step;
    int64_t weight_y = height->weight_first + begin * height->weight_step;
    int64_t out_y = image * j->out_height + height->out_first + position * height->out_step;
    line l = {.source = j->source + (image * height->extent + source_y) * width->extent * channels,
              .out = j->out + (out_y * j->out_width + width->out_first) * channels,
              .rows = end - begin,
              .source_row = height->tap_step * width->extent * channels,
              .weight = weight_y * kernel_row + width->weight_first * LANES,
              .weight_row = height->weight_step * kernel_row,
              .weight_step = width->weight_step * LANES,
              .width = width,
              .by = &j->by,
              .activation = j->activation};
    inside_of(width, &l.inside, &l.outside);
    walk_line(&l);
}

static uint64_t packed_bytes(const retune_tensor_desc *weight) {
    int64_t taps = weight->shape[0] * weight->shape[1];
    int64_t vectors = (weight->shape[2] + LANES - 1) / LANES;
    return (uint64_t)(vectors * (taps + 2) * LANES) * sizeof(float);
}

uint64_t SIMD(depthwise_workspace)(const retune_op_desc *op, int threads) {
    (void)threads;
    return packed_bytes(op->inputs[1]);
}

void SIMD(depthwise)(const cpu_call *call) {
    const retune_op_desc *op = call->op;
    job j = {.source = call->inputs[0],
             .out = call->outputs[0],
             .shape = simd_convolution_of(op, op->inputs[0], op->inputs[1], op->outputs[0]),
             .activation = op->attributes.convolution.activation};
    j.by = packed_of(&j.shape, call->workspace);
    pack(&j.by, call->inputs[1], call->inputs[2], call->inputs[3]);
    j.out_height = j.shape.height.out;
    j.out_width = j.shape.width.out;
    simd_axis height = simd_axis_forward(&j.shape.height);
    simd_axis width = simd_axis_forward(&j.shape.width);
    int64_t lines = j.shape.batch * j.out_height;
    int threads = threads_for(call, element_count(op->inputs[0]));
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < lines; n++)
        run_line(&j, &height, &width, n / j.out_height, n % j.out_height);
}

uint64_t SIMD(depthwise_grad_input_workspace)(const retune_op_desc *op, int threads) {
    (void)threads;
    return packed_bytes(op->inputs[1]);
}

void SIMD(depthwise_grad_input)(const cpu_call *call) {
    const retune_op_desc *op = call->op;
    job j = {.source = call->inputs[0],
             .out = call->outputs[0],
             .shape = simd_convolution_of(op, op->outputs[0], op->inputs[1], op->inputs[0])};
    j.by = packed_of(&j.shape, call->workspace);
    pack(&j.by, call->inputs[1], NULL, NULL);
    j.out_height = j.shape.height.in;
    j.out_width = j.shape.width.in;
    int64_t lines = j.shape.batch * j.out_height, stride = j.shape.height.stride;
    int threads = threads_for(call, element_count(op->inputs[0]));
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < lines; n++) {
        int64_t row = n % j.out_height;
        simd_axis height = simd_axis_backward(&j.shape.height, row % stride);
        for (int64_t phase = 0; phase < j.shape.width.stride && phase < j.out_width; phase++) {
            simd_axis width = simd_axis_backward(&j.shape.width, phase);
            run_line(&j, &height, &width, n / j.out_height, row / stride);
        }
    }
}
