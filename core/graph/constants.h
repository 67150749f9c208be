/* The content of values that come from the model: parameters, and what frozen batch norms fold
 * into. */
#ifndef RETUNE_CONSTANTS_H
#define RETUNE_CONSTANTS_H

#include "graph/graph.h"

/* Computes a value whose source is not NONE into `out`, which holds its elements as floats. The
 * model has its parameters. */
void retune_constant_fill(const retune_model *model, const retune_value *value, float *out);

#endif
