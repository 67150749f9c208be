#include "ops.h"

const vulkan_op *vulkan_op_get(uint32_t kind) {
    static const vulkan_op *const ops[RETUNE_OP_KIND_COUNT] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    [RETUNE_OP_##CONSTANT] = &vulkan_op_##name,
#include "retune/ops.def"
#undef RETUNE_OP
    };
    return ops[kind];
}
