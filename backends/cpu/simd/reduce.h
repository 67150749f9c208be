/* Work that is divided by channels, where threads must not share a sum. */
#ifndef RETUNE_CPU_SIMD_REDUCE_H
#define RETUNE_CPU_SIMD_REDUCE_H

#include "isa.h"

enum {
    STRIP_UNIT = 16,  /* channels: a cache line */
    STRIP_MOST = 128, /* few enough for their sums to stay in the first-level cache */
    SUM_BLOCK = 256 /* terms summed before they join the total, against the rounding of long sums */
};

/* Channels a thread takes at a time. */
static inline int64_t strip_width(int64_t channels, int threads) {
    int64_t width = (channels + threads - 1) / threads;
    width = (width + STRIP_UNIT - 1) / STRIP_UNIT * STRIP_UNIT;
    return width < STRIP_MOST ? width : STRIP_MOST;
}

/* out[c] = sum over rows of x[row][c]. */
void SIMD(column_sums)(const float *x, int64_t rows, int64_t columns, float *out, int threads);

#endif
