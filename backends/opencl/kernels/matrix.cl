/* Matrix products: y [M,N] = a [M,K] * b [K,N], for every convolution and its gradients.
 *
 * A work group computes a tile of TILE_M x TILE_N, a work item WORK_M x WORK_N of it. The group goes
 * along K in steps of TILE_K: it copies a tile of a and one of b to local memory and multiplies them
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
 * The host defines TILE_*, WORK_*, VECTOR (floats of a vector along n), PREFETCH (1: the next tiles
 * are read while these are multiplied), types A_T B_T Y_T, and WIDTH, the elements of a load. */

#define PLAIN        0
#define PATCHES      1
#define GRAD_PATCHES 2
#define FILTERS      3

#define ITEMS_N (TILE_N / WORK_N)
#define ITEMS_M (TILE_M / WORK_M)
#define ITEMS   (ITEMS_M * ITEMS_N)
#define BUFFERS (1 + PREFETCH)
/* Compilers for GPUs want short loops laid out, so that arrays become registers. On a CPU that only
 * makes the code large. */
#if VECTOR <= 4
#define UNROLL_K TILE_K
#define UNROLL_LOADS 16
#define UNROLL_ROWS 16
#else
#define UNROLL_K 2
#define UNROLL_LOADS 1
#define UNROLL_ROWS 1
#endif
/* Rows of local tiles are apart by more than a power of two, so that a column is not one bank. */
#define ROW_M (TILE_M + 4)
#define ROW_N (TILE_N + 4 * (VECTOR <= 4))

typedef JOIN(float, VECTOR) vector;

/* ---- Places ------------------------------------------------------------------------------------ */

/* A convolution: map [N,height,width,channels], result [N,out_height,out_width,outputs]. */
typedef struct geometry {
    int height, width, channels, out_height, out_width, outputs, taps, kernel_width;
    int stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
} geometry;

static int patch_place(const geometry *g, int row, int column) {
    int c = column % g->channels, tap = column / g->channels;
    int wo = row % g->out_width, rest = row / g->out_width;
    int ho = rest % g->out_height, n = rest / g->out_height;
    int h = ho * g->stride_height + tap / g->kernel_width * g->dilation_height - g->pad_top;
    int w = wo * g->stride_width + tap % g->kernel_width * g->dilation_width - g->pad_left;
    bool inside = h >= 0 && h < g->height && w >= 0 && w < g->width;
    return inside ? ((n * g->height + h) * g->width + w) * g->channels + c : -1;
}

static int grad_patch_place(const geometry *g, int row, int column) {
    int o = column % g->outputs, tap = column / g->outputs;
    int w = row % g->width, rest = row / g->width;
    int h = rest % g->height, n = rest / g->height;
    int top = h + g->pad_top - tap / g->kernel_width * g->dilation_height;
    int left = w + g->pad_left - tap % g->kernel_width * g->dilation_width;
    int ho = top / g->stride_height, wo = left / g->stride_width;
    bool inside = top >= 0 && left >= 0 && ho * g->stride_height == top &&
                  wo * g->stride_width == left && ho < g->out_height && wo < g->out_width;
    return inside ? ((n * g->out_height + ho) * g->out_width + wo) * g->outputs + o : -1;
}

static int filter_place(const geometry *g, int row, int column) {
    int o = row % g->outputs, tap = row / g->outputs;
    return (o * g->taps + tap) * g->channels + column;
}

/* -1: the element is 0. */
static int place(int source, const geometry *g, int stride, int row, int column) {
    return source == PATCHES        ? patch_place(g, row, column)
           : source == GRAD_PATCHES ? grad_patch_place(g, row, column)
           : source == FILTERS      ? filter_place(g, row, column)
                                    : row * stride + column;
}

/* ---- Tiles ------------------------------------------------------------------------------------- */

/* In which direction neighbouring work items load. Along the rows, but not single elements of patches:
 * there an item keeps to one pixel, whose place it works out once, and the tap is the same for all. */
