#include "product.h"

#include <omp.h>

/* The right operand is packed for all threads, in panels of DEPTH x at most RIGHT_COLUMNS, as many
 * at a time as fit into a fair part of a last-level cache: threads wait for each other before and
 * after. Each thread packs BLOCK_ROWS x DEPTH of the left for itself. */
enum {
    RIGHT_COLUMNS = 4096 / TILE_COLUMNS * TILE_COLUMNS,
    RIGHT_FLOATS = 2 << 20,
    TASKS_A_THREAD = 4,
    SERIAL_PRODUCTS = 1 << 18 /* done before another thread would have woken up */
};

typedef struct blocking {
    int64_t depth;   /* terms of a panel: must not depend on the number of threads */
    int64_t columns; /* of a panel */
    int64_t panels;  /* packed at once */
    int64_t row_strips, row_blocks;
    int64_t column_strips, column_blocks; /* of a panel */
} blocking;

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Where part `index` begins when `whole` is cut into equal parts. */
static int64_t cut(int64_t whole, int64_t parts, int64_t index) {
    return whole * index / parts;
}

/* Equal parts of at most `most`, whole multiples of `unit`. */
static int64_t part(int64_t whole, int64_t most, int64_t unit) {
    return divide_up(divide_up(whole, divide_up(whole, most)), unit) * unit;
}

static blocking choose_blocking(int64_t rows, int64_t columns, int64_t depth, int threads) {
    blocking b = {.depth = part(depth, DEPTH, LANES),
                  .columns = part(columns, RIGHT_COLUMNS, TILE_COLUMNS),
                  .row_strips = divide_up(rows, TILE_ROWS)};
    b.panels = smaller(divide_up(RIGHT_FLOATS, b.columns * b.depth), divide_up(depth, b.depth));
    b.column_strips = b.columns / TILE_COLUMNS;
    int64_t wanted = threads > 1 ? (int64_t)threads * TASKS_A_THREAD : 1;
    int64_t most = smaller(divide_up(b.row_strips, wanted), LEFT_STRIPS);
    int64_t blocks = divide_up(divide_up(b.row_strips, most), threads) * threads;
    b.row_blocks = smaller(blocks, b.row_strips);
    b.column_blocks = smaller(divide_up(wanted, b.row_blocks), b.column_strips);
    return b;
}

static int64_t panel_size(const blocking *b) {
    return b->column_strips * simd_strip_size(b->depth, TILE_COLUMNS);
}

static int64_t left_size(const blocking *b) {
    int64_t strips = divide_up(b->row_strips, b->row_blocks);
    return divide_up(strips * simd_strip_size(b->depth, TILE_ROWS), 16) * 16;
}

static int threads_for_product(int64_t rows, int64_t columns, int64_t depth, int threads) {
    return (double)rows * (double)columns * (double)depth < SERIAL_PRODUCTS ? 1 : threads;
}

uint64_t SIMD(product_workspace)(int64_t rows, int64_t columns, int64_t depth, int threads) {
    threads = threads_for_product(rows, columns, depth, threads);
    blocking b = choose_blocking(rows, columns, depth, threads);
    return (uint64_t)(b.panels * panel_size(&b) + threads * left_size(&b)) * sizeof(float);
}

/* tile = left strip x right strip. A function of its own: around the loop every register counts. */
static __attribute__((noinline)) void multiply(int64_t depth, const float *restrict left,
                                               const float *restrict right, float *restrict tile) {
    vector sum[TILE_ROWS][TILE_VECTORS] = {{{0}}};
    for (; depth > 0; depth--) {
        vector row[TILE_VECTORS];
        SIMD_UNROLL
        for (int v = 0; v < TILE_VECTORS; v++)
            row[v] = vector_load(right + v * LANES);
        SIMD_UNROLL
        for (int m = 0; m < TILE_ROWS; m++) {
            SIMD_UNROLL
            for (int v = 0; v < TILE_VECTORS; v++)
                sum[m][v] += left[m] * row[v];
        }
        left += TILE_ROWS;
        right += TILE_COLUMNS;
    }
    SIMD_UNROLL
    for (int m = 0; m < TILE_ROWS; m++) {
        SIMD_UNROLL
        for (int v = 0; v < TILE_VECTORS; v++)
            vector_store(tile + m * TILE_COLUMNS + v * LANES, sum[m][v]);
    }
}

static void result_rows(const simd_result *r, int64_t first, int64_t count, float **out_rows) {
    int64_t x = first % r->width, line = first / r->width;
    int64_t y = line % r->height, image = line / r->height;
    for (int64_t n = 0; n < count; n++) {
        out_rows[n] = r->data + image * r->image_step + y * r->row_step + x * r->column_step;
        if (++x < r->width)
            continue;
        x = 0;
        if (++y < r->height)
            continue;
        y = 0;
        image++;
    }
}

/* A part of the sums of a part of the columns: what one packed panel gives. */
typedef struct panel {
    int64_t first_column;
    int64_t first_depth, depth;
    bool first, last; /* of the parts of a sum */
    float *right;
} panel;

/* Adds a tile to its place in the result; after the last part of the sum comes the epilogue. */
static void store_tile(const simd_product *p, const panel *s, const float *tile, int64_t rows,
                       float *const *to, int64_t column, int64_t columns) {
    for (int64_t n = 0; n < columns; n += LANES) {
        int64_t lanes = smaller(columns - n, LANES);
        finisher f = finisher_of(&p->epilogue, column + n, lanes);
        for (int64_t m = 0; m < rows; m++) {
            float *out = to[m] + column + n;
            vector sum = vector_load(tile + m * TILE_COLUMNS + n);
            if (!s->first)
                sum += vector_load_some(out, lanes);
            vector_store_some(out, s->last ? finish(&f, sum) : sum, lanes);
        }
    }
}

