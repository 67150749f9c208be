/* Tensor elements as float64: widening is exact, the way back rounds to nearest even. */
#ifndef RETUNE_CONFORM_ELEMENT_H
#define RETUNE_CONFORM_ELEMENT_H

#include "retune/types.h"

/* The value of `dtype` nearest to `value`, ties to even; beyond the largest one it is infinite.
 * Integer types take values in their range only. */
double element_round(uint32_t dtype, double value);

/* Rounds `count` values and writes them as `dtype`, and reads them back. */
void elements_encode(uint32_t dtype, const double *values, size_t count, void *out_data);
void elements_decode(uint32_t dtype, const void *data, size_t count, double *out_values);

/* An array of `count` zeros, at least one; the program ends when there is no memory. */
double *elements_allocate(size_t count);

#endif
