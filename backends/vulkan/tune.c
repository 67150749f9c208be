#include "tune.h"

#include "matrix.h"
#include "program.h"
#include "queue.h"
#include "tensor.h"

#include <time.h>

/* A product is timed as a program of as many equal steps as a measurement can need. */
enum { STEPS = 50 };

/* Tiles that compute one product, each as a program. What the memory holds does not matter. */
typedef struct trial {
    backend_product product;
    const backend_tile *tile; /* of the program being made */
    retune_backend_tensor *a, *b, *y;
    retune_backend_program *programs[BACKEND_TILES_MAX];
    size_t count;
} trial;

static void close_trial(trial *t) {
    for (size_t n = 0; n < t->count; n++)
        vulkan_program_destroy(t->programs[n]);
    vulkan_tensor_destroy(t->a);
    vulkan_tensor_destroy(t->b);
    vulkan_tensor_destroy(t->y);
}

static retune_status make_tensor(retune_backend_device *device, uint32_t dtype, int64_t elements,
                                 retune_backend_tensor **out_tensor, retune_error *error) {
    const retune_tensor_desc desc = {
        .struct_size = sizeof desc, .dtype = dtype, .rank = 1, .shape = {elements}};
    retune_status status =
        vulkan_tensor_create(device, &desc, RETUNE_USAGE_ACTIVATION, 0, out_tensor, error);
    return status == RETUNE_OK ? vulkan_tensor_reserve(*out_tensor, error) : status;
}

static retune_status open_trial(retune_backend_device *device, const backend_product *product,
                                trial *t, retune_error *error) {
    backend_capacity capacity = vulkan_capacity(device);
    int64_t parts = backend_product_parts(product, &capacity);
    *t = (trial){.product = *product};
    backend_product *p = &t->product;
    p->a.slot = 0;
    p->b.slot = 1;
    p->scale_slot = p->bias_slot = -1;
    retune_status status =
        make_tensor(device, p->a.dtype, backend_product_a_elements(p), &t->a, error);
    if (status == RETUNE_OK)
        status = make_tensor(device, p->b.dtype, backend_product_b_elements(p), &t->b, error);
    if (status == RETUNE_OK)
        status = make_tensor(device, parts > 1 ? RETUNE_F32 : p->y_dtype, parts * p->m * p->n,
                             &t->y, error);
    if (status == RETUNE_OK)
        status = vulkan_device_reserve_workspace(
            device, (size_t)vulkan_product_workspace(device, p), error);
    if (status != RETUNE_OK)
        close_trial(t);
    return status;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static retune_status prepare(retune_backend_device *device, const void *context, size_t n,
                             vulkan_step *step, retune_error *error) {
    const trial *t = context;
    (void)n;
    step->bound = (backend_bound_op){
        .desc.kind = RETUNE_OP_CONV2D, .inputs = {t->a, t->b}, .outputs = {t->y}};
    vulkan_build b = {.device = device, .op = &step->bound.desc, .step = step, .error = error};
    vulkan_product_dispatch(&b, &t->product, t->tile, false);
    return b.status;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Programs for all tiles before any is timed: compiling leaves a device idle. */
static retune_status make_programs(retune_backend_device *device, trial *t, const size_t *tiles,
                                   size_t count, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < count && status == RETUNE_OK; n++) {
        t->tile = &vulkan_tiles.list[tiles[n]];
        status = vulkan_program_make(device, STEPS, prepare, t, &t->programs[n], error);
        t->count += status == RETUNE_OK;
    }
    return status;
}

static retune_status time_tile(void *context, size_t candidate, int runs, double *out_seconds,
                               retune_error *error) {
    retune_backend_program *program = ((const trial *)context)->programs[candidate];
    retune_status status = vulkan_program_wait(program, error);
    double began = now();
    if (status == RETUNE_OK)
        status = vulkan_program_run(program, 0, (size_t)runs, NULL, error);
    if (status == RETUNE_OK)
        status = vulkan_program_wait(program, error);
    *out_seconds = now() - began;
    return status;
}

static retune_status search(retune_backend_device *device, const backend_product *product,
                            const size_t *tiles, size_t count, size_t *out_fastest,
                            retune_error *error) {
    trial t;
    size_t fastest = 0;
    *out_fastest = tiles[0];
    /* No room for a trial is no reason not to run. */
    if (open_trial(device, product, &t, NULL) != RETUNE_OK)
        return vulkan_device_check(device, error);
    retune_status status = make_programs(device, &t, tiles, count, error);
    if (status == RETUNE_OK)
        status = backend_tuning_race(count, time_tile, &t, &fastest, error);
    *out_fastest = tiles[fastest];
    close_trial(&t);
    return status;
}

retune_status vulkan_tuning_open(retune_backend_device *device, retune_error *error) {
    char identity[33];
    vulkan_pipelines_identity(device, identity);
    return backend_tuning_open(&(backend_tuning_setup){.tiles = vulkan_tiles,
                                                       .capacity = vulkan_capacity(device),
                                                       .tune = device->options.tune,
                                                       .folder = device->options.cache,
                                                       .identity = identity,
                                                       .measure = search},
                               &device->tuning, error);
}
