/* Matrix products: y [M,N] = a [M,K] * b [K,N], for every convolution and its gradients.
 *
 * A work group computes a tile of TILE_M x TILE_N, a work item WORK_M x WORK_N of it. The group goes
 * along K in steps of TILE_K: it copies a tile of a and one of b to shared memory and multiplies them
 * from there. Every sum runs over k in rising order, whatever the sizes of tiles: they change the
 * speed and never a bit. When the tiles of y are too few for the device, K is divided among groups
 * and matrix_sum adds the parts, in order.
 *
 * Sizes of work are multiples of 4: everything between shared memory and the sums is a vec4. */
#version 450
#extension GL_GOOGLE_include_directive : require

#define ITEM    int(gl_LocalInvocationID.x)
#define ITEMS_N (TILE_N / WORK_N)
#define ITEMS_M (TILE_M / WORK_M)
#define ITEMS   (ITEMS_M * ITEMS_N)
#include "product.glsl"

layout(constant_id = 7) const int A_LOAD_ALONG_K = 1; /* neighbouring items load along k */

/* ---- Tiles ------------------------------------------------------------------------------------- */

/* The copy of a tile is [TILE_K][extent], in vec4. Rows are apart by more than a power of two, so that
 * a column is not one bank. */
const int ROW_M = TILE_M / 4 + 1, ROW_N = TILE_N / 4 + 1;
const int A_TILE = TILE_K * ROW_M, B_TILE = TILE_K * ROW_N;
shared vec4 a_tiles[(1 + PREFETCH) * A_TILE];
shared vec4 b_tiles[(1 + PREFETCH) * B_TILE];

vec4 a_loads[LOADS(TILE_M)], b_loads[LOADS(TILE_N)];

#define READ(name, loads, extent, source, along_k, load_along_k, stride, begin, end)               \
    [[unroll]] for (int l = 0; l < LOADS(extent); l++) {                                           \
        int at = load_place(source, along_k, stride, begin + LOAD_OUTER(l, extent, load_along_k),  \
                            k + LOAD_K(l, extent, load_along_k), end, k_end);                      \
        loads[l] = vec4(0.0);                                                                      \
        if (at >= 0)                                                                               \
            loads[l] = LOADV(name, int(uint(at) / uint(WIDTH)));                                   \
    }

/* Reads the tiles that begin at k; zeros behind k_end. */
void read_tiles(int m0, int n0, int k, int k_end) {
    READ(a, a_loads, TILE_M, A_SOURCE, A_ALONG_K, A_LOAD_ALONG_K == 1, a_stride, m0, m_count)
    READ(b, b_loads, TILE_N, B_SOURCE, B_ALONG_K, B_ALONG_K == 1, b_stride, n0, n_count)
}

/* Loads that run along k are turned. */
#define KEEP(tiles, first, row, loads, extent, along_k)                                            \
    [[unroll]] for (int l = 0; l < LOADS(extent); l++) {                                           \
        int outer = LOAD_OUTER(l, extent, along_k);                                                \
        int at = (first) + LOAD_K(l, extent, along_k) * (row) + outer / 4;                         \
        if (WIDTH == 4 && !(along_k))                                                              \
            tiles[at] = loads[l];                                                                  \
        else                                                                                       \
            tiles[at][outer & 3] = loads[l].x;                                                     \
        if (WIDTH == 4 && (along_k)) {                                                             \
            tiles[at + (row)][outer & 3] = loads[l].y;                                             \
            tiles[at + 2 * (row)][outer & 3] = loads[l].z;                                         \
            tiles[at + 3 * (row)][outer & 3] = loads[l].w;                                         \
        }                                                                                          \
    }

/* Puts what was read into their places in shared memory. */
void keep_tiles(int buffer_) {
    KEEP(a_tiles, buffer_ * A_TILE, ROW_M, a_loads, TILE_M, A_LOAD_ALONG_K == 1)
    KEEP(b_tiles, buffer_ * B_TILE, ROW_N, b_loads, TILE_N, B_ALONG_K == 1)
}

