/* Sets: which memory belongs to which tensor. */
#ifndef CLML_EMULATOR_SET_H
#define CLML_EMULATOR_SET_H

#include "tensor.h"

struct emu_set {
    emu_binding *bindings;
    size_t count, capacity;
    cl_event last; /* of the last command that was enqueued with it */
    int busy;      /* threads inside a call with it */
};

/* The memory of a tensor, NULL when it has none. */
cl_mem emu_set_find(const emu_set *set, const emu_tensor *tensor);

/* Remembers the event as the set's last command. */
void emu_set_used(emu_set *set, cl_event event);

/* Whether a command that was enqueued with the set has not completed. */
bool emu_set_in_flight(const emu_set *set);

#endif
