#include "graph/op_rule.h"

#include "base/tensor_desc.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *inputs, *outputs;
    const retune_op_rule *rule;
} table[RETUNE_OP_KIND_COUNT] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    [RETUNE_OP_##CONSTANT] = {#name, inputs, outputs, &retune_rule_##name},
#include "retune/ops.def"
#undef RETUNE_OP
};

const retune_op_rule *retune_op_rule_get(retune_op_kind kind) {
    return table[kind].rule;
}

const char *retune_op_name(retune_op_kind kind) {
    return (uint32_t)kind < RETUNE_OP_KIND_COUNT ? table[kind].name : "unknown op";
}

const char *retune_op_inputs(retune_op_kind kind) {
    return table[kind].inputs;
}

const char *retune_op_outputs(retune_op_kind kind) {
    return table[kind].outputs;
}

uint32_t retune_slot_count(const char *slots) {
    uint32_t count = slots[0] != '\0';
    for (; *slots; slots++)
        count += *slots == ' ';
    return count;
}

static const char *find_slot(const char *slots, uint32_t index) {
    for (; index > 0; index--)
        slots = strchr(slots, ' ') + 1;
    return slots;
}

bool retune_slot_optional(const char *slots, uint32_t index) {
    return *find_slot(slots, index) == '[';
}

const char *retune_slot_name(const char *slots, uint32_t index, char name[RETUNE_SLOT_NAME_MAX]) {
    const char *slot = find_slot(slots, index);
    slot += *slot == '[';
    snprintf(name, RETUNE_SLOT_NAME_MAX, "%.*s", (int)strcspn(slot, " ]"), slot);
    return name;
}

/* The name of a slot, without brackets, and its length. */
static const char *slot_name(const char *slots, uint32_t index, size_t *out_length) {
    for (; index > 0; index--)
        slots = strchr(slots, ' ') + 1;
    slots += *slots == '[';
    *out_length = strcspn(slots, " ]");
    return slots;
}

int retune_slot_in_place(retune_op_kind kind, uint32_t index) {
    const char *inputs = table[kind].inputs;
    size_t length = 0, other_length = 0;
    const char *name = slot_name(table[kind].outputs, index, &length);
    for (uint32_t slot = 0; slot < retune_slot_count(inputs); slot++) {
        const char *other = slot_name(inputs, slot, &other_length);
        if (length == other_length && memcmp(name, other, length) == 0)
            return (int)slot;
    }
    return -1;
}

static double tensor_bytes(const retune_tensor_desc *desc) {
    return desc ? retune_shape_volume(desc) * (double)retune_dtype_size(desc->dtype) : 0.0;
}

retune_cost retune_op_cost(const retune_op_desc *op) {
    const retune_op_rule *rule = table[op->kind].rule;
    retune_cost cost = {0};
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        cost.bytes += tensor_bytes(op->inputs[slot]) + tensor_bytes(op->outputs[slot]);
    cost.flops = rule->flops ? rule->flops(op) : retune_shape_volume(op->outputs[0]);
    return cost;
}

double retune_op_reduction(const retune_op_desc *op) {
    const retune_op_rule *rule = table[op->kind].rule;
    return rule->reduction ? rule->reduction(op) : 1.0;
}

double retune_op_magnitude(const retune_op_desc *op, uint32_t slot,
                           const retune_op_magnitudes *largest) {
    const retune_op_rule *rule = table[op->kind].rule;
    double magnitude = 0.0;
    if (rule->magnitude)
        magnitude = rule->magnitude(op, slot, largest);
    for (int i = 0; !rule->magnitude && i < RETUNE_OP_TENSORS_MAX; i++)
        magnitude = fmax(magnitude, largest->inputs[i]);
    return fmax(magnitude, DBL_MIN);
}

retune_status retune_shape_expect(const char *op, const char *slot, const retune_tensor_desc *given,
                                  const retune_tensor_desc *expected, retune_error *error) {
    char is[RETUNE_DESC_TEXT_MAX], should[RETUNE_DESC_TEXT_MAX];
    retune_tensor_desc same_dtype = *expected;
    same_dtype.dtype = given->dtype;
    if (retune_desc_equal(given, &same_dtype))
        return RETUNE_OK;
    return retune_fail(error, RETUNE_INVALID, "%s: %s is %s, not %s", op, slot,
                       retune_desc_text(given, is), retune_desc_text(expected, should));
}

retune_status retune_shape_expect_vector(const char *op, const char *slot,
                                         const retune_tensor_desc *given, int64_t channels,
                                         retune_error *error) {
    if (!given)
        return RETUNE_OK;
    retune_tensor_desc vector = retune_desc_vector(RETUNE_F32, channels);
    return retune_shape_expect(op, slot, given, &vector, error);
}

double retune_shape_volume(const retune_tensor_desc *desc) {
    double volume = 1.0;
    for (uint32_t d = 0; d < desc->rank; d++)
        volume *= (double)desc->shape[d];
    return volume;
}

double retune_shape_volume_without(const retune_tensor_desc *desc, uint32_t d) {
    return retune_shape_volume(desc) / (double)desc->shape[d];
}
