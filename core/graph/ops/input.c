/* normalize and gather: where data enters. They have no gradient: nothing below them is trained. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"

static retune_status shape_normalize(const retune_op_desc *op, retune_tensor_desc *out,
                                     retune_error *error) {
    const retune_tensor_desc *x = op->inputs[0];
    int64_t channels = x->shape[x->rank - 1];
    *out = *x;
    out->dtype = RETUNE_F32;
    RETUNE_TRY(retune_shape_expect_vector("normalize", "scale", op->inputs[1], channels, error));
    return retune_shape_expect_vector("normalize", "offset", op->inputs[2], channels, error);
}

static retune_status shape_gather(const retune_op_desc *op, retune_tensor_desc *out,
                                  retune_error *error) {
    if (op->inputs[1]->rank != 1)
        return retune_fail(error, RETUNE_INVALID, "gather: index of rank %u", op->inputs[1]->rank);
    *out = *op->inputs[0];
    out->dtype = RETUNE_F32;
    out->shape[0] = op->inputs[1]->shape[0];
    return RETUNE_OK;
}

static double flops_normalize(const retune_op_desc *op) {
    return 2.0 * retune_shape_volume(op->inputs[0]);
}

static double magnitude_normalize(const retune_op_desc *op, uint32_t slot,
                                  const retune_op_magnitudes *largest) {
    (void)op;
    (void)slot;
    return largest->inputs[0] * largest->inputs[1] + largest->inputs[2];
}

const retune_op_rule retune_rule_normalize = {.shape = shape_normalize,
                                              .flops = flops_normalize,
                                              .rounding = {.base = 8},
                                              .magnitude = magnitude_normalize};
const retune_op_rule retune_rule_gather = {.shape = shape_gather, .rounding = {.exact = true}};
