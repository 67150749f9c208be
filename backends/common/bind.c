#include "bind.h"

#include "desc.h"
#include "error.h"
#include "op_slots.h"

#include <string.h>

/* Copies one side of an op and points the description at the tensors' own. */
static retune_status bind_side(backend_bound_op *bound, const retune_op *op, bool output,
                               const retune_backend_device *device, retune_error *error) {
    retune_backend_tensor *const *from = output ? op->outputs : op->inputs;
    retune_backend_tensor **to = output ? bound->outputs : bound->inputs;
    const retune_tensor_desc **descs = output ? bound->desc.outputs : bound->desc.inputs;
    const char *name = backend_op_name(bound->desc.kind);
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        backend_slot slot = {.name = "tensor", .length = 6};
        backend_op_slot(bound->desc.kind, output, i, &slot);
        if (!from[i] != !descs[i])
            return backend_fail(error, RETUNE_INVALID,
                                "%s: %.*s is only one of described and given", name, slot.length,
                                slot.name);
        if (!from[i])
            continue;
        const backend_tensor_base *base = backend_tensor_base_of(from[i]);
        if (base->device != device)
            return backend_fail(error, RETUNE_INVALID, "%s: %.*s belongs to another device", name,
                                slot.length, slot.name);
        if (!backend_desc_equal(descs[i], &base->desc))
            return backend_fail(error, RETUNE_INVALID, "%s: %.*s is not as described", name,
                                slot.length, slot.name);
        if (output && base->block->borrowed)
            return backend_fail(error, RETUNE_INVALID, "%s: %.*s is wrapped memory, never written",
                                name, slot.length, slot.name);
        to[i] = from[i];
        descs[i] = &base->desc;
    }
    return RETUNE_OK;
}

/* Tensors of one op lie apart in memory; only what ops.def updates in place is one tensor twice,
 * and inputs may be given twice. */
static retune_status check_memory(const backend_bound_op *bound, retune_error *error) {
    const char *name = backend_op_name(bound->desc.kind);
    for (uint32_t o = 0; o < RETUNE_OP_TENSORS_MAX; o++) {
        int updated = bound->outputs[o] ? backend_op_updated_input(bound->desc.kind, o) : -1;
        if (updated >= 0 && bound->inputs[updated] != bound->outputs[o])
            return backend_fail(error, RETUNE_INVALID, "%s: output %u is not the tensor it updates",
                                name, o);
    }
    for (uint32_t k = 1; k < 2 * RETUNE_OP_TENSORS_MAX; k++)
        for (uint32_t j = 0; j < k; j++) {
            const retune_backend_tensor *a = backend_bound_tensor(bound, j);
            const retune_backend_tensor *b = backend_bound_tensor(bound, k);
            if (!a || !b || backend_tensor_base_of(a)->block != backend_tensor_base_of(b)->block)
                continue;
            bool output = k >= RETUNE_OP_TENSORS_MAX;
            bool update = output && backend_op_updated_input(bound->desc.kind,
                                                             k - RETUNE_OP_TENSORS_MAX) == (int)j;
            if (a != b || (output && !update))
                return backend_fail(error, RETUNE_INVALID, "%s: two of its tensors share memory",
                                    name);
        }
    return RETUNE_OK;
}

retune_status backend_op_bind(const retune_op *op, const retune_backend_device *device,
                              backend_maps maps, backend_bound_op *out_bound, retune_error *error) {
    char reason[256];
    *out_bound = (backend_bound_op){0};
    if (op->struct_size < sizeof *op)
        return backend_fail(error, RETUNE_INVALID, "an op of struct_size %u", op->struct_size);
    if (!op->desc)
        return backend_fail(error, RETUNE_INVALID, "an op without a description");
    if (!backend_op_check(op->desc, maps, reason, sizeof reason))
        return backend_fail(error, RETUNE_UNSUPPORTED, "%s", reason);
    out_bound->desc = *op->desc;
    out_bound->desc.struct_size = (uint32_t)sizeof out_bound->desc;
    retune_status status = bind_side(out_bound, op, false, device, error);
    if (status == RETUNE_OK)
        status = bind_side(out_bound, op, true, device, error);
    if (status == RETUNE_OK)
        status = check_memory(out_bound, error);
    return status;
}

retune_run_args backend_args_read(const retune_run_args *args) {
    retune_run_args read = {0};
    if (args)
        memcpy(&read, args, args->struct_size < sizeof read ? args->struct_size : sizeof read);
    return read;
}

retune_status backend_args_check(const backend_bound_op *bound, size_t op,
                                 const retune_run_args *args, retune_error *error) {
    uint32_t kind = bound->desc.kind;
    if (kind != RETUNE_OP_SGD && kind != RETUNE_OP_ADAM)
        return RETUNE_OK;
    if (!args)
        return backend_fail(error, RETUNE_INVALID, "op %zu, %s: a run without a learning rate", op,
                            backend_op_name(kind));
    if (kind == RETUNE_OP_ADAM && backend_args_read(args).step == 0)
        return backend_fail(error, RETUNE_INVALID, "op %zu, adam: steps are counted from 1", op);
    return RETUNE_OK;
}
