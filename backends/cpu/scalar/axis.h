/* One dimension of a convolution or pooling: which input position each window element sees. */
#ifndef RETUNE_CPU_SCALAR_AXIS_H
#define RETUNE_CPU_SCALAR_AXIS_H

#include "retune/backend.h"

typedef struct cpu_axis {
    int64_t in, out; /* positions of the map and of the result */
    int64_t kernel;  /* elements of the window */
    int64_t stride, dilation, pad;
} cpu_axis;

/* The input position under element `k` of window `out`; -1 in the padding. */
static inline int64_t cpu_axis_input(const cpu_axis *axis, int64_t out, int64_t k) {
    int64_t in = out * axis->stride + k * axis->dilation - axis->pad;
    return in >= 0 && in < axis->in ? in : -1;
}

/* The window whose element `k` lies on input position `in`; -1 when there is none. */
static inline int64_t cpu_axis_output(const cpu_axis *axis, int64_t in, int64_t k) {
    int64_t place = in + axis->pad - k * axis->dilation;
    if (place < 0 || place % axis->stride != 0 || place / axis->stride >= axis->out)
        return -1;
    return place / axis->stride;
}

/* Height and width. Maps are [N,H,W,C]. */
typedef struct cpu_axes {
    cpu_axis rows, columns;
} cpu_axes;

static inline cpu_axes cpu_axes_of_convolution(const retune_op_desc *op,
                                               const retune_tensor_desc *map,
                                               const retune_tensor_desc *result,
                                               const int64_t kernel[2]) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    return (cpu_axes){.rows = {.in = map->shape[1],
                               .out = result->shape[1],
                               .kernel = kernel[0],
                               .stride = a->stride_height,
                               .dilation = a->dilation_height,
                               .pad = a->pad_top},
                      .columns = {.in = map->shape[2],
                                  .out = result->shape[2],
                                  .kernel = kernel[1],
                                  .stride = a->stride_width,
                                  .dilation = a->dilation_width,
                                  .pad = a->pad_left}};
}

static inline cpu_axes cpu_axes_of_pooling(const retune_op_desc *op, const retune_tensor_desc *map,
                                           const retune_tensor_desc *result) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    return (cpu_axes){.rows = {.in = map->shape[1],
                               .out = result->shape[1],
                               .kernel = a->window_height,
                               .stride = a->stride_height,
                               .dilation = 1,
                               .pad = a->pad_top},
                      .columns = {.in = map->shape[2],
                                  .out = result->shape[2],
                                  .kernel = a->window_width,
                                  .stride = a->stride_width,
                                  .dilation = 1,
                                  .pad = a->pad_left}};
}

#endif