#define A_LOAD_ALONG_K (A_ALONG_K && (A_SOURCE == PLAIN || WIDTH == 4))
#define B_LOAD_ALONG_K B_ALONG_K

/* Both operands go to local memory in the same way. A tile has `extent` elements along m or n, and its
 * local copy is [TILE_K][row]. Load number l of a work item is WIDTH elements of the tile, beginning
 * at (outer, k). */
#define LOADS(extent)      ((extent)*TILE_K / WIDTH / ITEMS)
#define LOAD_NUMBER(l)     ((uint)get_local_id(0) + (l)*ITEMS) /* unsigned: then / and % are cheap */
#define LOAD_OUTER(l, extent, along_k)                                                             \
    ((along_k) ? LOAD_NUMBER(l) / (TILE_K / WIDTH) : LOAD_NUMBER(l) % ((extent) / WIDTH) * WIDTH)
#define LOAD_K(l, extent, along_k)                                                                 \
    ((along_k) ? LOAD_NUMBER(l) % (TILE_K / WIDTH) * WIDTH : LOAD_NUMBER(l) / ((extent) / WIDTH))

/* The place of element (outer, k) of an operand whose tile may reach beyond its ends. */
static int load_place(int source, bool along_k, const geometry *g, int stride, int outer, int k,
                      int outer_end, int k_end) {
    if (outer >= outer_end || k >= k_end)
        return -1;
    return place(source, g, stride, along_k ? outer : k, along_k ? k : outer);
}

static void read_a(global const STORAGE(A_T) * a, const geometry *g, int stride, int m0, int k0,
                   int m_end, int k_end, vec *loads) {
#pragma unroll UNROLL_LOADS
    for (int l = 0; l < LOADS(TILE_M); l++) {
        int at = load_place(A_SOURCE, A_ALONG_K, g, stride, m0 + LOAD_OUTER(l, TILE_M, A_LOAD_ALONG_K),
                            k0 + LOAD_K(l, TILE_M, A_LOAD_ALONG_K), m_end, k_end);
        loads[l] = at >= 0 ? LOADV(A_T, a, at / WIDTH) : (vec)(0.0f);
    }
}

static void read_b(global const STORAGE(B_T) * b, const geometry *g, int stride, int n0, int k0,
                   int n_end, int k_end, vec *loads) {
#pragma unroll UNROLL_LOADS
    for (int l = 0; l < LOADS(TILE_N); l++) {
        int at = load_place(B_SOURCE, B_ALONG_K, g, stride, n0 + LOAD_OUTER(l, TILE_N, B_LOAD_ALONG_K),
                            k0 + LOAD_K(l, TILE_N, B_LOAD_ALONG_K), n_end, k_end);
        loads[l] = at >= 0 ? LOADV(B_T, b, at / WIDTH) : (vec)(0.0f);
    }
}

/* Puts loads into their places in a local tile, turned when they run along k. */
static void keep(local float *tile, int row, int extent, bool along_k, const vec *loads) {
#pragma unroll UNROLL_LOADS
    for (int l = 0; l < LOADS(extent); l++) {
        local float *at = tile + LOAD_K(l, extent, along_k) * row + LOAD_OUTER(l, extent, along_k);
#if WIDTH == 4
        if (along_k) {
            at[0] = loads[l].x;
            at[row] = loads[l].y;
            at[2 * row] = loads[l].z;
            at[3 * row] = loads[l].w;
        } else
            *(local float4 *)at = loads[l];
#else
        *at = loads[l];
#endif
    }
}

/* ---- Multiplying ------------------------------------------------------------------------------- */

/* The rows of a work item lie in runs of RUN_M and its columns in vectors; runs and vectors of
 * neighbouring items lie beside each other, so that their reads of local memory do not collide. */
#define RUN_M      (WORK_M < 4 ? WORK_M : 4)
#define VECTORS    (WORK_N / VECTOR)
#define ROW_OF(m)  (((m) / RUN_M * ITEMS_M + item_m) * RUN_M + (m) % RUN_M)
#define COLUMN(j)  (((j)*ITEMS_N + item_n) * VECTOR)

