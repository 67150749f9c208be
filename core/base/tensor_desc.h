/* Arithmetic on tensor descriptions. */
#ifndef RETUNE_BASE_TENSOR_DESC_H
#define RETUNE_BASE_TENSOR_DESC_H

#include "base/status.h"

#include <stdbool.h>

/* A description of `rank` dimensions; those beyond `rank` are ignored. */
retune_tensor_desc retune_desc(retune_dtype dtype, uint32_t rank, int64_t d0, int64_t d1,
                               int64_t d2, int64_t d3);
retune_tensor_desc retune_desc_vector(retune_dtype dtype, int64_t length);

/* Bytes of one element; 0 for a number that is no dtype. */
size_t retune_dtype_size(uint32_t dtype);

/* Of a floating type, the distance from 1 to the next larger value and the smallest normal value;
 * 0 for an integer type. */
double retune_dtype_epsilon(uint32_t dtype);
double retune_dtype_smallest_normal(uint32_t dtype);

/* Number of elements, and of bytes. INVALID when the description is malformed (rank, dtype, a
 * dimension below 1) or the size does not fit. */
retune_status retune_desc_elements(const retune_tensor_desc *desc, size_t *out_elements,
                                   retune_error *error);
retune_status retune_desc_bytes(const retune_tensor_desc *desc, size_t *out_bytes,
                                retune_error *error);

/* Same dtype, rank and shape. */
bool retune_desc_equal(const retune_tensor_desc *a, const retune_tensor_desc *b);

/* "[163,7,7,1024]" into `text`; returns `text`. */
#define RETUNE_DESC_TEXT_MAX 96
const char *retune_desc_text(const retune_tensor_desc *desc, char text[RETUNE_DESC_TEXT_MAX]);

/* "f32", "f16", ... */
const char *retune_dtype_text(uint32_t dtype);

#endif
