#include "tensor.h"

#include "desc.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

/* ---- Blocks --------------------------------------------------------------------------------- */

static cpu_block *find_slot(retune_backend_device *device, uint32_t slot) {
    cpu_block *block = device->slots;
    while (block && block->slot != slot)
        block = block->next;
    return block;
}

/* A block for one more tensor: that of its slot, or a new one. NULL when the host is out of memory.
 */
static cpu_block *acquire_block(retune_backend_device *device, uint32_t slot, size_t bytes) {
    cpu_block *block = slot ? find_slot(device, slot) : NULL;
    if (!block) {
        block = calloc(1, sizeof *block);
        if (!block)
            return NULL;
        block->slot = slot;
        if (slot) {
            block->next = device->slots;
            device->slots = block;
        }
    }
    block->users++;
    if (block->wanted < bytes)
        block->wanted = bytes;
    return block;
}

static void release_block(retune_backend_device *device, cpu_block *block) {
    if (--block->users > 0)
        return;
    if (block->slot) {
        cpu_block **link = &device->slots;
        while (*link != block)
            link = &(*link)->next;
        *link = block->next;
    }
    if (!block->borrowed)
        cpu_device_give_back(device, block->data, block->bytes);
    free(block);
}

retune_status cpu_tensor_reserve(retune_backend_tensor *tensor, retune_error *error) {
    cpu_block *block = tensor->block;
    if (block->bytes >= tensor->bytes)
        return RETUNE_OK;
    void *data = NULL;
    retune_status status = cpu_device_take(tensor->device, block->wanted, "a tensor", &data, error);
    if (status != RETUNE_OK)
        return status;
    if (block->data)
        memcpy(data, block->data, block->bytes);
    cpu_device_give_back(tensor->device, block->data, block->bytes);
    block->data = data;
    block->bytes = block->wanted;
    return RETUNE_OK;
}

/* ---- Tensors -------------------------------------------------------------------------------- */

/* A tensor without its block. */
static retune_status make_tensor(retune_backend_device *device, const retune_tensor_desc *desc,
                                 retune_backend_tensor **out_tensor, retune_error *error) {
    char reason[256];
    size_t bytes = 0;
    if (!cpu_desc_check(desc, &bytes, reason, sizeof reason))
        return cpu_fail(error, RETUNE_INVALID, "a tensor cannot be made: %s", reason);
    retune_backend_tensor *tensor = calloc(1, sizeof *tensor);
    if (!tensor)
        return cpu_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a tensor's description");
    tensor->device = device;
    tensor->desc = *desc;
    tensor->desc.struct_size = (uint32_t)sizeof tensor->desc;
    tensor->bytes = bytes;
    tensor->row_bytes = bytes / (size_t)desc->shape[0];
    *out_tensor = tensor;
    return RETUNE_OK;
}

retune_status cpu_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                retune_usage usage, uint32_t slot,
                                retune_backend_tensor **out_tensor, retune_error *error) {
    *out_tensor = NULL;
    if ((unsigned)usage > RETUNE_USAGE_OUTPUT)
        return cpu_fail(error, RETUNE_INVALID, "%u is no usage of a tensor", (unsigned)usage);
    retune_backend_tensor *tensor = NULL;
    retune_status status = make_tensor(device, desc, &tensor, error);
    if (status != RETUNE_OK)
        return status;
    tensor->block = acquire_block(device, slot, tensor->bytes);
    if (!tensor->block) {
        free(tensor);
        return cpu_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a tensor's block");
    }
    *out_tensor = tensor;
    return RETUNE_OK;
}

retune_status cpu_tensor_wrap(retune_backend_device *device, const retune_tensor_desc *desc,
                              const void *memory, retune_backend_tensor **out_tensor,
                              retune_error *error) {
    *out_tensor = NULL;
    if (!memory || (uintptr_t)memory % 64 != 0)
        return cpu_fail(error, RETUNE_INVALID, "memory to wrap is not aligned to 64 bytes");
    retune_backend_tensor *tensor = NULL;
    retune_status status = make_tensor(device, desc, &tensor, error);
    if (status != RETUNE_OK)
        return status;
    tensor->block = acquire_block(device, 0, tensor->bytes);
    if (!tensor->block) {
        free(tensor);
        return cpu_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a tensor's block");
    }
    tensor->block->borrowed = true;
    tensor->block->bytes = tensor->bytes;
    tensor->block->data = (void *)(uintptr_t)memory; /* const again wherever it is used */
    *out_tensor = tensor;
    return RETUNE_OK;
}

void cpu_tensor_destroy(retune_backend_tensor *tensor) {
    if (!tensor)
        return;
    release_block(tensor->device, tensor->block);
    free(tensor);
}

/* ---- Content -------------------------------------------------------------------------------- */

/* Checks a range of rows and gives its place and size. */
static retune_status find_rows(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               char **out_place, size_t *out_bytes, retune_error *error) {
    int64_t count = tensor->desc.shape[0];
    if (first_row < 0 || rows < 0 || first_row > count || rows > count - first_row)
        return cpu_fail(error, RETUNE_INVALID, "%lld rows from row %lld of a tensor of %lld",
                        (long long)rows, (long long)first_row, (long long)count);
    retune_status status = cpu_tensor_reserve(tensor, error);
    if (status != RETUNE_OK)
        return status;
    *out_place = (char *)tensor->block->data + (size_t)first_row * tensor->row_bytes;
    *out_bytes = (size_t)rows * tensor->row_bytes;
    return RETUNE_OK;
}

retune_status cpu_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               const void *data, retune_error *error) {
    if (tensor->block->borrowed)
        return cpu_fail(error, RETUNE_INVALID, "a tensor of wrapped memory cannot be written");
    char *place = NULL;
    size_t bytes = 0;
    retune_status status = find_rows(tensor, first_row, rows, &place, &bytes, error);
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
