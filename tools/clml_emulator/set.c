#include "set.h"

#include <stdlib.h>

cl_mem emu_set_find(const emu_set *set, const emu_tensor *tensor) {
    for (size_t n = 0; n < set->count; n++)
        if (set->bindings[n].tensor == tensor)
            return set->bindings[n].memory;
    return NULL;
}

void emu_set_used(emu_set *set, cl_event event) {
    if (set->last)
        cl.clReleaseEvent(set->last);
    cl.clRetainEvent(event);
    set->last = event;
}

bool emu_set_in_flight(const emu_set *set) {
    cl_int state = CL_COMPLETE;
    if (set->last)
        cl.clGetEventInfo(set->last, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
    return state > CL_COMPLETE;
}

cl_int emu_entry_create_set(emu_set **out_set) {
    if (!out_set)
        return CL_INVALID_VALUE;
    *out_set = calloc(1, sizeof **out_set);
    return *out_set ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

cl_int emu_entry_release_set(emu_set *set) {
    if (!set)
        return CL_INVALID_VALUE;
    emu_lock();
    for (size_t n = 0; n < set->count; n++)
        emu_tensor_drop(set->bindings[n].tensor);
    if (set->last)
        cl.clReleaseEvent(set->last);
    emu_unlock();
    free(set->bindings);
    free(set);
    return CL_SUCCESS;
}

/* The set does not own the memory: a binding whose memory is gone is an error of the caller, which
 * sanitizers see. */
static cl_int bind(emu_set *set, const emu_binding *binding) {
    size_t n = 0;
    while (n < set->count && set->bindings[n].tensor != binding->tensor)
        n++;
    if (n == set->capacity) {
        const size_t capacity = set->capacity ? 2 * set->capacity : 64;
        emu_binding *grown = realloc(set->bindings, capacity * sizeof *grown);
        if (!grown)
            return CL_OUT_OF_HOST_MEMORY;
        set->bindings = grown;
        set->capacity = capacity;
    }
    if (n == set->count) {
        set->count++;
        emu_tensor_retain(binding->tensor);
    }
    set->bindings[n] = *binding;
    return CL_SUCCESS;
}

static cl_int check(const emu_set *set, uint32_t count, const emu_binding *bindings) {
    for (uint32_t n = 0; n < count; n++) {
        if (!bindings[n].tensor)
            return emu_refuse("update_set", CL_INVALID_VALUE, "tensor %u is NULL", n);
        if (!bindings[n].memory)
            return emu_refuse("update_set", CL_INVALID_MEM_OBJECT, "memory %u is NULL", n);
        if (bindings[n].tensor->unused)
            return emu_refuse("update_set", CL_INVALID_VALUE, "tensor %u is an unused one", n);
        for (uint32_t m = 0; m < n; m++)
            if (bindings[m].tensor == bindings[n].tensor)
                return emu_refuse("update_set", CL_INVALID_VALUE, "tensor %u is given twice", n);
    }
    if (settings.strict.bindings && emu_set_in_flight(set))
        return emu_refuse("update_set", CL_INVALID_OPERATION,
                          "strict bindings: commands with this set have not completed");
    return CL_SUCCESS;
}

cl_int emu_entry_update_set(emu_set *set, uint32_t count, const emu_binding *bindings) {
    if (!set || (count && !bindings))
        return CL_INVALID_VALUE;
    emu_lock();
    cl_int code = check(set, count, bindings);
    for (uint32_t n = 0; n < count && code == CL_SUCCESS; n++)
        code = bind(set, &bindings[n]);
    emu_unlock();
    return code;
}
