#include "matrix.h"

#include "tune.h"

#include <stdio.h>

static const backend_tile list[] = {
#define OPENCL_TILE(m, n, k, work_m, work_n, vector, prefetch, cpu, speed)                         \
    {m, n, k, work_m, work_n, vector, prefetch, cpu, speed, false},
#include "tiles.def"
#undef OPENCL_TILE
};
const backend_tiles opencl_tiles = {list, sizeof list / sizeof list[0]};

backend_capacity opencl_capacity(const retune_backend_device *device) {
    return (backend_capacity){.is_cpu = device->is_cpu,
                              .compute_units = device->info->compute_units,
                              .group_items = device->info->group_items,
                              .local_bytes = device->info->local_bytes};
}

uint64_t opencl_product_workspace(const retune_backend_device *device, const backend_product *p) {
    backend_capacity capacity = opencl_capacity(device);
    return backend_product_workspace(p, &capacity);
}

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/* ---- Launches ------------------------------------------------------------------------------- */

void opencl_product_options(const backend_product *p, const backend_tile *t, bool parts,
                            char text[512]) {
    snprintf(text, 512,
             "-DTILE_M=%d -DTILE_N=%d -DTILE_K=%d -DWORK_M=%d -DWORK_N=%d -DVECTOR=%d "
             "-DPREFETCH=%d -DA_SOURCE=%d -DB_SOURCE=%d -DA_ALONG_K=%d -DB_ALONG_K=%d -DWIDTH=%d "
             "-DA_T=%s -DB_T=%s -DY_T=%s",
             t->m, t->n, t->k, t->work_m, t->work_n, t->vector, t->prefetch, (int)p->a.source,
             (int)p->b.source, p->a.along_k, p->b.along_k, backend_product_width(p),
             opencl_type_name(p->a.dtype), opencl_type_name(p->b.dtype),
             opencl_type_name(parts ? RETUNE_F32 : p->y_dtype));
}

void opencl_product_items(const backend_product *p, const backend_tile *t, int64_t parts,
                          size_t global[3], size_t local[3]) {
    local[0] = (size_t)backend_tile_items(t);
    local[1] = local[2] = 1;
    global[0] = (size_t)divide_up(p->n, t->n) * local[0];
    global[1] = (size_t)divide_up(p->m, t->m);
    global[2] = (size_t)parts;
}

/* Input `slot`, or whatever stands for an absent one. */
static void arg_optional(opencl_build *b, int slot) {
    opencl_arg_input(b, slot >= 0 ? (uint32_t)slot : RETUNE_OP_TENSORS_MAX - 1);
}

static void prepare_sum(opencl_build *b, const backend_product *p, int64_t parts) {
    int64_t numbers[BACKEND_PRODUCT_NUMBERS];
    backend_product_numbers(p, p->k, numbers);
    opencl_begin(b, "matrix_sum", "matrix_sum", "-DY_T=%s", opencl_type_name(p->y_dtype));
    opencl_arg_workspace(b);
    opencl_arg_output(b, 0);
    arg_optional(b, p->scale_slot);
    arg_optional(b, p->bias_slot);
    opencl_arg_int(b, numbers[0]); /* epilogue and activation of the whole sum */
    opencl_arg_int(b, numbers[1]);
    opencl_arg_int(b, parts);
    opencl_arg_int(b, p->m * p->n);
    opencl_arg_int(b, p->n);
    opencl_launch_items(b, p->m * p->n);
}

void opencl_product_prepare(opencl_build *b, const backend_product *p) {
    char options[512];
    size_t global[3], local[3];
    int64_t numbers[BACKEND_PRODUCT_NUMBERS];
    backend_capacity capacity = opencl_capacity(b->device);
    int64_t parts = backend_product_parts(p, &capacity);
    const backend_tile *tile = NULL;
    if (b->status == RETUNE_OK)
        b->status = backend_tuning_tile(b->device->tuning, b->device, p, &tile, b->error);
    if (b->status != RETUNE_OK)
        return;
    opencl_product_options(p, tile, parts > 1, options);
    opencl_product_items(p, tile, parts, global, local);
    backend_product_numbers(p, backend_product_part_length(p, &capacity), numbers);
    opencl_begin(b, "matrix", "matrix_product", "%s", options);
    opencl_arg_input(b, p->a.slot);
    opencl_arg_input(b, p->b.slot);
    if (parts > 1)
        opencl_arg_workspace(b);
    else
        opencl_arg_output(b, 0);
    arg_optional(b, p->scale_slot);
    arg_optional(b, p->bias_slot);
    for (size_t n = 0; n < BACKEND_PRODUCT_NUMBERS; n++)
        opencl_arg_int(b, numbers[n]);
    opencl_launch(b, 3, global, local);
    if (parts > 1)
        prepare_sum(b, p, parts);
}
