/* How far a device may be from the float64 reference (graph/tolerance.h), for cases. */
#ifndef RETUNE_CONFORM_TOLERANCE_H
#define RETUNE_CONFORM_TOLERANCE_H

#include "graph/tolerance.h"
#include "op_case.h"

typedef retune_tolerance op_tolerance;

/* Cases have inputs of magnitude 1. */
op_tolerance tolerance_of(const op_case *op);

/* True when `got` passes for `expected`. */
bool tolerance_passes(const op_tolerance *tolerance, double expected, double got);

#endif
