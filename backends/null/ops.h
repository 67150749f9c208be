/* The ops that the device does. */
#ifndef RETUNE_NULL_OPS_H
#define RETUNE_NULL_OPS_H

#include "retune/backend.h"

#include <stdbool.h>

/* One op of a program, checked: it is what ops.def says, its maps are f32, its tensors lie apart.
 * Slots are those of ops.def; absent tensors are NULL in the description and here. */
typedef struct null_call {
    const retune_op_desc *op;
    const void *inputs[RETUNE_OP_TENSORS_MAX];
    void *outputs[RETUNE_OP_TENSORS_MAX];
    retune_run_args args;
} null_call;

typedef void (*null_kernel)(const null_call *call);

/* True when the device does the op; otherwise writes why not into `out_reason`. */
bool null_op_check(const retune_op_desc *op, char *out_reason, size_t reason_size);

/* The kernel of an op that null_op_check accepts. */
null_kernel null_op_kernel(const retune_op_desc *op);

#define OP(CONSTANT, function) void null_##function(const null_call *call);
#include "ops.def"
#undef OP

#endif
