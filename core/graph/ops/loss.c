/* softmax_cross_entropy and its gradient (p - t), weighted. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"

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

/* The loss is where differentiation starts: plan.c appends its gradient, which needs the weight of
 * the whole batch, an input of its own. */
const retune_op_rule retune_rule_softmax_cross_entropy = {shape, NULL, flops};
const retune_op_rule retune_rule_softmax_cross_entropy_grad = {shape_grad, NULL, flops};
