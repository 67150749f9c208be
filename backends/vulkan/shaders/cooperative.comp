/* Matrix products on the matrix units of a device: y [M,N] = a [M,K] * b [K,N] with multiplicands of
 * fp16 and sums of f32, for convolutions whose maps are stored as fp16.
 *
 * A work group computes a tile of TILE_M x TILE_N, a subgroup of 32 items WORK_M x WORK_N of it, in
 * cooperative matrices of 16 x 16. The group goes along K in steps of TILE_K: it copies a tile of a and
 * one of b to shared memory as fp16 and multiplies them from there, while the two next are on their way
 * from memory. Every sum runs over k in rising
 * order, 16 at a time, whatever the sizes of tiles. When the tiles of y are too few for the device, K is
 * divided among groups and matrix_sum adds the parts, in order.
 *
 * An operand of f32, such as a gradient, may have values that fp16 does not: it is multiplied by a power
 * of two that brings its largest magnitude near the end of fp16's range, and y by the inverse. What is
 * below 2^-39 of the largest is lost. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_NV_cooperative_matrix : require

#define LANES     32
#define SUBGROUPS (TILE_M / WORK_M * (TILE_N / WORK_N))
#define ITEM      int(gl_LocalInvocationID.x)
#define ITEMS     (SUBGROUPS * LANES)
#include "product.glsl"

/* Cooperative matrices of a, b and y. Constants, so that each is a type of its own: cooperative.c tells
 * them apart by them. */
#define SIDE 16
layout(constant_id = 20) const int SIDE_M = SIDE;
layout(constant_id = 21) const int SIDE_N = SIDE;
layout(constant_id = 22) const int SIDE_K = SIDE;
#define MATRIX_A fcoopmatNV<16, gl_ScopeSubgroup, SIDE_M, SIDE_K>
#define MATRIX_B fcoopmatNV<16, gl_ScopeSubgroup, SIDE_K, SIDE_N>
#define MATRIX_Y fcoopmatNV<32, gl_ScopeSubgroup, SIDE_M, SIDE_N>

VIEW(0, a, _eights, uvec4)
VIEW(1, b, _eights, uvec4)
/* From largest_first on, what largest.comp found in an f32 operand: bits of magnitudes [LARGEST]. */
VIEW(5, largest, _bits, uint)

/* ---- The range of fp16 -------------------------------------------------------------------------- */

#define LARGEST 128
#define TOP     14 /* the largest magnitude becomes 2^TOP or up to twice that */

/* What an f32 operand is multiplied by, as an exponent of 2. Zeros, infinities and NaN stay. */
int scale_exponent() {
    uint bits = 0;
    for (uint n = gl_SubgroupInvocationID; n < LARGEST; n += LANES)
        bits = max(bits, largest_bits[largest_first + n]);
    int exponent = int(subgroupMax(bits) >> 23);
    return exponent == 0 || exponent == 255 ? 0 : clamp(TOP + 127 - exponent, -100, 100);
}

float power_of_two(int exponent) {
    return uintBitsToFloat(uint(127 + exponent) << 23);
}

/* ---- Tiles ------------------------------------------------------------------------------------- */

/* The copy of a tile is [extent][TILE_K] where rows run along k, else [TILE_K][extent], in eights. Rows
 * are apart by one more, so that a column of them is not in one bank. */
#define ROW(extent, along_k)  ((along_k) ? TILE_K / 8 + 1 : (extent) / 8 + 1)
#define PLACE(outer, k, extent, along_k)                                                           \
    uint((along_k) ? (outer) * ROW(extent, true) + (k) / 8 : (k) * ROW(extent, false) + (outer) / 8)
const bool A_ROWS = A_ALONG_K == 1, B_ROWS = B_ALONG_K == 1;
const int A_TILE = TILE_M * (TILE_K / 8 + 1), B_TILE = TILE_N * (TILE_K / 8 + 1); /* the larger copy */
const int BUFFER = A_TILE + B_TILE;
shared uvec4 tiles[2 * BUFFER];

/* What was read and not yet kept, in two sets: eight fp16 in `low`, or eight f32 in both; zeros where
 * `there` is false. */
uvec4 a_low[2][LOADS(TILE_M)], a_high[2][LOADS(TILE_M)], b_low[2][LOADS(TILE_N)], b_high[2][LOADS(TILE_N)];
bool a_there[2][LOADS(TILE_M)], b_there[2][LOADS(TILE_N)];

/* Without a branch around the load: compilers would wait for each. */
#define READ(name, set, extent, source, along_k, stride, begin, end)                               \
    [[unroll]] for (int l = 0; l < LOADS(extent); l++) {                                           \
        int at = load_place(source, along_k, stride, begin + LOAD_OUTER(l, extent, along_k == 1),  \
                            k + LOAD_K(l, extent, along_k == 1), end, k_end);                      \
        uint place = uint(max(at, 0)) / 8;                                                         \
        name##_there[set][l] = at >= 0;                                                            \
        if (name##_type == F16)                                                                    \
            name##_low[set][l] = name##_eights[place];                                             \
        else {                                                                                     \
            name##_low[set][l] = name##_eights[2 * place];                                         \
            name##_high[set][l] = name##_eights[2 * place + 1];                                    \
        }                                                                                          \
    }

/* Reads the tiles that begin at k; zeros behind k_end. */
void read_tiles(int set, int m0, int n0, int k, int k_end) {
    READ(a, set, TILE_M, A_SOURCE, A_ALONG_K, a_stride, m0, m_count)
    READ(b, set, TILE_N, B_SOURCE, B_ALONG_K, b_stride, n0, n_count)
}

uvec2 half_bits(uvec4 floats, float factor) {
    vec4 v = uintBitsToFloat(floats) * factor;
    return uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw));
}

