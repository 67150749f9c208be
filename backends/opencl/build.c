#include "build.h"

#include "compiler.h"
#include "desc.h"
#include "error.h"
#include "op_slots.h"
#include "status.h"
#include "step.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Work items of a group when nothing in the kernel asks for another number. */
enum { GROUP_ITEMS = 256 };

/* ---- Failing -------------------------------------------------------------------------------- */

static bool has_failed(const opencl_build *b) {
    return b->status != RETUNE_OK;
}

static void keep(opencl_build *b, cl_int code, const char *what) {
    if (!has_failed(b))
        b->status = opencl_device_note(b->device, opencl_check(code, what, b->error));
}

static void fail_internal(opencl_build *b, const char *what) {
    if (!has_failed(b))
        b->status =
            backend_fail(b->error, RETUNE_INTERNAL, "%s: %s", backend_op_name(b->op->kind), what);
}

/* ---- Launches ------------------------------------------------------------------------------- */

/* A new launch at the end of the step; NULL when the host is out of memory. */
static opencl_launch_record *add_launch(opencl_step *step) {
    if (step->launch_count == step->launch_capacity) {
        size_t capacity = step->launch_capacity ? 2 * step->launch_capacity : 2;
        opencl_launch_record *launches = realloc(step->launches, capacity * sizeof *step->launches);
        if (!launches)
            return NULL;
        step->launches = launches;
        step->launch_capacity = capacity;
    }
    opencl_launch_record *launch = &step->launches[step->launch_count++];
    memset(launch, 0, sizeof *launch);
    return launch;
}

static opencl_launch_record *current(const opencl_build *b) {
    return &b->step->launches[b->step->launch_count - 1];
}

void opencl_begin(opencl_build *b, const char *source, const char *kernel, const char *options,
                  ...) {
    char text[512];
    va_list arguments;
    if (has_failed(b))
        return;
    va_start(arguments, options);
    int length = vsnprintf(text, sizeof text, options, arguments);
    va_end(arguments);
    opencl_launch_record *launch = add_launch(b->step);
    if (!launch)
        b->status = backend_fail(b->error, RETUNE_OUT_OF_MEMORY, "out of memory: a launch");
    else if (length < 0 || (size_t)length >= sizeof text)
        fail_internal(b, "too many options of a kernel");
    else
        b->status =
            opencl_compiler_kernel(b->device, source, kernel, text, &launch->kernel, b->error);
}

void opencl_launch(opencl_build *b, uint32_t dimensions, const size_t *global,
                   const size_t *local) {
    if (has_failed(b))
        return;
    opencl_launch_record *launch = current(b);
    size_t items = 1;
    launch->dimensions = dimensions;
    for (uint32_t d = 0; d < dimensions; d++) {
        launch->global[d] = global[d];
        launch->local[d] = local[d];
        items *= local[d];
        if (local[d] == 0 || global[d] % local[d] != 0)
            fail_internal(b, "work groups that do not divide the work items");
    }
    if (items > opencl_compiler_group_items(b->device, launch->kernel))
        fail_internal(b, "a work group larger than this device runs");
}

void opencl_launch_items(opencl_build *b, int64_t items) {
    if (has_failed(b))
        return;
    size_t local = opencl_compiler_group_items(b->device, current(b)->kernel);
    local = local < GROUP_ITEMS ? local : GROUP_ITEMS;
    size_t global = ((size_t)items + local - 1) / local * local;
    opencl_launch(b, 1, &global, &local);
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static void add_memory(opencl_build *b, opencl_memory_kind kind, retune_backend_tensor *tensor) {
    if (has_failed(b))
        return;
    opencl_launch_record *launch = current(b);
    if (launch->memory_count == OPENCL_MEMORY_ARGUMENTS_MAX) {
        fail_internal(b, "too many arguments of a kernel");
        return;
    }
    launch->memory[launch->memory_count++] =
        (opencl_memory_argument){launch->arguments++, kind, tensor};
}

static void add_tensor(opencl_build *b, retune_backend_tensor *tensor) {
    add_memory(b, tensor ? OPENCL_MEMORY_TENSOR : OPENCL_MEMORY_NOTHING, tensor);
}

void opencl_arg_input(opencl_build *b, uint32_t slot) {
    add_tensor(b, b->step->bound.inputs[slot]);
}

void opencl_arg_output(opencl_build *b, uint32_t slot) {
    add_tensor(b, b->step->bound.outputs[slot]);
}

void opencl_arg_workspace(opencl_build *b) {
    add_memory(b, OPENCL_MEMORY_WORKSPACE, NULL);
}

void opencl_arg_int(opencl_build *b, int64_t value) {
    cl_int word = (cl_int)value;
    if (has_failed(b))
        return;
    if (word != value) {
        fail_internal(b, "a number above 32 bits");
        return;
    }
    opencl_launch_record *launch = current(b);
    keep(b, cl.clSetKernelArg(launch->kernel, launch->arguments++, sizeof word, &word),
         "clSetKernelArg");
}

void opencl_arg_float(opencl_build *b, float value) {
    if (has_failed(b))
        return;
    opencl_launch_record *launch = current(b);
    keep(b, cl.clSetKernelArg(launch->kernel, launch->arguments++, sizeof value, &value),
         "clSetKernelArg");
}

void opencl_arg_run_value(opencl_build *b, opencl_run_value *value) {
    if (has_failed(b))
        return;
    opencl_launch_record *launch = current(b);
    if (launch->run_count == OPENCL_RUN_ARGUMENTS_MAX) {
        fail_internal(b, "too many arguments that change");
        return;
    }
    launch->run[launch->run_count++] = (opencl_run_argument){launch->arguments++, value};
}

/* ---- Small helpers -------------------------------------------------------------------------- */

const char *opencl_type_name(uint32_t dtype) {
    return backend_dtype_name(dtype);
}

int64_t opencl_elements(const retune_tensor_desc *desc) {
    int64_t count = desc ? 1 : 0;
    for (uint32_t d = 0; desc && d < desc->rank; d++)
        count *= desc->shape[d];
    return count;
}

int64_t opencl_channels(const retune_tensor_desc *desc) {
    return desc->shape[desc->rank - 1];
}

int opencl_width(int64_t channels) {
    return channels % 4 == 0 ? 4 : 1;
}
