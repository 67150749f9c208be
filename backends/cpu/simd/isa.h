/* The instruction set a file is compiled for: its vectors, its register tile and its names.
 *
 * Every kernel here is compiled once per instruction set, with CPU_SIMD_ISA the name of the set;
 * SIMD(name) carries it, so that the copies live side by side. Vectors are those of the compiler,
 * never a processor's own: what differs between sets is their length and the size of a tile. */
#ifndef RETUNE_CPU_SIMD_ISA_H
#define RETUNE_CPU_SIMD_ISA_H

#include <stdint.h>
#include <string.h>

#define SIMD_JOIN_(name, isa) simd_##name##_##isa
#define SIMD_JOIN(name, isa)  SIMD_JOIN_(name, isa)
#define SIMD(name)            SIMD_JOIN(name, CPU_SIMD_ISA)

/* A matrix product keeps TILE_ROWS x TILE_VECTORS sums in registers, beside the vectors of one row
 * of the right operand and a broadcast value of the left. TILE_ROWS is less than a vector or a
 * multiple of one (the packing counts on it). DEPTH is how many terms of a sum are packed at once,
 * BLOCK_ROWS how many rows of the left operand: their panel fills half of a usual second-level
 * cache. */
#if defined(__AVX512F__)
#define SIMD_BYTES 64
enum { TILE_ROWS = 14, TILE_VECTORS = 2, BLOCK_ROWS = 8 * TILE_ROWS, DEPTH = 1024 };
#elif defined(__AVX2__)
#define SIMD_BYTES 32
enum { TILE_ROWS = 6, TILE_VECTORS = 2, BLOCK_ROWS = 24 * TILE_ROWS, DEPTH = 384 };
#elif defined(__aarch64__)
#define SIMD_BYTES 16
enum { TILE_ROWS = 8, TILE_VECTORS = 3, BLOCK_ROWS = 16 * TILE_ROWS, DEPTH = 256 };
#else
#define SIMD_BYTES 16
enum { TILE_ROWS = 4, TILE_VECTORS = 2, BLOCK_ROWS = 32 * TILE_ROWS, DEPTH = 256 };
#endif

enum {
    LANES = SIMD_BYTES / (int)sizeof(float),
    TILE_COLUMNS = TILE_VECTORS * LANES,
};

typedef float vector __attribute__((vector_size(SIMD_BYTES)));
typedef int32_t vector_mask __attribute__((vector_size(SIMD_BYTES)));
typedef float vector_unaligned __attribute__((vector_size(SIMD_BYTES), aligned(4), may_alias));

#define SIMD_INLINE static inline __attribute__((always_inline))
/* Loops over registers: an array of vectors stays in registers only when its indices are constants.
 */
#define SIMD_UNROLL _Pragma("GCC unroll 32")

SIMD_INLINE vector vector_load(const float *from) {
    return *(const vector_unaligned *)from;
}

SIMD_INLINE void vector_store(float *to, vector value) {
    *(vector_unaligned *)to = value;
}

SIMD_INLINE vector vector_set(float value) {
    return value - (vector){0};
}

/* The first `lanes` values, and zeros: for the end of a row. */
SIMD_INLINE vector vector_load_some(const float *from, int64_t lanes) {
    if (lanes >= LANES)
        return vector_load(from);
    vector value = {0};
    for (int64_t n = 0; n < lanes; n++)
        value[n] = from[n];
    return value;
}

SIMD_INLINE void vector_store_some(float *to, vector value, int64_t lanes) {
    if (lanes >= LANES) {
        vector_store(to, value);
        return;
    }
    for (int64_t n = 0; n < lanes; n++)
        to[n] = value[n];
}

SIMD_INLINE vector vector_select(vector_mask mask, vector yes, vector no) {
    return (vector)((mask & (vector_mask)yes) | (~mask & (vector_mask)no));
}

#endif
