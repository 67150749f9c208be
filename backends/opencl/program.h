/* A program: ops as launches of kernels, with everything that does not change from run to run bound
 * beforehand. */
#ifndef RETUNE_OPENCL_PROGRAM_H
#define RETUNE_OPENCL_PROGRAM_H

#include "build.h"

enum { OPENCL_MEMORY_ARGUMENTS_MAX = 12, OPENCL_RUN_ARGUMENTS_MAX = 3 };

/* What stands behind an argument that is memory. */
typedef enum opencl_memory_kind {
    OPENCL_MEMORY_TENSOR,
    OPENCL_MEMORY_WORKSPACE,
    OPENCL_MEMORY_NOTHING
} opencl_memory_kind;

typedef struct opencl_memory_argument {
    cl_uint index;
    opencl_memory_kind kind;
    retune_backend_tensor *tensor;
} opencl_memory_argument;

typedef struct opencl_run_argument {
    cl_uint index;
    opencl_run_value *value;
} opencl_run_argument;

/* A kernel with its arguments and work items. */
typedef struct opencl_launch_record {
    cl_kernel kernel;
    cl_uint arguments; /* so far */
    opencl_memory_argument memory[OPENCL_MEMORY_ARGUMENTS_MAX];
    size_t memory_count;
    opencl_run_argument run[OPENCL_RUN_ARGUMENTS_MAX];
    size_t run_count;
    cl_uint dimensions;
    size_t global[3], local[3];
    cl_event event; /* of the last run, when the device profiles */
} opencl_launch_record;

/* One op. */
struct opencl_step {
    backend_bound_op bound;
    opencl_launch_record *launches;
    size_t launch_count, launch_capacity;
};

/* Functions of the plugin table; backend.h documents them. */
retune_status opencl_program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error);
void opencl_program_destroy(retune_backend_program *program);
retune_status opencl_program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error);
retune_status opencl_program_wait(retune_backend_program *program, retune_error *error);
retune_status opencl_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error);

#endif
