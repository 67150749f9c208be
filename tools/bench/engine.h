/* A backend plugin driven through the public ABI: the products of a 1x1 convolution on one of its
 * devices. Functions print what went wrong and return false. */
#ifndef RETUNE_BENCH_ENGINE_H
#define RETUNE_BENCH_ENGINE_H

#include "retune/backend.h"

#include <stdbool.h>

typedef struct engine {
    const retune_backend *backend;
    retune_backend_device *device;
    char name[256]; /* of the device and its driver, for people */
} engine;

/* Loads the plugin and opens the device whose id is `device_id`. `options` as in backend.h. */
bool engine_open(const char *plugin, const char *device_id, const retune_option *options,
                 size_t option_count, engine *out_engine);
void engine_close(engine *e);

/* The products of x [rows, inputs] and weight [outputs, inputs]. */
typedef enum product {
    PRODUCT_FORWARD,     /* y = x weight^T */
    PRODUCT_GRAD_INPUT,  /* dx = dz weight */
    PRODUCT_GRAD_WEIGHT, /* dw = dz^T x */
    PRODUCT_COUNT
} product;

/* Host matrices: x and dx [rows, inputs], weight and dw [outputs, inputs], y and dz [rows,
 * outputs].
 */
typedef struct sizes {
    int64_t rows, inputs, outputs;
} sizes;

/* One product, ready to run: a program of one op. */
typedef struct job {
    const engine *e;
    retune_tensor_desc descs[3];
    retune_backend_tensor *tensors[3]; /* two operands and the result */
    retune_backend_program *program;
} job;

bool job_create(const engine *e, product kind, const sizes *s, const float *const operands[2],
                job *out_job);
void job_destroy(job *j);
bool job_run(const job *j); /* returns when the result is there */
bool job_read(const job *j, float *result);

#endif
