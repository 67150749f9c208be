#include "program.h"

#include "build.h"
#include "error.h"
#include "op_check.h"
#include "op_slots.h"
#include "tuning_file.h"

#include <stdlib.h>
#include <string.h>

/* ---- References ----------------------------------------------------------------------------- */

static void release_retired(retune_backend_program *program) {
    for (size_t n = 0; n < program->retired_count; n++)
        program->device->ml->release_op(program->retired[n]);
    program->retired_count = 0;
}

/* Everything of the extension; the steps stay. */
static void release_objects(retune_backend_program *program) {
    const clml_table *ml = program->device->ml;
    release_retired(program);
    for (size_t n = 0; n < program->count; n++)
        clml_step_release(program, &program->steps[n]);
    if (program->cache)
        ml->release_cache(program->cache);
    program->cache = NULL;
    for (uint32_t s = 0; s < program->set_count; s++)
        ml->release_set(program->sets[s]);
    free(program->sets);
    program->sets = NULL;
    program->set_count = 0;
    clml_views_release(program);
    clml_linears_release(program);
    opencl_device_give_back(&program->device->opencl, program->time_memory, sizeof(float));
    program->time_memory = NULL;
    program->time = NULL;
}

static void destroy(retune_backend_program *program) {
    struct retune_backend_device *device = &program->device->opencl;
    if (!program->trial && !device->lost)
        cl.clFinish(device->queue); /* a driver may not keep what is in flight */
    release_objects(program);
    opencl_device_drop_program(device);
    free(program->retired);
    free(program->steps);
    free(program);
}

void clml_program_hold(retune_backend_program *program) {
    program->references++;
}

void clml_program_release(retune_backend_program *program) {
    if (--program->references == 0)
        destroy(program);
}

void clml_program_destroy(retune_backend_program *program) {
    if (program)
        clml_program_release(program);
}

/* ---- Making --------------------------------------------------------------------------------- */

static retune_status make(clml_device *device, size_t count, bool trial,
                          retune_backend_program **out_program, retune_error *error) {
    retune_backend_program *program = calloc(1, sizeof *program);
    clml_step *steps = calloc(count ? count : 1, sizeof *steps);
    *out_program = NULL;
    if (!program || !steps) {
        free(program);
        free(steps);
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a program of %zu ops",
                            count);
    }
    *program = (retune_backend_program){
        .device = device, .trial = trial, .references = 1, .count = count, .steps = steps};
    opencl_device_add_program(&device->opencl);
    *out_program = program;
    return RETUNE_OK;
}

/* What an op needs to be done here at all, whatever the driver says of it. */
static bool accepts(const clml_device *device, const retune_op_desc *op, char *reason,
                    size_t size) {
    return backend_op_check(op, BACKEND_MAPS_F32, reason, size) &&
           opencl_op_accept(&device->opencl, op, reason, size);
}

static retune_status bind(retune_backend_program *program, const retune_op *op, clml_step *step,
                          retune_error *error) {
    char reason[256];
    retune_status status =
        backend_op_bind(op, &program->device->opencl, BACKEND_MAPS_F32, &step->bound, error);
    if (status == RETUNE_OK && !accepts(program->device, &step->bound.desc, reason, sizeof reason))
        status = backend_fail(error, RETUNE_UNSUPPORTED, "%s", reason);
    return status;
}

/* A set binds the tensors of all views to the memory of one micro-batch. It is never changed, so
 * that commands in flight keep what they were given. */
static retune_status make_set(retune_backend_program *program, uint32_t piece,
                              retune_error *error) {
    const clml_table *ml = program->device->ml;
    clml_binding *bindings = calloc(program->view_count, sizeof *bindings);
    if (!bindings)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: bindings");
    for (size_t n = 0; n < program->view_count; n++)
        bindings[n] =
            (clml_binding){program->views[n]->handle, clml_view_memory(program->views[n], piece)};
    clml_set_handle set = NULL;
    retune_status status = clml_check(ml->make_set(&set), "a set of bindings", error);
    if (status == RETUNE_OK)
        program->sets[program->set_count++] = set;
    if (status == RETUNE_OK)
        status = clml_check(ml->update_set(set, (uint32_t)program->view_count, bindings),
                            "bindings", error);
    free(bindings);
    return status;
}

