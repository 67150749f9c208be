#include "step.h"

#include "build.h"
#include "error.h"
#include "indices.h"
#include "op_slots.h"
#include "recording.h"
#include "staging.h"
#include "status.h"

#include <stdlib.h>

/* ---- Making --------------------------------------------------------------------------------- */

static bool uses_kernels(const clml_step *step) {
    return step->op_count == 0;
}

/* The same op for backends/opencl: the tensors of this backend begin with its own. */
static retune_status prepare_kernels(retune_backend_program *program, clml_step *step,
                                     retune_error *error) {
    retune_op op = {.struct_size = (uint32_t)sizeof op, .desc = &step->bound.desc};
    if (step->kernel_ready || program->trial)
        return RETUNE_OK;
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        op.inputs[n] = step->bound.inputs[n];
        op.outputs[n] = step->bound.outputs[n];
    }
    retune_status status = opencl_step_prepare(&program->device->opencl, &op, &step->kernel, error);
    if (status == RETUNE_OK)
        step->kernel_ready = true;
    else
        opencl_step_release(&step->kernel);
    if (status != RETUNE_OK)
        step->kernel = (opencl_step){0};
    return status;
}

retune_status clml_step_make(retune_backend_program *program, clml_step *step,
                             retune_error *error) {
    clml_lowering *lower = clml_lowering_of(&step->bound.desc);
    clml_build build = {.device = program->device,
                        .program = program,
                        .step = step,
                        .op = &step->bound.desc,
                        .error = error};
    step->pieces = 1;
    if (lower)
        lower(&build);
    if (build.status != RETUNE_OK)
        return build.status;
    return uses_kernels(step) ? prepare_kernels(program, step, error) : RETUNE_OK;
}

static void release_events(clml_step *step) {
    for (size_t n = 0; n < step->event_count; n++)
        if (step->events[n])
            cl.clReleaseEvent(step->events[n]);
    step->event_count = 0;
}

void clml_step_release(retune_backend_program *program, clml_step *step) {
    clml_recording_release(program->device, step);
    for (size_t n = 0; n < step->op_count; n++) {
        program->device->ml->release_op(step->ops[n].handle);
        free(step->ops[n].update);
    }
    free(step->ops);
    step->ops = NULL;
    step->op_count = 0;
    release_events(step);
    free(step->events);
    opencl_step_release(&step->kernel);
}

/* ---- Running by kernels --------------------------------------------------------------------- */

static retune_status run_kernels(retune_backend_program *program, clml_step *step,
                                 const retune_run_args *args, retune_error *error) {
    struct retune_backend_device *device = &program->device->opencl;
    retune_status status = prepare_kernels(program, step, error);
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; n++)
        if (step->bound.inputs[n])
            status = clml_tensor_make_plain(step->bound.inputs[n], error);
    if (status == RETUNE_OK)
        status = opencl_step_bind(device, &step->kernel, error);
    if (status == RETUNE_OK)
        status = opencl_step_run(device, &step->kernel, args, error);
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; n++)
        if (step->bound.outputs[n])
            clml_tensor_written_plain(step->bound.outputs[n]);
    return status;
}

/* ---- Running by the extension --------------------------------------------------------------- */

static retune_status enqueue(retune_backend_program *program, const clml_step *step,
                             const clml_ml_op *op, uint32_t piece, retune_error *error) {
    clml_device *device = program->device;
    cl_int code = device->ml->enqueue_op(device->opencl.queue, op->handle, program->sets[piece], 0,
                                         NULL, clml_program_event(program));
    return opencl_device_note(&device->opencl,
                              clml_check(code, backend_op_name(step->bound.desc.kind), error));
}

/* The tensors of an update may not want more memory now than they did when it was taken. */
static retune_status check_sizes(const clml_update *update, retune_error *error) {
    const clml_view *views[] = {update->weight, update->gradient, update->moment_1,
                                update->moment_2};
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < sizeof views / sizeof views[0] && status == RETUNE_OK; n++) {
        size_t bytes = 0;
        if (views[n])
            status = clml_view_size(views[n], &bytes, error);
        if (status == RETUNE_OK && views[n] && bytes > views[n]->bytes)
            status = backend_fail(error, RETUNE_INTERNAL,
                                  "a tensor of an update grew from %zu to %zu bytes",
                                  views[n]->bytes, bytes);
    }
    return status;
}

