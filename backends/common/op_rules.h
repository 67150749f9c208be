/* What ops.def says of each op: element types, how shapes follow from each other, the range of
 * every attribute. */
#ifndef RETUNE_COMMON_OP_RULES_H
#define RETUNE_COMMON_OP_RULES_H

#include "retune/backend.h"

#include <stdbool.h>

/* Element types that a backend stores maps in, 1 << dtype each. Maps are what may be narrow: images
 * and activations between ops, and their gradients. Parameters, statistics, the state of optimisers
 * and losses are f32 everywhere. */
typedef uint32_t backend_maps;
#define BACKEND_MAPS_F32 (1u << RETUNE_F32)
#define BACKEND_MAPS_ALL (1u << RETUNE_F32 | 1u << RETUNE_F16 | 1u << RETUNE_BF16)

/* An op being checked, and room for why it is refused. */
typedef struct backend_check {
    const retune_op_desc *op;
    backend_maps maps;
    char *reason;
    size_t reason_size;
} backend_check;

/* Writes the reason, after the name of the op, and returns false. */
bool backend_refuse(const backend_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True when an op of a valid kind, with all its tensors present and well-formed, follows its rule.
 */
bool backend_op_rules(const backend_check *check);

#endif
