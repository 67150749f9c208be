#include "ops.h"

const opencl_op *opencl_op_get(uint32_t kind) {
    static const opencl_op *const ops[RETUNE_OP_KIND_COUNT] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    [RETUNE_OP_##CONSTANT] = &opencl_op_##name,
#include "retune/ops.def"
#undef RETUNE_OP
    };
    return ops[kind];
}
