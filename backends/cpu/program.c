#include "program.h"

#include "desc.h"
#include "error.h"
#include "op_check.h"
#include "op_slots.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One op. Its description points at those of its tensors, which outlive the program. */
typedef struct step {
    retune_op_desc desc;
    const cpu_kernel *kernel;
    retune_backend_tensor *inputs[RETUNE_OP_TENSORS_MAX];
    retune_backend_tensor *outputs[RETUNE_OP_TENSORS_MAX];
    uint64_t nanoseconds; /* of the last run, when the device profiles */
} step;

struct retune_backend_program {
    retune_backend_device *device;
    size_t count;
    step *steps;
};

/* ---- Preparing ------------------------------------------------------------------------------ */

/* Copies one side of an op and points the description at the tensors' own. */
static retune_status bind_side(step *s, const retune_op *op, bool output,
                               const retune_backend_device *device, retune_error *error) {
    retune_backend_tensor *const *from = output ? op->outputs : op->inputs;
    retune_backend_tensor **to = output ? s->outputs : s->inputs;
    const retune_tensor_desc **descs = output ? s->desc.outputs : s->desc.inputs;
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        cpu_slot slot = {.name = "tensor", .length = 6};
        cpu_op_slot(s->desc.kind, output, i, &slot);
        if (!from[i] != !descs[i])
            return cpu_fail(error, RETUNE_INVALID, "%s: %.*s is only one of described and given",
                            cpu_op_name(s->desc.kind), slot.length, slot.name);
        if (!from[i])
            continue;
        if (from[i]->device != device)
            return cpu_fail(error, RETUNE_INVALID, "%s: %.*s belongs to another device",
                            cpu_op_name(s->desc.kind), slot.length, slot.name);
        if (!cpu_desc_equal(descs[i], &from[i]->desc))
            return cpu_fail(error, RETUNE_INVALID, "%s: %.*s is not as described",
                            cpu_op_name(s->desc.kind), slot.length, slot.name);
        if (output && from[i]->block->borrowed)
            return cpu_fail(error, RETUNE_INVALID, "%s: %.*s is wrapped memory, never written",
                            cpu_op_name(s->desc.kind), slot.length, slot.name);
        to[i] = from[i];
        descs[i] = &from[i]->desc;
    }
    return RETUNE_OK;
}

/* Slot `k` of an op, inputs before outputs. */
static retune_backend_tensor *tensor_at(const step *s, uint32_t k) {
    return k < RETUNE_OP_TENSORS_MAX ? s->inputs[k] : s->outputs[k - RETUNE_OP_TENSORS_MAX];
}

/* Tensors of one op lie apart in memory; only what ops.def updates in place is one tensor twice,
 * and inputs may be given twice. */
static retune_status check_memory(const step *s, retune_error *error) {
    for (uint32_t o = 0; o < RETUNE_OP_TENSORS_MAX; o++) {
        int updated = s->outputs[o] ? cpu_op_updated_input(s->desc.kind, o) : -1;
        if (updated >= 0 && s->inputs[updated] != s->outputs[o])
            return cpu_fail(error, RETUNE_INVALID, "%s: output %u is not the tensor it updates",
                            cpu_op_name(s->desc.kind), o);
    }
    for (uint32_t k = 1; k < 2 * RETUNE_OP_TENSORS_MAX; k++)
        for (uint32_t j = 0; j < k; j++) {
            const retune_backend_tensor *a = tensor_at(s, j), *b = tensor_at(s, k);
            if (!a || !b || a->block != b->block)
                continue;
            bool update = k >= RETUNE_OP_TENSORS_MAX &&
                          cpu_op_updated_input(s->desc.kind, k - RETUNE_OP_TENSORS_MAX) == (int)j;
            if (a != b || (k >= RETUNE_OP_TENSORS_MAX && !update))
                return cpu_fail(error, RETUNE_INVALID, "%s: two of its tensors share memory",
                                cpu_op_name(s->desc.kind));
        }
    return RETUNE_OK;
}

