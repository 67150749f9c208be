#include "op_check.h"

#include "desc.h"
#include "error.h"
#include "op_rules.h"
#include "op_slots.h"

static bool check_slots(const backend_check *c, bool output) {
    const retune_tensor_desc *const *descs = output ? c->op->outputs : c->op->inputs;
    const char *side = output ? "output" : "input";
    for (uint32_t i = 0; i < RETUNE_OP_TENSORS_MAX; i++) {
        backend_slot slot;
        if (!backend_op_slot(c->op->kind, output, i, &slot)) {
            if (descs[i])
                return backend_refuse(c, "it has no %s %u", side, i);
            continue;
        }
        if (!descs[i]) {
            if (!slot.optional)
                return backend_refuse(c, "%s %.*s is missing", side, slot.length, slot.name);
            continue;
        }
        char why[128];
        size_t bytes;
        if (!backend_desc_check(descs[i], &bytes, why, sizeof why))
            return backend_refuse(c, "%s %.*s: %s", side, slot.length, slot.name, why);
    }
    return true;
}

/* Outputs that update an input are described like it. */
static bool check_updates(const backend_check *c) {
    backend_slot slot;
    for (uint32_t i = 0; backend_op_slot(c->op->kind, true, i, &slot); i++) {
        int input = backend_op_updated_input(c->op->kind, i);
        if (input < 0)
            continue;
        const retune_tensor_desc *before = c->op->inputs[input], *after = c->op->outputs[i];
        if (!before != !after)
            return backend_refuse(c, "%.*s is only one of input and output", slot.length,
                                  slot.name);
        if (before && !backend_desc_equal(before, after))
            return backend_refuse(c, "%.*s is updated in place but described twice differently",
                                  slot.length, slot.name);
    }
    return true;
}

/* Words no attribute of this version covers are zero: others would ask for what is not done. */
static bool check_unused_words(const backend_check *c) {
    static const size_t bytes[RETUNE_OP_KIND_COUNT] = {
#define SIZE_none        0
#define SIZE_convolution sizeof(retune_convolution_attributes)
#define SIZE_activation  sizeof(retune_activation_attributes)
#define SIZE_batch_norm  sizeof(retune_batch_norm_attributes)
#define SIZE_pooling     sizeof(retune_pooling_attributes)
#define SIZE_loss        sizeof(retune_loss_attributes)
#define SIZE_sgd         sizeof(retune_sgd_attributes)
#define SIZE_adam        sizeof(retune_adam_attributes)
#define SIZE_fill        sizeof(retune_fill_attributes)
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    [RETUNE_OP_##CONSTANT] = SIZE_##attributes,
#include "retune/ops.def"
#undef RETUNE_OP
    };
    const uint32_t *words = c->op->attributes.words;
    size_t count = sizeof c->op->attributes.words / sizeof words[0];
    for (size_t w = bytes[c->op->kind] / sizeof words[0]; w < count; w++)
        if (words[w] != 0)
            return backend_refuse(c, "attribute word %zu is not zero", w);
    return true;
}

bool backend_op_check(const retune_op_desc *op, backend_maps maps, char *out_reason,
                      size_t reason_size) {
    if (op->struct_size < sizeof *op)
        return backend_explain(out_reason, reason_size, "an op of struct_size %u", op->struct_size);
    if (op->kind >= RETUNE_OP_KIND_COUNT)
        return backend_explain(out_reason, reason_size, "op %u is unknown", op->kind);
    backend_check c = {.op = op, .maps = maps, .reason = out_reason, .reason_size = reason_size};
    return check_unused_words(&c) && check_slots(&c, false) && check_slots(&c, true) &&
           check_updates(&c) && backend_op_rules(&c);
}

/* ---- Indices -------------------------------------------------------------------------------- */

int64_t backend_op_index_bound(const retune_op_desc *op) {
    switch (op->kind) {
    case RETUNE_OP_GATHER:
        return op->inputs[0]->shape[0];
    case RETUNE_OP_SOFTMAX_CROSS_ENTROPY:
    case RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD:
        return op->inputs[0]->shape[op->inputs[0]->rank - 1];
    case RETUNE_OP_POOL_GRAD:
        return op->outputs[0]->shape[1] * op->outputs[0]->shape[2];
    default:
        return 0;
    }
}

bool backend_op_check_indices(const retune_op_desc *op, const int32_t *indices, char *out_reason,
                              size_t reason_size) {
    int64_t bound = backend_op_index_bound(op), count = 1;
    const retune_tensor_desc *desc = op->inputs[BACKEND_INDEX_SLOT];
    if (bound == 0 || !indices)
        return true;
    for (uint32_t d = 0; d < desc->rank; d++)
        count *= desc->shape[d];
    for (int64_t n = 0; n < count; n++)
        if (indices[n] < 0 || indices[n] >= bound) {
            backend_slot slot;
            backend_op_slot(op->kind, false, BACKEND_INDEX_SLOT, &slot);
            return backend_explain(out_reason, reason_size, "%s: %.*s %lld is %d, not in 0..%lld",
                                   backend_op_name(op->kind), slot.length, slot.name, (long long)n,
                                   indices[n], (long long)bound - 1);
        }
    return true;
}
