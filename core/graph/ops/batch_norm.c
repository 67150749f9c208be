/* batch_norm: normalises each channel by the batch's statistics, or by the running ones. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"

#include <math.h>

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

/* The statistics are over everything but the channels. */
static double reduction(const retune_op_desc *op) {
    return retune_shape_volume_without(op->inputs[X], op->inputs[X]->rank - 1);
}

static double magnitude(const retune_op_desc *op, uint32_t slot,
                        const retune_op_magnitudes *largest) {
    (void)op;
    double x = largest->inputs[X], inverse_std = largest->outputs[SAVED_INVERSE_STD];
    switch (slot) {
    case Y:
        return largest->inputs[GAMMA] * (x + largest->outputs[SAVED_MEAN]) * inverse_std +
               largest->inputs[BETA];
    case SAVED_INVERSE_STD:
        return inverse_std;
    case RUNNING_VARIANCE:
        return fmax(x * x, largest->inputs[RUNNING_VARIANCE]);
    default:
        return fmax(x, largest->inputs[RUNNING_MEAN]);
    }
}

/* dx = gamma * inverse_std * (dy - mean(dy) - xhat * mean(dy * xhat)), and |xhat| averages at most
 * 1. */
static double magnitude_grad(const retune_op_desc *op, uint32_t slot,
                             const retune_op_magnitudes *largest) {
    (void)op;
    double dy = largest->inputs[1], inverse_std = largest->inputs[4];
    double xhat = (largest->inputs[0] + largest->inputs[3]) * inverse_std;
    return slot == 0   ? largest->inputs[2] * inverse_std * dy * (2.0 + xhat)
           : slot == 1 ? dy * xhat
                       : dy;
}

const retune_op_rule retune_rule_batch_norm = {
    .shape = shape,
    .gradient = gradient,
    .flops = flops,
    .rounding = {.base = 128, .per_term = 2, .relative = 8},
    .reduction = reduction,
    .magnitude = magnitude};
const retune_op_rule retune_rule_batch_norm_grad = {
    .shape = shape_grad,
    .flops = flops,
    .rounding = {.base = 64, .per_term = 2, .relative = 16},
    .reduction = reduction,
    .magnitude = magnitude_grad};
