#include "product.h"

#include <omp.h>

/* The right operand is packed for all threads, in panels of DEPTH x at most RIGHT_COLUMNS, as many
 * at a time as fit into a fair part of a last-level cache: threads wait for each other before and
 * after. Each thread packs BLOCK_ROWS x DEPTH of the left for itself. */
enum {
    RIGHT_COLUMNS = 4096 / TILE_COLUMNS * TILE_COLUMNS,
    RIGHT_FLOATS = 2 << 20,
    TASKS_A_THREAD = 4
};

typedef struct blocking {
    int64_t depth;   /* terms of a panel: must not depend on the number of threads */
    int64_t columns; /* of a panel */
    int64_t panels;  /* packed at once */
    int64_t block_rows, row_blocks;
    int64_t block_columns, column_blocks; /* of the columns packed */
} blocking;

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Equal parts of at most `most`, whole multiples of `unit`. */
static int64_t part(int64_t whole, int64_t most, int64_t unit) {
    return divide_up(divide_up(whole, divide_up(whole, most)), unit) * unit;
}

static blocking choose_blocking(int64_t rows, int64_t columns, int64_t depth, int threads) {
    blocking b = {.depth = part(depth, DEPTH, LANES),
                  .columns = part(columns, RIGHT_COLUMNS, TILE_COLUMNS)};
    b.panels = smaller(divide_up(RIGHT_FLOATS, b.columns * b.depth), divide_up(depth, b.depth));
    int64_t wanted = threads > 1 ? (int64_t)threads * TASKS_A_THREAD : 1;
    int64_t most = smaller(divide_up(rows, wanted), BLOCK_ROWS);
    b.block_rows = part(rows, divide_up(most, TILE_ROWS) * TILE_ROWS, TILE_ROWS);
    b.row_blocks = divide_up(rows, b.block_rows);
    b.block_columns =
        part(b.columns, divide_up(b.columns, divide_up(wanted, b.row_blocks)), TILE_COLUMNS);
    b.column_blocks = divide_up(b.columns, b.block_columns);
    return b;
}

static int64_t right_size(const blocking *b) {
    return b->panels * b->depth * b->columns;
}

static int64_t left_size(const blocking *b) {
    return divide_up(b->block_rows * b->depth + LANES, 16) * 16;
}

uint64_t SIMD(product_workspace)(int64_t rows, int64_t columns, int64_t depth, int threads) {
    blocking b = choose_blocking(rows, columns, depth, threads);
    return (uint64_t)(right_size(&b) + threads * left_size(&b)) * sizeof(float);
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

/* One block of rows times a range of the packed columns [begin, end). */
static void multiply_block(const simd_product *p, const panel *s, int64_t first_row, int64_t rows,
                           int64_t begin, int64_t end, const float *left) {
    float tile[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
    float *to[BLOCK_ROWS];
    result_rows(&p->result, first_row, rows, to);
    for (int64_t n = begin; n < end; n += TILE_COLUMNS) {
        int64_t column = s->first_column + n, columns = smaller(end - n, TILE_COLUMNS);
        for (int64_t m = 0; m < rows; m += TILE_ROWS) {
            int64_t count = smaller(rows - m, TILE_ROWS);
            for (int64_t i = 0; i < count; i++) {
                __builtin_prefetch(to[m + i] + column, 1);
                __builtin_prefetch(to[m + i] + column + columns - 1, 1);
            }
            multiply(s->depth, left + m * s->depth, s->right + n * s->depth, tile);
            store_tile(p, s, tile, count, to + m, column, columns);
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
                   .right = g->right + index * b->depth * b->columns};
}

static void pack_strip(const simd_product *p, const blocking *b, const group *g, int64_t index,
                       int64_t strip) {
    panel s = panel_of(p, b, g, index);
    int64_t column = strip * TILE_COLUMNS;
    SIMD(pack_right)
    (&p->right, g->first_column + column, smaller(g->columns - column, TILE_COLUMNS), s.first_depth,
     s.depth, s.right + column * s.depth);
}

/* A block of rows and of the packed columns: adds the panels of the group in order. */
static void run_task(const simd_product *p, const blocking *b, const group *g, int64_t task,
                     float *left) {
    int64_t first_row = task / b->column_blocks * b->block_rows;
    int64_t rows = smaller(p->rows - first_row, b->block_rows);
    int64_t begin = task % b->column_blocks * b->block_columns;
    int64_t end = smaller(g->columns, begin + b->block_columns);
    for (int64_t n = 0; n < g->count && begin < end; n++) {
        panel s = panel_of(p, b, g, n);
        for (int64_t m = 0; m < rows; m += TILE_ROWS)
            SIMD(pack_left)
            (&p->left, first_row + m, smaller(rows - m, TILE_ROWS), s.first_depth, s.depth,
             left + m * s.depth);
        multiply_block(p, &s, first_row, rows, begin, end, left);
    }
}

static void run_group(const simd_product *p, const blocking *b, const group *g, float *left) {
    int64_t strips = divide_up(g->columns, TILE_COLUMNS);
#pragma omp for schedule(static)
    for (int64_t n = 0; n < g->count * strips; n++)
        pack_strip(p, b, g, n / strips, n % strips);
#pragma omp for schedule(dynamic)
    for (int64_t task = 0; task < b->row_blocks * b->column_blocks; task++)
        run_task(p, b, g, task, left);
}

void SIMD(product)(const simd_product *p, void *workspace, int threads) {
    blocking b = choose_blocking(p->rows, p->columns, p->depth, threads);
    float *right = workspace;
    int64_t group_depth = b.panels * b.depth;
#pragma omp parallel num_threads(threads)
    {
        float *left = right + right_size(&b) + omp_get_thread_num() * left_size(&b);
        for (int64_t n = 0; n < p->columns; n += b.columns) {
            for (int64_t k = 0; k < p->depth; k += group_depth) {
                group g = {.first_column = n,
                           .columns = smaller(p->columns - n, b.columns),
                           .first_depth = k,
                           .count = divide_up(smaller(p->depth - k, group_depth), b.depth),
                           .right = right};
                run_group(p, &b, &g, left);
            }
        }
    }
}
