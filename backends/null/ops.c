#include "ops.h"

#include "error.h"
#include "op_check.h"
#include "op_slots.h"

static const null_kernel kernels[RETUNE_OP_KIND_COUNT + 1] = {
#define OP(CONSTANT, function) [RETUNE_OP_##CONSTANT] = null_##function,
#include "ops.def"
#undef OP
    [RETUNE_OP_KIND_COUNT] = NULL /* no op; without any row the list would be empty */
};

/* A device may refuse an op for what it is asked to do, too: a stride it has no kernel for, a map
 * it has no room for. Such a line comes last, when the description is known to be sound. */
bool null_op_check(const retune_op_desc *op, char *out_reason, size_t reason_size) {
    if (op->kind < RETUNE_OP_KIND_COUNT && !kernels[op->kind])
        return backend_explain(out_reason, reason_size, "%s: no kernel yet",
                               backend_op_name(op->kind));
    return backend_op_check(op, BACKEND_MAPS_F32, out_reason, reason_size);
}

null_kernel null_op_kernel(const retune_op_desc *op) {
    return kernels[op->kind];
}
