/* activation: y = relu(x) or relu6(x); its gradient needs only y. */
#include "graph/op_rule.h"

static retune_status shape(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error) {
    (void)error;
    *out = *op->inputs[0];
    return RETUNE_OK;
}

static retune_status shape_grad(const retune_op_desc *op, retune_tensor_desc *out,
                                retune_error *error) {
    const retune_tensor_desc *dy = op->inputs[0];
    *out = *dy;
    RETUNE_TRY(retune_shape_expect_vector("activation_grad", "scale", op->inputs[2],
                                          dy->shape[dy->rank - 1], error));
    return retune_shape_expect("activation_grad", "y", op->inputs[1], dy, error);
}

static retune_status gradient(retune_backward *backward, const retune_node *node,
                              retune_error *error) {
    retune_node grad = retune_node_make(RETUNE_OP_ACTIVATION_GRAD, node->layer);
    grad.attributes.activation = node->attributes.activation;
    grad.inputs[0] = retune_backward_gradient(backward, node->outputs[0]);
    grad.inputs[1] = node->outputs[0];
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(retune_backward_graph(backward), &grad, outputs, error));
    return retune_backward_contribute(backward, node->inputs[0], outputs[0], error);
}

const retune_op_rule retune_rule_activation = {
    .shape = shape, .gradient = gradient, .rounding = {.exact = true, .any_nan = true}};
const retune_op_rule retune_rule_activation_grad = {.shape = shape_grad,
                                                    .rounding = {.relative = 1, .zero = true}};
