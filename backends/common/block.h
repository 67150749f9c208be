/* Memory of tensors: a block belongs to one tensor, or to all tensors of a slot. Who owns the
 * memory behind it is the backend's affair. */
#ifndef RETUNE_COMMON_BLOCK_H
#define RETUNE_COMMON_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct backend_block {
    struct backend_block *next; /* in the device's list, for a block that belongs to a slot */
    uint32_t slot;              /* 0: not shared */
    bool borrowed;              /* host memory that was wrapped: never written by an op */
    size_t users;               /* tensors */
    size_t wanted;              /* bytes of the largest tensor */
    size_t bytes;               /* bytes taken so far */
    void *memory;               /* a pointer or a handle of the backend; NULL while `bytes` is 0 */
} backend_block;

/* A block for one more tensor of that many bytes: that of its slot in the list, or a new one. NULL
 * when the host is out of memory. */
backend_block *backend_block_acquire(backend_block **slots, uint32_t slot, size_t bytes);

/* One tensor less. True when it was the last: the block has left the list, and the caller frees its
 * memory and then the block. */
bool backend_block_release(backend_block **slots, backend_block *block);

#endif
