#include "widen.h"

enum { ALIGNMENT = 64 };

/* Bytes of the f32 copy of a tensor of the op, 0 when it has none. */
static size_t copy_bytes(const retune_op_desc *op, const retune_tensor_desc *desc) {
    bool converts = op->kind == RETUNE_OP_GATHER || op->kind == RETUNE_OP_CAST;
    if (!desc || converts || (desc->dtype != RETUNE_F16 && desc->dtype != RETUNE_BF16))
        return 0;
    size_t bytes = sizeof(float);
    for (uint32_t d = 0; d < desc->rank; d++)
        bytes *= (size_t)desc->shape[d];
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

uint64_t cpu_widen_bytes(const retune_op_desc *op) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++)
        bytes += copy_bytes(op, op->inputs[i]) + copy_bytes(op, op->outputs[i]);
    return bytes;
}

static void convert(const cpu_call *call, const cpu_kernel *cast, const retune_tensor_desc *from,
                    const void *source, const retune_tensor_desc *to, void *target) {
    retune_op_desc op = {.struct_size = (uint32_t)sizeof op,
                         .kind = RETUNE_OP_CAST,
                         .inputs = {from},
                         .outputs = {to}};
    cpu_call conversion = {
        .op = &op, .inputs = {source}, .outputs = {target}, .threads = call->threads};
    cast->run(&conversion);
}

static retune_tensor_desc wide(const retune_tensor_desc *desc) {
    retune_tensor_desc f32 = *desc;
    f32.dtype = RETUNE_F32;
    return f32;
}

void cpu_widen_run(const cpu_call *call, const cpu_kernel *kernel, const cpu_kernel *cast,
                   size_t offset) {
    const retune_op_desc *op = call->op;
    cpu_call widened = *call;
    char *workspace = call->workspace;
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        size_t input = copy_bytes(op, op->inputs[i]), output = copy_bytes(op, op->outputs[i]);
        if (input > 0) {
            retune_tensor_desc f32 = wide(op->inputs[i]);
            convert(call, cast, op->inputs[i], call->inputs[i], &f32, workspace + offset);
            widened.inputs[i] = workspace + offset;
        }
        if (output > 0)
            widened.outputs[i] = workspace + offset + input;
        offset += input + output;
    }
    kernel->run(&widened);
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++)
        if (widened.outputs[i] != call->outputs[i]) {
            retune_tensor_desc f32 = wide(op->outputs[i]);
            convert(call, cast, &f32, widened.outputs[i], op->outputs[i], call->outputs[i]);
        }
}
