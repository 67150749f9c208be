/* add, fill, cast, accumulate. */
#include "graph/op_rule.h"

static retune_status shape_like_first(const retune_op_desc *op, retune_tensor_desc *out,
                                      retune_error *error) {
    *out = *op->inputs[0];
    if (!op->inputs[1])
        return RETUNE_OK;
    return retune_shape_expect("elementwise op", "the second operand", op->inputs[1], op->inputs[0],
                               error);
}

/* fill has nothing to take a shape from; cast keeps the shape but not the dtype. */
static retune_status shape_given(const retune_op_desc *op, retune_tensor_desc *out,
                                 retune_error *error) {
    if (!op->outputs[0])
        return retune_fail(error, RETUNE_INVALID, "fill and cast need a given output");
    *out = *op->outputs[0];
    return op->inputs[0] ? retune_shape_expect("cast", "y", op->outputs[0], op->inputs[0], error)
                         : RETUNE_OK;
}

/* The gradient of a sum is dy for both terms. */
static retune_status gradient_add(retune_backward *backward, const retune_node *node,
                                  retune_error *error) {
    int32_t dy = retune_backward_gradient(backward, node->outputs[0]);
    for (int slot = 0; slot < 2; slot++)
        if (retune_backward_needs(backward, node->inputs[slot]))
            RETUNE_TRY(retune_backward_contribute(backward, node->inputs[slot], dy, error));
    return RETUNE_OK;
}

const retune_op_rule retune_rule_add = {
    .shape = shape_like_first, .gradient = gradient_add, .rounding = {.relative = 1}};
const retune_op_rule retune_rule_accumulate = {.shape = shape_like_first,
                                               .rounding = {.relative = 1}};
const retune_op_rule retune_rule_fill = {.shape = shape_given, .rounding = {.exact = true}};
const retune_op_rule retune_rule_cast = {.shape = shape_given, .rounding = {.exact = true}};