#define KEEP(name, set, first, extent, along_k)                                                    \
    [[unroll]] for (int l = 0; l < LOADS(extent); l++) {                                           \
        uvec4 halves = name##_low[set][l];                                                         \
        if (name##_type == F32)                                                                    \
            halves = uvec4(half_bits(halves, factor), half_bits(name##_high[set][l], factor));     \
        tiles[first + PLACE(LOAD_OUTER(l, extent, along_k), LOAD_K(l, extent, along_k), extent,    \
                            along_k)] = name##_there[set][l] ? halves : uvec4(0);                  \
    }

/* Puts a set into its places in shared memory, f32 multiplied by `factor`. */
void keep_tiles(int buffer_, int set, float factor) {
    KEEP(a, set, buffer_ * BUFFER, TILE_M, A_ROWS)
    KEEP(b, set, buffer_ * BUFFER + A_TILE, TILE_N, B_ROWS)
}

/* ---- Multiplying ------------------------------------------------------------------------------- */

#define ROWS    (WORK_M / SIDE)
#define COLUMNS (WORK_N / SIDE)

MATRIX_Y sums[ROWS][COLUMNS];

/* Where the work of a subgroup begins in the tile. */
int first_row() {
    return int(gl_SubgroupID) / (TILE_N / WORK_N) * WORK_M;
}

int first_column() {
    return int(gl_SubgroupID) % (TILE_N / WORK_N) * WORK_N;
}

void multiply(int buffer_) {
    int a_first = buffer_ * BUFFER, b_first = a_first + A_TILE;
    [[unroll]] for (int k = 0; k < TILE_K; k += SIDE) {
        MATRIX_A x[ROWS];
        [[unroll]] for (int r = 0; r < ROWS; r++)
            coopMatLoadNV(x[r], tiles, a_first + PLACE(first_row() + r * SIDE, k, TILE_M, A_ROWS),
                          ROW(TILE_M, A_ROWS), !A_ROWS);
        [[unroll]] for (int j = 0; j < COLUMNS; j++) {
            MATRIX_B w;
            coopMatLoadNV(w, tiles, b_first + PLACE(first_column() + j * SIDE, k, TILE_N, B_ROWS),
                          ROW(TILE_N, B_ROWS), B_ROWS);
            [[unroll]] for (int r = 0; r < ROWS; r++)
                sums[r][j] = coopMatMulAddNV(x[r], w, sums[r][j]);
        }
    }
}

/* ---- Results ----------------------------------------------------------------------------------- */

/* A subgroup turns SIDE rows at a time from a cooperative matrix into vectors of y, in shared memory of
 * its own that the tiles no longer need. */
void store_sums(int row0, int column0, int part, float factor) {
    const int vectors = WORK_N / 4, pitch = vectors + 1;
    int own = int(gl_SubgroupID) * SIDE * pitch, lane = int(gl_SubgroupInvocationID);
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        [[unroll]] for (int j = 0; j < COLUMNS; j++)
            coopMatStoreNV(sums[r][j], tiles, own + j * SIDE / 4, pitch, false);
        subgroupBarrier();
        [[unroll]] for (int l = lane; l < SIDE * vectors; l += LANES) {
            int row = row0 + r * SIDE + l / vectors;
            vec4 v = uintBitsToFloat(tiles[own + l / vectors * pitch + l % vectors]) * factor;
            if (row < m_count)
                store((part * m_count + row) * n_count, column0 + l % vectors * 4, v);
        }
        subgroupBarrier();
    }
}

/* y [parts,M,N]. A group computes a tile of one part, with k in [part * k_part, (part + 1) * k_part).
 */
void main() {
    int n_tiles = (n_count + TILE_N - 1) / TILE_N, m_tiles = (m_count + TILE_M - 1) / TILE_M;
    int group = group_number(), tile_m = group / n_tiles, tile_n = group - tile_m * n_tiles;
    if (tile_m >= m_tiles)
        return;
    int m0 = tile_m * TILE_M, n0 = tile_n * TILE_N, part = int(gl_WorkGroupID.z);
    int k_begin = part * k_part, k_end = min(k_begin + k_part, k_count);
    int exponent = a_type == F16 && b_type == F16 ? 0 : scale_exponent();
    float factor = power_of_two(exponent);
    [[unroll]] for (int r = 0; r < ROWS; r++)
        [[unroll]] for (int j = 0; j < COLUMNS; j++)
            sums[r][j] = MATRIX_Y(0.0);

    read_tiles(0, m0, n0, k_begin, k_end);
    keep_tiles(0, 0, factor);
    read_tiles(0, m0, n0, k_begin + TILE_K, k_end);
    read_tiles(1, m0, n0, k_begin + 2 * TILE_K, k_end);
    barrier();
    for (int k = k_begin; k < k_end; k += 2 * TILE_K)
        [[unroll]] for (int now = 0; now < 2; now++) {
            multiply(now);
            keep_tiles(1 - now, now, factor);
            read_tiles(now, m0, n0, k + (now + 3) * TILE_K, k_end);
            barrier();
        }
    store_sums(m0 + first_row(), n0 + first_column(), part, power_of_two(-exponent));
}
