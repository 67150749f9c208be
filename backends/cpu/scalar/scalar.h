/* The scalar kernels: plain loops that follow ops.def line by line, the reference for all others.
 * Sums run in double precision, each in one fixed order on one thread. Shapes stand beside the
 * pointers; descriptions were checked before a kernel is called. */
#ifndef RETUNE_CPU_SCALAR_H
#define RETUNE_CPU_SCALAR_H

#include "kernels.h"

#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    void cpu_scalar_##name(const cpu_call *call);
#include "retune/ops.def"
#undef RETUNE_OP

uint64_t cpu_scalar_conv2d_grad_input_workspace(const retune_op_desc *op, int threads);
uint64_t cpu_scalar_conv2d_grad_weight_workspace(const retune_op_desc *op, int threads);
uint64_t cpu_scalar_depthwise_conv2d_grad_weight_workspace(const retune_op_desc *op, int threads);

/* Number of elements of a tensor. */
static inline int64_t cpu_scalar_elements(const retune_tensor_desc *desc) {
    int64_t elements = 1;
    for (uint32_t d = 0; d < desc->rank; d++)
        elements *= desc->shape[d];
    return elements;
}

/* Its last dimension. */
static inline int64_t cpu_scalar_channels(const retune_tensor_desc *desc) {
    return desc->shape[desc->rank - 1];
}

/* Negative numbers become 0 and NaN stays NaN, so that a diverged run shows. */
static inline float cpu_scalar_activate(float x, uint32_t activation) {
    if (activation == RETUNE_ACTIVATION_NONE)
        return x;
    if (x < 0.0f)
        return 0.0f;
    return activation == RETUNE_ACTIVATION_RELU6 && x > 6.0f ? 6.0f : x;
}

/* The epilogue of a convolution: activation(scale * sum + bias); scale and bias [O] may be NULL. */
static inline float cpu_scalar_epilogue(double sum, const float *scale, const float *bias,
                                        int64_t o, uint32_t activation) {
    if (scale)
        sum *= (double)scale[o];
    if (bias)
        sum += (double)bias[o];
    return cpu_scalar_activate((float)sum, activation);
}

/* dbias [O] = sum of dz [rows, O] over the rows. */
void cpu_scalar_bias_gradient(const float *dz, int64_t rows, int64_t o_count, float *dbias,
                              int threads);

#endif
