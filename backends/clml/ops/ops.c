/* Which ops of the ABI the extension does. */
#include "build.h"

#include "error.h"
#include "op_slots.h"

clml_lowering *clml_lowering_of(uint32_t kind) {
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
    return lowerings[kind];
}

bool clml_lowering_accepts(const retune_op_desc *op, char *reason, size_t size) {
    bool norm = op->kind == RETUNE_OP_BATCH_NORM || op->kind == RETUNE_OP_BATCH_NORM_GRAD;
    bool places = (op->kind == RETUNE_OP_POOL && op->outputs[1]) ||
                  (op->kind == RETUNE_OP_POOL_GRAD && op->inputs[1]);
    if (norm)
        return backend_explain(reason, size,
                               "%s: what the extension makes of the statistics of micro-batches "
                               "is not known",
                               backend_op_name(op->kind));
    if (places)
        return backend_explain(reason, size,
                               "%s: the extension keeps the places of maxima to itself",
                               backend_op_name(op->kind));
    return true;
}
