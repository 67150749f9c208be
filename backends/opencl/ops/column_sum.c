#include "column_sum.h"

#include "groups.h"

static backend_reduction reduction_of(const retune_backend_device *device,
                                      const retune_tensor_desc *map) {
    int64_t channels = opencl_channels(map);
    return opencl_reduction_of(device, opencl_elements(map) / channels, channels);
}

uint64_t opencl_column_sum_workspace(const retune_backend_device *device,
                                     const retune_tensor_desc *map) {
    backend_reduction r = reduction_of(device, map);
    return r.row_blocks == 1 ? 0 : backend_reduction_bytes(&r, 1);
}

static void begin(opencl_build *b, const backend_reduction *r, uint32_t dtype) {
    opencl_begin(b, "matrix_sum", OPENCL_COLUMN_SUM, "-DGROUP=%d -DWIDTH=%d -DX_T=%s", OPENCL_GROUP,
                 r->width, opencl_type_name(dtype));
}

/* Sums of blocks of the rows, which one group a column block adds up. */
static void launch(opencl_build *b, const backend_reduction *r, int64_t rows, int64_t block_rows) {
    opencl_arg_int(b, rows);
    opencl_arg_int(b, r->channels);
    opencl_arg_int(b, r->columns);
    opencl_arg_int(b, block_rows);
    opencl_launch_groups(b, (rows + block_rows - 1) / block_rows * r->column_blocks);
}

void opencl_column_sum(opencl_build *b, uint32_t input, uint32_t output) {
    const retune_tensor_desc *map = b->op->inputs[input];
    backend_reduction r = reduction_of(b->device, map);
    bool one = r.row_blocks == 1;
    begin(b, &r, map->dtype);
    opencl_arg_input(b, input);
    if (one)
        opencl_arg_output(b, output);
    else
        opencl_arg_workspace(b);
    launch(b, &r, r.rows, r.block_rows);
    if (one)
        return;
    begin(b, &r, RETUNE_F32);
    opencl_arg_workspace(b);
    opencl_arg_output(b, output);
    launch(b, &r, r.row_blocks, r.row_blocks);
}
