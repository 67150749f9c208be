#include "op_case.h"

#include "base/status.h"
#include "base/tensor_desc.h"
#include "graph/tolerance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const data_names[] = {
#define DATA(CONSTANT, name) #name,
    OP_DATA_LIST(DATA)
#undef DATA
};

size_t desc_count(const retune_tensor_desc *desc) {
    size_t count = desc->rank ? 1 : 0;
    for (uint32_t d = 0; d < desc->rank; d++)
        count *= (size_t)desc->shape[d];
    return count;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Text under construction; what does not fit is cut. */
typedef struct text_buffer {
    char *text;
    size_t used;
} text_buffer;

static void append(text_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(text_buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length =
        vsnprintf(buffer->text + buffer->used, OP_CASE_TEXT_MAX - buffer->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        buffer->used += (size_t)length;
    if (buffer->used >= OP_CASE_TEXT_MAX)
        buffer->used = OP_CASE_TEXT_MAX - 1;
}

static void append_tensors(text_buffer *buffer, const op_slot *slots, uint32_t count,
                           const retune_tensor_desc *descs) {
    char shape[RETUNE_DESC_TEXT_MAX];
    for (uint32_t s = 0; s < count; s++)
        if (descs[s].rank)
            append(buffer, " %s=%s%s", slots[s].name, retune_dtype_text(descs[s].dtype),
                   retune_desc_text(&descs[s], shape));
}

const char *op_case_format(const op_case *op, char text[OP_CASE_TEXT_MAX]) {
    const op_info *info = op_info_of(op->kind);
    text_buffer buffer = {.text = text};
    append(&buffer, "%s", info->name);
    append_tensors(&buffer, info->inputs, info->input_count, op->inputs);
    append(&buffer, " ->");
    append_tensors(&buffer, info->outputs, info->output_count, op->outputs);
    for (size_t a = 0; a < op_attribute_count; a++) {
        uint32_t whole;
        float real;
        memcpy(&whole, (const char *)&op->attributes + op_attributes[a].offset, sizeof whole);
        memcpy(&real, &whole, sizeof real);
        if (!op_reads_attribute(op->kind, &op_attributes[a]) || whole == 0)
            continue;
        if (op_attributes[a].real)
            append(&buffer, " %s=%.9g", op_attributes[a].name, (double)real);
        else
            append(&buffer, " %s=%u", op_attributes[a].name, whole);
    }
    if (op->learning_rate != 0)
        append(&buffer, " learning_rate=%.9g", (double)op->learning_rate);
    if (op->step != 0)
        append(&buffer, " step=%llu", (unsigned long long)op->step);
    append(&buffer, " data=%s seed=%llu", data_names[op->data], (unsigned long long)op->seed);
    return text;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* "f32[2,7,7,3]" */
static bool parse_tensor(const char *text, retune_tensor_desc *out_desc) {
    const size_t name_length = strcspn(text, "[");
    uint32_t dtype = RETUNE_F32;
    while (dtype <= RETUNE_I32 && (strlen(retune_dtype_text(dtype)) != name_length ||
                                   strncmp(retune_dtype_text(dtype), text, name_length) != 0))
        dtype++;
    if (dtype > RETUNE_I32 || text[name_length] != '[')
        return false;
    *out_desc = (retune_tensor_desc){.struct_size = sizeof *out_desc, .dtype = dtype};
    text += name_length;
    do {
        char *end = NULL;
        const long long dimension = strtoll(text + 1, &end, 10);
        if (out_desc->rank == RETUNE_RANK_MAX || dimension < 1 || dimension > 1 << 24)
            return false;
        out_desc->shape[out_desc->rank++] = dimension;
        text = end;
    } while (*text == ',');
    return strcmp(text, "]") == 0;
}

/* Reads an attribute or one of the scalars that every case has. */
static bool parse_scalar(const char *name, const char *value, op_case *op) {
    char *end = NULL;
    if (strcmp(name, "data") == 0) {
        for (op->data = 0; op->data < OP_DATA_COUNT; op->data++)
            if (strcmp(data_names[op->data], value) == 0)
                return true;
        return false;
    }
    if (strcmp(name, "learning_rate") == 0)
        op->learning_rate = strtof(value, &end);
    else if (strcmp(name, "step") == 0)
        op->step = strtoull(value, &end, 10);
    else if (strcmp(name, "seed") == 0)
        op->seed = strtoull(value, &end, 10);
    for (size_t a = 0; a < op_attribute_count; a++) {
        if (!op_reads_attribute(op->kind, &op_attributes[a]) ||
            strcmp(op_attributes[a].name, name) != 0)
            continue;
        const float real = strtof(value, &end);
        const uint32_t whole = op_attributes[a].real ? 0 : (uint32_t)strtoul(value, &end, 10);
        memcpy((char *)&op->attributes + op_attributes[a].offset,
               op_attributes[a].real ? (const void *)&real : (const void *)&whole, sizeof whole);
    }
    return end && end != value && *end == '\0';
}

static retune_status parse_word(char *word, bool *after_arrow, op_case *op, retune_error *error) {
    const op_info *info = op_info_of(op->kind);
    if (strcmp(word, "->") == 0) {
        *after_arrow = true;
        return RETUNE_OK;
    }
    char *value = strchr(word, '=');
    if (!value)
        return retune_fail(error, RETUNE_INVALID, "'%s' is not name=value", word);
    *value++ = '\0';
    const int slot = *after_arrow ? op_slot_named(info->outputs, info->output_count, word)
                                  : op_slot_named(info->inputs, info->input_count, word);
    retune_tensor_desc *descs = *after_arrow ? op->outputs : op->inputs;
    if (slot >= 0 ? !parse_tensor(value, &descs[slot]) : !parse_scalar(word, value, op))
        return retune_fail(error, RETUNE_INVALID, "%s: cannot read %s=%s", info->name, word, value);
    return RETUNE_OK;
}

static retune_status require(const op_info *info, const op_slot *slots, uint32_t count,
                             const retune_tensor_desc *descs, retune_error *error) {
    for (uint32_t s = 0; s < count; s++)
        if (!slots[s].optional && !descs[s].rank)
            return retune_fail(error, RETUNE_INVALID, "%s: the tensor %s is missing", info->name,
                               slots[s].name);
    return RETUNE_OK;
}

retune_status op_case_parse(const char *text, op_case *out_case, retune_error *error) {
    memset(out_case, 0, sizeof *out_case);
    char copy[OP_CASE_TEXT_MAX], *rest = NULL;
    if (strlen(text) >= sizeof copy)
        return retune_fail(error, RETUNE_INVALID, "a case longer than %zu characters", sizeof copy);
    strcpy(copy, text);
    const char *name = strtok_r(copy, " ", &rest);
    op_case op = {.kind = name ? op_kind_named(name) : RETUNE_OP_KIND_COUNT};
    if (op.kind == RETUNE_OP_KIND_COUNT)
        return retune_fail(error, RETUNE_INVALID, "'%s' is no op", name ? name : "");
    bool after_arrow = false;
    for (char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        RETUNE_TRY(parse_word(word, &after_arrow, &op, error));
    const op_info *info = op_info_of(op.kind);
    RETUNE_TRY(require(info, info->inputs, info->input_count, op.inputs, error));
    RETUNE_TRY(require(info, info->outputs, info->output_count, op.outputs, error));
    *out_case = op;
    return RETUNE_OK;
}

/* ---- Describing ---------------------------------------------------------------------------- */

retune_op_desc op_case_describe(const op_case *op) {
    retune_op_desc desc = {
        .struct_size = sizeof desc, .kind = op->kind, .attributes = op->attributes};
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        desc.inputs[s] = op->inputs[s].rank ? &op->inputs[s] : NULL;
        desc.outputs[s] = op->outputs[s].rank ? &op->outputs[s] : NULL;
    }
    return desc;
}

double op_case_reduction(const op_case *op) {
    const retune_op_desc desc = op_case_describe(op);
    return retune_op_reduction(&desc);
}

double op_case_work(const op_case *op) {
    double elements = 0;
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        elements += (double)desc_count(&op->inputs[s]) + (double)desc_count(&op->outputs[s]);
    return elements + op_case_reduction(op) * (double)desc_count(&op->outputs[0]);
}

uint32_t op_case_dtype(const op_case *op) {
    const retune_op_desc desc = op_case_describe(op);
    return retune_op_dtype(&desc);
}
