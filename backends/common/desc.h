/* Arithmetic on tensor descriptions. */
#ifndef RETUNE_COMMON_DESC_H
#define RETUNE_COMMON_DESC_H

#include "retune/types.h"

#include <stdbool.h>

/* True when the description is well-formed and its bytes can be counted; otherwise writes why not
 * into `out_reason`. */
bool backend_desc_check(const retune_tensor_desc *desc, size_t *out_bytes, char *out_reason,
                        size_t reason_size);

/* Same element type and shape. */
bool backend_desc_equal(const retune_tensor_desc *a, const retune_tensor_desc *b);

/* "f32", "u8", ... of a valid element type. */
const char *backend_dtype_name(uint32_t dtype);

#endif
