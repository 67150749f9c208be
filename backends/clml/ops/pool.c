/* pool and its gradient. */
#include "build.h"

static clml_pooling_desc desc_of(const retune_op_desc *op) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    return (clml_pooling_desc){.mode = a->kind == RETUNE_POOL_MAX ? CLML_POOL_MAX
                                                                  : CLML_POOL_AVERAGE_EXCLUDING,
                               .dimensions = 4,
                               .pad_before = {a->pad_top, a->pad_left, 0},
                               .pad_after = {a->pad_bottom, a->pad_right, 0},
                               .stride = {a->stride_height, a->stride_width, 1},
                               .window = {a->window_height, a->window_width, 1},
                               .nan_mode = CLML_PROPAGATE_NAN,
                               .arithmetic = CLML_FP32};
}

void clml_lower_pool(clml_build *b) {
    const clml_pooling_desc desc = desc_of(b->op);
    clml_view *x = clml_input(b, 0, CLML_MAP);
    clml_add_pooling(b, &desc, x, clml_output(b, 0, CLML_MAP));
}

/* Averaging without padding is a depthwise convolution whose weights are all one over the window,
 * and its gradient that of the convolution. */
static void add_by_convolution(clml_build *b, clml_view *dy, clml_view *dx) {
    const retune_pooling_attributes *a = &b->op->attributes.pooling;
    const clml_convolution_desc desc = {.mode = CLML_DEPTHWISE,
                                        .group_count = 1,
                                        .dimensions = 4,
                                        .stride = {a->stride_height, a->stride_width, 1},
                                        .dilation = {1, 1, 1},
                                        .arithmetic = CLML_FP32};
    const clml_view window = {.shape = {1, dx->shape.c, a->window_height, a->window_width},
                              .pieces = 1};
    clml_view *weight = clml_kept(b, &window);
    clml_add_fill(b, CLML_FIRST, 1.0f / (float)(a->window_height * a->window_width), weight);
    clml_add_convolution_backward(b, &desc, dy, weight, dx);
}

void clml_lower_pool_grad(clml_build *b) {
    const retune_pooling_attributes *a = &b->op->attributes.pooling;
    const clml_pooling_desc desc = desc_of(b->op);
    clml_view *dy = clml_input(b, 0, CLML_MAP), *dx = clml_output(b, 0, CLML_MAP);
    if (clml_add_pooling_backward(b, &desc, dy, dx))
        return;
    bool padded = a->pad_top || a->pad_left || a->pad_bottom || a->pad_right;
    if (padded)
        b->status = clml_check_made(CLML_NOT_ACCELERATED, "pooling backward", b->error);
    else
        add_by_convolution(b, dy, dx);
}
