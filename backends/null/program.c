#include "program.h"

#include "bind.h"
#include "error.h"
#include "ops.h"
#include "tensor.h"

#include <stdlib.h>

/* One op, ready to run. */
typedef struct step {
    backend_bound_op bound;
    null_kernel kernel;
} step;

struct retune_backend_program {
    size_t count;
    step *steps;
};

/* ---- Preparing ------------------------------------------------------------------------------ */

/* Everything that can be done once is done here: kernels compiled, memory taken, arguments bound.
 */
static retune_status prepare_step(step *s, const retune_op *op, retune_backend_device *device,
                                  retune_error *error) {
    char reason[256];
    retune_status status = backend_op_bind(op, device, BACKEND_MAPS_F32, &s->bound, error);
    if (status != RETUNE_OK)
        return status;
    if (!null_op_check(&s->bound.desc, reason, sizeof reason))
        return backend_fail(error, RETUNE_UNSUPPORTED, "%s", reason);
    s->kernel = null_op_kernel(&s->bound.desc);
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; k++)
        if (backend_bound_tensor(&s->bound, k))
            status = null_tensor_reserve(backend_bound_tensor(&s->bound, k), error);
    return status;
}

retune_status null_program_create(retune_backend_device *device, const retune_op *const *ops,
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
    *program = (retune_backend_program){.count = op_count, .steps = steps};
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < op_count && status == RETUNE_OK; n++)
        status = prepare_step(&steps[n], ops[n], device, error);
    if (status == RETUNE_OK)
        *out_program = program;
    else
        null_program_destroy(program);
    return status;
}

void null_program_destroy(retune_backend_program *program) {
    if (!program)
        return;
    free(program->steps);
    free(program);
}

/* ---- Running -------------------------------------------------------------------------------- */

static void *memory_of(const retune_backend_tensor *tensor) {
    return tensor ? tensor->base.block->memory : NULL;
}

static retune_status run_step(const step *s, size_t n, const retune_run_args *args,
                              retune_error *error) {
    null_call call = {.op = &s->bound.desc, .args = *args};
    char reason[256];
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        call.inputs[i] = memory_of(s->bound.inputs[i]);
        call.outputs[i] = memory_of(s->bound.outputs[i]);
    }
    if (!backend_op_check_indices(call.op, call.inputs[BACKEND_INDEX_SLOT], reason, sizeof reason))
        return backend_fail(error, RETUNE_INVALID, "op %zu, %s", n, reason);
    s->kernel(&call);
    return RETUNE_OK;
}

/* Any range may be asked for, in any order; with a driver's queue this enqueues and returns. */
retune_status null_program_run(retune_backend_program *program, size_t begin, size_t end,
                               const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return backend_fail(error, RETUNE_INVALID, "ops %zu to %zu of a program of %zu", begin, end,
                            program->count);
    const retune_run_args scalars = backend_args_read(args);
    retune_status status = RETUNE_OK;
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = backend_args_check(&program->steps[n].bound, n, args, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = run_step(&program->steps[n], n, &scalars, error);
    return status;
}

/* With a driver's queue: waits, and reports what went wrong since the last wait. DEVICE_LOST is for
 * a device that will not answer again; the core then goes on with the next one. */
retune_status null_program_wait(retune_backend_program *program, retune_error *error) {
    (void)program, (void)error;
    return RETUNE_OK;
}
