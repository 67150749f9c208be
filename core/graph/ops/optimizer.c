/* sgd and adam: updates in place. */
#include "graph/op_rule.h"

static retune_status shape(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error) {
    const retune_tensor_desc *weight = op->inputs[0];
    RETUNE_TRY(retune_shape_expect("optimizer op", "the gradient", op->inputs[1], weight, error));
    for (int slot = 2; slot < 4; slot++)
        if (op->inputs[slot])
            RETUNE_TRY(
                retune_shape_expect("optimizer op", "the state", op->inputs[slot], weight, error));
    out[0] = out[1] = out[2] = *weight;
    return RETUNE_OK;
}

static double flops_sgd(const retune_op_desc *op) {
    return 6.0 * retune_shape_volume(op->inputs[0]);
}

static double flops_adam(const retune_op_desc *op) {
    return 14.0 * retune_shape_volume(op->inputs[0]);
}

const retune_op_rule retune_rule_sgd = {shape, NULL, flops_sgd};
const retune_op_rule retune_rule_adam = {shape, NULL, flops_adam};
