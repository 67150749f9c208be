#include "tune.h"

#include "compiler.h"
#include "matrix.h"
#include "status.h"

#include <math.h>
#include <time.h>

/* A tile that computes the product of a trial. */
typedef struct candidate {
    cl_kernel kernel;
    size_t global[3], local[3];
    bool runs; /* the compiler allows as many items */
} candidate;

/* Tiles that compute one product. What the memory holds does not matter. */
typedef struct trial {
    retune_backend_device *device;
    const backend_product *product;
    cl_mem a, b, y;
    size_t a_bytes, b_bytes, y_bytes;
    candidate candidates[BACKEND_TILES_MAX];
    size_t count;
} trial;

static void close_trial(trial *t) {
    retune_backend_device *device = t->device;
    for (size_t n = 0; n < t->count; n++)
        cl.clReleaseKernel(t->candidates[n].kernel);
    opencl_device_give_back(device, t->a, t->a_bytes);
    opencl_device_give_back(device, t->b, t->b_bytes);
    opencl_device_give_back(device, t->y, t->y_bytes);
}

static retune_status open_trial(retune_backend_device *device, const backend_product *p, trial *t,
                                retune_error *error) {
    backend_capacity capacity = opencl_capacity(device);
    int64_t parts = backend_product_parts(p, &capacity);
    *t = (trial){.device = device,
                 .product = p,
                 .a_bytes = (size_t)backend_product_a_elements(p) * sizeof(float),
                 .b_bytes = (size_t)backend_product_b_elements(p) * sizeof(float),
                 .y_bytes = (size_t)(parts * p->m * p->n) * sizeof(float)};
    retune_status status = opencl_device_take(device, t->a_bytes, "a trial", &t->a, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->b_bytes, "a trial", &t->b, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->y_bytes, "a trial", &t->y, error);
    if (status != RETUNE_OK)
        close_trial(t);
    return status;
}

static cl_int set_arguments(const retune_backend_device *device, const trial *t, cl_kernel kernel) {
    int64_t numbers[BACKEND_PRODUCT_NUMBERS];
    backend_capacity capacity = opencl_capacity(device);
    const cl_mem memory[] = {t->a, t->b, t->y, device->nothing, device->nothing};
    cl_uint index = 0;
    cl_int code = CL_SUCCESS;
    backend_product_numbers(t->product, backend_product_part_length(t->product, &capacity),
                            numbers);
    numbers[0] = 0; /* a trial has no epilogue */
    for (size_t n = 0; n < sizeof memory / sizeof memory[0] && code == CL_SUCCESS; n++)
        code = cl.clSetKernelArg(kernel, index++, sizeof memory[n], &memory[n]);
    for (size_t n = 0; n < BACKEND_PRODUCT_NUMBERS && code == CL_SUCCESS; n++) {
        cl_int word = (cl_int)numbers[n];
        code = cl.clSetKernelArg(kernel, index++, sizeof word, &word);
    }
    return code;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Kernels for all tiles before any is timed: compiling leaves a device idle. */
static retune_status make_candidates(trial *t, const size_t *tiles, size_t count,
                                     retune_error *error) {
    char options[512];
    backend_capacity capacity = opencl_capacity(t->device);
    int64_t parts = backend_product_parts(t->product, &capacity);
    for (size_t n = 0; n < count; n++) {
        const backend_tile *tile = &opencl_tiles.list[tiles[n]];
        candidate *c = &t->candidates[n];
        opencl_product_options(t->product, tile, parts > 1, options);
        opencl_product_items(t->product, tile, parts, c->global, c->local);
        retune_status status = opencl_compiler_kernel(t->device, "matrix", "matrix_product",
                                                      options, &c->kernel, error);
        if (status != RETUNE_OK)
            return status;
        t->count++;
        c->runs = c->local[0] <= opencl_compiler_group_items(t->device, c->kernel);
        cl_int code = set_arguments(t->device, t, c->kernel);
        if (code != CL_SUCCESS)
            return opencl_check(code, "clSetKernelArg", error);
    }
    return RETUNE_OK;
}

static retune_status time_tile(void *context, size_t number, int runs, double *out_seconds,
                               retune_error *error) {
    const trial *t = context;
    const candidate *c = &t->candidates[number];
    *out_seconds = INFINITY;
    if (!c->runs)
        return RETUNE_OK;
    cl_int code = cl.clFinish(t->device->queue);
    double began = now();
    for (int n = 0; n < runs && code == CL_SUCCESS; n++)
        code = cl.clEnqueueNDRangeKernel(t->device->queue, c->kernel, 3, NULL, c->global, c->local,
                                         0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = cl.clFinish(t->device->queue);
    *out_seconds = now() - began;
    return opencl_device_note(t->device, opencl_check_wait(code, "a trial of a tile", error));
}

static retune_status search(retune_backend_device *device, const backend_product *p,
                            const size_t *tiles, size_t count, size_t *out_fastest,
                            retune_error *error) {
    trial t;
    size_t fastest = 0;
    *out_fastest = tiles[0];
    /* No room for a trial is no reason not to run. */
    if (open_trial(device, p, &t, NULL) != RETUNE_OK)
        return RETUNE_OK;
    retune_status status = make_candidates(&t, tiles, count, error);
    if (status == RETUNE_OK)
        status = backend_tuning_race(count, time_tile, &t, &fastest, error);
    *out_fastest = tiles[fastest];
    close_trial(&t);
    return status;
}

static retune_status runs_tile(retune_backend_device *device, const backend_product *p,
                               const backend_tile *tile, bool *out_runs, retune_error *error) {
    char options[512];
    cl_kernel kernel;
    backend_capacity capacity = opencl_capacity(device);
    *out_runs = false;
    opencl_product_options(p, tile, backend_product_parts(p, &capacity) > 1, options);
    retune_status status =
        opencl_compiler_kernel(device, "matrix", "matrix_product", options, &kernel, error);
    if (status != RETUNE_OK)
        return status;
    *out_runs = (size_t)backend_tile_items(tile) <= opencl_compiler_group_items(device, kernel);
    cl.clReleaseKernel(kernel);
    return RETUNE_OK;
}

retune_status opencl_tuning_open(retune_backend_device *device, retune_error *error) {
    char identity[33];
    opencl_compiler_identity(device, identity);
    return backend_tuning_open(&(backend_tuning_setup){.tiles = opencl_tiles,
                                                       .capacity = opencl_capacity(device),
                                                       .tune = device->options.tune,
                                                       .folder = device->options.cache,
                                                       .identity = identity,
                                                       .measure = search,
                                                       .runs = runs_tile},
                               &device->tuning, error);
}
