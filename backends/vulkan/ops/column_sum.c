#include "column_sum.h"

#include "groups.h"

static backend_reduction reduction_of(const retune_backend_device *device,
                                      const retune_tensor_desc *map) {
    int64_t channels = vulkan_channels(map);
    return vulkan_reduction_of(device, vulkan_elements(map) / channels, channels);
}

uint64_t vulkan_column_sum_workspace(const retune_backend_device *device,
                                     const retune_tensor_desc *map) {
    backend_reduction r = reduction_of(device, map);
    return r.row_blocks == 1 ? 0 : backend_reduction_bytes(&r, 1);
}

static void begin(vulkan_build *b, const backend_reduction *r) {
    vulkan_begin(b, VULKAN_COLUMN_SUM);
    vulkan_constant(b, r->width);
}

/* Sums of blocks of the rows, which one group a column block adds up. */
static void dispatch(vulkan_build *b, const backend_reduction *r, int64_t rows,
                     int64_t block_rows) {
    vulkan_push_int(b, rows);
    vulkan_push_int(b, r->channels);
    vulkan_push_int(b, r->columns);
    vulkan_push_int(b, block_rows);
    vulkan_dispatch_groups(b, (rows + block_rows - 1) / block_rows * r->column_blocks);
}

void vulkan_column_sum(vulkan_build *b, uint32_t input, uint32_t output) {
    backend_reduction r = reduction_of(b->device, b->op->inputs[input]);
    bool one = r.row_blocks == 1;
    begin(b, &r);
    vulkan_input(b, input);
    if (one)
        vulkan_output(b, output);
    else
        vulkan_workspace(b);
    dispatch(b, &r, r.rows, r.block_rows);
    if (one)
        return;
    begin(b, &r);
    vulkan_workspace(b);
    vulkan_output(b, output);
    dispatch(b, &r, r.row_blocks, r.row_blocks);
}
