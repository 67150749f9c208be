/* Reverse-mode differentiation of a graph. */
#ifndef RETUNE_BACKWARD_H
#define RETUNE_BACKWARD_H

#include "graph/op_rule.h"

/* Appends the nodes that compute gradients, from the gradient `seed` of value `output` back to
 * every value marked in `trained` (one entry a value, by index). Only nodes [begin, end) are
 * differentiated, and of those only what lies between a trained value and the output: the walk ends
 * at the first trained layer. `out_gradients` has an entry for each value there was: its gradient
 * or RETUNE_NO_VALUE; free it with free(). */
retune_status retune_backward_append(retune_graph *graph, retune_range range, int32_t output,
                                     int32_t seed, const bool *trained, int32_t **out_gradients,
                                     retune_error *error);

#endif
