#include "tolerance.h"

#include "element.h"

#include <math.h>

/* One row an op, in units of the epsilon of fp32 (2^-23).
 *   base, per_term  absolute = base + per_term * reduction length: each addition of a sum may lose
 *                   half an epsilon of a partial sum, and inputs are of magnitude 1
 *   relative        what the functions of the op may lose; graphics devices promise 2.5 for a
 *                   division, 3 for a square root or logarithm, more for an exponential
 *   exact           nothing is lost: the op selects or rounds, it does not compute
 *   zero, any_nan   see zero_is_exact and nan_is_anything
 *   products        its multiplicands may be rounded to the narrow type */
typedef struct tolerance_row {
    double base, per_term, relative;
    bool exact, zero, any_nan, products;
} tolerance_row;

static const tolerance_row rows[RETUNE_OP_KIND_COUNT] = {
    [RETUNE_OP_NORMALIZE] = {.base = 8},
    [RETUNE_OP_GATHER] = {.exact = true},
    [RETUNE_OP_CONV2D] = {.base = 16, .per_term = 1, .products = true},
    [RETUNE_OP_CONV2D_GRAD_INPUT] = {.base = 16, .per_term = 1, .products = true},
    [RETUNE_OP_CONV2D_GRAD_WEIGHT] = {.base = 16, .per_term = 1, .products = true},
    [RETUNE_OP_DEPTHWISE_CONV2D] = {.base = 16, .per_term = 1, .products = true},
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT] = {.base = 16, .per_term = 1, .products = true},
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT] = {.base = 16, .per_term = 1, .products = true},
    [RETUNE_OP_ACTIVATION] = {.exact = true, .any_nan = true},
    [RETUNE_OP_ACTIVATION_GRAD] = {.relative = 1, .zero = true},
    [RETUNE_OP_BATCH_NORM] = {.base = 128, .per_term = 2, .relative = 8},
    [RETUNE_OP_BATCH_NORM_GRAD] = {.base = 64, .per_term = 2, .relative = 16},
    [RETUNE_OP_POOL] = {.base = 4, .per_term = 1, .relative = 4, .any_nan = true},
    [RETUNE_OP_POOL_GRAD] = {.base = 4, .per_term = 1, .relative = 4},
    [RETUNE_OP_ADD] = {.relative = 1},
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY] = {.base = 16,
                                         .per_term = 0.25,
                                         .relative = 64,
                                         .zero = true},
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD] = {.base = 4, .relative = 8, .zero = true},
    [RETUNE_OP_SGD] = {.base = 8},
    [RETUNE_OP_ADAM] = {.base = 8, .relative = 8},
    [RETUNE_OP_FILL] = {.exact = true},
    [RETUNE_OP_CAST] = {.exact = true},
    [RETUNE_OP_ACCUMULATE] = {.relative = 1},
};

op_tolerance tolerance_of(const op_case *op) {
    const tolerance_row *row = &rows[op->kind];
    const uint32_t dtype = op_case_dtype(op);
    const double length = op_case_reduction(op), single = element_epsilon(RETUNE_F32);
    const bool maximum =
        op->kind == RETUNE_OP_POOL && op->attributes.pooling.kind == RETUNE_POOL_MAX;
    op_tolerance result = {.subnormal = element_smallest_normal(dtype),
                           .zero_is_exact = row->zero || row->exact || maximum,
                           .nan_is_anything = row->any_nan};
    if (row->exact || maximum)
        return result;
    result.absolute = (row->base + row->per_term * length) * single;
    result.relative = row->relative * single;
    if (dtype != RETUNE_F32) {
        /* The result is rounded to the narrow type, near 0 to a multiple of its smallest
         * subnormal. The multiplicands may be rounded too: errors of random sign, whose sum grows
         * with the root of the length. */
        const double narrow = element_epsilon(dtype);
        result.absolute += narrow * element_smallest_normal(dtype);
        result.absolute += row->products ? narrow * sqrt(length) : 0;
        result.relative += narrow;
    }
    return result;
}

bool tolerance_passes(const op_tolerance *tolerance, double expected, double got) {
    if (isnan(expected))
        return tolerance->nan_is_anything || isnan(got);
    if (isinf(expected) || isinf(got) || isnan(got))
        return got == expected;
    if (expected == 0 && tolerance->zero_is_exact)
        return got == 0;
    if (fabs(expected) < tolerance->subnormal && got == 0)
        return true;
    return fabs(got - expected) <= tolerance->absolute + tolerance->relative * fabs(expected);
}
