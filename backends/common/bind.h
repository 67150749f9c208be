/* An op of a program and its tensors, checked: they are as described, belong to the device, and lie
 * apart in memory but for what ops.def updates in place. */
#ifndef RETUNE_COMMON_BIND_H
#define RETUNE_COMMON_BIND_H

#include "op_check.h"
#include "tensor_base.h"

/* The description points at those of the tensors, which outlive it. */
typedef struct backend_bound_op {
    retune_op_desc desc;
    retune_backend_tensor *inputs[RETUNE_OP_TENSORS_MAX];
    retune_backend_tensor *outputs[RETUNE_OP_TENSORS_MAX];
} backend_bound_op;

/* UNSUPPORTED: the op is not what ops.def says, with activations of the element types in `maps`.
 * INVALID: its tensors are not what its description says. */
retune_status backend_op_bind(const retune_op *op, const retune_backend_device *device,
                              backend_maps maps, backend_bound_op *out_bound, retune_error *error);

/* The tensor in slot `k` of 2 * RETUNE_OP_TENSORS_MAX, inputs before outputs; NULL when absent. */
static inline retune_backend_tensor *backend_bound_tensor(const backend_bound_op *bound,
                                                          uint32_t k) {
    return k < RETUNE_OP_TENSORS_MAX ? bound->inputs[k] : bound->outputs[k - RETUNE_OP_TENSORS_MAX];
}

/* Checks what an op needs of the scalars of a run. `op` is its number, for the message. `args` is
 * what the caller gave, or NULL. */
retune_status backend_args_check(const backend_bound_op *bound, size_t op,
                                 const retune_run_args *args, retune_error *error);

/* The scalars of a run, as far as the caller's struct holds them; zero for NULL. */
retune_run_args backend_args_read(const retune_run_args *args);

#endif
