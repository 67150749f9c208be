/* What the tensors of every backend have in common. A backend's retune_backend_tensor begins with a
 * backend_tensor_base, so that the checks here and in bind.h serve all of them. */
#ifndef RETUNE_COMMON_TENSOR_BASE_H
#define RETUNE_COMMON_TENSOR_BASE_H

#include "retune/backend.h"

#include "block.h"

typedef struct backend_tensor_base {
    const retune_backend_device *device;
    backend_block *block;
    retune_tensor_desc desc;
    size_t bytes;
    size_t row_bytes; /* of one entry along the first dimension */
} backend_tensor_base;

/* Makes a tensor of `size` bytes, zeroed but for its base, with a block from `slots`. INVALID: the
 * description or the usage is malformed. */
retune_status backend_tensor_make(const retune_backend_device *device, backend_block **slots,
                                  const retune_tensor_desc *desc, retune_usage usage, uint32_t slot,
                                  size_t size, retune_backend_tensor **out_tensor,
                                  retune_error *error);

/* Makes a tensor whose block borrows `memory`. INVALID: it is not aligned to 64 bytes. */
retune_status backend_tensor_borrow(const retune_backend_device *device, backend_block **slots,
                                    const retune_tensor_desc *desc, const void *memory, size_t size,
                                    retune_backend_tensor **out_tensor, retune_error *error);

/* Where rows [first_row, first_row + rows) lie. INVALID: not in the tensor. */
retune_status backend_tensor_rows(const retune_backend_tensor *tensor, int64_t first_row,
                                  int64_t rows, size_t *out_offset, size_t *out_bytes,
                                  retune_error *error);

/* INVALID when the tensor's memory is borrowed. */
retune_status backend_tensor_check_writable(const retune_backend_tensor *tensor,
                                            retune_error *error);

static inline const backend_tensor_base *backend_tensor_base_of(const retune_backend_tensor *t) {
    return (const backend_tensor_base *)t;
}

#endif
