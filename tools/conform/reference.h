/* Every op of ops.def in float64, written as the formula reads: the yardstick of all backends.
 * Nothing here is fast, and nothing here rounds, except where rounding is what the op does. */
#ifndef RETUNE_CONFORM_REFERENCE_H
#define RETUNE_CONFORM_REFERENCE_H

#include "retune/backend.h"

/* Computes `op` from `inputs` to `outputs`, dense arrays slot by slot as in the description, NULL
 * where a tensor is absent. An output that is the same tensor as an input gets an array of its own:
 * inputs are never written. Shapes must fit each other. `args` gives learning rate and step. */
void reference_run(const retune_op_desc *op, const double *const inputs[RETUNE_OP_TENSORS_MAX],
                   double *const outputs[RETUNE_OP_TENSORS_MAX], const retune_run_args *args);

#endif
