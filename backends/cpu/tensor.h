/* A tensor: a description and the block of memory its content lies in, dense. */
#ifndef RETUNE_CPU_TENSOR_H
#define RETUNE_CPU_TENSOR_H

#include "device.h"
#include "tensor_base.h"

struct retune_backend_tensor {
    backend_tensor_base base; /* block->memory is a pointer */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status cpu_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                retune_usage usage, uint32_t slot,
                                retune_backend_tensor **out_tensor, retune_error *error);
void cpu_tensor_destroy(retune_backend_tensor *tensor);
retune_status cpu_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               const void *data, retune_error *error);
retune_status cpu_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                              void *data, retune_error *error);
retune_status cpu_tensor_wrap(retune_backend_device *device, const retune_tensor_desc *desc,
                              const void *memory, retune_backend_tensor **out_tensor,
                              retune_error *error);

/* Makes the tensor's block large enough for it; a block that grows becomes as large as the largest
 * tensor of its slot and keeps its content. Its address may change, so nobody keeps that from one
 * run to the next. */
retune_status cpu_tensor_reserve(retune_backend_tensor *tensor, retune_error *error);

#endif
