/* The tuning cache: the keys of the ops that were tuned. */
#ifndef CLML_EMULATOR_CACHE_H
#define CLML_EMULATOR_CACHE_H

#include "interface.h"

#include <stdbool.h>

/* Whether an op of this key was tuned into the cache, which may be NULL. The lock is held. */
bool emu_cache_has(const emu_cache *cache, uint64_t key);

#endif
