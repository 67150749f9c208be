#include "geometry.h"

simd_convolution simd_convolution_of(const retune_op_desc *op, const retune_tensor_desc *x,
                                     const retune_tensor_desc *weight,
                                     const retune_tensor_desc *y) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    int depthwise = weight->rank == 3;
    const int64_t *kernel = weight->shape + (depthwise ? 0 : 1);
    return (simd_convolution){
        .batch = x->shape[0],
        .inputs = x->shape[3],
        .outputs = y->shape[3],
        .height = {.in = x->shape[1],
                   .out = y->shape[1],
                   .kernel = kernel[0],
                   .stride = a->stride_height,
                   .dilation = a->dilation_height,
                   .pad = a->pad_top},
        .width = {.in = x->shape[2],
                  .out = y->shape[2],
                  .kernel = kernel[1],
                  .stride = a->stride_width,
                  .dilation = a->dilation_width,
                  .pad = a->pad_left},
    };
}

simd_axis simd_axis_forward(const simd_span *span) {
    return (simd_axis){.extent = span->in,
                       .count = span->out,
                       .first = -span->pad,
                       .step = span->stride,
                       .taps = span->kernel,
                       .tap_step = span->dilation,
                       .weight_step = 1,
                       .out_step = 1};
}

/* Element h of dx gets a term from kernel element k where h + pad - k * dilation is a multiple of
 * the stride. Going from the last k to the first, the elements of dz ascend. */
simd_axis simd_axis_backward(const simd_span *span, int64_t phase) {
    simd_axis axis = {.extent = span->out,
                      .count = (span->in - phase + span->stride - 1) / span->stride,
                      .step = 1,
                      .tap_step = 1,
                      .out_first = phase,
                      .out_step = span->stride};
    for (int64_t k = span->kernel - 1; k >= 0; k--) {
        int64_t reach = phase + span->pad - k * span->dilation;
        if (reach % span->stride != 0)
            continue;
        if (axis.taps == 0) {
            axis.first = reach / span->stride;
            axis.weight_first = k;
        } else if (axis.taps == 1) {
            axis.tap_step = reach / span->stride - axis.first;
            axis.weight_step = k - axis.weight_first;
        }
        axis.taps++;
    }
    return axis;
}
