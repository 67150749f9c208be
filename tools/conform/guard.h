/* Host memory between sentinels: bytes before and behind it that a backend has no business with. */
#ifndef RETUNE_CONFORM_GUARD_H
#define RETUNE_CONFORM_GUARD_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory of `bytes`, with the alignment of malloc; the program ends when there is none. Free
 * it with guard_free, which takes NULL. */
void *guard_allocate(size_t bytes);
void guard_free(void *memory);

/* False when a sentinel was written to. */
bool guard_is_intact(const void *memory);

#endif
