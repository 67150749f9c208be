#include "op_info.h"

#include <string.h>

#define WHOLE(member, field)                                                                       \
    { #member, #field, false, offsetof(retune_op_attributes, member.field) }
#define REAL(member, field)                                                                        \
    { #member, #field, true, offsetof(retune_op_attributes, member.field) }

const op_attribute op_attributes[] = {
    WHOLE(convolution, stride_height),
    WHOLE(convolution, stride_width),
    WHOLE(convolution, dilation_height),
    WHOLE(convolution, dilation_width),
    WHOLE(convolution, pad_top),
    WHOLE(convolution, pad_left),
    WHOLE(convolution, pad_bottom),
    WHOLE(convolution, pad_right),
    WHOLE(convolution, activation),
    WHOLE(pooling, kind),
    WHOLE(pooling, window_height),
    WHOLE(pooling, window_width),
    WHOLE(pooling, stride_height),
    WHOLE(pooling, stride_width),
    WHOLE(pooling, pad_top),
    WHOLE(pooling, pad_left),
    WHOLE(pooling, pad_bottom),
    WHOLE(pooling, pad_right),
    WHOLE(activation, activation),
    WHOLE(batch_norm, training),
    REAL(batch_norm, momentum),
    REAL(batch_norm, epsilon),
    REAL(loss, label_smoothing),
    REAL(sgd, momentum),
    REAL(sgd, weight_decay),
    REAL(adam, beta1),
    REAL(adam, beta2),
    REAL(adam, epsilon),
    REAL(adam, weight_decay),
    WHOLE(adam, decoupled),
    REAL(fill, value),
};
const size_t op_attribute_count = sizeof op_attributes / sizeof op_attributes[0];

/* The rows of ops.def as text, to be cut up when first asked for. */
typedef struct definition {
    const char *name, *attributes, *inputs, *outputs;
} definition;

static const definition definitions[RETUNE_OP_KIND_COUNT] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    {#name, #attributes, inputs, outputs},
#include "retune/ops.def"
#undef RETUNE_OP
};

/* Cuts "x weight [scale]" into slots. */
static uint32_t cut_slots(const char *text, op_slot slots[RETUNE_OP_TENSORS_MAX]) {
    uint32_t count = 0;
    while (*(text += strspn(text, " ")) && count < RETUNE_OP_TENSORS_MAX) {
        op_slot *slot = &slots[count++];
        *slot = (op_slot){.optional = *text == '[', .same_as = -1};
        text += slot->optional;
        const size_t length = strcspn(text, " ]");
        memcpy(slot->name, text, length < sizeof slot->name ? length : sizeof slot->name - 1);
        text += length + slot->optional;
    }
    return count;
}

const op_info *op_info_of(uint32_t kind) {
    static op_info table[RETUNE_OP_KIND_COUNT];
    op_info *info = &table[kind];
    if (!info->name) {
        info->attributes = definitions[kind].attributes;
        info->input_count = cut_slots(definitions[kind].inputs, info->inputs);
        info->output_count = cut_slots(definitions[kind].outputs, info->outputs);
        for (uint32_t o = 0; o < info->output_count; o++)
            info->outputs[o].same_as =
                op_slot_named(info->inputs, info->input_count, info->outputs[o].name);
        info->name = definitions[kind].name;
    }
    return info;
}

uint32_t op_kind_named(const char *name) {
    uint32_t kind = 0;
    while (kind < RETUNE_OP_KIND_COUNT && strcmp(definitions[kind].name, name) != 0)
        kind++;
    return kind;
}

int op_slot_named(const op_slot slots[RETUNE_OP_TENSORS_MAX], uint32_t count, const char *name) {
    for (uint32_t s = 0; s < count; s++)
        if (strcmp(slots[s].name, name) == 0)
            return (int)s;
    return -1;
}

bool op_reads_attribute(uint32_t kind, const op_attribute *attribute) {
    return strcmp(op_info_of(kind)->attributes, attribute->member) == 0;
}