/* Where a work item stands in its group. 32 items that run together form a block of 4 x 8, numbered so
 * that any 8 in a row read few different vectors of either tile: that is what local memory serves at
 * once on GPUs. */
#if ITEMS_N % 4 == 0 && ITEMS_M % 8 == 0
static int item_column(int id) {
    return id / 32 % (ITEMS_N / 4) * 4 + (id & 1) + (id >> 4 & 1) * 2;
}
static int item_row(int id) {
    return id / 32 / (ITEMS_N / 4) * 8 + (id >> 1 & 7);
}
#else
static int item_column(int id) {
    return id % ITEMS_N;
}
static int item_row(int id) {
    return id / ITEMS_N;
}
#endif

static void multiply(local const float *a_tile, local const float *b_tile, int item_m, int item_n,
                     vector sums[WORK_M][VECTORS]) {
    vector r[WORK_M][VECTORS]; /* registers, also where `sums` outlives a barrier in memory */
#pragma unroll
    for (int m = 0; m < WORK_M; m++)
#pragma unroll
        for (int j = 0; j < VECTORS; j++)
            r[m][j] = sums[m][j];
#pragma unroll UNROLL_K
    for (int k = 0; k < TILE_K; k++) {
        float x[WORK_M];
        vector w[VECTORS];
#pragma unroll
        for (int m = 0; m < WORK_M; m += RUN_M) {
            local const float *from = a_tile + k * ROW_M + ROW_OF(m);
#if WORK_M >= 4
            float4 four = *(local const float4 *)from;
            x[m] = four.x;
            x[m + 1] = four.y;
            x[m + 2] = four.z;
            x[m + 3] = four.w;
#else
            for (int e = 0; e < WORK_M; e++)
                x[e] = from[e];
#endif
        }
#pragma unroll
        for (int j = 0; j < VECTORS; j++)
            w[j] = *(local const vector *)(b_tile + k * ROW_N + COLUMN(j));
#pragma unroll
        for (int m = 0; m < WORK_M; m++)
#pragma unroll
            for (int j = 0; j < VECTORS; j++)
                r[m][j] = MULTIPLY_ADD((vector)(x[m]), w[j], r[m][j]);
    }
#pragma unroll
    for (int m = 0; m < WORK_M; m++)
#pragma unroll
        for (int j = 0; j < VECTORS; j++)
            sums[m][j] = r[m][j];
}

/* ---- Results ----------------------------------------------------------------------------------- */

/* Puts a vector of sums through the epilogue and into row y [N], which begins at `row`. */
static void store(global STORAGE(Y_T) * y, int row, int column, int n_count, vector v,
                  global const float *scale, global const float *bias, int epilogue,
                  int activation) {
#if VECTOR == 4
    if (n_count % 4 == 0) {
        if (column >= n_count)
            return;
        if (epilogue & EPILOGUE_SCALE)
            v *= vload4(0, scale + column);
        if (epilogue & EPILOGUE_BIAS)
            v += vload4(0, bias + column);
        if (activation != 0)
            v = v < 0.0f ? 0.0f : v; /* NaN stays */
        if (activation == ACTIVATION_RELU6)
            v = v > 6.0f ? 6.0f : v;
        JOIN(STORE4_, Y_T)(y, (row + column) >> 2, v);
        return;
    }
#endif
    float each[VECTOR];
    JOIN(vstore, VECTOR)(v, 0, each);
#pragma unroll 1
    for (int e = 0; e < VECTOR; e++)
        if (column + e < n_count)
            STORE(Y_T, y, row + column + e,
                  finish(each[e], scale, bias, epilogue, activation, column + e));
}

