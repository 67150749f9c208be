/* The names of the ops and of their slots, from ops.def. */
#ifndef RETUNE_CPU_OP_SLOTS_H
#define RETUNE_CPU_OP_SLOTS_H

#include "retune/backend.h"

#include <stdbool.h>

/* A slot's name lies in the text of ops.def and has no NUL behind it: print it with %.*s. */
typedef struct cpu_slot {
    const char *name;
    int length;
    bool optional;
} cpu_slot;

/* "conv2d". `kind` is valid, here and below. */
const char *cpu_op_name(uint32_t kind);

/* Slot `index` of the inputs or outputs of an op; false when it has no such slot. */
bool cpu_op_slot(uint32_t kind, bool output, uint32_t index, cpu_slot *out_slot);

/* The input that bears the same name as output `index`, which are then one tensor; -1 when there is
 * none. */
int cpu_op_updated_input(uint32_t kind, uint32_t index);

bool cpu_slot_is(cpu_slot slot, const char *name);

#endif
