#include "base/random.h"

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

retune_random retune_random_make(uint64_t seed, uint64_t stream) {
    return (retune_random){mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ mix(~stream)};
}

uint64_t retune_random_next(retune_random *random) {
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix(random->state);
}

uint64_t retune_random_below(retune_random *random, uint64_t bound) {
    /* Values below `threshold` would make some remainders more frequent than others. */
    uint64_t threshold = (0 - bound) % bound, value;
    do
        value = retune_random_next(random);
    while (value < threshold);
    return value % bound;
}

float retune_random_unit(retune_random *random) {
    return (float)(retune_random_next(random) >> 40) * 0x1p-24f;
}

void retune_random_shuffle(retune_random *random, uint32_t *items, size_t count) {
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)retune_random_below(random, i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
