/* Sums over the rows of a map in two kernels, the second of which adds up what work groups of the
 * first have summed, always in the same order. How many groups that takes, and launches by groups.
 */
#ifndef RETUNE_OPENCL_REDUCTION_H
#define RETUNE_OPENCL_REDUCTION_H

#include "build.h"

/* Items of a work group whose items work together: -DGROUP of kernels/types.cl. */
enum { OPENCL_GROUP = 128 };

/* A map [rows,channels], channels in vectors, cut into row blocks and column blocks; a group of the
 * first kernel sums one of each. Its items stand in rows of `columns`. */
typedef struct opencl_reduction {
    int width; /* elements of a vector */
    int64_t rows, channels;
    int64_t columns; /* of a column block: a power of 2 */
    int64_t column_blocks;
    int64_t block_rows; /* of a row block; the last may have fewer, but has one */
    int64_t row_blocks;
} opencl_reduction;

/* For a map whose rows have `elements` elements. */
opencl_reduction opencl_reduction_of(const retune_backend_device *device, int64_t rows,
                                     int64_t elements);

/* Bytes of `sums` sums of every channel and row block. */
uint64_t opencl_reduction_bytes(const opencl_reduction *r, int64_t sums);

/* Ends a launch of `groups` work groups of OPENCL_GROUP items. */
void opencl_launch_groups(opencl_build *b, int64_t groups);

#endif
