/* One op as launches of kernels, with everything that does not change from run to run bound
 * beforehand. */
#ifndef RETUNE_OPENCL_STEP_H
#define RETUNE_OPENCL_STEP_H

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
    uint64_t generation; /* of the device's memory, when arguments were last bound */
    opencl_launch_record *launches;
    size_t launch_count, launch_capacity;
};

/* Prepares an op: its tensors have memory afterwards, its kernels are compiled. `step` is zeroed;
 * release it also after a failure. UNSUPPORTED: an op that op_query refuses. */
retune_status opencl_step_prepare(retune_backend_device *device, const retune_op *op,
                                  opencl_step *step, retune_error *error);
void opencl_step_release(opencl_step *step);

/* Gives every kernel the buffers that its tensors have now. Costs nothing while none has moved. */
retune_status opencl_step_bind(retune_backend_device *device, opencl_step *step,
                               retune_error *error);

/* INVALID: an index that the host wrote points nowhere. `op` is the step's number, for the message.
 */
retune_status opencl_step_check_indices(const opencl_step *step, size_t op, retune_error *error);

/* Enqueues a step that is bound. */
retune_status opencl_step_run(retune_backend_device *device, opencl_step *step,
                              const retune_run_args *args, retune_error *error);

/* Nanoseconds of the last run, on a device that profiles; 0 before the first. */
retune_status opencl_step_time(const opencl_step *step, uint64_t *out_nanoseconds,
                               retune_error *error);

/* Nanoseconds between the start and the end of what an event stands for, once it is done; 0 for
 * NULL. */
retune_status opencl_event_time(cl_event event, uint64_t *out_nanoseconds, retune_error *error);

#endif
