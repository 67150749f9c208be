/* The ops: how each is prepared, and which kernels it needs. One file an op family. */
#ifndef RETUNE_OPENCL_OPS_H
#define RETUNE_OPENCL_OPS_H

#include "build.h"

typedef struct opencl_op {
    /* Describes the launches of an op that backend_op_check has accepted. */
    void (*prepare)(opencl_build *b);

    /* Bytes beside its tensors; NULL: none. */
    uint64_t (*workspace)(const retune_backend_device *device, const retune_op_desc *op);

    /* Names of all kernels that `prepare` may launch, separated by blanks: what `disable` of
     * [backend.opencl] can switch off. */
    const char *kernels;
} opencl_op;

/* opencl_op_<name>, for every op of ops.def. */
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    extern const opencl_op opencl_op_##name;
#include "retune/ops.def"
#undef RETUNE_OP

/* The row of a valid kind. */
const opencl_op *opencl_op_get(uint32_t kind);

#endif
