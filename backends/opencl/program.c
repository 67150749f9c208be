#include "program.h"

#include "error.h"
#include "indices.h"
#include "op_slots.h"
#include "ops/ops.h"
#include "status.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

struct retune_backend_program {
    retune_backend_device *device;
    uint64_t generation; /* of the device's memory, when arguments were last bound */
    size_t count;
    opencl_step *steps;
};

/* ---- Preparing ------------------------------------------------------------------------------ */

static retune_status reserve_tensors(const backend_bound_op *bound, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; k++)
        if (backend_bound_tensor(bound, k))
            status = opencl_tensor_reserve(backend_bound_tensor(bound, k), error);
    return status;
}

static retune_status prepare_step(retune_backend_device *device, const retune_op *op,
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

/* Gives every kernel the buffers that its tensors have now. */
static retune_status bind_step(retune_backend_device *device, opencl_step *step,
                               retune_error *error) {
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
    return RETUNE_OK;
}

static retune_status bind(retune_backend_program *program, retune_error *error) {
    retune_status status = RETUNE_OK;
    if (program->generation == program->device->generation)
        return RETUNE_OK;
    for (size_t n = 0; n < program->count && status == RETUNE_OK; n++)
        status = bind_step(program->device, &program->steps[n], error);
    if (status == RETUNE_OK)
        program->generation = program->device->generation;
    return status;
}

retune_status opencl_program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error) {
    *out_program = NULL;
    retune_status status = opencl_device_check_alive(device, error);
    if (status != RETUNE_OK)
        return status;
    retune_backend_program *program = calloc(1, sizeof *program);
    opencl_step *steps = calloc(op_count ? op_count : 1, sizeof *steps);
    if (!program || !steps) {
        free(program);
        free(steps);
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a program of %zu ops",
                            op_count);
    }
    *program = (retune_backend_program){.device = device, .count = op_count, .steps = steps};
    device->program_count++;
    for (size_t n = 0; n < op_count && status == RETUNE_OK; n++)
        status = prepare_step(device, ops[n], &steps[n], error);
    if (status == RETUNE_OK)
        status = bind(program, error);
    if (status == RETUNE_OK)
        *out_program = program;
    else
        opencl_program_destroy(program);
    return status;
}

static void release_event(opencl_launch_record *launch) {
    if (launch->event)
        cl.clReleaseEvent(launch->event);
    launch->event = NULL;
}

static void release_step(opencl_step *step) {
    for (size_t l = 0; l < step->launch_count; l++) {
        release_event(&step->launches[l]);
        if (step->launches[l].kernel)
            cl.clReleaseKernel(step->launches[l].kernel);
    }
    free(step->launches);
}

void opencl_program_destroy(retune_backend_program *program) {
    if (!program)
        return;
    retune_backend_device *device = program->device;
    for (size_t n = 0; n < program->count; n++)
        release_step(&program->steps[n]);
    if (--device->program_count == 0) {
        opencl_device_give_back(device, device->workspace, device->workspace_bytes);
        device->workspace = NULL;
        device->workspace_bytes = 0;
    }
    free(program->steps);
    free(program);
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Indices that the host wrote are checked; those of an op are that op's affair, and kernels keep
 * them inside. */
static retune_status check_indices(const opencl_step *step, size_t op, retune_error *error) {
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

static retune_status run_step(retune_backend_program *program, size_t n,
                              const retune_run_args *args, retune_error *error) {
    retune_backend_device *device = program->device;
    opencl_step *step = &program->steps[n];
    retune_status status = check_indices(step, n, error);
    if (status != RETUNE_OK)
        return status;
    forget_indices(step);
    for (size_t l = 0; l < step->launch_count && status == RETUNE_OK; l++)
        status =
            opencl_device_note(device, opencl_check(enqueue(device, step, &step->launches[l], args),
                                                    backend_op_name(step->bound.desc.kind), error));
    return status;
}

retune_status opencl_program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return backend_fail(error, RETUNE_INVALID, "ops %zu to %zu of a program of %zu", begin, end,
                            program->count);
    retune_run_args scalars = backend_args_read(args);
    retune_status status = opencl_device_check_alive(program->device, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = backend_args_check(&program->steps[n].bound, n, args, error);
    if (status == RETUNE_OK)
        status = bind(program, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = run_step(program, n, &scalars, error);
    if (status == RETUNE_OK)
        status = opencl_device_note(
            program->device, opencl_check(cl.clFlush(program->device->queue), "clFlush", error));
    return status;
}

retune_status opencl_program_wait(retune_backend_program *program, retune_error *error) {
    retune_backend_device *device = program->device;
    retune_status status = opencl_device_check_alive(device, error);
    if (status != RETUNE_OK)
        return status;
    return opencl_device_note(device,
                              opencl_check_wait(cl.clFinish(device->queue), "a run", error));
}

/* Nanoseconds between the start of a launch and its end. */
static retune_status launch_time(const opencl_launch_record *launch, uint64_t *out_nanoseconds,
                                 retune_error *error) {
    cl_ulong start = 0, end = 0;
    *out_nanoseconds = 0;
    if (!launch->event)
        return RETUNE_OK;
    cl_int code = cl.clWaitForEvents(1, &launch->event);
    if (code == CL_SUCCESS)
        code = cl.clGetEventProfilingInfo(launch->event, CL_PROFILING_COMMAND_START, sizeof start,
                                          &start, NULL);
    if (code == CL_SUCCESS)
        code = cl.clGetEventProfilingInfo(launch->event, CL_PROFILING_COMMAND_END, sizeof end, &end,
                                          NULL);
    if (code == CL_SUCCESS && end > start)
        *out_nanoseconds = end - start;
    return opencl_check_wait(code, "times", error);
}

retune_status opencl_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error) {
    memset(out_nanoseconds, 0, count * sizeof *out_nanoseconds);
    if (count != program->count)
        return backend_fail(error, RETUNE_INVALID, "times of %zu ops of a program of %zu", count,
                            program->count);
    if (!program->device->options.profiling)
        return backend_fail(error, RETUNE_UNSUPPORTED,
                            "times need [backend.opencl] profiling = on");
    retune_status status = opencl_device_check_alive(program->device, error);
    for (size_t n = 0; n < count; n++)
        for (size_t l = 0; l < program->steps[n].launch_count && status == RETUNE_OK; l++) {
            uint64_t nanoseconds;
            status = launch_time(&program->steps[n].launches[l], &nanoseconds, error);
            out_nanoseconds[n] += nanoseconds;
        }
    return opencl_device_note(program->device, status);
}
