/* Average and maximum pooling and their gradients, channels in vectors. */
#include "elements.h"
#include "geometry.h"
#include "isa.h"

#include <stdbool.h>

typedef struct pooling {
    int64_t batch, channels;
    simd_span height, width;
    bool max;
} pooling;

static pooling pooling_of(const retune_op_desc *op, const retune_tensor_desc *x,
                          const retune_tensor_desc *y) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    return (pooling){.batch = x->shape[0],
                     .channels = x->shape[3],
                     .height = {.in = x->shape[1],
                                .out = y->shape[1],
                                .kernel = a->window_height,
                                .stride = a->stride_height,
                                .dilation = 1,
                                .pad = a->pad_top},
                     .width = {.in = x->shape[2],
                               .out = y->shape[2],
                               .kernel = a->window_width,
                               .stride = a->stride_width,
                               .dilation = 1,
                               .pad = a->pad_left},
                     .max = a->kind == RETUNE_POOL_MAX};
}

/* What of a window lies on the map: rows [top, bottom), columns [left, right). */
typedef struct window {
    int64_t top, bottom, left, right;
} window;

static void clip(const simd_span *span, int64_t position, int64_t *out_begin, int64_t *out_end) {
    int64_t begin = position * span->stride - span->pad, end = begin + span->kernel;
    *out_begin = begin > 0 ? begin : 0;
    *out_end = end < span->in ? end : span->in;
}

static window window_at(const pooling *p, int64_t y, int64_t x) {
    window w;
    clip(&p->height, y, &w.top, &w.bottom);
    clip(&p->width, x, &w.left, &w.right);
    return w;
}

static float share_of(const window *w) {
    return 1.0f / (float)((w->bottom - w->top) * (w->right - w->left));
}

/* ---- Forward -------------------------------------------------------------------------------- */

static vector average(const pooling *p, const window *w, const float *map, int64_t lanes) {
    vector sum = {0};
    for (int64_t y = w->top; y < w->bottom; y++) {
        for (int64_t x = w->left; x < w->right; x++)
            sum += vector_load_some(map + (y * p->width.in + x) * p->channels, lanes);
    }
    return sum * share_of(w);
}

/* The first maximum; the first value that is not a number counts as one. */
static vector maximum(const pooling *p, const window *w, const float *map, int64_t lanes,
                      vector_mask *out_offset) {
    vector best = {0};
    vector_mask offset = {0}, none = ~(vector_mask){0};
    for (int64_t y = w->top; y < w->bottom; y++) {
        for (int64_t x = w->left; x < w->right; x++) {
            vector value = vector_load_some(map + (y * p->width.in + x) * p->channels, lanes);
            vector_mask larger = none | (value > best) | ((value != value) & (best == best));
            vector_mask here = (vector_mask){0} + (int32_t)(y * p->width.in + x);
            best = vector_select(larger, value, best);
            offset = (here & larger) | (offset & ~larger);
            none = (vector_mask){0};
        }
    }
    *out_offset = offset;
    return best;
}

void SIMD(pool)(const cpu_call *call) {
    pooling p = pooling_of(call->op, call->op->inputs[0], call->op->outputs[0]);
    int64_t positions = p.height.out * p.width.out, image = p.height.in * p.width.in * p.channels;
    int64_t blocks = (p.channels + LANES - 1) / LANES;
    int threads = threads_for(call, p.batch * image);
    const float *x = call->inputs[0];
    float *y = call->outputs[0];
    int32_t *argmax = call->outputs[1];
#pragma omp parallel for collapse(2) num_threads(threads) schedule(static)
    for (int64_t n = 0; n < p.batch * positions; n++) {
        for (int64_t block = 0; block < blocks; block++) {
            int64_t c = block * LANES, lanes = p.channels - c, out = n * p.channels + c;
            int64_t position = n % positions;
            window w = window_at(&p, position / p.width.out, position % p.width.out);
            const float *map = x + n / positions * image + c;
            if (!p.max) {
                vector_store_some(y + out, average(&p, &w, map, lanes), lanes);
                continue;
            }
            vector_mask offset;
            vector_store_some(y + out, maximum(&p, &w, map, lanes, &offset), lanes);
            for (int64_t n_lane = 0; argmax && n_lane < lanes && n_lane < LANES; n_lane++)
                argmax[out + n_lane] = offset[n_lane];
        }
    }
}

/* ---- Gradient ------------------------------------------------------------------------------- */

/* The windows that see an element. */
static void windows_on(const simd_span *span, int64_t element, int64_t *out_begin,
                       int64_t *out_end) {
    int64_t reach = element + span->pad;
    int64_t begin = reach >= span->kernel ? (reach - span->kernel) / span->stride + 1 : 0;
    int64_t end = reach / span->stride + 1;
    *out_begin = begin;
    *out_end = end < span->out ? end : span->out;
}

static vector element_gradient(const pooling *p, int64_t y, int64_t x, const float *dy,
                               const int32_t *argmax, int64_t lanes) {
    vector sum = {0};
    window from;
    windows_on(&p->height, y, &from.top, &from.bottom);
    windows_on(&p->width, x, &from.left, &from.right);
    for (int64_t row = from.top; row < from.bottom; row++) {
        for (int64_t column = from.left; column < from.right; column++) {
            int64_t at = (row * p->width.out + column) * p->channels;
            vector gradient = vector_load_some(dy + at, lanes);
            if (p->max) {
                vector offset = vector_load_some((const float *)(argmax + at), lanes);
                vector_mask here = (vector_mask)offset == (int32_t)(y * p->width.in + x);
                sum += vector_select(here, gradient, (vector){0});
            } else {
                window w = window_at(p, row, column);
                sum += gradient * share_of(&w);
            }
        }
    }
    return sum;
}

void SIMD(pool_grad)(const cpu_call *call) {
    pooling p = pooling_of(call->op, call->op->outputs[0], call->op->inputs[0]);
    int64_t elements = p.height.in * p.width.in;
    int64_t image = p.height.out * p.width.out * p.channels;
    int threads = threads_for(call, p.batch * elements * p.channels);
    const float *dy = call->inputs[0];
    const int32_t *argmax = call->inputs[1];
    float *dx = call->outputs[0];
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < p.batch * elements; n++) {
        int64_t first = n / elements * image, element = n % elements;
        for (int64_t c = 0; c < p.channels; c += LANES) {
            int64_t lanes = p.channels - c;
            vector gradient =
                element_gradient(&p, element / p.width.in, element % p.width.in, dy + first + c,
                                 p.max ? argmax + first + c : NULL, lanes);
            vector_store_some(dx + n * p.channels + c, gradient, lanes);
        }
    }
}
