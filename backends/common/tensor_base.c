#include "tensor_base.h"

#include "desc.h"
#include "error.h"

#include <stdlib.h>

static backend_tensor_base *base_of(retune_backend_tensor *tensor) {
    return (backend_tensor_base *)tensor;
}

retune_status backend_tensor_make(const retune_backend_device *device, backend_block **slots,
                                  const retune_tensor_desc *desc, retune_usage usage, uint32_t slot,
                                  size_t size, retune_backend_tensor **out_tensor,
                                  retune_error *error) {
    char reason[256];
    size_t bytes = 0;
    *out_tensor = NULL;
    if ((unsigned)usage > RETUNE_USAGE_OUTPUT)
        return backend_fail(error, RETUNE_INVALID, "%u is no usage of a tensor", (unsigned)usage);
    if (!backend_desc_check(desc, &bytes, reason, sizeof reason))
        return backend_fail(error, RETUNE_INVALID, "a tensor cannot be made: %s", reason);
    retune_backend_tensor *tensor = calloc(1, size);
    backend_block *block = tensor ? backend_block_acquire(slots, slot, bytes) : NULL;
    if (!block) {
        free(tensor);
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a tensor's description");
    }
    backend_tensor_base *base = base_of(tensor);
    base->device = device;
    base->block = block;
    base->desc = *desc;
    base->desc.struct_size = (uint32_t)sizeof base->desc;
    base->bytes = bytes;
    base->row_bytes = bytes / (size_t)desc->shape[0];
    *out_tensor = tensor;
    return RETUNE_OK;
}

retune_status backend_tensor_borrow(const retune_backend_device *device, backend_block **slots,
                                    const retune_tensor_desc *desc, const void *memory, size_t size,
                                    retune_backend_tensor **out_tensor, retune_error *error) {
    *out_tensor = NULL;
    if (!memory || (uintptr_t)memory % 64 != 0)
        return backend_fail(error, RETUNE_INVALID, "memory to wrap is not aligned to 64 bytes");
    retune_status status =
        backend_tensor_make(device, slots, desc, RETUNE_USAGE_CONSTANT, 0, size, out_tensor, error);
    if (status == RETUNE_OK)
        base_of(*out_tensor)->block->borrowed = true;
    return status;
}

retune_status backend_tensor_rows(const retune_backend_tensor *tensor, int64_t first_row,
                                  int64_t rows, size_t *out_offset, size_t *out_bytes,
                                  retune_error *error) {
    const backend_tensor_base *base = backend_tensor_base_of(tensor);
    int64_t count = base->desc.shape[0];
    *out_offset = *out_bytes = 0;
    if (first_row < 0 || rows < 0 || first_row > count || rows > count - first_row)
        return backend_fail(error, RETUNE_INVALID, "%lld rows from row %lld of a tensor of %lld",
                            (long long)rows, (long long)first_row, (long long)count);
    *out_offset = (size_t)first_row * base->row_bytes;
    *out_bytes = (size_t)rows * base->row_bytes;
    return RETUNE_OK;
}

retune_status backend_tensor_check_writable(const retune_backend_tensor *tensor,
                                            retune_error *error) {
    if (backend_tensor_base_of(tensor)->block->borrowed)
        return backend_fail(error, RETUNE_INVALID, "a tensor of wrapped memory cannot be written");
    return RETUNE_OK;
}
