#include "data/shuffle.h"

#include "base/random.h"

/* "shuf", in the upper half of the stream number: apart from other uses of the same seed. */
#define SHUFFLE_STREAM (UINT64_C(0x73687566) << 32)

void retune_shuffle_epoch(uint64_t seed, uint32_t epoch, uint32_t count, uint32_t *out_order) {
    for (uint32_t i = 0; i < count; i++)
        out_order[i] = i;
    retune_random random = retune_random_make(seed, SHUFFLE_STREAM | epoch);
    retune_random_shuffle(&random, out_order, count);
}
