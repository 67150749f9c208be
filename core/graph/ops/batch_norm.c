/* batch_norm: normalises each channel by the batch's statistics, or by the running ones. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"

enum { X, GAMMA, BETA, RUNNING_MEAN, RUNNING_VARIANCE };
enum { Y, SAVED_MEAN, SAVED_INVERSE_STD };

static retune_status shape(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error) {
    static const char *const names[] = {"x", "gamma", "beta", "running_mean", "running_variance"};
    int64_t channels = op->inputs[X]->shape[op->inputs[X]->rank - 1];
    for (int slot = GAMMA; slot <= RUNNING_VARIANCE; slot++)
        RETUNE_TRY(retune_shape_expect_vector("batch_norm", names[slot], op->inputs[slot], channels,
                                              error));
    out[Y] = *op->inputs[X];
    for (int slot = SAVED_MEAN; slot < 5; slot++)
        out[slot] = retune_desc_vector(RETUNE_F32, channels);
    return RETUNE_OK;
}

static retune_status shape_grad(const retune_op_desc *op, retune_tensor_desc *out,
                                retune_error *error) {
    out[0] = *op->inputs[1]; /* like dy: x may be stored in fewer bits */
    out[1] = out[2] = *op->inputs[2];
    return retune_shape_expect("batch_norm_grad", "dy", op->inputs[1], op->inputs[0], error);
}

static retune_status gradient(retune_backward *backward, const retune_node *node,
                              retune_error *error) {
    retune_node grad = retune_node_make(RETUNE_OP_BATCH_NORM_GRAD, node->layer);
    grad.attributes.batch_norm = node->attributes.batch_norm;
    grad.inputs[0] = node->inputs[X];
    grad.inputs[1] = retune_backward_gradient(backward, node->outputs[Y]);
    grad.inputs[2] = node->inputs[GAMMA];
    grad.inputs[3] = node->outputs[SAVED_MEAN];
    grad.inputs[4] = node->outputs[SAVED_INVERSE_STD];
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(retune_backward_graph(backward), &grad, outputs, error));
    for (int slot = X; slot <= BETA; slot++)
        if (retune_backward_needs(backward, node->inputs[slot]))
            RETUNE_TRY(
                retune_backward_contribute(backward, node->inputs[slot], outputs[slot], error));
    return RETUNE_OK;
}

/* Mean, variance and the normalisation itself; the gradient reads the map three times as well. */
static double flops(const retune_op_desc *op) {
    return 8.0 * retune_shape_volume(op->inputs[X]);
}

const retune_op_rule retune_rule_batch_norm = {shape, gradient, flops};
const retune_op_rule retune_rule_batch_norm_grad = {shape_grad, NULL, flops};