/* y [parts,M,N]; scale and bias [N], `epilogue` says which there are. A group computes a tile of one
 * part, with k in [part * k_part, (part + 1) * k_part). */
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
matrix_product(global const STORAGE(A_T) * a, global const STORAGE(B_T) * b,
               global STORAGE(Y_T) * y, global const float *scale, global const float *bias,
               int epilogue, int activation, int m_count, int n_count, int k_count, int k_part,
               int a_stride, int b_stride, int height, int width, int channels, int out_height,
               int out_width, int outputs, int taps, int kernel_width, int stride_height,
               int stride_width, int dilation_height, int dilation_width, int pad_top,
               int pad_left) {
    local float a_tiles[BUFFERS][TILE_K * ROW_M] __attribute__((aligned(64)));
    local float b_tiles[BUFFERS][TILE_K * ROW_N] __attribute__((aligned(64)));
    const geometry g = {height,        width,        channels,        out_height,     out_width,
                        outputs,       taps,         kernel_width,    stride_height,  stride_width,
                        dilation_height, dilation_width, pad_top,     pad_left};
    const int id = get_local_id(0);
    const int item_n = item_column(id), item_m = item_row(id);
    const int n0 = get_group_id(0) * TILE_N, m0 = get_group_id(1) * TILE_M;
    const int part = get_group_id(2), k_begin = part * k_part;
    const int k_end = min(k_begin + k_part, k_count);
    vec a_loads[LOADS(TILE_M)], b_loads[LOADS(TILE_N)];
    vector sums[WORK_M][VECTORS];
#pragma unroll
    for (int m = 0; m < WORK_M; m++)
#pragma unroll
        for (int j = 0; j < VECTORS; j++)
            sums[m][j] = (vector)(0.0f);

#if PREFETCH
    int buffer = 0;
    read_a(a, &g, a_stride, m0, k_begin, m_count, k_end, a_loads);
    read_b(b, &g, b_stride, n0, k_begin, n_count, k_end, b_loads);
    keep(a_tiles[0], ROW_M, TILE_M, A_LOAD_ALONG_K, a_loads);
    keep(b_tiles[0], ROW_N, TILE_N, B_LOAD_ALONG_K, b_loads);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = k_begin; k < k_end; k += TILE_K) {
        /* Behind the end this reads nothing and keeps zeros: with a condition around both, compilers
         * put the reads behind the products, and every group waits for them. */
        read_a(a, &g, a_stride, m0, k + TILE_K, m_count, k_end, a_loads);
        read_b(b, &g, b_stride, n0, k + TILE_K, n_count, k_end, b_loads);
        multiply(a_tiles[buffer], b_tiles[buffer], item_m, item_n, sums);
        buffer ^= 1;
        keep(a_tiles[buffer], ROW_M, TILE_M, A_LOAD_ALONG_K, a_loads);
        keep(b_tiles[buffer], ROW_N, TILE_N, B_LOAD_ALONG_K, b_loads);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
    for (int k = k_begin; k < k_end; k += TILE_K) {
        read_a(a, &g, a_stride, m0, k, m_count, k_end, a_loads);
        read_b(b, &g, b_stride, n0, k, n_count, k_end, b_loads);
        keep(a_tiles[0], ROW_M, TILE_M, A_LOAD_ALONG_K, a_loads);
        keep(b_tiles[0], ROW_N, TILE_N, B_LOAD_ALONG_K, b_loads);
        barrier(CLK_LOCAL_MEM_FENCE);
        multiply(a_tiles[0], b_tiles[0], item_m, item_n, sums);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#endif

    /* A part of y, when k is divided; the epilogue is then that of matrix_sum. */
#pragma unroll UNROLL_ROWS
    for (int m = 0; m < WORK_M; m++) {
        int row = m0 + ROW_OF(m);
        if (row >= m_count)
            continue;
#pragma unroll UNROLL_ROWS
        for (int j = 0; j < VECTORS; j++)
            store(y, (part * m_count + row) * n_count, n0 + COLUMN(j), n_count, sums[m][j], scale,
                  bias, epilogue, activation);
    }
}
