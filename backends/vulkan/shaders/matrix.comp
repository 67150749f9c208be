/* Matrix products: y [M,N] = a [M,K] * b [K,N], for every convolution and its gradients.
 *
 * A work group computes a tile of TILE_M x TILE_N, a work item WORK_M x WORK_N of it. The group goes
 * along K in steps of TILE_K: it copies a tile of a and one of b to shared memory and multiplies them
 * from there. Every sum runs over k in rising order, whatever the sizes of tiles: they change the
 * speed and never a bit. When the tiles of y are too few for the device, K is divided among groups
 * and matrix_sum adds the parts, in order.
 *
 * An operand is a matrix of rows that are contiguous in memory: along k (A_ALONG_K 1: a row is an m;
 * B_ALONG_K 1: a row is an n) or along the other axis (a row is a k). How a row and a column become a
 * place in memory is the operand's SOURCE:
 *
 *   PLAIN         row * stride + column
 *   PATCHES       row: a pixel of the result (n, ho, wo); column: (kh, kw, c). What the window there
 *                 sees of a map [N,H,W,C]; 0 in the padding
 *   GRAD_PATCHES  row: a pixel of the map (n, h, w); column: (kh, kw, o). The result [N,Ho,Wo,O] at
 *                 the window whose element (kh, kw) lies on that pixel; 0 where there is none
 *   FILTERS       row: (kh, kw, o); column: c, of weights [O,Kh,Kw,C]
 *
 * Sizes of work are multiples of 4: everything between shared memory and the sums is a vec4. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

/* Sizes of tiles and the elements of a load are known when this is compiled, once for each row of
 * tiles.def and each WIDTH: loops over them are laid out then, and what they fill stays in registers. */
layout(constant_id = 3) const int A_SOURCE = 0;
layout(constant_id = 4) const int B_SOURCE = 0;
layout(constant_id = 5) const int A_ALONG_K = 1;
layout(constant_id = 6) const int B_ALONG_K = 1;
layout(constant_id = 7) const int A_LOAD_ALONG_K = 1; /* neighbouring items load along k */

MAP(0, a, 8)
MAP(1, b, 9)
FLOATS(2, scale)
FLOATS(3, bias)
MAP(4, y, 12)

/* A convolution: map [N,height,width,channels], result [N,out_height,out_width,outputs]. `epilogue`
 * says which of scale [N] and bias [N] there are. */
layout(push_constant) uniform numbers {
    int epilogue, activation, m_count, n_count, k_count, k_part, a_stride, b_stride;
    int height, width, channels, out_height, out_width, outputs, taps, kernel_width;
    int stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
};

#define LOAD4(name, i) name##_load4(i)
DEFINE_FINISH(finish, float, LOAD)
DEFINE_FINISH(finish4, vec4, LOAD4)

#define PLAIN        0
#define PATCHES      1
#define GRAD_PATCHES 2
#define FILTERS      3

#define ITEM    int(gl_LocalInvocationID.x)
#define ITEMS_N (TILE_N / WORK_N)
#define ITEMS_M (TILE_M / WORK_M)
#define ITEMS   (ITEMS_M * ITEMS_N)

/* ---- Places ------------------------------------------------------------------------------------ */

int patch_place(int row, int column) {
    int tap = column / channels, c = column - tap * channels;
    int rest = row / out_width, wo = row - rest * out_width;
    int n = rest / out_height, ho = rest - n * out_height;
    int kh = tap / kernel_width, kw = tap - kh * kernel_width;
    int h = ho * stride_height + kh * dilation_height - pad_top;
    int w = wo * stride_width + kw * dilation_width - pad_left;
    bool inside = h >= 0 && h < height && w >= 0 && w < width;
    return inside ? ((n * height + h) * width + w) * channels + c : -1;
}

int grad_patch_place(int row, int column) {
    int tap = column / outputs, o = column - tap * outputs;
    int rest = row / width, w = row - rest * width;
    int n = rest / height, h = rest - n * height;
    int kh = tap / kernel_width, kw = tap - kh * kernel_width;
    int top = h + pad_top - kh * dilation_height, left = w + pad_left - kw * dilation_width;
    int ho = top / stride_height, wo = left / stride_width;
    bool inside = top >= 0 && left >= 0 && ho * stride_height == top && wo * stride_width == left &&
                  ho < out_height && wo < out_width;
    return inside ? ((n * out_height + ho) * out_width + wo) * outputs + o : -1;
}

int filter_place(int row, int column) {
    int tap = row / outputs, o = row - tap * outputs;
    return (o * taps + tap) * channels + column;
}

/* The place of element (outer, k) of an operand whose tile may reach beyond its ends; -1: it is 0. */
int load_place(int source, int along_k, int stride, int outer, int k, int outer_end, int k_end) {
    if (outer >= outer_end || k >= k_end)
        return -1;
    int row = along_k == 1 ? outer : k, column = along_k == 1 ? k : outer;
    if (source == PATCHES)
        return patch_place(row, column);
    if (source == GRAD_PATCHES)
        return grad_patch_place(row, column);
    return source == FILTERS ? filter_place(row, column) : row * stride + column;
}

/* ---- Tiles ------------------------------------------------------------------------------------- */

/* Both operands go to shared memory in the same way. A tile has `extent` elements along m or n, and its
 * copy is [TILE_K][extent], in vec4. Load number l of a work item is WIDTH elements of the tile,
 * beginning at (outer, k). */
#define LOADS(extent)  ((extent) * TILE_K / WIDTH / ITEMS)
#define LOAD_NUMBER(l) (uint(ITEM) + uint(l) * uint(ITEMS)) /* unsigned: / and % are cheap */
#define LOAD_OUTER(l, extent, along_k)                                                             \
    int((along_k) ? LOAD_NUMBER(l) / uint(TILE_K / WIDTH)                                          \
                  : LOAD_NUMBER(l) % uint((extent) / WIDTH) * uint(WIDTH))
#define LOAD_K(l, extent, along_k)                                                                 \
    int((along_k) ? LOAD_NUMBER(l) % uint(TILE_K / WIDTH) * uint(WIDTH)                            \
                  : LOAD_NUMBER(l) / uint((extent) / WIDTH))

/* Rows are apart by more than a power of two, so that a column is not one bank. */
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

/* ---- Results ----------------------------------------------------------------------------------- */

/* Puts a vector of sums through the epilogue and into row y [N], which begins at `row`. */
void store(int row, int column, vec4 v) {
    if (n_count % 4 == 0) {
        if (column < n_count)
            y_store4((row + column) >> 2, finish4(v, column >> 2));
        return;
    }
    for (int e = 0; e < 4; e++)
        if (column + e < n_count)
            y_store(row + column + e, finish(v[e], column + e));
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
