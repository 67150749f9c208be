/* Whether an op is what ops.def says: slots, element types, shapes, attributes. Kernels rely on it
 * and check nothing themselves. */
#ifndef RETUNE_CPU_OP_CHECK_H
#define RETUNE_CPU_OP_CHECK_H

#include "kernels.h"

#include <stdbool.h>

/* True when the CPU computes this op; otherwise writes why not into `out_reason`. */
bool cpu_op_check(const retune_op_desc *op, char *out_reason, size_t reason_size);

/* True when every index in the call's tensors points into the tensor it is about (the rows of
 * gather, the labels of the loss, the argmax of pooling); false gives the first that does not.
 * Kernels follow indices unchecked, so this comes before each run. */
bool cpu_op_check_indices(const cpu_call *call, char *out_reason, size_t reason_size);

#endif
