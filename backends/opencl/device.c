#include "device.h"

#include "compiler.h"
#include "error.h"
#include "op_check.h"
#include "op_slots.h"
#include "ops/ops.h"
#include "staging.h"
#include "status.h"
#include "tensor.h"
#include "tune.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening -------------------------------------------------------------------------------- */

const char *opencl_kernels_of(uint32_t kind) {
    return opencl_op_get(kind)->kernels;
}

static const backend_gpu_section opencl_section = {
    "opencl", "platform device profiling tune disable cache", opencl_kernels_of};

/* UNAVAILABLE, so that the next device is tried. */
static retune_status check_wanted(const retune_backend_device *device, retune_error *error) {
    const backend_gpu_options *o = &device->options;
    if (!backend_gpu_options_match(device->info->platform_name, o->platform))
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "[backend.%s] platform = %s: this device belongs to %s",
                            device->section->backend, o->platform, device->info->platform_name);
    if (!backend_gpu_options_match(device->info->name, o->device))
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "[backend.%s] device = %s: this device is %s", device->section->backend,
                            o->device, device->info->name);
    return RETUNE_OK;
}

/* What kernels of whole work groups take for granted; OpenCL promises the memory, and no more than
 * one work item. */
static retune_status check_groups(const retune_backend_device *device, retune_error *error) {
    enum { GROUP_ITEMS = 128, LOCAL_BYTES = 32768 };
    const opencl_candidate *info = device->info;
    if (info->group_items >= GROUP_ITEMS && info->local_bytes >= LOCAL_BYTES)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "work groups of this device have at most %zu items and %llu bytes of local "
                        "memory; %d and %d are needed",
                        info->group_items, (unsigned long long)info->local_bytes, GROUP_ITEMS,
                        LOCAL_BYTES);
}

static retune_status create_queue(retune_backend_device *device, retune_error *error) {
    cl_int code;
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                          (cl_context_properties)device->info->platform, 0};
    cl_device_id id = device->info->id;
    device->context = cl.clCreateContext(properties, 1, &id, NULL, NULL, &code);
    if (!device->context)
        return opencl_check(code, "clCreateContext", error);
    cl_command_queue_properties mode = device->options.profiling ? CL_QUEUE_PROFILING_ENABLE : 0;
    device->queue = cl.clCreateCommandQueue(device->context, id, mode, &code);
    if (!device->queue)
        return opencl_check(code, "clCreateCommandQueue", error);
    return opencl_device_take(device, 64, "a place for absent tensors", &device->nothing, error);
}

static retune_status open(retune_backend_device *device, const retune_option *options,
                          size_t option_count, retune_error *error) {
    retune_status status =
        backend_gpu_options_read(device->section, options, option_count, &device->options, error);
    if (status == RETUNE_OK)
        status = check_wanted(device, error);
    if (status == RETUNE_OK)
        status = check_groups(device, error);
    if (status == RETUNE_OK)
        status = opencl_compiler_open(device, error);
    if (status == RETUNE_OK)
        status = create_queue(device, error);
    if (status == RETUNE_OK)
        status = opencl_staging_open(device, error);
    if (status == RETUNE_OK)
        status = opencl_tuning_open(device, error);
    return status;
}

retune_status opencl_device_make(const opencl_candidate *info, const backend_gpu_section *section,
                                 const retune_option *options, size_t option_count, size_t size,
                                 retune_backend_device **out_device, retune_error *error) {
    *out_device = NULL;
    retune_backend_device *device = calloc(1, size);
    if (!device)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: an OpenCL device");
    device->info = info;
    device->section = section;
    device->tensor_size = sizeof(struct retune_backend_tensor);
    device->is_cpu = (info->type & CL_DEVICE_TYPE_CPU) && !(info->type & CL_DEVICE_TYPE_GPU);
    device->generation = 1;
    retune_status status = open(device, options, option_count, error);
    if (status == RETUNE_OK)
        *out_device = device;
    else
        opencl_device_close(device);
    return status;
}

retune_status opencl_device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error) {
    const opencl_candidate *info;
    *out_device = NULL;
    retune_status status = opencl_platform_device(index, &info, error);
    if (status != RETUNE_OK)
        return status;
    return opencl_device_make(info, &opencl_section, options, option_count,
                              sizeof(struct retune_backend_device), out_device, error);
}

void opencl_device_close(retune_backend_device *device) {
    if (!device)
        return;
    if (device->queue && !device->lost)
        cl.clFinish(device->queue);
    backend_tuning_close(device->tuning);
    opencl_staging_close(device);
    opencl_compiler_close(device);
    opencl_device_give_back(device, device->workspace, device->workspace_bytes);
    opencl_device_give_back(device, device->nothing, 64);
    if (device->queue)
        cl.clReleaseCommandQueue(device->queue);
    if (device->context)
        cl.clReleaseContext(device->context);
    free(device);
}

/* ---- Health --------------------------------------------------------------------------------- */

retune_status opencl_device_check_alive(const retune_backend_device *device, retune_error *error) {
    if (!device->lost)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_DEVICE_LOST,
                        "the device failed earlier; nothing on it is "
                        "left");
}

retune_status opencl_device_note(retune_backend_device *device, retune_status status) {
    if (status == RETUNE_DEVICE_LOST)
        device->lost = true;
    return status;
}

