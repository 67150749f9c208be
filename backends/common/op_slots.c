#include "op_slots.h"

#include <string.h>

static const struct {
    const char *name, *inputs, *outputs;
} ops[RETUNE_OP_KIND_COUNT] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    [RETUNE_OP_##CONSTANT] = {#name, inputs, outputs},
#include "retune/ops.def"
#undef RETUNE_OP
};

const char *backend_op_name(uint32_t kind) {
    return ops[kind].name;
}

bool backend_op_slot(uint32_t kind, bool output, uint32_t index, backend_slot *out_slot) {
    const char *text = output ? ops[kind].outputs : ops[kind].inputs;
    for (; index > 0 && *text; index--) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    *out_slot = (backend_slot){.name = text, .length = (int)strcspn(text, " ")};
    if (*text == '[') {
        out_slot->optional = true;
        out_slot->name++;
        out_slot->length -= 2;
    }
    return out_slot->length > 0;
}

bool backend_slot_is(backend_slot slot, const char *name) {
    return strncmp(slot.name, name, (size_t)slot.length) == 0 && name[slot.length] == '\0';
}

int backend_op_updated_input(uint32_t kind, uint32_t index) {
    backend_slot output, input;
    if (!backend_op_slot(kind, true, index, &output))
        return -1;
    for (uint32_t i = 0; backend_op_slot(kind, false, i, &input); i++)
        if (input.length == output.length &&
            memcmp(input.name, output.name, (size_t)input.length) == 0)
            return (int)i;
    return -1;
}
