#include "block.h"

#include <stdlib.h>

static backend_block *find_slot(backend_block *slots, uint32_t slot) {
    while (slots && slots->slot != slot)
        slots = slots->next;
    return slots;
}

backend_block *backend_block_acquire(backend_block **slots, uint32_t slot, size_t bytes) {
    backend_block *block = slot ? find_slot(*slots, slot) : NULL;
    if (!block) {
        block = calloc(1, sizeof *block);
        if (!block)
            return NULL;
        block->slot = slot;
        if (slot) {
            block->next = *slots;
            *slots = block;
        }
    }
    block->users++;
    if (block->wanted < bytes)
        block->wanted = bytes;
    return block;
}

bool backend_block_release(backend_block **slots, backend_block *block) {
    if (--block->users > 0)
        return false;
    if (block->slot) {
        backend_block **link = slots;
        while (*link != block)
            link = &(*link)->next;
        *link = block->next;
    }
    return true;
}