/* The learning rate is a part of an update: another one takes another op. */
static retune_status set_rate(retune_backend_program *program, clml_ml_op *op, float rate,
                              retune_error *error) {
    clml_op_handle made = NULL;
    if (op->update->rate == rate)
        return RETUNE_OK;
    retune_status status = clml_update_make(program, op->update, rate, &made, error);
    if (status != RETUNE_OK)
        return status;
    status = check_sizes(op->update, error);
    if (status == RETUNE_OK)
        status = clml_program_retire(program, op->handle, error);
    if (status != RETUNE_OK) {
        program->device->ml->release_op(made);
        return status;
    }
    op->handle = made;
    op->update->rate = rate;
    return RETUNE_OK;
}

static retune_status set_time(retune_backend_program *program, uint64_t step, retune_error *error) {
    const float value = (float)step;
    retune_status status = opencl_staging_write(&program->device->opencl, program->time_memory, 0,
                                                sizeof value, &value, error);
    if (status == RETUNE_OK)
        status = clml_cross_in_from(program->time, program->time_memory, error);
    return status;
}

static retune_status prepare_updates(retune_backend_program *program, clml_step *step,
                                     const retune_run_args *args, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < step->op_count && status == RETUNE_OK; n++) {
        const clml_update *update = step->ops[n].update;
        if (update)
            status = set_rate(program, &step->ops[n], args->learning_rate, error);
        if (update && update->adam && status == RETUNE_OK)
            status = set_time(program, args->step, error);
    }
    return status;
}

static retune_status run_phase(retune_backend_program *program, const clml_step *step,
                               clml_phase phase, uint32_t piece, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < step->op_count && status == RETUNE_OK; n++)
        if (step->ops[n].phase == phase)
            status = enqueue(program, step, &step->ops[n], piece, error);
    return status;
}

/* Views that are read hold the content of their tensors. */
static retune_status fetch(const clml_step *step, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < step->read_count && status == RETUNE_OK; n++) {
        clml_view *view = step->reads[n];
        if (clml_tensor_of(view->tensor)->view == view)
            continue;
        status = clml_tensor_make_plain(view->tensor, error);
        if (status == RETUNE_OK)
            status = clml_cross_in(view, error);
        if (status == RETUNE_OK)
            clml_tensor_set_view(view->tensor, view, false);
    }
    return status;
}

static void note_written(clml_step *step) {
    for (size_t n = 0; n < step->write_count; n++) {
        step->writes[n]->before_valid = step->writes[n] == step->activated;
        clml_tensor_set_view(step->writes[n]->tensor, step->writes[n], true);
    }
}

static retune_status enqueue_all(retune_backend_program *program, const clml_step *step,
                                 retune_error *error) {
    retune_status status = run_phase(program, step, CLML_FIRST, 0, error);
    for (uint32_t p = 0; p < step->pieces && status == RETUNE_OK; p++)
        status = run_phase(program, step, CLML_EACH, p, error);
    if (status == RETUNE_OK)
        status = run_phase(program, step, CLML_LAST, 0, error);
    return status;
}

static retune_status run_ops(retune_backend_program *program, clml_step *step,
                             const retune_run_args *args, retune_error *error) {
    retune_status status = fetch(step, error);
    if (status == RETUNE_OK)
        status = prepare_updates(program, step, args, error);
    if (status == RETUNE_OK && !clml_recording_run(program, step))
        status = enqueue_all(program, step, error);
    if (status == RETUNE_OK)
        note_written(step);
    return status;
}

/* ---- Either --------------------------------------------------------------------------------- */

static bool must_use_kernels(const clml_step *step) {
    const clml_view *needs = step->needs;
    return uses_kernels(step) ||
           (needs && (!needs->before_valid || clml_tensor_of(needs->tensor)->view != needs));
}

retune_status clml_step_run(retune_backend_program *program, clml_step *step,
                            const retune_run_args *args, retune_error *error) {
    release_events(step);
    program->running = step;
    retune_status status = must_use_kernels(step) ? run_kernels(program, step, args, error)
                                                  : run_ops(program, step, args, error);
    program->running = NULL;
    return status;
}

retune_status clml_step_time(const clml_step *step, uint64_t *out_nanoseconds,
                             retune_error *error) {
    retune_status status = opencl_step_time(&step->kernel, out_nanoseconds, error);
    for (size_t n = 0; n < step->event_count && status == RETUNE_OK; n++) {
        uint64_t nanoseconds;
        status = opencl_event_time(step->events[n], &nanoseconds, error);
        *out_nanoseconds += nanoseconds;
    }
    return status;
}
