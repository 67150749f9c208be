#include "trial.h"

#include "compiler.h"
#include "status.h"

#include <time.h>

/* Elements that an operand of a slice can touch. */
static int64_t operand_elements(const opencl_product *p, const opencl_operand *o, int64_t outer) {
    const opencl_geometry *g = &p->geometry;
    int64_t rows = o->along_k ? outer : p->k, map = g->height * g->width;
    int64_t result = g->out_height * g->out_width;
    switch (o->source) {
    case OPENCL_OPERAND_PATCHES:
        return (rows / result + 1) * map * g->channels;
    case OPENCL_OPERAND_GRAD_PATCHES:
        return (rows / map + 1) * result * g->outputs;
    case OPENCL_OPERAND_FILTERS:
        return g->outputs * g->taps * g->channels;
    default:
        return rows * o->stride;
    }
}

void opencl_trial_close(retune_backend_device *device, opencl_trial *t) {
    opencl_device_give_back(device, t->a, t->a_bytes);
    opencl_device_give_back(device, t->b, t->b_bytes);
    opencl_device_give_back(device, t->y, t->y_bytes);
}

retune_status opencl_trial_open(retune_backend_device *device, const opencl_product *p,
                                opencl_trial *t, retune_error *error) {
    int64_t parts = opencl_product_parts(device, p);
    *t = (opencl_trial){.product = p,
                        .a_bytes = (size_t)operand_elements(p, &p->a, p->m) * sizeof(float),
                        .b_bytes = (size_t)operand_elements(p, &p->b, p->n) * sizeof(float),
                        .y_bytes = (size_t)(parts * p->m * p->n) * sizeof(float)};
    retune_status status = opencl_device_take(device, t->a_bytes, "a trial", &t->a, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->b_bytes, "a trial", &t->b, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->y_bytes, "a trial", &t->y, error);
    if (status != RETUNE_OK)
        opencl_trial_close(device, t);
    return status;
}

static cl_int set_arguments(const retune_backend_device *device, const opencl_trial *t,
                            cl_kernel kernel) {
    int64_t numbers[OPENCL_PRODUCT_NUMBERS];
    const cl_mem memory[] = {t->a, t->b, t->y, device->nothing, device->nothing};
    cl_uint index = 0;
    cl_int code = CL_SUCCESS;
    opencl_product_numbers(device, t->product, numbers);
    numbers[0] = 0; /* a trial has no epilogue */
    for (size_t n = 0; n < sizeof memory / sizeof memory[0] && code == CL_SUCCESS; n++)
        code = cl.clSetKernelArg(kernel, index++, sizeof memory[n], &memory[n]);
    for (size_t n = 0; n < OPENCL_PRODUCT_NUMBERS && code == CL_SUCCESS; n++) {
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

/* Runs that together take long enough to be measured, when one takes `seconds`. */
static int run_count(double seconds) {
    const double wanted = 1e-3;
    return seconds > wanted ? 1 : seconds > wanted / 50 ? (int)(wanted / seconds) + 1 : 50;
}

retune_status opencl_trial_measure(retune_backend_device *device, const opencl_trial *t,
                                   const opencl_tile *tile, double *out_seconds,
                                   retune_error *error) {
    enum { REPETITIONS = 3 };
    char options[512];
    size_t global[3], local[3];
    cl_kernel kernel;
    int64_t parts = opencl_product_parts(device, t->product);
    double seconds = 0.0;
    opencl_product_options(t->product, tile, parts > 1, options);
    opencl_product_items(t->product, tile, parts, global, local);
    retune_status status =
        opencl_compiler_kernel(device, "matrix", "matrix_product", options, &kernel, error);
    if (status != RETUNE_OK)
        return status;
    *out_seconds = OPENCL_TRIAL_NEVER;
    if (local[0] <= opencl_compiler_group_items(device, kernel)) {
        cl_int code = set_arguments(device, t, kernel);
        if (code == CL_SUCCESS)
            code = time_runs(device, kernel, global, local, 1, &seconds);
        int runs = run_count(seconds);
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

retune_status opencl_trial_runs(retune_backend_device *device, const opencl_product *p,
                                const opencl_tile *tile, bool *out_runs, retune_error *error) {
    char options[512];
    size_t global[3], local[3];
    cl_kernel kernel;
    int64_t parts = opencl_product_parts(device, p);
    *out_runs = false;
    opencl_product_options(p, tile, parts > 1, options);
    opencl_product_items(p, tile, parts, global, local);
    retune_status status =
        opencl_compiler_kernel(device, "matrix", "matrix_product", options, &kernel, error);
    if (status != RETUNE_OK)
        return status;
    *out_runs = local[0] <= opencl_compiler_group_items(device, kernel);
    cl.clReleaseKernel(kernel);
    return RETUNE_OK;
}
