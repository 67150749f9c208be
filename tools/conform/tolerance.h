/* How far a device may be from the float64 reference: by op, dtype and reduction length, never by
 * backend. */
#ifndef RETUNE_CONFORM_TOLERANCE_H
#define RETUNE_CONFORM_TOLERANCE_H

#include "op_case.h"

/* A result passes when |got - expected| <= absolute + relative * |expected|. */
typedef struct op_tolerance {
    double absolute, relative;
    double subnormal;     /* an expected value below this may come out as 0 */
    bool zero_is_exact;   /* an expected 0 must come out as 0 */
    bool nan_is_anything; /* the op does not say what becomes of a NaN */
} op_tolerance;

op_tolerance tolerance_of(const op_case *op);

/* True when `got` passes for `expected`. */
bool tolerance_passes(const op_tolerance *tolerance, double expected, double got);

#endif
