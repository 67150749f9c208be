#include "tensor.h"

#include <stdlib.h>
#include <string.h>

/* The device of a tensor, which whoever made the tensor may change. */
static retune_backend_device *device_of(const retune_backend_tensor *tensor) {
    return (retune_backend_device *)(uintptr_t)tensor->base.device;
}

/* ---- Making --------------------------------------------------------------------------------- */

retune_status null_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                 retune_usage usage, uint32_t slot,
                                 retune_backend_tensor **out_tensor, retune_error *error) {
    return backend_tensor_make(device, &device->slots, desc, usage, slot, sizeof **out_tensor,
                               out_tensor, error);
}

retune_status null_tensor_reserve(retune_backend_tensor *tensor, retune_error *error) {
    backend_block *block = tensor->base.block;
    void *memory = NULL;
    if (block->bytes >= tensor->base.bytes)
        return RETUNE_OK;
    retune_status status = null_device_take(device_of(tensor), block->wanted, &memory, error);
    if (status != RETUNE_OK)
        return status;
    if (block->memory)
        memcpy(memory, block->memory, block->bytes);
    null_device_give_back(device_of(tensor), block->memory, block->bytes);
    block->memory = memory;
    block->bytes = block->wanted;
    return RETUNE_OK;
}

void null_tensor_destroy(retune_backend_tensor *tensor) {
    if (!tensor)
        return;
    retune_backend_device *device = device_of(tensor);
    backend_block *block = tensor->base.block;
    if (backend_block_release(&device->slots, block)) {
        null_device_give_back(device, block->memory, block->bytes);
        free(block);
    }
    free(tensor);
}

/* ---- Content -------------------------------------------------------------------------------- */

/* Where rows lie in the block. What the host gives and takes is dense; a device that wants another
 * layout converts here and tells nobody. */
static retune_status find_rows(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               char **out_place, size_t *out_bytes, retune_error *error) {
    size_t offset = 0;
    retune_status status = backend_tensor_rows(tensor, first_row, rows, &offset, out_bytes, error);
    if (status == RETUNE_OK)
        status = null_tensor_reserve(tensor, error);
    if (status == RETUNE_OK)
        *out_place = (char *)tensor->base.block->memory + offset;
    return status;
}

/* Writes, runs and reads happen as if in one queue: with a driver's queue, a write enqueues a copy
 * and returns when `data` may be reused, a read waits for what was enqueued before. */
retune_status null_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                const void *data, retune_error *error) {
    char *place = NULL;
    size_t bytes = 0;
    retune_status status = find_rows(tensor, first_row, rows, &place, &bytes, error);
    if (status == RETUNE_OK && bytes > 0)
        memcpy(place, data, bytes);
    return status;
}

retune_status null_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               void *data, retune_error *error) {
    char *place = NULL;
    size_t bytes = 0;
    retune_status status = find_rows(tensor, first_row, rows, &place, &bytes, error);
    if (status == RETUNE_OK && bytes > 0)
        memcpy(data, place, bytes);
    return status;
}
