#include "matrix.h"

#include "tune.h"

#include <stdio.h>

static const backend_tile list[] = {
#define VULKAN_TILE(m, n, k, work_m, work_n, prefetch, cpu, speed)                                 \
    {m, n, k, work_m, work_n, 4, prefetch, cpu, speed, false},
#define VULKAN_COOPERATIVE_TILE(m, n, k, work_m, work_n, speed)                                    \
    {m, n, k, work_m, work_n, 8, 1, false, speed, true},
#include "tiles.def"
#undef VULKAN_TILE
#undef VULKAN_COOPERATIVE_TILE
};
const backend_tiles vulkan_tiles = {list, sizeof list / sizeof list[0]};

backend_capacity vulkan_capacity(const retune_backend_device *device) {
    return (backend_capacity){.is_cpu = device->is_cpu,
                              .compute_units = device->info->compute_units,
                              .group_items = device->info->group_items,
                              .local_bytes = device->info->local_bytes};
}

backend_product vulkan_product_of(const retune_backend_device *device, backend_product product) {
    backend_capacity capacity = vulkan_capacity(device);
    size_t ranked[BACKEND_TILES_MAX];
    product.halves =
        device->cooperative != VULKAN_COOPERATIVE_NONE && backend_product_can_halve(&product);
    if (product.halves && backend_tiles_rank(&vulkan_tiles, &product, &capacity, ranked) == 0)
        product.halves = false; /* no tile of that kind has room here */
    return product;
}

/* ---- Workspace ------------------------------------------------------------------------------ */

/* Parts of sums, then the largest magnitudes of an operand that is narrowed. */
enum { LARGEST = 128, LARGEST_ITEMS = 256 }; /* as in shaders/cooperative.comp and largest.comp */

/* The operand that is narrowed to fp16 on the way; NULL: none. */
static const backend_operand *narrowed(const backend_product *p) {
    if (!p->halves)
        return NULL;
    return p->a.dtype == RETUNE_F32 ? &p->a : p->b.dtype == RETUNE_F32 ? &p->b : NULL;
}

static int64_t parts_elements(const retune_backend_device *device, const backend_product *p) {
    backend_capacity capacity = vulkan_capacity(device);
    return (int64_t)(backend_product_workspace(p, &capacity) / sizeof(float));
}

uint64_t vulkan_product_workspace(const retune_backend_device *device, const backend_product *p) {
    int64_t elements = parts_elements(device, p) + (narrowed(p) ? LARGEST : 0);
    return (uint64_t)elements * sizeof(float);
}

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/* ---- Dispatches ----------------------------------------------------------------------------- */

/* Input `slot`, or whatever stands for an absent one. */
static void optional_input(vulkan_build *b, int slot) {
    vulkan_input(b, slot >= 0 ? (uint32_t)slot : RETUNE_OP_TENSORS_MAX - 1);
}

/* In which direction neighbouring work items load a: along the rows, but not single elements of
 * patches. There an item keeps to one pixel, whose place it works out once, and the tap is the same
 * for all. */
static bool loads_along_k(const backend_product *p) {
    return p->a.along_k && (p->a.source == BACKEND_OPERAND_PLAIN || backend_product_width(p) == 4);
}

static void operand_constants(vulkan_build *b, const backend_product *p) {
    const int64_t constants[] = {p->a.source, p->b.source, p->a.along_k, p->b.along_k,
                                 loads_along_k(p)};
    for (size_t n = 0; n < sizeof constants / sizeof constants[0]; n++)
        vulkan_constant(b, constants[n]);
}

void vulkan_product_dispatch(vulkan_build *b, const backend_product *p, const backend_tile *t,
                             bool to_workspace) {
    char name[64];
    int64_t numbers[BACKEND_PRODUCT_NUMBERS];
    backend_capacity capacity = vulkan_capacity(b->device);
    int64_t tiles = divide_up(p->m, t->m) * divide_up(p->n, t->n);
    const uint32_t local[3] = {(uint32_t)backend_tile_items(t), 1, 1};
    uint32_t groups[3] = {0, 0, (uint32_t)backend_product_parts(p, &capacity)};
    vulkan_dispatch_fold(b->device, tiles, groups);
    backend_product_numbers(p, backend_product_part_length(p, &capacity), numbers);
    snprintf(name, sizeof name, "%s_%td_%d", t->halves ? "cooperative_product" : "matrix_product",
             t - list, backend_product_width(p));
    vulkan_begin(b, name);
    operand_constants(b, p);
    vulkan_input(b, p->a.slot);
    vulkan_input(b, p->b.slot);
    optional_input(b, p->scale_slot);
    optional_input(b, p->bias_slot);
    if (to_workspace)
        vulkan_workspace(b);
    else
        vulkan_output(b, 0);
    if (narrowed(p))
        vulkan_workspace(b);
    else if (t->halves)
        optional_input(b, -1);
    for (size_t n = 0; n < BACKEND_PRODUCT_NUMBERS; n++)
        vulkan_push_int(b, numbers[n]);
    if (t->halves)
        vulkan_push_int(b, parts_elements(b->device, p));
    vulkan_dispatch(b, groups, local);
}

/* Finds the largest magnitude of an operand. */
static void prepare_largest(vulkan_build *b, const backend_product *p, const backend_operand *o) {
    const uint32_t groups[3] = {LARGEST, 1, 1}, local[3] = {LARGEST_ITEMS, 1, 1};
    vulkan_begin(b, "largest");
    vulkan_input(b, o->slot);
    vulkan_workspace(b);
    vulkan_push_int(b, vulkan_elements(b->op->inputs[o->slot]) / 4);
    vulkan_push_int(b, parts_elements(b->device, p));
    vulkan_dispatch(b, groups, local);
}

static void prepare_sum(vulkan_build *b, const backend_product *p, int64_t parts) {
    int64_t numbers[BACKEND_PRODUCT_NUMBERS];
    backend_product_numbers(p, p->k, numbers);
    vulkan_begin(b, "matrix_sum");
    vulkan_workspace(b);
    optional_input(b, p->scale_slot);
    optional_input(b, p->bias_slot);
    vulkan_output(b, 0);
    vulkan_push_int(b, numbers[0]); /* epilogue and activation of the whole sum */
    vulkan_push_int(b, numbers[1]);
    vulkan_push_int(b, parts);
    vulkan_push_int(b, p->m * p->n);
    vulkan_push_int(b, p->n);
    vulkan_dispatch_items(b, p->m * p->n);
}

void vulkan_product_prepare(vulkan_build *b, const backend_product *p) {
    backend_capacity capacity = vulkan_capacity(b->device);
    int64_t parts = backend_product_parts(p, &capacity);
    const backend_tile *tile = NULL;
    if (b->status == RETUNE_OK)
        b->status = backend_tuning_tile(b->device->tuning, b->device, p, &tile, b->error);
    if (b->status != RETUNE_OK)
        return;
    if (narrowed(p))
        prepare_largest(b, p, narrowed(p));
    vulkan_product_dispatch(b, p, tile, parts > 1);
    if (parts > 1)
        prepare_sum(b, p, parts);
}