static retune_status prepare_step(step *s, const retune_op *op, retune_backend_device *device,
                                  retune_error *error) {
    char reason[256];
    if (op->struct_size < sizeof *op)
        return cpu_fail(error, RETUNE_INVALID, "an op of struct_size %u", op->struct_size);
    if (!op->desc)
        return cpu_fail(error, RETUNE_INVALID, "an op without a description");
    if (!cpu_op_check(op->desc, reason, sizeof reason))
        return cpu_fail(error, RETUNE_UNSUPPORTED, "%s", reason);
    s->desc = *op->desc;
    s->desc.struct_size = (uint32_t)sizeof s->desc;
    s->kernel = cpu_device_kernel(device, s->desc.kind);
    retune_status status = bind_side(s, op, false, device, error);
    if (status == RETUNE_OK)
        status = bind_side(s, op, true, device, error);
    if (status == RETUNE_OK)
        status = check_memory(s, error);
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; i++) {
        if (s->inputs[i])
            status = cpu_tensor_reserve(s->inputs[i], error);
        if (s->outputs[i] && status == RETUNE_OK)
            status = cpu_tensor_reserve(s->outputs[i], error);
    }
    return status;
}

/* Makes the workspace of the device's programs as large as this program's largest. */
static retune_status reserve_workspace(const retune_backend_program *program, retune_error *error) {
    retune_backend_device *device = program->device;
    uint64_t wanted = 0;
    for (size_t n = 0; n < program->count; n++) {
        uint64_t bytes = cpu_device_workspace(device, &program->steps[n].desc);
        wanted = bytes > wanted ? bytes : wanted;
    }
    if (wanted <= device->workspace_bytes)
        return RETUNE_OK;
    if (wanted > SIZE_MAX)
        return cpu_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a workspace");
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
        return cpu_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a program of %zu ops",
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

static bool is_update(const step *s) {
    return s->desc.kind == RETUNE_OP_SGD || s->desc.kind == RETUNE_OP_ADAM;
}

/* The scalars of a run, as far as the caller's struct holds them. Only updates read them. */
static retune_status read_args(const retune_backend_program *program, size_t begin, size_t end,
                               const retune_run_args *args, retune_run_args *out_args,
                               retune_error *error) {
    *out_args = (retune_run_args){0};
    if (args)
        memcpy(out_args, args,
               args->struct_size < sizeof *out_args ? args->struct_size : sizeof *out_args);
    for (size_t n = begin; n < end; n++) {
        const step *s = &program->steps[n];
        if (is_update(s) && !args)
            return cpu_fail(error, RETUNE_INVALID, "op %zu, %s: a run without a learning rate", n,
                            cpu_op_name(s->desc.kind));
        if (s->desc.kind == RETUNE_OP_ADAM && out_args->step == 0)
            return cpu_fail(error, RETUNE_INVALID, "op %zu, adam: steps are counted from 1", n);
    }
    return RETUNE_OK;
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static retune_status run_step(const retune_backend_program *program, size_t n,
                              const retune_run_args *args, retune_error *error) {
    step *s = &program->steps[n];
    const retune_backend_device *device = program->device;
    cpu_call call = {.op = &s->desc,
                     .workspace = device->workspace,
                     .threads = device->threads,
                     .learning_rate = args->learning_rate,
                     .step = args->step};
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        call.inputs[i] = s->inputs[i] ? s->inputs[i]->block->data : NULL;
        call.outputs[i] = s->outputs[i] ? s->outputs[i]->block->data : NULL;
    }
    uint64_t start = device->profiling ? now() : 0;
    char reason[256];
    if (!cpu_op_check_indices(&call, reason, sizeof reason))
        return cpu_fail(error, RETUNE_INVALID, "op %zu, %s", n, reason);
    s->kernel->run(&call);
    if (device->profiling)
        s->nanoseconds = now() - start;
    return RETUNE_OK;
}

retune_status cpu_program_run(retune_backend_program *program, size_t begin, size_t end,
                              const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return cpu_fail(error, RETUNE_INVALID, "ops %zu to %zu of a program of %zu", begin, end,
                        program->count);
    retune_run_args scalars;
    retune_status status = read_args(program, begin, end, args, &scalars, error);
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
        return cpu_fail(error, RETUNE_INVALID, "times of %zu ops of a program of %zu", count,
                        program->count);
    if (!program->device->profiling)
        return cpu_fail(error, RETUNE_UNSUPPORTED, "times need [backend.cpu] profiling = on");
    for (size_t n = 0; n < count; n++)
        out_nanoseconds[n] = program->steps[n].nanoseconds;
    return RETUNE_OK;
}
