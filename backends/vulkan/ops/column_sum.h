/* Sums over the rows of a matrix: the gradient of a bias from that of the result. */
#ifndef RETUNE_VULKAN_COLUMN_SUM_H
#define RETUNE_VULKAN_COLUMN_SUM_H

#include "ops.h"

/* Name of the shader, for the rows of ops. */
#define VULKAN_COLUMN_SUM "column_sum"

/* Bytes of workspace for a map [..., C]. */
uint64_t vulkan_column_sum_workspace(const retune_backend_device *device,
                                     const retune_tensor_desc *map);

/* Output `output` [C] = the sum over all but the last dimension of input `input`. */
void vulkan_column_sum(vulkan_build *b, uint32_t input, uint32_t output);

#endif
