#include "column_sum.h"

/* Rows are divided into blocks of about their root, so that both stages are short. */
static int64_t block_rows(int64_t rows) {
    int64_t block = 16;
    while (block * block < rows)
        block *= 2;
    return block;
}

static int64_t row_count(const retune_tensor_desc *map) {
    return opencl_elements(map) / opencl_channels(map);
}

static int64_t block_count(const retune_tensor_desc *map) {
    int64_t rows = row_count(map), block = block_rows(rows);
    return (rows + block - 1) / block;
}

uint64_t opencl_column_sum_workspace(const retune_tensor_desc *map) {
    return (uint64_t)(block_count(map) * opencl_channels(map)) * sizeof(float);
}

static void launch(opencl_build *b, int64_t rows, int64_t channels, int64_t block) {
    enum { GROUP_ITEMS = 64 };
    const size_t local[] = {GROUP_ITEMS, 1};
    const size_t global[] = {((size_t)channels + GROUP_ITEMS - 1) / GROUP_ITEMS * GROUP_ITEMS,
                             (size_t)((rows + block - 1) / block)};
    opencl_arg_int(b, rows);
    opencl_arg_int(b, channels);
    opencl_arg_int(b, block);
    opencl_launch(b, 2, global, local);
}

void opencl_column_sum(opencl_build *b, uint32_t input, uint32_t output) {
    const retune_tensor_desc *map = b->op->inputs[input];
    int64_t rows = row_count(map), blocks = block_count(map), channels = opencl_channels(map);
    opencl_begin(b, "matrix_sum", OPENCL_COLUMN_SUM, "-DX_T=%s -DY_T=f32",
                 opencl_type_name(map->dtype));
    opencl_arg_input(b, input);
    opencl_arg_workspace(b);
    launch(b, rows, channels, block_rows(rows));
    opencl_begin(b, "matrix_sum", OPENCL_COLUMN_SUM, "-DX_T=f32 -DY_T=f32");
    opencl_arg_workspace(b);
    opencl_arg_output(b, output);
    launch(b, blocks, channels, blocks);
}
