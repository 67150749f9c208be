/* An operand of a matrix product that may exist only as a rule: the patches of a map.
 *
 * Row r holds what the kernel of a convolution sees at grid position r = (image, y, x); column c
 * is (tap y, tap x, channel). Values outside the map are zero. A matrix in memory is the case of a
 * 1x1 kernel. Packing copies a strip of rows or columns into the order in which the product reads
 * it, so that the patches never exist all at once. */
#ifndef RETUNE_CPU_SIMD_MATRIX_H
#define RETUNE_CPU_SIMD_MATRIX_H

#include "geometry.h"
#include "isa.h"

#include <stdbool.h>

typedef struct simd_matrix {
    const float *data;
    int64_t channels;
    simd_axis height, width;
    bool transposed; /* the operand is the transpose of these rows */
} simd_matrix;

/* rows x columns in memory, one row after the other. */
static inline simd_matrix simd_dense(const float *data, int64_t rows, int64_t columns,
                                     bool transposed) {
    return (simd_matrix){
        .data = data,
        .channels = columns,
        .height = {.extent = 1, .count = 1, .taps = 1, .tap_step = 1},
        .width = {.extent = rows, .count = rows, .step = 1, .taps = 1, .tap_step = 1},
        .transposed = transposed};
}

/* Strips of an operand are TILE_ROWS rows of the left or TILE_COLUMNS columns of the right one,
 * packed one after the other with the index summed over, the depth, outermost:
 *     to[strip * strip_size + d * width + s] = element s of the strip at depth d
 * Elements beyond `count` are zero. The space behind a strip takes what a vector writes beyond it,
 * and keeps the strips from starting on the same lines of the cache. */
static inline int64_t simd_strip_size(int64_t depth, int64_t width) {
    return depth * width + LANES;
}

enum { LEFT_STRIPS = BLOCK_ROWS / TILE_ROWS, RIGHT_STRIPS = 4 /* packed by one call, at most */ };

/* Packs [first, first + count) x [depth_first, depth_first + depth): rows of the left operand or
 * columns of the right one by depth. `first` is where a strip begins. */
void SIMD(pack_left)(const simd_matrix *left, int64_t first, int64_t count, int64_t depth_first,
                     int64_t depth, float *to);
void SIMD(pack_right)(const simd_matrix *right, int64_t first, int64_t count, int64_t depth_first,
                      int64_t depth, float *to);

#endif
