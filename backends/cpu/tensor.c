#include "tensor.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

/* The device of a tensor, which whoever made the tensor may change. */
static retune_backend_device *device_of(const retune_backend_tensor *tensor) {
    return (retune_backend_device *)(uintptr_t)tensor->base.device;
}

retune_status cpu_tensor_reserve(retune_backend_tensor *tensor, retune_error *error) {
    backend_block *block = tensor->base.block;
    if (block->bytes >= tensor->base.bytes)
        return RETUNE_OK;
    void *memory = NULL;
    retune_status status =
        cpu_device_take(device_of(tensor), block->wanted, "a tensor", &memory, error);
    if (status != RETUNE_OK)
        return status;
    if (block->memory)
        memcpy(memory, block->memory, block->bytes);
    cpu_device_give_back(device_of(tensor), block->memory, block->bytes);
    block->memory = memory;
    block->bytes = block->wanted;
    return RETUNE_OK;
}

retune_status cpu_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                retune_usage usage, uint32_t slot,
                                retune_backend_tensor **out_tensor, retune_error *error) {
    return backend_tensor_make(device, &device->slots, desc, usage, slot, sizeof **out_tensor,
                               out_tensor, error);
}

retune_status cpu_tensor_wrap(retune_backend_device *device, const retune_tensor_desc *desc,
                              const void *memory, retune_backend_tensor **out_tensor,
                              retune_error *error) {
    retune_status status = backend_tensor_borrow(device, &device->slots, desc, memory,
                                                 sizeof **out_tensor, out_tensor, error);
    if (status != RETUNE_OK)
        return status;
    (*out_tensor)->base.block->bytes = (*out_tensor)->base.bytes;
    /* const again wherever it is used */
    (*out_tensor)->base.block->memory = (void *)(uintptr_t)memory;
    return RETUNE_OK;
}

void cpu_tensor_destroy(retune_backend_tensor *tensor) {
    if (!tensor)
        return;
    retune_backend_device *device = device_of(tensor);
    backend_block *block = tensor->base.block;
    if (backend_block_release(&device->slots, block)) {
        if (!block->borrowed)
            cpu_device_give_back(device, block->memory, block->bytes);
        free(block);
    }
    free(tensor);
}

/* ---- Content -------------------------------------------------------------------------------- */

/* Checks a range of rows and gives its place and size. */
static retune_status find_rows(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               char **out_place, size_t *out_bytes, retune_error *error) {
    size_t offset = 0;
    retune_status status = backend_tensor_rows(tensor, first_row, rows, &offset, out_bytes, error);
    if (status == RETUNE_OK)
        status = cpu_tensor_reserve(tensor, error);
    if (status == RETUNE_OK)
        *out_place = (char *)tensor->base.block->memory + offset;
    return status;
}

retune_status cpu_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               const void *data, retune_error *error) {
    char *place = NULL;
    size_t bytes = 0;
    retune_status status = backend_tensor_check_writable(tensor, error);
    if (status == RETUNE_OK)
        status = find_rows(tensor, first_row, rows, &place, &bytes, error);
    if (status == RETUNE_OK && bytes > 0)
        memcpy(place, data, bytes);
    return status;
}

retune_status cpu_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                              void *data, retune_error *error) {
    char *place = NULL;
    size_t bytes = 0;
    retune_status status = find_rows(tensor, first_row, rows, &place, &bytes, error);
    if (status == RETUNE_OK && bytes > 0)
        memcpy(data, place, bytes);
    return status;
}
