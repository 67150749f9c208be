/* A tensor: a description and the buffer its content lies in, dense. */
#ifndef RETUNE_VULKAN_TENSOR_H
#define RETUNE_VULKAN_TENSOR_H

#include "device.h"
#include "tensor_base.h"

struct retune_backend_tensor {
    backend_tensor_base base; /* block->memory is a vulkan_memory */
    int32_t *indices;         /* what the host wrote to a tensor of i32, to be checked before runs;
                               * NULL when an op wrote it last */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status vulkan_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error);
void vulkan_tensor_destroy(retune_backend_tensor *tensor);
retune_status vulkan_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error);
retune_status vulkan_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                 void *data, retune_error *error);

/* Makes the tensor's buffer large enough for it; one that grows becomes as large as the largest
 * tensor of its slot and keeps its content. */
retune_status vulkan_tensor_reserve(retune_backend_tensor *tensor, retune_error *error);

/* The buffer of a tensor that was reserved. */
const vulkan_memory *vulkan_tensor_memory(const retune_backend_tensor *tensor);

#endif
