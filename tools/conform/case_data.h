/* The data of a case: inputs drawn from its seed, and the outputs the reference computes from them.
 */
#ifndef RETUNE_CONFORM_CASE_DATA_H
#define RETUNE_CONFORM_CASE_DATA_H

#include "op_case.h"

/* Arrays slot by slot; NULL where a tensor is absent. Values of inputs are those their dtype can
 * hold, so that a device sees exactly what the reference sees; outputs are not rounded. */
typedef struct case_data {
    double *inputs[RETUNE_OP_TENSORS_MAX];
    double *outputs[RETUNE_OP_TENSORS_MAX];
} case_data;

/* Draws the inputs and computes the outputs. Inputs that other ops would have computed (saved
 * statistics, probabilities, the place of a maximum) are computed by the reference, so that they
 * belong together. The shapes of `op` must fit each other. */
void case_data_make(const op_case *op, case_data *out_data);

void case_data_free(case_data *data);

#endif
