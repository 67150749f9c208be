#include "tune.h"

#include "compiler.h"
#include "matrix.h"
#include "status.h"

#include <time.h>

/* Memory that a trial reads and writes. What it holds does not matter. */
typedef struct trial {
    const backend_product *product;
    cl_mem a, b, y;
    size_t a_bytes, b_bytes, y_bytes;
} trial;

static void close_trial(retune_backend_device *device, trial *t) {
    opencl_device_give_back(device, t->a, t->a_bytes);
    opencl_device_give_back(device, t->b, t->b_bytes);
    opencl_device_give_back(device, t->y, t->y_bytes);
}

static retune_status open_trial(retune_backend_device *device, const backend_product *p, trial *t,
                                retune_error *error) {
    backend_capacity capacity = opencl_capacity(device);
    int64_t parts = backend_product_parts(p, &capacity);
    *t = (trial){.product = p,
                 .a_bytes = (size_t)backend_product_a_elements(p) * sizeof(float),
                 .b_bytes = (size_t)backend_product_b_elements(p) * sizeof(float),
                 .y_bytes = (size_t)(parts * p->m * p->n) * sizeof(float)};
    retune_status status = opencl_device_take(device, t->a_bytes, "a trial", &t->a, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->b_bytes, "a trial", &t->b, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->y_bytes, "a trial", &t->y, error);
    if (status != RETUNE_OK)
        close_trial(device, t);
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

/* Seconds of `count` runs after the queue was empty. */
static cl_int time_runs(retune_backend_device *device, cl_kernel kernel, const size_t *global,
                        const size_t *local, int count, double *out_seconds) {
    cl_int code = cl.clFinish(device->queue);
    double began = now();
    for (int n = 0; n < count && code == CL_SUCCESS; n++)
        code =
            cl.clEnqueueNDRangeKernel(device->queue, kernel, 3, NULL, global, local, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = cl.clFinish(device->queue);
    *out_seconds = now() - began;
    return code;
}

/* Seconds of one run with a tile: the least of a few, after one that warms up. */
static retune_status measure(retune_backend_device *device, const trial *t,
                             const backend_tile *tile, double *out_seconds, retune_error *error) {
    enum { REPETITIONS = 3 };
    char options[512];
    size_t global[3], local[3];
    cl_kernel kernel;
    backend_capacity capacity = opencl_capacity(device);
    int64_t parts = backend_product_parts(t->product, &capacity);
    double seconds = 0.0;
    opencl_product_options(t->product, tile, parts > 1, options);
    opencl_product_items(t->product, tile, parts, global, local);
    retune_status status =
        opencl_compiler_kernel(device, "matrix", "matrix_product", options, &kernel, error);
    if (status != RETUNE_OK)
        return status;
    *out_seconds = 1e30;
    if (local[0] <= opencl_compiler_group_items(device, kernel)) {
        cl_int code = set_arguments(device, t, kernel);
        if (code == CL_SUCCESS)
            code = time_runs(device, kernel, global, local, 1, &seconds);
        int runs = backend_tuning_runs(seconds);
        for (int r = 0; r < REPETITIONS && code == CL_SUCCESS; r++) {
            code = time_runs(device, kernel, global, local, runs, &seconds);
            if (seconds / runs < *out_seconds)
                *out_seconds = seconds / runs;
        }
        status = opencl_device_note(device, opencl_check_wait(code, "a trial of a tile", error));
    }
    cl.clReleaseKernel(kernel);
    return status;
}

static retune_status search(retune_backend_device *device, const backend_product *p,
                            const size_t *tiles, size_t count, size_t *out_fastest,
                            retune_error *error) {
    trial t;
    double best = 1e30;
    *out_fastest = tiles[0];
    /* No room for a trial is no reason not to run. */
    if (open_trial(device, p, &t, NULL) != RETUNE_OK)
        return RETUNE_OK;
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < count && status == RETUNE_OK; n++) {
        double seconds = 0.0;
        status = measure(device, &t, &opencl_tiles.list[tiles[n]], &seconds, error);
        if (status == RETUNE_OK && seconds < best) {
            best = seconds;
            *out_fastest = tiles[n];
        }
    }
    close_trial(device, &t);
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
