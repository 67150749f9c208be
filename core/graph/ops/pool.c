/* pool: the average or the maximum of each window. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"
#include "base/window.h"

static retune_status shape(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    const retune_tensor_desc *x = op->inputs[0];
    out[0] = *x;
    out[0].shape[1] = retune_window_output(x->shape[1], a->window_height, a->stride_height, 1,
                                           a->pad_top, a->pad_bottom);
    out[0].shape[2] = retune_window_output(x->shape[2], a->window_width, a->stride_width, 1,
                                           a->pad_left, a->pad_right);
    out[1] = out[0];
    out[1].dtype = RETUNE_I32;
    if (out[0].shape[1] < 1 || out[0].shape[2] < 1)
        return retune_fail(error, RETUNE_INVALID, "pool: the window does not fit the padded map");
    return RETUNE_OK;
}

static retune_status shape_grad(const retune_op_desc *op, retune_tensor_desc *out,
                                retune_error *error) {
    if (!op->outputs[0])
        return retune_fail(error, RETUNE_INVALID, "pool_grad: without a given shape");
    out[0] = *op->outputs[0];
    return RETUNE_OK;
}

static retune_status gradient(retune_backward *backward, const retune_node *node,
                              retune_error *error) {
    retune_node grad = retune_node_make(RETUNE_OP_POOL_GRAD, node->layer);
    grad.attributes.pooling = node->attributes.pooling;
    grad.inputs[0] = retune_backward_gradient(backward, node->outputs[0]);
    grad.inputs[1] = node->outputs[1];
    RETUNE_TRY(retune_backward_make_gradient(backward, node->inputs[0], "input gradient",
                                             &grad.outputs[0], error));
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(retune_backward_graph(backward), &grad, outputs, error));
    return retune_backward_contribute(backward, node->inputs[0], outputs[0], error);
}

static double flops(const retune_op_desc *op) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    const retune_tensor_desc *map = op->kind == RETUNE_OP_POOL ? op->outputs[0] : op->inputs[0];
    return retune_shape_volume(map) * a->window_height * a->window_width;
}

static double reduction(const retune_op_desc *op) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    return (double)a->window_height * a->window_width;
}

/* Of the map; argmax, the other input of the gradient, has no part in rounding. */
static double magnitude(const retune_op_desc *op, uint32_t slot,
                        const retune_op_magnitudes *largest) {
    (void)op;
    (void)slot;
    return largest->inputs[0];
}

const retune_op_rule retune_rule_pool = {
    .shape = shape,
    .gradient = gradient,
    .flops = flops,
    .rounding = {.base = 4, .per_term = 1, .relative = 4, .any_nan = true},
    .reduction = reduction,
    .magnitude = magnitude};
const retune_op_rule retune_rule_pool_grad = {.shape = shape_grad,
                                              .flops = flops,
                                              .rounding = {.base = 4, .per_term = 1, .relative = 4},
                                              .reduction = reduction,
                                              .magnitude = magnitude};
