/* How far the results of an op may be from the exact ones: by op, dtype and reduction length, never
 * by backend. The figures of each op stand in its rule (op_rule.h). Pure functions. */
#ifndef RETUNE_TOLERANCE_H
#define RETUNE_TOLERANCE_H

#include "graph/op_rule.h"

/* A result passes when |got - expected| <= absolute + relative * |expected|. */
typedef struct retune_tolerance {
    double absolute, relative;
    double subnormal;     /* an expected value below this may come out as 0 */
    bool zero_is_exact;   /* an expected 0 must come out as 0 */
    bool nan_is_anything; /* the op does not say what becomes of a NaN */
} retune_tolerance;

/* Of an op whose tensors are of magnitude 1 or, as retune_op_magnitude says, of another. */
retune_tolerance retune_tolerance_of(const retune_op_desc *op, double magnitude);

/* The error as a share of what is allowed: 0 for none, above 1 when `got` does not pass, infinite
 * where nothing was allowed. */
double retune_tolerance_share(const retune_tolerance *tolerance, double expected, double got);

/* The floating type with the fewest bits among the op's tensors, RETUNE_F32 when none is floating.
 */
uint32_t retune_op_dtype(const retune_op_desc *op);

#endif
