/* The order in which an epoch sees its images. */
#ifndef RETUNE_DATA_SHUFFLE_H
#define RETUNE_DATA_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* Writes 0 .. count-1 in the order of epoch `epoch` into `out_order`. A pure function of its
 * arguments: any epoch's order can be had without those before it. */
void retune_shuffle_epoch(uint64_t seed, uint32_t epoch, uint32_t count, uint32_t *out_order);

#endif
