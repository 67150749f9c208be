/* An opened OpenCL device: a context, one in-order queue, its memory, and what was compiled for it.
 * A backend that builds on this one, as clml does, has a device that begins with this struct. */
#ifndef RETUNE_OPENCL_DEVICE_H
#define RETUNE_OPENCL_DEVICE_H

#include "block.h"
#include "gpu_options.h"
#include "platform.h"
#include "tuning.h"

typedef struct opencl_program opencl_program; /* compiler.h */
typedef struct opencl_staging opencl_staging; /* staging.h */

struct retune_backend_device {
    const opencl_candidate *info;
    const backend_gpu_section *section; /* of the INI, named in messages */
    backend_gpu_options options;
    size_t tensor_size; /* bytes of a retune_backend_tensor, at least those of tensor.h */
    bool is_cpu;        /* an emulation on the host's cores */
    cl_context context;
    cl_command_queue queue;
    bool lost; /* it failed while it computed; nothing on it can be trusted */

    opencl_program *programs; /* compiled so far */
    backend_tuning *tuning;
    opencl_staging *staging;

    /* Memory. `generation` rises whenever a buffer is replaced: programs then bind their arguments
     * anew. */
    backend_block *slots;
    uint64_t current_bytes, peak_bytes;
    uint64_t generation;
    cl_mem nothing;   /* stands for absent tensors */
    cl_mem workspace; /* as large as the largest that an op of a program asked for */
    size_t workspace_bytes;
    size_t program_count; /* that share the workspace */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status opencl_device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error);
void opencl_device_close(retune_backend_device *device);
retune_status opencl_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error);
retune_status opencl_op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error);

/* Opens the device for a backend of that section; the device's struct has `size` bytes, zeroed but
 * for its beginning. Close it with opencl_device_close. */
retune_status opencl_device_make(const opencl_candidate *info, const backend_gpu_section *section,
                                 const retune_option *options, size_t option_count, size_t size,
                                 retune_backend_device **out_device, retune_error *error);

/* The names of an op's kernels, separated by blanks: for the section of a backend. */
const char *opencl_kernels_of(uint32_t kind);

/* True when the device does this op; otherwise writes why not into `reason`. */
bool opencl_op_accept(const retune_backend_device *device, const retune_op_desc *op, char *reason,
                      size_t size);

/* Device memory, counted as the device's. `what` names it in the message of OUT_OF_MEMORY. Given
 * back with the same size; NULL is taken. */
retune_status opencl_device_take(retune_backend_device *device, size_t bytes, const char *what,
                                 cl_mem *out_memory, retune_error *error);
void opencl_device_give_back(retune_backend_device *device, cl_mem memory, size_t bytes);

/* Makes the workspace at least that large. */
retune_status opencl_device_reserve_workspace(retune_backend_device *device, size_t bytes,
                                              retune_error *error);

/* Programs share the workspace; it goes with the last of them. */
void opencl_device_add_program(retune_backend_device *device);
void opencl_device_drop_program(retune_backend_device *device);

/* Waits until everything that was enqueued is done. */
retune_status opencl_device_finish(retune_backend_device *device, retune_error *error);

/* UNSUPPORTED unless the device was opened with `profiling = on`. */
retune_status opencl_device_check_profiling(const retune_backend_device *device,
                                            retune_error *error);

/* DEVICE_LOST once the device has failed. Every entry that touches the device begins with it. */
retune_status opencl_device_check_alive(const retune_backend_device *device, retune_error *error);

/* Notes a loss in the answer of a call that waited or enqueued, and returns it. */
retune_status opencl_device_note(retune_backend_device *device, retune_status status);

#endif
