#include "reduction.h"

/* Rows that make an item worth its start; items side by side that read whole cache lines. */
enum { ITEM_ROWS = 8, COLUMNS_MOST = 32 };

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

backend_reduction backend_reduction_of(int64_t rows, int64_t elements, int64_t groups,
                                       int64_t group_items) {
    int width = elements % 4 == 0 ? 4 : 1;
    backend_reduction r = {
        .width = width, .rows = rows, .channels = elements / width, .columns = 1};
    while (r.columns < r.channels && r.columns < COLUMNS_MOST)
        r.columns *= 2;
    r.column_blocks = divide_up(r.channels, r.columns);

    int64_t wanted = divide_up(groups, r.column_blocks);
    int64_t most = divide_up(rows, group_items / r.columns * ITEM_ROWS);
    r.block_rows = divide_up(rows, wanted < most ? wanted : most);
    r.row_blocks = divide_up(rows, r.block_rows);
    return r;
}

uint64_t backend_reduction_bytes(const backend_reduction *r, int64_t sums) {
    return (uint64_t)sums * (uint64_t)(r->channels * r->row_blocks * r->width) * sizeof(float);
}