retune_status opencl_device_finish(retune_backend_device *device, retune_error *error) {
    retune_status status = opencl_device_check_alive(device, error);
    if (status != RETUNE_OK)
        return status;
    return opencl_device_note(device,
                              opencl_check_wait(cl.clFinish(device->queue), "a run", error));
}

retune_status opencl_device_check_profiling(const retune_backend_device *device,
                                            retune_error *error) {
    if (!device->options.profiling)
        return backend_fail(error, RETUNE_UNSUPPORTED, "times need [backend.%s] profiling = on",
                            device->section->backend);
    return opencl_device_check_alive(device, error);
}

/* ---- Memory --------------------------------------------------------------------------------- */

retune_status opencl_device_take(retune_backend_device *device, size_t bytes, const char *what,
                                 cl_mem *out_memory, retune_error *error) {
    const opencl_candidate *info = device->info;
    *out_memory = NULL;
    if (info->buffer_bytes && bytes > info->buffer_bytes)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY,
                            "out of memory: %zu bytes for %s, but a buffer of this device holds at "
                            "most %llu",
                            bytes, what, (unsigned long long)info->buffer_bytes);
    /* Some drivers promise more than there is and fail when it is used. */
    if (info->memory_bytes && bytes > info->memory_bytes - device->current_bytes)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY,
                            "out of memory: %zu bytes for %s; %llu of %llu are taken", bytes, what,
                            (unsigned long long)device->current_bytes,
                            (unsigned long long)info->memory_bytes);
    cl_int code;
    cl_mem memory = cl.clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (!memory) {
        retune_status status = opencl_check(code, what, error);
        if (status == RETUNE_OUT_OF_MEMORY)
            return backend_fail(error, status, "out of memory: %zu bytes for %s: %s", bytes, what,
                                opencl_code_name(code));
        return opencl_device_note(device, status);
    }
    device->current_bytes += bytes;
    if (device->peak_bytes < device->current_bytes)
        device->peak_bytes = device->current_bytes;
    *out_memory = memory;
    return RETUNE_OK;
}

void opencl_device_give_back(retune_backend_device *device, cl_mem memory, size_t bytes) {
    if (!memory)
        return;
    cl.clReleaseMemObject(memory);
    device->current_bytes -= bytes;
}

retune_status opencl_device_reserve_workspace(retune_backend_device *device, size_t bytes,
                                              retune_error *error) {
    cl_mem workspace;
    if (bytes <= device->workspace_bytes)
        return RETUNE_OK;
    retune_status status = opencl_device_take(device, bytes, "a workspace", &workspace, error);
    if (status != RETUNE_OK)
        return status;
    opencl_device_give_back(device, device->workspace, device->workspace_bytes);
    device->workspace = workspace;
    device->workspace_bytes = bytes;
    device->generation++;
    return RETUNE_OK;
}

void opencl_device_add_program(retune_backend_device *device) {
    device->program_count++;
}

void opencl_device_drop_program(retune_backend_device *device) {
    if (--device->program_count > 0)
        return;
    opencl_device_give_back(device, device->workspace, device->workspace_bytes);
    device->workspace = NULL;
    device->workspace_bytes = 0;
}

retune_status opencl_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error) {
    (void)error;
    *out_current_bytes = device->current_bytes;
    *out_peak_bytes = device->peak_bytes;
    return RETUNE_OK;
}

/* ---- Ops ------------------------------------------------------------------------------------ */

/* Kernels count elements in 32 bits; only a table of gather may be larger. */
static bool check_sizes(const retune_op_desc *op, char *reason, size_t size) {
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX; k++) {
        bool output = k >= RETUNE_OP_TENSORS_MAX;
        uint32_t slot = output ? k - RETUNE_OP_TENSORS_MAX : k;
        const retune_tensor_desc *desc = output ? op->outputs[slot] : op->inputs[slot];
        if (op->kind == RETUNE_OP_GATHER && k == 0)
            continue;
        if (desc && opencl_elements(desc) > INT32_MAX)
            return backend_explain(reason, size, "%s: %s %u has %lld elements, more than 2^31 - 1",
                                   backend_op_name(op->kind), output ? "output" : "input", slot,
                                   (long long)opencl_elements(desc));
    }
    return true;
}

static bool check_enabled(const retune_backend_device *device, const retune_op_desc *op,
                          char *reason, size_t size) {
    char name[128];
    if (backend_gpu_options_disabled(&device->options, opencl_kernels_of(op->kind), name))
        return backend_explain(reason, size, "%s: [backend.%s] disable names its kernel %s",
                               backend_op_name(op->kind), device->section->backend, name);
    return true;
}

bool opencl_op_accept(const retune_backend_device *device, const retune_op_desc *op, char *reason,
                      size_t size) {
    return backend_op_check(op, BACKEND_MAPS_ALL, reason, size) && check_sizes(op, reason, size) &&
           check_enabled(device, op, reason, size);
}

retune_status opencl_op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error) {
    retune_op_support support = {0};
    support.supported = opencl_op_accept(device, op, support.reason, sizeof support.reason);
    if (support.supported && opencl_op_get(op->kind)->workspace)
        support.workspace_bytes = opencl_op_get(op->kind)->workspace(device, op);
    return backend_fill_struct(out_support, &support, sizeof support, error);
}
