/* Sums over the rows of a map in two kernels, the second of which adds up what work groups of the
 * first have summed, always in the same order: how the work is divided. For devices that run work
 * groups. */
#ifndef RETUNE_COMMON_REDUCTION_H
#define RETUNE_COMMON_REDUCTION_H

#include <stdint.h>

/* A map [rows,channels], channels in vectors, cut into row blocks and column blocks; a group of the
 * first kernel sums one of each. Its items stand in rows of `columns`. */
typedef struct backend_reduction {
    int width; /* elements of a vector: 4 where those cover a row exactly, else 1 */
    int64_t rows, channels;
    int64_t columns; /* of a column block: a power of 2 */
    int64_t column_blocks;
    int64_t block_rows; /* of a row block; the last may have fewer, but has one */
    int64_t row_blocks;
} backend_reduction;

/* For a map whose rows have `elements` elements, on a device that about `groups` work groups of
 * `group_items` items, a power of 2, keep busy. */
backend_reduction backend_reduction_of(int64_t rows, int64_t elements, int64_t groups,
                                       int64_t group_items);

/* Bytes of `sums` sums of every channel and row block. */
uint64_t backend_reduction_bytes(const backend_reduction *r, int64_t sums);

#endif