static retune_status make_sets(retune_backend_program *program, retune_error *error) {
    uint32_t count = 1;
    retune_status status = RETUNE_OK;
    if (program->view_count == 0)
        return RETUNE_OK;
    for (size_t n = 0; n < program->view_count; n++)
        if (count < program->views[n]->pieces)
            count = program->views[n]->pieces;
    program->sets = calloc(count, sizeof *program->sets);
    if (!program->sets)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: sets");
    for (uint32_t p = 0; p < count && status == RETUNE_OK; p++)
        status = make_set(program, p, error);
    return status;
}

/* Everything of the extension, for steps that are bound. */
static retune_status make_objects(retune_backend_program *program, retune_error *error) {
    retune_status status = clml_tuning_load(program, error);
    for (size_t n = 0; n < program->count && status == RETUNE_OK; n++)
        status = clml_step_make(program, &program->steps[n], error);
    if (status == RETUNE_OK)
        status = clml_views_allocate(program, error);
    if (status == RETUNE_OK && program->time)
        status = opencl_device_take(&program->device->opencl, sizeof(float), "a step number",
                                    &program->time_memory, error);
    if (status == RETUNE_OK)
        status = make_sets(program, error);
    return status;
}

/* Steps as they were before their objects were made. */
static void unmake(retune_backend_program *program) {
    release_objects(program);
    for (size_t n = 0; n < program->count; n++)
        program->steps[n] = (clml_step){.bound = program->steps[n].bound};
}

retune_status clml_program_create(retune_backend_device *device, const retune_op *const *ops,
                                  size_t op_count, retune_backend_program **out_program,
                                  retune_error *error) {
    retune_backend_program *program;
    bool tuned = false;
    *out_program = NULL;
    retune_status status = opencl_device_check_alive(device, error);
    if (status == RETUNE_OK)
        status = make(clml_device_of(device), op_count, false, &program, error);
    if (status != RETUNE_OK)
        return status;
    for (size_t n = 0; n < op_count && status == RETUNE_OK; n++)
        status = bind(program, ops[n], &program->steps[n], error);
    if (status == RETUNE_OK)
        status = make_objects(program, error);
    if (status == RETUNE_OK)
        status = clml_tuning_measure(program, &tuned, error);
    if (status == RETUNE_OK && tuned) {
        unmake(program);
        status = make_objects(program, error);
    }
    if (status == RETUNE_OK)
        *out_program = program;
    else
        clml_program_release(program);
    return status;
}

/* ---- Trying --------------------------------------------------------------------------------- */

/* Tensors for a description, which have no memory unless they are used. */
static retune_status make_tensors(clml_device *device, const retune_op_desc *desc, retune_op *op,
                                  retune_error *error) {
    retune_status status = RETUNE_OK;
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; k++) {
        bool output = k >= RETUNE_OP_TENSORS_MAX;
        uint32_t slot = output ? k - RETUNE_OP_TENSORS_MAX : k;
        const retune_tensor_desc *d = output ? desc->outputs[slot] : desc->inputs[slot];
        int updated = output && d ? backend_op_updated_input(desc->kind, slot) : -1;
        retune_backend_tensor **tensor = output ? &op->outputs[slot] : &op->inputs[slot];
        if (updated >= 0)
            *tensor = op->inputs[updated];
        else if (d)
            status = opencl_tensor_create(&device->opencl, d, RETUNE_USAGE_STATE, 0, tensor, error);
    }
    return status;
}

static void destroy_tensors(const retune_op_desc *desc, const retune_op *op) {
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        if (op->outputs[n] && backend_op_updated_input(desc->kind, n) < 0)
            clml_tensor_destroy(op->outputs[n]);
        clml_tensor_destroy(op->inputs[n]);
    }
}

/* Sizes are asked for as well: what a driver does not know it cannot be given memory for. */
static retune_status try_sizes(const retune_backend_program *program, uint64_t *out_bytes,
                               retune_error *error) {
    retune_status status = RETUNE_OK;
    *out_bytes = 0;
    for (size_t n = 0; n < program->view_count && status == RETUNE_OK; n++) {
        size_t bytes;
        status = clml_view_size(program->views[n], &bytes, error);
        if (!program->views[n]->tensor)
            *out_bytes += bytes;
    }
    return status;
}

