/* Random numbers that are the same on every machine: a function of a seed and a stream, no state
 * to save. SplitMix64 (Steele, Lea and Flood 2014). */
#ifndef RETUNE_BASE_RANDOM_H
#define RETUNE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct retune_random {
    uint64_t state;
} retune_random;

/* A generator for a purpose: same seed and stream, same numbers; different streams, unrelated ones.
 */
retune_random retune_random_make(uint64_t seed, uint64_t stream);

uint64_t retune_random_next(retune_random *random);

/* Uniform in [0, bound), without bias; `bound` is at least 1. */
uint64_t retune_random_below(retune_random *random, uint64_t bound);

/* Uniform in [0, 1), 24 bits. */
float retune_random_unit(retune_random *random);

/* Fisher-Yates shuffle. */
void retune_random_shuffle(retune_random *random, uint32_t *items, size_t count);

#endif
