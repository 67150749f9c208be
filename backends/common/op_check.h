/* Whether an op is what ops.def says: slots, element types, shapes, attributes. Kernels rely on it
 * and check nothing themselves. */
#ifndef RETUNE_COMMON_OP_CHECK_H
#define RETUNE_COMMON_OP_CHECK_H

#include "op_rules.h"

/* True when the op is well-formed and its maps have element types of `maps`; otherwise writes why
 * not into `out_reason`. */
bool backend_op_check(const retune_op_desc *op, backend_maps maps, char *out_reason,
                      size_t reason_size);

/* The input slot of an op's indices: rows of gather, labels of the loss, argmax of pooling. */
enum { BACKEND_INDEX_SLOT = 1 };

/* What the indices of an op must be below; 0 for an op without. */
int64_t backend_op_index_bound(const retune_op_desc *op);

/* True when every index points into the tensor it is about; false gives the first that does not.
 * Kernels follow indices unchecked, so this comes before each run. */
bool backend_op_check_indices(const retune_op_desc *op, const int32_t *indices, char *out_reason,
                              size_t reason_size);

#endif