/* One block of rows times the columns [begin, end) of a panel. */
static void multiply_block(const simd_product *p, const panel *s, int64_t first_row, int64_t rows,
                           int64_t begin, int64_t end, const float *left) {
    float tile[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
    float *to[BLOCK_ROWS];
    result_rows(&p->result, first_row, rows, to);
    for (int64_t n = begin; n < end; n += TILE_COLUMNS) {
        int64_t column = s->first_column + n, columns = smaller(end - n, TILE_COLUMNS);
        const float *right = s->right + n / TILE_COLUMNS * simd_strip_size(s->depth, TILE_COLUMNS);
        const float *strip = left;
        for (int64_t m = 0; m < rows; m += TILE_ROWS) {
            int64_t count = smaller(rows - m, TILE_ROWS);
            for (int64_t i = 0; i < count; i++) {
                __builtin_prefetch(to[m + i] + column, 1);
                __builtin_prefetch(to[m + i] + column + columns - 1, 1);
            }
            multiply(s->depth, strip, right, tile);
            store_tile(p, s, tile, count, to + m, column, columns);
            strip += simd_strip_size(s->depth, TILE_ROWS);
        }
    }
}

/* ---- The product ---------------------------------------------------------------------------- */

/* Panels packed at once: `count` from `first_depth` on, of the columns from `first_column` on. */
typedef struct group {
    int64_t first_column, columns;
    int64_t first_depth, count;
    float *right;
} group;

static panel panel_of(const simd_product *p, const blocking *b, const group *g, int64_t index) {
    int64_t first_depth = g->first_depth + index * b->depth;
    return (panel){.first_column = g->first_column,
                   .first_depth = first_depth,
                   .depth = smaller(p->depth - first_depth, b->depth),
                   .first = first_depth == 0,
                   .last = first_depth + b->depth >= p->depth,
                   .right = g->right + index * panel_size(b)};
}

/* Packs the columns of a panel from `column` on. */
static void pack_columns(const simd_product *p, const blocking *b, const group *g, int64_t index,
                         int64_t column) {
    panel s = panel_of(p, b, g, index);
    float *to = s.right + column / TILE_COLUMNS * simd_strip_size(s.depth, TILE_COLUMNS);
    SIMD(pack_right)
    (&p->right, g->first_column + column, smaller(g->columns - column, RIGHT_STRIPS * TILE_COLUMNS),
     s.first_depth, s.depth, to);
}

/* A block of rows and of the packed columns: adds the panels of the group in order. */
static void run_task(const simd_product *p, const blocking *b, const group *g, int64_t task,
                     float *left) {
    int64_t row_block = task / b->column_blocks, column_block = task % b->column_blocks;
    int64_t first_row = cut(b->row_strips, b->row_blocks, row_block) * TILE_ROWS;
    int64_t end_row = cut(b->row_strips, b->row_blocks, row_block + 1) * TILE_ROWS;
    int64_t begin = cut(b->column_strips, b->column_blocks, column_block) * TILE_COLUMNS;
    int64_t end = cut(b->column_strips, b->column_blocks, column_block + 1) * TILE_COLUMNS;
    int64_t rows = smaller(end_row, p->rows) - first_row;
    end = smaller(end, g->columns);
    for (int64_t n = 0; n < g->count && begin < end; n++) {
        panel s = panel_of(p, b, g, n);
        SIMD(pack_left)(&p->left, first_row, rows, s.first_depth, s.depth, left);
        multiply_block(p, &s, first_row, rows, begin, end, left);
    }
}

static void run_group(const simd_product *p, const blocking *b, const group *g, float *left) {
    int64_t calls = divide_up(g->columns, RIGHT_STRIPS * TILE_COLUMNS);
#pragma omp for schedule(dynamic)
    for (int64_t n = 0; n < g->count * calls; n++)
        pack_columns(p, b, g, n / calls, n % calls * RIGHT_STRIPS * TILE_COLUMNS);
        /* Who is done waits before the next group is packed, or at the end of all. */
#pragma omp for schedule(dynamic) nowait
    for (int64_t task = 0; task < b->row_blocks * b->column_blocks; task++)
        run_task(p, b, g, task, left);
}

void SIMD(product)(const simd_product *p, void *workspace, int threads) {
    threads = threads_for_product(p->rows, p->columns, p->depth, threads);
    blocking b = choose_blocking(p->rows, p->columns, p->depth, threads);
    float *right = workspace;
    int64_t group_depth = b.panels * b.depth;
#pragma omp parallel num_threads(threads)
    {
        float *left = right + b.panels * panel_size(&b) + omp_get_thread_num() * left_size(&b);
        for (int64_t n = 0; n < p->columns; n += b.columns) {
            for (int64_t k = 0; k < p->depth; k += group_depth) {
                group g = {.first_column = n,
                           .columns = smaller(p->columns - n, b.columns),
                           .first_depth = k,
                           .count = divide_up(smaller(p->depth - k, group_depth), b.depth),
                           .right = right};
                if (n > 0 || k > 0) {
#pragma omp barrier
                }
                run_group(p, &b, &g, left);
            }
        }
    }
}
