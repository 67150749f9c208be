#include "graph/tolerance.h"

#include "base/tensor_desc.h"

#include <math.h>

uint32_t retune_op_dtype(const retune_op_desc *op) {
    uint32_t coarsest = RETUNE_F32;
    for (uint32_t s = 0; s < 2 * RETUNE_OP_TENSORS_MAX; s++) {
        const retune_tensor_desc *desc =
            s < RETUNE_OP_TENSORS_MAX ? op->inputs[s] : op->outputs[s - RETUNE_OP_TENSORS_MAX];
        if (desc && retune_dtype_epsilon(desc->dtype) > retune_dtype_epsilon(coarsest))
            coarsest = desc->dtype;
    }
    return coarsest;
}

retune_tolerance retune_tolerance_of(const retune_op_desc *op, double magnitude) {
    const retune_op_rounding *rounding = &retune_op_rule_get((retune_op_kind)op->kind)->rounding;
    const uint32_t dtype = retune_op_dtype(op);
    const double length = retune_op_reduction(op), single = retune_dtype_epsilon(RETUNE_F32);
    const bool maximum =
        op->kind == RETUNE_OP_POOL && op->attributes.pooling.kind == RETUNE_POOL_MAX;
    retune_tolerance result = {.subnormal = retune_dtype_smallest_normal(dtype),
                               .zero_is_exact = rounding->zero || rounding->exact || maximum,
                               .nan_is_anything = rounding->any_nan};
    if (rounding->exact || maximum)
        return result;
    result.absolute = (rounding->base + rounding->per_term * length) * single * magnitude;
    result.relative = rounding->relative * single;
    if (dtype != RETUNE_F32) {
        /* The result is rounded to the narrow type, near 0 to a multiple of its smallest
         * subnormal. The multiplicands may be rounded too: errors of random sign, whose sum grows
         * with the root of the length. */
        const double narrow = retune_dtype_epsilon(dtype);
        result.absolute += narrow * retune_dtype_smallest_normal(dtype);
        result.absolute += rounding->products ? narrow * sqrt(length) * magnitude : 0;
        result.relative += narrow;
    }
    return result;
}

double retune_tolerance_share(const retune_tolerance *tolerance, double expected, double got) {
    const double error = fabs(got - expected);
    if (isnan(expected))
        return tolerance->nan_is_anything || isnan(got) ? 0.0 : (double)INFINITY;
    if (got == expected) /* infinities too */
        return 0.0;
    if (isinf(expected) || isinf(got) || isnan(got) || (expected == 0 && tolerance->zero_is_exact))
        return (double)INFINITY;
    if (fabs(expected) < tolerance->subnormal && got == 0)
        return 0.0;
    return error / (tolerance->absolute + tolerance->relative * fabs(expected));
}