static retune_status try_op(clml_device *device, const retune_op *op, uint64_t *out_bytes,
                            retune_error *error) {
    retune_backend_program *program;
    retune_status status = make(device, 1, true, &program, error);
    if (status != RETUNE_OK)
        return status;
    status = bind(program, op, &program->steps[0], error);
    if (status == RETUNE_OK)
        status = clml_step_make(program, &program->steps[0], error);
    if (status == RETUNE_OK)
        status = try_sizes(program, out_bytes, error);
    clml_program_release(program);
    return status;
}

retune_status clml_program_try(clml_device *device, const retune_op_desc *desc,
                               retune_op_support *out_support, retune_error *error) {
    retune_op op = {.struct_size = (uint32_t)sizeof op, .desc = desc};
    retune_error why = RETUNE_ERROR_INIT;
    out_support->supported = accepts(device, desc, out_support->reason, sizeof out_support->reason);
    if (!out_support->supported)
        return RETUNE_OK;
    retune_status status = make_tensors(device, desc, &op, error);
    if (status == RETUNE_OK)
        status = try_op(device, &op, &out_support->workspace_bytes, &why);
    destroy_tensors(desc, &op);
    if (status == RETUNE_UNSUPPORTED) {
        out_support->supported = 0;
        backend_explain(out_support->reason, sizeof out_support->reason, "%s: %.200s",
                        backend_op_name(desc->kind), why.message);
        return RETUNE_OK;
    }
    return status == RETUNE_OK ? status : backend_fail(error, status, "%s", why.message);
}

/* ---- Running -------------------------------------------------------------------------------- */

cl_event *clml_program_event(retune_backend_program *program) {
    clml_step *step = program->running;
    if (!step || !program->device->opencl.options.profiling)
        return NULL;
    if (step->event_count == step->event_capacity) {
        size_t capacity = step->event_capacity ? 2 * step->event_capacity : 16;
        cl_event *events = realloc(step->events, capacity * sizeof *events);
        if (!events)
            return NULL;
        step->events = events;
        step->event_capacity = capacity;
    }
    step->events[step->event_count] = NULL;
    return &step->events[step->event_count++];
}

retune_status clml_program_retire(retune_backend_program *program, clml_op_handle op,
                                  retune_error *error) {
    clml_op_handle *retired =
        realloc(program->retired, (program->retired_count + 1) * sizeof *retired);
    if (!retired)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: an op");
    program->retired = retired;
    retired[program->retired_count++] = op;
    return RETUNE_OK;
}

/* Updates of past learning rates pile up where nobody waits. */
static retune_status limit_retired(retune_backend_program *program, retune_error *error) {
    enum { RETIRED_MAX = 256 };
    return program->retired_count < RETIRED_MAX ? RETUNE_OK : clml_program_wait(program, error);
}

retune_status clml_program_run(retune_backend_program *program, size_t begin, size_t end,
                               const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return backend_fail(error, RETUNE_INVALID, "ops %zu to %zu of a program of %zu", begin, end,
                            program->count);
    struct retune_backend_device *device = &program->device->opencl;
    retune_run_args scalars = backend_args_read(args);
    retune_status status = opencl_device_check_alive(device, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = backend_args_check(&program->steps[n].bound, n, args, error);
    if (status == RETUNE_OK)
        status = limit_retired(program, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++) {
        if (program->steps[n].kernel_ready)
            status = opencl_step_check_indices(&program->steps[n].kernel, n, error);
        if (status == RETUNE_OK)
            status = clml_step_run(program, &program->steps[n], &scalars, error);
    }
    if (status == RETUNE_OK)
        status =
            opencl_device_note(device, clml_check(cl.clFlush(device->queue), "clFlush", error));
    return status;
}

retune_status clml_program_wait(retune_backend_program *program, retune_error *error) {
    retune_status status = opencl_device_finish(&program->device->opencl, error);
    if (status == RETUNE_OK)
        release_retired(program);
    return status;
}

retune_status clml_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                 size_t count, retune_error *error) {
    memset(out_nanoseconds, 0, count * sizeof *out_nanoseconds);
    if (count != program->count)
        return backend_fail(error, RETUNE_INVALID, "times of %zu ops of a program of %zu", count,
                            program->count);
    retune_status status = opencl_device_check_profiling(&program->device->opencl, error);
    for (size_t n = 0; n < count && status == RETUNE_OK; n++)
        status = clml_step_time(&program->steps[n], &out_nanoseconds[n], error);
    return opencl_device_note(&program->device->opencl, status);
}
