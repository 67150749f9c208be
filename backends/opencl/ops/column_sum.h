/* Sums over the rows of a matrix: the gradient of a bias from that of the result. */
#ifndef RETUNE_OPENCL_COLUMN_SUM_H
#define RETUNE_OPENCL_COLUMN_SUM_H

#include "ops.h"

/* Name of the kernel, for the rows of ops. */
#define OPENCL_COLUMN_SUM "column_sum"

/* Bytes of workspace for a map [..., C]. */
uint64_t opencl_column_sum_workspace(const retune_backend_device *device,
                                     const retune_tensor_desc *map);

/* Output `output` [C] = the sum over all but the last dimension of input `input`. */
void opencl_column_sum(opencl_build *b, uint32_t input, uint32_t output);

#endif
