/* The names of the ops and of their slots, from ops.def. */
#ifndef RETUNE_COMMON_OP_SLOTS_H
#define RETUNE_COMMON_OP_SLOTS_H

#include "retune/backend.h"

#include <stdbool.h>

/* A slot's name lies in the text of ops.def and has no NUL behind it: print it with %.*s. */
typedef struct backend_slot {
    const char *name;
    int length;
    bool optional;
} backend_slot;

/* "conv2d". `kind` is valid, here and below. */
const char *backend_op_name(uint32_t kind);

/* Slot `index` of the inputs or outputs of an op; false when it has no such slot. */
bool backend_op_slot(uint32_t kind, bool output, uint32_t index, backend_slot *out_slot);

/* The input that bears the same name as output `index`, which are then one tensor; -1 when there is
 * none. */
int backend_op_updated_input(uint32_t kind, uint32_t index);

bool backend_slot_is(backend_slot slot, const char *name);

#endif
