/* IEEE 754 binary16, as bits. The same results on every machine. */
#ifndef RETUNE_BASE_HALF_H
#define RETUNE_BASE_HALF_H

#include <stddef.h>
#include <stdint.h>

/* Rounds to nearest, ties to even. Numbers of 65520 and beyond become infinite; NaN stays NaN. */
void retune_half_from_float(const float *values, uint16_t *out_halves, size_t count);

/* Exact. */
void retune_half_to_float(const uint16_t *halves, float *out_values, size_t count);

#endif
