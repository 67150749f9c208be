#include "scalar.h"

static const cpu_kernel_set set = {
    .name = "scalar",
    .kernels = {
        [RETUNE_OP_NORMALIZE] = {cpu_scalar_normalize, NULL},
        [RETUNE_OP_GATHER] = {cpu_scalar_gather, NULL},
        [RETUNE_OP_CONV2D] = {cpu_scalar_conv2d, NULL},
        [RETUNE_OP_CONV2D_GRAD_INPUT] = {cpu_scalar_conv2d_grad_input,
                                         cpu_scalar_conv2d_grad_input_workspace},
        [RETUNE_OP_CONV2D_GRAD_WEIGHT] = {cpu_scalar_conv2d_grad_weight,
                                          cpu_scalar_conv2d_grad_weight_workspace},
        [RETUNE_OP_DEPTHWISE_CONV2D] = {cpu_scalar_depthwise_conv2d, NULL},
        [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT] = {cpu_scalar_depthwise_conv2d_grad_input, NULL},
        [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT] =
            {cpu_scalar_depthwise_conv2d_grad_weight,
             cpu_scalar_depthwise_conv2d_grad_weight_workspace},
        [RETUNE_OP_ACTIVATION] = {cpu_scalar_activation, NULL},
        [RETUNE_OP_ACTIVATION_GRAD] = {cpu_scalar_activation_grad, NULL},
        [RETUNE_OP_BATCH_NORM] = {cpu_scalar_batch_norm, NULL},
        [RETUNE_OP_BATCH_NORM_GRAD] = {cpu_scalar_batch_norm_grad, NULL},
        [RETUNE_OP_POOL] = {cpu_scalar_pool, NULL},
        [RETUNE_OP_POOL_GRAD] = {cpu_scalar_pool_grad, NULL},
        [RETUNE_OP_ADD] = {cpu_scalar_add, NULL},
        [RETUNE_OP_SOFTMAX_CROSS_ENTROPY] = {cpu_scalar_softmax_cross_entropy, NULL},
        [RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD] = {cpu_scalar_softmax_cross_entropy_grad, NULL},
        [RETUNE_OP_SGD] = {cpu_scalar_sgd, NULL},
        [RETUNE_OP_ADAM] = {cpu_scalar_adam, NULL},
        [RETUNE_OP_FILL] = {cpu_scalar_fill, NULL},
        [RETUNE_OP_CAST] = {cpu_scalar_cast, NULL},
        [RETUNE_OP_ACCUMULATE] = {cpu_scalar_accumulate, NULL},
    }};

const cpu_kernel_set *cpu_scalar_kernels(void) {
    return &set;
}
