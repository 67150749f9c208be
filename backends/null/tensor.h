/* A tensor: a description, and the block of memory its content lies in. */
#ifndef RETUNE_NULL_TENSOR_H
#define RETUNE_NULL_TENSOR_H

#include "device.h"
#include "tensor_base.h"

struct retune_backend_tensor {
    backend_tensor_base base; /* first: the common checks look there */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status null_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                 retune_usage usage, uint32_t slot,
                                 retune_backend_tensor **out_tensor, retune_error *error);
void null_tensor_destroy(retune_backend_tensor *tensor);
retune_status null_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                const void *data, retune_error *error);
retune_status null_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               void *data, retune_error *error);

/* Takes the memory of the tensor's block, as much as the largest of its tensors wants. Tensors of
 * one slot share a block; its size is known when the program is made. */
retune_status null_tensor_reserve(retune_backend_tensor *tensor, retune_error *error);

#endif
