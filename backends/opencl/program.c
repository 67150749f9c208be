#include "program.h"

#include "error.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

struct retune_backend_program {
    retune_backend_device *device;
    size_t count;
    opencl_step *steps;
};

/* ---- Preparing ------------------------------------------------------------------------------ */

static retune_status bind(retune_backend_program *program, size_t begin, size_t end,
                          retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = opencl_step_bind(program->device, &program->steps[n], error);
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
    opencl_device_add_program(device);
    for (size_t n = 0; n < op_count && status == RETUNE_OK; n++)
        status = opencl_step_prepare(device, ops[n], &steps[n], error);
    if (status == RETUNE_OK)
        status = bind(program, 0, op_count, error);
    if (status == RETUNE_OK)
        *out_program = program;
    else
        opencl_program_destroy(program);
    return status;
}

void opencl_program_destroy(retune_backend_program *program) {
    if (!program)
        return;
    retune_backend_device *device = program->device;
    for (size_t n = 0; n < program->count; n++)
        opencl_step_release(&program->steps[n]);
    opencl_device_drop_program(device);
    free(program->steps);
    free(program);
}

/* ---- Running -------------------------------------------------------------------------------- */

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
        status = bind(program, begin, end, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++) {
        status = opencl_step_check_indices(&program->steps[n], n, error);
        if (status == RETUNE_OK)
            status = opencl_step_run(program->device, &program->steps[n], &scalars, error);
    }
    if (status == RETUNE_OK)
        status = opencl_device_note(
            program->device, opencl_check(cl.clFlush(program->device->queue), "clFlush", error));
    return status;
}

retune_status opencl_program_wait(retune_backend_program *program, retune_error *error) {
    return opencl_device_finish(program->device, error);
}

retune_status opencl_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error) {
    memset(out_nanoseconds, 0, count * sizeof *out_nanoseconds);
    if (count != program->count)
        return backend_fail(error, RETUNE_INVALID, "times of %zu ops of a program of %zu", count,
                            program->count);
    retune_status status = opencl_device_check_profiling(program->device, error);
    for (size_t n = 0; n < count && status == RETUNE_OK; n++)
        status = opencl_step_time(&program->steps[n], &out_nanoseconds[n], error);
    return opencl_device_note(program->device, status);
}
