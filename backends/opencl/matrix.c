#include "matrix.h"

#include "tune.h"

#include <stdio.h>

const opencl_tile opencl_tiles[] = {
#define OPENCL_TILE(m, n, k, work_m, work_n, vector, prefetch, cpu, speed)                         \
    {m, n, k, work_m, work_n, vector, prefetch, cpu, speed},
#include "tiles.def"
#undef OPENCL_TILE
};
const size_t opencl_tile_count = sizeof opencl_tiles / sizeof opencl_tiles[0];

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
    return value < least ? least : value > most ? most : value;
}

/* ---- Tiles ---------------------------------------------------------------------------------- */

static int items_of(const opencl_tile *t) {
    return (t->m / t->work_m) * (t->n / t->work_n);
}

bool opencl_tile_fits(const retune_backend_device *device, const opencl_tile *t) {
    uint64_t local =
        (uint64_t)(1 + t->prefetch) * (uint64_t)t->k * (uint64_t)(t->m + t->n + 8) * sizeof(float);
    return t->cpu == device->is_cpu && (size_t)items_of(t) <= device->info->group_items &&
           local <= device->info->local_bytes;
}

double opencl_tile_cost(const retune_backend_device *device, const opencl_product *p,
                        const opencl_tile *t) {
    double groups =
        (double)(divide_up(p->m, t->m) * divide_up(p->n, t->n) * opencl_product_parts(device, p));
    double units = device->info->compute_units ? device->info->compute_units : 1;
    double rounds = groups <= units ? 1.0 : groups / units;
    return rounds * t->m * t->n / (double)t->speed;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* k is divided for devices with more compute units than y has tiles of this size. */
enum { NOMINAL_TILE = 128, GROUPS_A_UNIT = 2, PART_LEAST = 64 };
#define PARTS_BYTES_MAX (INT64_C(256) << 20)

/* A multiple of every tile's k. */
static int64_t part_length(const retune_backend_device *device, const opencl_product *p) {
    int64_t tiles = divide_up(p->m, NOMINAL_TILE) * divide_up(p->n, NOMINAL_TILE);
    int64_t wanted = (int64_t)device->info->compute_units * GROUPS_A_UNIT / tiles;
    int64_t fitting = PARTS_BYTES_MAX / (p->m * p->n * (int64_t)sizeof(float));
    int64_t parts = clamp(wanted, 1, clamp(fitting, 1, divide_up(p->k, PART_LEAST)));
    return divide_up(divide_up(p->k, parts), PART_LEAST) * PART_LEAST;
}

int64_t opencl_product_parts(const retune_backend_device *device, const opencl_product *p) {
    return divide_up(p->k, part_length(device, p));
}

uint64_t opencl_product_workspace(const retune_backend_device *device, const opencl_product *p) {
    int64_t parts = opencl_product_parts(device, p);
    return parts == 1 ? 0 : (uint64_t)(parts * p->m * p->n) * sizeof(float);
}

/* ---- Launches ------------------------------------------------------------------------------- */

/* Loads are as wide as both operands allow. */
static int width_of(const opencl_product *p) {
    return opencl_width(p->a.run) == 4 && opencl_width(p->b.run) == 4 ? 4 : 1;
}

void opencl_product_options(const opencl_product *p, const opencl_tile *t, bool parts,
                            char text[512]) {
    snprintf(text, 512,
             "-DTILE_M=%d -DTILE_N=%d -DTILE_K=%d -DWORK_M=%d -DWORK_N=%d -DVECTOR=%d "
             "-DPREFETCH=%d -DA_SOURCE=%d -DB_SOURCE=%d -DA_ALONG_K=%d -DB_ALONG_K=%d -DWIDTH=%d "
             "-DA_T=%s -DB_T=%s -DY_T=%s",
             t->m, t->n, t->k, t->work_m, t->work_n, t->vector, t->prefetch, (int)p->a.source,
             (int)p->b.source, p->a.along_k, p->b.along_k, width_of(p),
             opencl_type_name(p->a.dtype), opencl_type_name(p->b.dtype),
             opencl_type_name(parts ? RETUNE_F32 : p->y_dtype));
}

void opencl_product_items(const opencl_product *p, const opencl_tile *t, int64_t parts,
                          size_t global[3], size_t local[3]) {
    local[0] = (size_t)items_of(t);
    local[1] = local[2] = 1;
    global[0] = (size_t)divide_up(p->n, t->n) * local[0];
    global[1] = (size_t)divide_up(p->m, t->m);
    global[2] = (size_t)parts;
}

/* Parts are stored as they are; matrix_sum then does the rest. */
static uint32_t epilogue_of(const opencl_product *p) {
    return (p->scale_slot >= 0 ? 1u : 0u) | (p->bias_slot >= 0 ? 2u : 0u);
}

void opencl_product_numbers(const retune_backend_device *device, const opencl_product *p,
                            int64_t numbers[OPENCL_PRODUCT_NUMBERS]) {
    const opencl_geometry *g = &p->geometry;
    int64_t parts = opencl_product_parts(device, p);
    const int64_t all[OPENCL_PRODUCT_NUMBERS] = {parts > 1 ? 0 : epilogue_of(p),
                                                 parts > 1 ? RETUNE_ACTIVATION_NONE : p->activation,
                                                 p->m,
                                                 p->n,
                                                 p->k,
                                                 part_length(device, p),
                                                 p->a.stride,
                                                 p->b.stride,
                                                 g->height,
                                                 g->width,
                                                 g->channels,
                                                 g->out_height,
                                                 g->out_width,
                                                 g->outputs,
                                                 g->taps,
                                                 g->kernel_width,
                                                 g->stride_height,
                                                 g->stride_width,
                                                 g->dilation_height,
                                                 g->dilation_width,
                                                 g->pad_top,
                                                 g->pad_left};
    for (size_t n = 0; n < OPENCL_PRODUCT_NUMBERS; n++)
        numbers[n] = all[n];
}

/* Input `slot`, or whatever stands for an absent one. */
static void arg_optional(opencl_build *b, int slot) {
    opencl_arg_input(b, slot >= 0 ? (uint32_t)slot : RETUNE_OP_TENSORS_MAX - 1);
}

static void prepare_sum(opencl_build *b, const opencl_product *p, int64_t parts) {
    opencl_begin(b, "matrix_sum", "matrix_sum", "-DY_T=%s", opencl_type_name(p->y_dtype));
    opencl_arg_workspace(b);
    opencl_arg_output(b, 0);
    arg_optional(b, p->scale_slot);
    arg_optional(b, p->bias_slot);
    opencl_arg_int(b, epilogue_of(p));
    opencl_arg_int(b, p->activation);
    opencl_arg_int(b, parts);
    opencl_arg_int(b, p->m * p->n);
    opencl_arg_int(b, p->n);
    opencl_launch_items(b, p->m * p->n);
}

void opencl_product_prepare(opencl_build *b, const opencl_product *p) {
    char options[512];
    size_t global[3], local[3];
    int64_t numbers[OPENCL_PRODUCT_NUMBERS];
    int64_t parts = opencl_product_parts(b->device, p);
    const opencl_tile *tile = NULL;
    if (b->status == RETUNE_OK)
        b->status = opencl_tuning_tile(b->device, p, &tile, b->error);
    if (b->status != RETUNE_OK)
        return;
    opencl_product_options(p, tile, parts > 1, options);
    opencl_product_items(p, tile, parts, global, local);
    opencl_product_numbers(b->device, p, numbers);
    opencl_begin(b, "matrix", "matrix_product", "%s", options);
    opencl_arg_input(b, p->a.slot);
    opencl_arg_input(b, p->b.slot);
    if (parts > 1)
        opencl_arg_workspace(b);
    else
        opencl_arg_output(b, 0);
    arg_optional(b, p->scale_slot);
    arg_optional(b, p->bias_slot);
    for (size_t n = 0; n < OPENCL_PRODUCT_NUMBERS; n++)
        opencl_arg_int(b, numbers[n]);
    opencl_launch(b, 3, global, local);
    if (parts > 1)
        prepare_sum(b, p, parts);
}
