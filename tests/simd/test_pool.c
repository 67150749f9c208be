/* Pooling over odd windows. */
#include "trial.h"

#include <stdlib.h>

typedef struct shape {
    int64_t batch, height, width, channels;
    uint32_t window_height, window_width, stride_height, stride_width, top, left, bottom, right;
} shape;

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0},    /* the smallest */
    {3, 7, 7, 70, 7, 7, 1, 1, 0, 0, 0, 0},   /* global */
    {2, 7, 5, 17, 7, 5, 3, 2, 0, 0, 0, 0},   /* global, strides that do not matter */
    {2, 8, 8, 16, 2, 2, 2, 2, 0, 0, 0, 0},   /* no overlap */
    {1, 9, 7, 33, 3, 3, 2, 2, 0, 0, 1, 1},   /* overlap, SAME */
    {2, 9, 9, 5, 3, 3, 1, 1, 1, 1, 1, 1},    /* every element in nine windows */
    {1, 10, 11, 40, 2, 3, 3, 3, 0, 1, 0, 0}, /* elements in no window */
    {4, 14, 13, 40, 3, 3, 2, 2, 1, 1, 1, 1}, /* enough work for threads */
    {2, 5, 12, 3, 1, 4, 1, 2, 0, 3, 0, 2},   /* nothing square */
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static trial begin(const shape *s, retune_op_kind kind, uint32_t pooling, int64_t out[5]) {
    trial t = trial_begin(kind);
    t.op.attributes.pooling = (retune_pooling_attributes){.kind = pooling,
                                                          .window_height = s->window_height,
                                                          .window_width = s->window_width,
                                                          .stride_height = s->stride_height,
                                                          .stride_width = s->stride_width,
                                                          .pad_top = s->top,
                                                          .pad_left = s->left,
                                                          .pad_bottom = s->bottom,
                                                          .pad_right = s->right};
    t.terms = (int64_t)s->window_height * s->window_width;
    out[0] = s->batch;
    out[1] = (s->height + s->top + s->bottom - s->window_height) / s->stride_height + 1;
    out[2] = (s->width + s->left + s->right - s->window_width) / s->stride_width + 1;
    out[3] = s->channels;
    out[4] = 0;
    return t;
}

static void try_pool(const shape *s, uint32_t pooling, int argmax, int poison) {
    int64_t out[5];
    trial t = begin(s, RETUNE_OP_POOL, pooling, out);
    trial_input(&t, 0, RETUNE_F32, 0, DIMS(s->batch, s->height, s->width, s->channels));
    if (poison)
        trial_poison(&t, 0);
    trial_output(&t, 0, RETUNE_F32, out);
    if (argmax)
        trial_output(&t, 1, RETUNE_I32, out);
    trial_end(&t);
}

Test(pool, average) {
    for (int n = 0; n < SHAPES; n++)
        try_pool(&shapes[n], RETUNE_POOL_AVERAGE, 0, 0);
}

Test(pool, maximum) {
    for (int n = 0; n < SHAPES; n++)
        try_pool(&shapes[n], RETUNE_POOL_MAX, n % 2, 0);
}

/* Equal values and values that are not numbers decide the argmax: the first wins. */
Test(pool, poisoned) {
    for (int n = 0; n < SHAPES; n++) {
        try_pool(&shapes[n], RETUNE_POOL_AVERAGE, 0, 1);
        try_pool(&shapes[n], RETUNE_POOL_MAX, 1, 1);
    }
}

Test(pool, maximum_of_equal_values_is_the_first) {
    for (int n = 0; n < SHAPES; n++) {
        int64_t out[5];
        trial t = begin(&shapes[n], RETUNE_OP_POOL, RETUNE_POOL_MAX, out);
        const shape *s = &shapes[n];
        trial_input(&t, 0, RETUNE_F32, 0, DIMS(s->batch, s->height, s->width, s->channels));
        memset(t.inputs[0].data, 0, t.inputs[0].bytes);
        trial_output(&t, 0, RETUNE_F32, out);
        trial_output(&t, 1, RETUNE_I32, out);
        trial_end(&t);
    }
}

static void try_grad(const shape *s, uint32_t pooling, int poison) {
    int64_t out[5];
    trial t = begin(s, RETUNE_OP_POOL_GRAD, pooling, out);
    trial_input(&t, 0, RETUNE_F32, 0, out);
    if (poison)
        trial_poison(&t, 0);
    if (pooling == RETUNE_POOL_MAX)
        trial_input(&t, 1, RETUNE_I32, (int32_t)(s->height * s->width), out);
    trial_output(&t, 0, RETUNE_F32, DIMS(s->batch, s->height, s->width, s->channels));
    trial_end(&t);
}

Test(pool, gradient_of_average) {
    for (int n = 0; n < 2 * SHAPES; n++)
        try_grad(&shapes[n / 2], RETUNE_POOL_AVERAGE, n % 2);
}

Test(pool, gradient_of_maximum) {
    for (int n = 0; n < 2 * SHAPES; n++)
        try_grad(&shapes[n / 2], RETUNE_POOL_MAX, n % 2);
}
