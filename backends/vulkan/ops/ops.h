/* The ops: how each is prepared, and which shaders it needs. One file an op family. */
#ifndef RETUNE_VULKAN_OPS_H
#define RETUNE_VULKAN_OPS_H

#include "build.h"

typedef struct vulkan_op {
    /* Describes the dispatches of an op that backend_op_check has accepted. */
    void (*prepare)(vulkan_build *b);

    /* Bytes beside its tensors; NULL: none. */
    uint64_t (*workspace)(const retune_backend_device *device, const retune_op_desc *op);

    /* Names of all shaders that `prepare` may dispatch, separated by blanks: what `disable` of
     * [backend.vulkan] can switch off. */
    const char *shaders;
} vulkan_op;

/* vulkan_op_<name>, for every op of ops.def. */
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    extern const vulkan_op vulkan_op_##name;
#include "retune/ops.def"
#undef RETUNE_OP

/* The row of a valid kind. */
const vulkan_op *vulkan_op_get(uint32_t kind);

#endif
