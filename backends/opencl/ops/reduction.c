#include "reduction.h"

/* Groups that keep a compute unit of a GPU busy, and one of a CPU; rows that make an item worth its
 * start; items side by side that read whole cache lines. */
enum { GPU_GROUPS = 8, CPU_GROUPS = 2, ITEM_ROWS = 8, COLUMNS_MOST = 32 };

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

opencl_reduction opencl_reduction_of(const retune_backend_device *device, int64_t rows,
                                     int64_t elements) {
    int width = opencl_width(elements);
    opencl_reduction r = {.width = width, .rows = rows, .channels = elements / width, .columns = 1};
    while (r.columns < r.channels && r.columns < COLUMNS_MOST)
        r.columns *= 2;
    r.column_blocks = divide_up(r.channels, r.columns);

    int64_t groups = device->info->compute_units * (device->is_cpu ? CPU_GROUPS : GPU_GROUPS);
    int64_t wanted = divide_up(groups, r.column_blocks);
    int64_t most = divide_up(rows, OPENCL_GROUP / r.columns * ITEM_ROWS);
    r.block_rows = divide_up(rows, wanted < most ? wanted : most);
    r.row_blocks = divide_up(rows, r.block_rows);
    return r;
}

uint64_t opencl_reduction_bytes(const opencl_reduction *r, int64_t sums) {
    return (uint64_t)sums * (uint64_t)(r->channels * r->row_blocks * r->width) * sizeof(float);
}

void opencl_launch_groups(opencl_build *b, int64_t groups) {
    size_t local = OPENCL_GROUP, global = (size_t)groups * local;
    opencl_launch(b, 1, &global, &local);
}
