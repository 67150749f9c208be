/* softmax_cross_entropy and its gradient (p - t), weighted. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"

#include <math.h>

enum { LOGITS, LABEL, WEIGHT, TOTAL_WEIGHT };

static retune_status shape(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error) {
    int64_t batch = op->inputs[LOGITS]->shape[0];
    retune_tensor_desc row = retune_desc_vector(RETUNE_F32, batch);
    out[0] = *op->inputs[LOGITS];
    out[1] = row;
    RETUNE_TRY(
        retune_shape_expect("softmax_cross_entropy", "label", op->inputs[LABEL], &row, error));
    return retune_shape_expect("softmax_cross_entropy", "weight", op->inputs[WEIGHT], &row, error);
}

static retune_status shape_grad(const retune_op_desc *op, retune_tensor_desc *out,
                                retune_error *error) {
    (void)error;
    out[0] = *op->inputs[0];
    return RETUNE_OK;
}

/* exp, sum, division and logarithm. */
static double flops(const retune_op_desc *op) {
    return 5.0 * retune_shape_volume(op->inputs[LOGITS]);
}

/* The classes. */
static double reduction(const retune_op_desc *op) {
    const retune_tensor_desc *logits = op->inputs[LOGITS];
    return (double)logits->shape[logits->rank - 1];
}

/* What the exponential is taken of is off by the rounding of the logits, and so, relatively, is
 * what comes out. */
static double magnitude(const retune_op_desc *op, uint32_t slot,
                        const retune_op_magnitudes *largest) {
    (void)op;
    double logits = fmax(1.0, largest->inputs[LOGITS]);
    return slot == 0 ? logits : logits * largest->inputs[WEIGHT];
}

static double magnitude_grad(const retune_op_desc *op, uint32_t slot,
                             const retune_op_magnitudes *largest) {
    (void)op;
    (void)slot;
    double total = largest->inputs[TOTAL_WEIGHT];
    return total > 0.0 ? largest->inputs[WEIGHT] / total : largest->inputs[WEIGHT];
}

/* The loss is where differentiation starts: plan.c appends its gradient, which needs the weight of
 * the whole batch, an input of its own. */
const retune_op_rule retune_rule_softmax_cross_entropy = {
    .shape = shape,
    .flops = flops,
    .rounding = {.base = 16, .per_term = 0.25, .relative = 64, .zero = true},
    .reduction = reduction,
    .magnitude = magnitude};
const retune_op_rule retune_rule_softmax_cross_entropy_grad = {
    .shape = shape_grad,
    .flops = flops,
    .rounding = {.base = 4, .relative = 8, .zero = true},
    .reduction = reduction,
    .magnitude = magnitude_grad};
