/* Which ops of the ABI the extension does. */
#include "build.h"

/* Not the places of maxima, whose encoding is a driver's own. */
static bool wants_places(const retune_op_desc *op) {
    return (op->kind == RETUNE_OP_POOL && op->outputs[1]) ||
           (op->kind == RETUNE_OP_POOL_GRAD && op->inputs[1]);
}

/* Not batch norm: the extension has neither running statistics nor a saved 1 / std, and what it
 * makes of the statistics of a batch, whole or in pieces, nobody has said. */
clml_lowering *clml_lowering_of(const retune_op_desc *op) {
    static clml_lowering *const lowerings[RETUNE_OP_KIND_COUNT] = {
        [RETUNE_OP_CONV2D] = clml_lower_conv2d,
        [RETUNE_OP_CONV2D_GRAD_INPUT] = clml_lower_conv2d_grad_input,
        [RETUNE_OP_CONV2D_GRAD_WEIGHT] = clml_lower_conv2d_grad_weight,
        [RETUNE_OP_DEPTHWISE_CONV2D] = clml_lower_depthwise_conv2d,
        [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT] = clml_lower_depthwise_conv2d_grad_input,
        [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT] = clml_lower_depthwise_conv2d_grad_weight,
        [RETUNE_OP_ACTIVATION] = clml_lower_activation,
        [RETUNE_OP_ACTIVATION_GRAD] = clml_lower_activation_grad,
        [RETUNE_OP_POOL] = clml_lower_pool,
        [RETUNE_OP_POOL_GRAD] = clml_lower_pool_grad,
        [RETUNE_OP_ADD] = clml_lower_add,
        [RETUNE_OP_SGD] = clml_lower_sgd,
        [RETUNE_OP_ADAM] = clml_lower_adam,
        [RETUNE_OP_FILL] = clml_lower_fill,
        [RETUNE_OP_ACCUMULATE] = clml_lower_accumulate,
    };
    return wants_places(op) ? NULL : lowerings[op->kind];
}
