#include "program.h"

#include "bind.h"
#include "error.h"
#include "tensor.h"
#include "widen.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One op, ready to run. */
typedef struct step {
    backend_bound_op bound;
    const cpu_kernel *kernel;
    uint64_t kernel_bytes; /* of the workspace; behind them are copies of narrow maps */
    uint64_t nanoseconds;  /* of the last run, when the device profiles */
} step;

struct retune_backend_program {
    retune_backend_device *device;
    size_t count;
    step *steps;
};

/* ---- Preparing ------------------------------------------------------------------------------ */

static retune_status prepare_step(step *s, const retune_op *op, retune_backend_device *device,
                                  retune_error *error) {
    retune_status status = backend_op_bind(op, device, BACKEND_MAPS_ALL, &s->bound, error);
    if (status != RETUNE_OK)
        return status;
    s->kernel = cpu_device_kernel(device, s->bound.desc.kind);
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; k++)
        if (backend_bound_tensor(&s->bound, k))
            status = cpu_tensor_reserve(backend_bound_tensor(&s->bound, k), error);
    return status;
}

/* Makes the workspace of the device's programs as large as this program's largest. */
static retune_status reserve_workspace(const retune_backend_program *program, retune_error *error) {
    retune_backend_device *device = program->device;
    uint64_t wanted = 0;
    for (size_t n = 0; n < program->count; n++) {
        step *s = &program->steps[n];
        uint64_t bytes = cpu_device_workspace(device, &s->bound.desc, &s->kernel_bytes);
        wanted = bytes > wanted ? bytes : wanted;
    }
    if (wanted <= device->workspace_bytes)
        return RETUNE_OK;
    if (wanted > SIZE_MAX)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a workspace");
    void *workspace = NULL;
    retune_status status =
        cpu_device_take(device, (size_t)wanted, "a workspace", &workspace, error);
    if (status != RETUNE_OK)
        return status;
    cpu_device_give_back(device, device->workspace, device->workspace_bytes);
    device->workspace = workspace;
    device->workspace_bytes = (size_t)wanted;
    return RETUNE_OK;
}

retune_status cpu_program_create(retune_backend_device *device, const retune_op *const *ops,
                                 size_t op_count, retune_backend_program **out_program,
                                 retune_error *error) {
    *out_program = NULL;
    retune_backend_program *program = calloc(1, sizeof *program);
    step *steps = calloc(op_count ? op_count : 1, sizeof *steps);
    if (!program || !steps) {
        free(program);
        free(steps);
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a program of %zu ops",
                            op_count);
    }
    *program = (retune_backend_program){.device = device, .count = op_count, .steps = steps};
    device->programs++;
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < op_count && status == RETUNE_OK; n++)
        status = prepare_step(&steps[n], ops[n], device, error);
    if (status == RETUNE_OK)
        status = reserve_workspace(program, error);
    if (status == RETUNE_OK)
        *out_program = program;
    else
        cpu_program_destroy(program);
    return status;
}

void cpu_program_destroy(retune_backend_program *program) {
    if (!program)
        return;
    retune_backend_device *device = program->device;
    if (--device->programs == 0) {
        cpu_device_give_back(device, device->workspace, device->workspace_bytes);
        device->workspace = NULL;
        device->workspace_bytes = 0;
    }
    free(program->steps);
    free(program);
}

/* ---- Running -------------------------------------------------------------------------------- */

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void *memory_of(const retune_backend_tensor *tensor) {
    return tensor ? tensor->base.block->memory : NULL;
}

static retune_status run_step(const retune_backend_program *program, size_t n,
                              const retune_run_args *args, retune_error *error) {
    step *s = &program->steps[n];
    const retune_backend_device *device = program->device;
    cpu_call call = {.op = &s->bound.desc,
                     .workspace = device->workspace,
                     .threads = device->threads,
                     .learning_rate = args->learning_rate,
                     .step = args->step};
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        call.inputs[i] = memory_of(s->bound.inputs[i]);
        call.outputs[i] = memory_of(s->bound.outputs[i]);
    }
    uint64_t start = device->profiling ? now() : 0;
    char reason[256];
    if (!backend_op_check_indices(&s->bound.desc, call.inputs[BACKEND_INDEX_SLOT], reason,
                                  sizeof reason))
        return backend_fail(error, RETUNE_INVALID, "op %zu, %s", n, reason);
    cpu_widen_run(&call, s->kernel, cpu_device_kernel(device, RETUNE_OP_CAST),
                  (size_t)s->kernel_bytes);
    if (device->profiling)
        s->nanoseconds = now() - start;
    return RETUNE_OK;
}

retune_status cpu_program_run(retune_backend_program *program, size_t begin, size_t end,
                              const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return backend_fail(error, RETUNE_INVALID, "ops %zu to %zu of a program of %zu", begin, end,
                            program->count);
    retune_run_args scalars = backend_args_read(args);
    retune_status status = RETUNE_OK;
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = backend_args_check(&program->steps[n].bound, n, args, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = run_step(program, n, &scalars, error);
    return status;
}

retune_status cpu_program_wait(retune_backend_program *program, retune_error *error) {
    (void)program; /* a run returns when it is done, and has reported its failure */
    (void)error;
    return RETUNE_OK;
}

retune_status cpu_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                size_t count, retune_error *error) {
    memset(out_nanoseconds, 0, count * sizeof *out_nanoseconds);
    if (count != program->count)
        return backend_fail(error, RETUNE_INVALID, "times of %zu ops of a program of %zu", count,
                            program->count);
    if (!program->device->profiling)
        return backend_fail(error, RETUNE_UNSUPPORTED, "times need [backend.cpu] profiling = on");
    for (size_t n = 0; n < count; n++)
        out_nanoseconds[n] = program->steps[n].nanoseconds;
    return RETUNE_OK;
}
