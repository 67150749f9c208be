#include "step.h"

#include "error.h"
#include "indices.h"
#include "op_slots.h"
#include "ops/ops.h"
#include "status.h"
#include "tensor.h"

#include <stdlib.h>

/* ---- Preparing ------------------------------------------------------------------------------ */

static retune_status reserve_tensors(const backend_bound_op *bound, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; k++)
        if (backend_bound_tensor(bound, k))
            status = opencl_tensor_reserve(backend_bound_tensor(bound, k), error);
    return status;
}

retune_status opencl_step_prepare(retune_backend_device *device, const retune_op *op,
                                  opencl_step *step, retune_error *error) {
    char reason[256];
    retune_status status = backend_op_bind(op, device, BACKEND_MAPS_ALL, &step->bound, error);
    if (status != RETUNE_OK)
        return status;
    const retune_op_desc *desc = &step->bound.desc;
    if (!opencl_op_accept(device, desc, reason, sizeof reason))
        return backend_fail(error, RETUNE_UNSUPPORTED, "%s", reason);
    status = reserve_tensors(&step->bound, error);
    const opencl_op *row = opencl_op_get(desc->kind);
    if (status == RETUNE_OK && row->workspace)
        status =
            opencl_device_reserve_workspace(device, (size_t)row->workspace(device, desc), error);
    if (status != RETUNE_OK)
        return status;
    opencl_build b = {.device = device, .op = desc, .step = step, .error = error};
    row->prepare(&b);
    return b.status;
}

retune_status opencl_step_bind(retune_backend_device *device, opencl_step *step,
                               retune_error *error) {
    if (step->generation == device->generation)
        return RETUNE_OK;
    for (size_t l = 0; l < step->launch_count; l++) {
        opencl_launch_record *launch = &step->launches[l];
        for (size_t m = 0; m < launch->memory_count; m++) {
            const opencl_memory_argument *argument = &launch->memory[m];
            cl_mem memory = argument->kind == OPENCL_MEMORY_TENSOR
                                ? opencl_tensor_memory(argument->tensor)
                            : argument->kind == OPENCL_MEMORY_WORKSPACE ? device->workspace
                                                                        : device->nothing;
            cl_int code =
                cl.clSetKernelArg(launch->kernel, argument->index, sizeof memory, &memory);
            if (code != CL_SUCCESS)
                return opencl_check(code, backend_op_name(step->bound.desc.kind), error);
        }
    }
    step->generation = device->generation;
    return RETUNE_OK;
}

static void release_event(opencl_launch_record *launch) {
    if (launch->event)
        cl.clReleaseEvent(launch->event);
    launch->event = NULL;
}

void opencl_step_release(opencl_step *step) {
    for (size_t l = 0; l < step->launch_count; l++) {
        release_event(&step->launches[l]);
        if (step->launches[l].kernel)
            cl.clReleaseKernel(step->launches[l].kernel);
    }
    free(step->launches);
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Those of an op are that op's affair, and kernels keep them inside. */
retune_status opencl_step_check_indices(const opencl_step *step, size_t op, retune_error *error) {
    char reason[256];
    const retune_backend_tensor *indices = step->bound.inputs[BACKEND_INDEX_SLOT];
    if (!indices ||
        backend_op_check_indices(&step->bound.desc, indices->indices, reason, sizeof reason))
        return RETUNE_OK;
    return backend_fail(error, RETUNE_INVALID, "op %zu, %s", op, reason);
}

static void forget_indices(const opencl_step *step) {
    for (uint32_t o = 0; o < RETUNE_OP_TENSORS_MAX; o++)
        if (step->bound.outputs[o])
            backend_indices_forget(&step->bound.outputs[o]->indices);
}

static cl_int enqueue(retune_backend_device *device, const opencl_step *step,
                      opencl_launch_record *launch, const retune_run_args *args) {
    for (size_t r = 0; r < launch->run_count; r++) {
        cl_float value = launch->run[r].value(&step->bound.desc, args);
        cl_int code = cl.clSetKernelArg(launch->kernel, launch->run[r].index, sizeof value, &value);
        if (code != CL_SUCCESS)
            return code;
    }
    release_event(launch);
    return cl.clEnqueueNDRangeKernel(device->queue, launch->kernel, launch->dimensions, NULL,
                                     launch->global, launch->local, 0, NULL,
                                     device->options.profiling ? &launch->event : NULL);
}

retune_status opencl_step_run(retune_backend_device *device, opencl_step *step,
                              const retune_run_args *args, retune_error *error) {
    retune_status status = RETUNE_OK;
    forget_indices(step);
    for (size_t l = 0; l < step->launch_count && status == RETUNE_OK; l++)
        status =
            opencl_device_note(device, opencl_check(enqueue(device, step, &step->launches[l], args),
                                                    backend_op_name(step->bound.desc.kind), error));
    return status;
}

retune_status opencl_event_time(cl_event event, uint64_t *out_nanoseconds, retune_error *error) {
    cl_ulong start = 0, end = 0;
    *out_nanoseconds = 0;
    if (!event)
        return RETUNE_OK;
    cl_int code = cl.clWaitForEvents(1, &event);
    if (code == CL_SUCCESS)
        code = cl.clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof start, &start,
                                          NULL);
    if (code == CL_SUCCESS)
        code = cl.clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (code == CL_SUCCESS && end > start)
        *out_nanoseconds = end - start;
    return opencl_check_wait(code, "times", error);
}

retune_status opencl_step_time(const opencl_step *step, uint64_t *out_nanoseconds,
                               retune_error *error) {
    retune_status status = RETUNE_OK;
    *out_nanoseconds = 0;
    for (size_t l = 0; l < step->launch_count && status == RETUNE_OK; l++) {
        uint64_t nanoseconds;
        status = opencl_event_time(step->launches[l].event, &nanoseconds, error);
        *out_nanoseconds += nanoseconds;
    }
    return status;
}
