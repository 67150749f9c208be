#include "tensor.h"

#include "error.h"
#include "indices.h"
#include "queue.h"
#include "staging.h"

#include <stdlib.h>

/* The device of a tensor, which whoever made the tensor may change. */
static retune_backend_device *device_of(const retune_backend_tensor *tensor) {
    return (retune_backend_device *)(uintptr_t)tensor->base.device;
}

const vulkan_memory *vulkan_tensor_memory(const retune_backend_tensor *tensor) {
    return tensor->base.block->memory;
}

/* ---- Making --------------------------------------------------------------------------------- */

static retune_status copy_content(retune_backend_device *device, const vulkan_memory *from,
                                  const vulkan_memory *to, retune_error *error) {
    const VkBufferCopy region = {.size = from->bytes};
    VkCommandBuffer commands;
    retune_status status = vulkan_queue_allocate(device, &commands, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_begin(device, commands, false, error);
    if (status == RETUNE_OK) {
        vk.vkCmdCopyBuffer(commands, from->buffer, to->buffer, 1, &region);
        status = vulkan_queue_end(device, commands, error);
    }
    if (status == RETUNE_OK)
        status = vulkan_queue_submit(device, commands, false, "a copy", NULL, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_drain(device, "a copy", error);
    vulkan_queue_free(device, commands);
    return status;
}

retune_status vulkan_tensor_reserve(retune_backend_tensor *tensor, retune_error *error) {
    retune_backend_device *device = device_of(tensor);
    backend_block *block = tensor->base.block;
    if (block->bytes >= tensor->base.bytes)
        return RETUNE_OK;
    vulkan_memory *memory;
    retune_status status =
        vulkan_memory_take(device, VULKAN_MEMORY_DEVICE, block->wanted, "a tensor", &memory, error);
    if (status == RETUNE_OK && block->memory)
        status = copy_content(device, block->memory, memory, error);
    if (status != RETUNE_OK) {
        vulkan_memory_give_back(device, memory);
        return status;
    }
    vulkan_memory_give_back(device, block->memory);
    block->memory = memory;
    block->bytes = block->wanted;
    device->generation++;
    return RETUNE_OK;
}

retune_status vulkan_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    return backend_tensor_make(device, &device->slots, desc, usage, slot, sizeof **out_tensor,
                               out_tensor, error);
}

void vulkan_tensor_destroy(retune_backend_tensor *tensor) {
    if (!tensor)
        return;
    retune_backend_device *device = device_of(tensor);
    backend_block *block = tensor->base.block;
    if (backend_block_release(&device->slots, block)) {
        vulkan_memory_give_back(device, block->memory);
        free(block);
    }
    backend_indices_forget(&tensor->indices);
    free(tensor);
}

/* ---- Content -------------------------------------------------------------------------------- */

/* What every transfer needs first. */
static retune_status find_rows(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               size_t *out_offset, size_t *out_bytes, retune_error *error) {
    retune_status status =
        backend_tensor_rows(tensor, first_row, rows, out_offset, out_bytes, error);
    if (status == RETUNE_OK)
        status = vulkan_device_check(device_of(tensor), error);
    if (status == RETUNE_OK)
        status = vulkan_tensor_reserve(tensor, error);
    return status;
}

retune_status vulkan_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error) {
    retune_backend_device *device = device_of(tensor);
    size_t offset = 0, bytes = 0;
    retune_status status = backend_tensor_check_writable(tensor, error);
    if (status == RETUNE_OK)
        status = find_rows(tensor, first_row, rows, &offset, &bytes, error);
    if (status == RETUNE_OK)
        status = backend_indices_keep(&tensor->indices, &tensor->base, offset, bytes, data, error);
    if (status == RETUNE_OK)
        status =
            vulkan_staging_write(device, vulkan_tensor_memory(tensor), offset, bytes, data, error);
    return status == RETUNE_OK ? vulkan_device_check(device, error) : status;
}

retune_status vulkan_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                 void *data, retune_error *error) {
    retune_backend_device *device = device_of(tensor);
    size_t offset = 0, bytes = 0;
    retune_status status = find_rows(tensor, first_row, rows, &offset, &bytes, error);
    if (status == RETUNE_OK)
        status =
            vulkan_staging_read(device, vulkan_tensor_memory(tensor), offset, bytes, data, error);
    return status == RETUNE_OK ? vulkan_device_check(device, error) : status;
}
