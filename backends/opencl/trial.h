/* Trying tiles for a matrix product: whether one runs, and how long it takes. */
#ifndef RETUNE_OPENCL_TRIAL_H
#define RETUNE_OPENCL_TRIAL_H

#include "matrix.h"

/* Memory that a trial reads and writes. What it holds does not matter. */
typedef struct opencl_trial {
    const opencl_product *product;
    cl_mem a, b, y;
    size_t a_bytes, b_bytes, y_bytes;
} opencl_trial;

/* The product outlives the trial. OUT_OF_MEMORY: no room for one. */
retune_status opencl_trial_open(retune_backend_device *device, const opencl_product *product,
                                opencl_trial *out_trial, retune_error *error);
void opencl_trial_close(retune_backend_device *device, opencl_trial *trial);

/* Seconds of one run with a tile: the least of a few, after one that warms up. OPENCL_TRIAL_NEVER
 * when the device does not run it. */
#define OPENCL_TRIAL_NEVER 1e30
retune_status opencl_trial_measure(retune_backend_device *device, const opencl_trial *trial,
                                   const opencl_tile *tile, double *out_seconds,
                                   retune_error *error);

/* Whether the device runs the kernel in groups as large as the tile asks for; some compilers allow
 * fewer items for kernels that need many registers. */
retune_status opencl_trial_runs(retune_backend_device *device, const opencl_product *product,
                                const opencl_tile *tile, bool *out_runs, retune_error *error);

#endif