/* ---- Multiplying ------------------------------------------------------------------------------- */

/* The rows and columns of a work item lie in fours; fours of neighbouring items lie beside each other,
 * so that their reads of shared memory do not collide. */
const int RUNS = WORK_M / 4, VECTORS = WORK_N / 4;
#define ROW_OF(run)    (((run) * ITEMS_M + item_m) * 4)
#define COLUMN(vector) (((vector) * ITEMS_N + item_n) * 4)

vec4 sums[WORK_M * VECTORS];

/* Where a work item stands in its group. 32 items that run together form a block of 4 x 8, numbered so
 * that any 8 in a row read few different vectors of either tile: that is what shared memory serves at
 * once on GPUs. */
bool is_blocked() {
    return ITEMS_N % 4 == 0 && ITEMS_M % 8 == 0;
}

int item_column() {
    return is_blocked() ? ITEM / 32 % (ITEMS_N / 4) * 4 + (ITEM & 1) + (ITEM >> 4 & 1) * 2
                        : ITEM % ITEMS_N;
}

int item_row() {
    return is_blocked() ? ITEM / 32 / (ITEMS_N / 4) * 8 + (ITEM >> 1 & 7) : ITEM / ITEMS_N;
}

void multiply(int buffer_, int item_m, int item_n) {
    int a_first = buffer_ * A_TILE + item_m, b_first = buffer_ * B_TILE + item_n;
    [[unroll]] for (int k = 0; k < TILE_K; k++) {
        vec4 x[RUNS], w[VECTORS];
        [[unroll]] for (int r = 0; r < RUNS; r++)
            x[r] = a_tiles[a_first + k * ROW_M + r * ITEMS_M];
        [[unroll]] for (int j = 0; j < VECTORS; j++)
            w[j] = b_tiles[b_first + k * ROW_N + j * ITEMS_N];
        [[unroll]] for (int r = 0; r < RUNS; r++)
            [[unroll]] for (int j = 0; j < VECTORS; j++) {
                int s = 4 * r * VECTORS + j;
                sums[s] = fma(x[r].xxxx, w[j], sums[s]);
                sums[s + VECTORS] = fma(x[r].yyyy, w[j], sums[s + VECTORS]);
                sums[s + 2 * VECTORS] = fma(x[r].zzzz, w[j], sums[s + 2 * VECTORS]);
                sums[s + 3 * VECTORS] = fma(x[r].wwww, w[j], sums[s + 3 * VECTORS]);
            }
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
    int item_m = item_row(), item_n = item_column();
    [[unroll]] for (int s = 0; s < WORK_M * VECTORS; s++)
        sums[s] = vec4(0.0);

    if (PREFETCH == 1) {
        int now = 0;
        read_tiles(m0, n0, k_begin, k_end);
        keep_tiles(0);
        barrier();
        for (int k = k_begin; k < k_end; k += TILE_K) {
            /* Behind the end this reads nothing and keeps zeros: with a condition around both,
             * compilers put the reads behind the products, and every group waits for them. */
            read_tiles(m0, n0, k + TILE_K, k_end);
            multiply(now, item_m, item_n);
            now ^= 1;
            keep_tiles(now);
            barrier();
        }
    } else
        for (int k = k_begin; k < k_end; k += TILE_K) {
            read_tiles(m0, n0, k, k_end);
            keep_tiles(0);
            barrier();
            multiply(0, item_m, item_n);
            barrier();
        }

    /* A part of y, when k is divided; the epilogue is then that of matrix_sum. */
    [[unroll]] for (int m = 0; m < WORK_M; m++) {
        int row = m0 + ROW_OF(m / 4) + m % 4;
        if (row < m_count)
            [[unroll]] for (int j = 0; j < VECTORS; j++)
                store((part * m_count + row) * n_count, n0 + COLUMN(j), sums[m * VECTORS + j]);
    }
}
