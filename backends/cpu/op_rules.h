/* What ops.def says of each op: element types, how shapes follow from each other, the range of
 * every attribute. */
#ifndef RETUNE_CPU_OP_RULES_H
#define RETUNE_CPU_OP_RULES_H

#include "retune/backend.h"

#include <stdbool.h>

/* An op being checked, and room for why it is refused. */
typedef struct cpu_check {
    const retune_op_desc *op;
    char *reason;
    size_t reason_size;
} cpu_check;

/* Writes the reason, after the name of the op, and returns false. */
bool cpu_refuse(const cpu_check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* True when an op of a valid kind, with all its tensors present and well-formed, follows its rule.
 */
bool cpu_op_rules(const cpu_check *check);

#endif
