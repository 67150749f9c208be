#include "train/learned.h"

#include "base/memory.h"
#include "base/tensor_desc.h"

#include <string.h>

void retune_learned_close(retune_learned *learned) {
    for (size_t t = 0; t < learned->count; t++)
        free(learned->tensors[t].name);
    free(learned->tensors);
    free(learned->memory);
    free(learned->spare);
    memset(learned, 0, sizeof *learned);
}

/* The value behind each tensor: of every trained parameter itself and what the optimiser keeps for
 * it, then statistics. RETUNE_NO_VALUE where an optimiser keeps less; `index` goes up to
 * value_count. */
static size_t value_count(const retune_plan *plan) {
    return 3 * plan->parameter_count + plan->statistic_count;
}

static int32_t value_at(const retune_plan *plan, size_t index) {
    if (index >= 3 * plan->parameter_count)
        return plan->statistics[index - 3 * plan->parameter_count];
    const retune_plan_parameter *parameter = &plan->parameters[index / 3];
    return index % 3 == 0 ? parameter->value : parameter->states[index % 3 - 1];
}

retune_status retune_learned_bytes(const retune_plan *plan, uint64_t *out_bytes,
                                   retune_error *error) {
    *out_bytes = 0;
    for (size_t i = 0; i < value_count(plan); i++) {
        int32_t value = value_at(plan, i);
        size_t bytes = 0;
        if (value == RETUNE_NO_VALUE)
            continue;
        RETUNE_TRY(retune_desc_bytes(&plan->graph->values[value].desc, &bytes, error));
        *out_bytes += 2 * (uint64_t)bytes; /* as it is, and as it is read */
    }
    return RETUNE_OK;
}

static retune_status add_tensor(retune_learned *learned, const retune_plan *plan, size_t index,
                                const retune_model *model, retune_error *error) {
    const retune_value *value = &plan->graph->values[value_at(plan, index)];
    bool state = index < 3 * plan->parameter_count && index % 3 != 0;
    int32_t parameter = state ? plan->parameters[index / 3].parameter : value->parameter;
    const char *name = model->parameters[parameter].name;
    retune_learned_tensor *tensor = &learned->tensors[learned->count];
    size_t bytes = 0;
    RETUNE_TRY(retune_desc_bytes(&value->desc, &bytes, error));
    RETUNE_TRY(state
                   ? retune_format_text(&tensor->name, error, "optimizer/%s/%s", value->name, name)
                   : retune_copy_text(name, &tensor->name, error));
    learned->count++;
    tensor->desc = value->desc;
    tensor->parameter = state ? -1 : parameter;
    tensor->offset = learned->bytes;
    return retune_size_add(learned->bytes, bytes, &learned->bytes)
               ? RETUNE_OK
               : retune_fail_memory(error, SIZE_MAX, "what is learned");
}

static retune_status open(const retune_plan *plan, const retune_model *model,
                          retune_learned *learned, retune_error *error) {
    size_t most = value_count(plan);
    RETUNE_TRY(retune_allocate(most, sizeof *learned->tensors, "what is learned", &learned->tensors,
                               error));
    for (size_t i = 0; i < most; i++)
        if (value_at(plan, i) != RETUNE_NO_VALUE)
            RETUNE_TRY(add_tensor(learned, plan, i, model, error));
    RETUNE_TRY(retune_allocate_aligned(learned->bytes, "what is learned", &learned->memory, error));
    return retune_allocate_aligned(learned->bytes, "what is learned", &learned->spare, error);
}

static size_t tensor_bytes(const retune_learned *learned, size_t t) {
    size_t end = t + 1 < learned->count ? learned->tensors[t + 1].offset : learned->bytes;
    return end - learned->tensors[t].offset;
}

retune_status retune_learned_open(const retune_plan *plan, const retune_model *model,
                                  retune_learned *out_learned, retune_error *error) {
    memset(out_learned, 0, sizeof *out_learned);
    retune_status status = open(plan, model, out_learned, error);
    if (status != RETUNE_OK) {
        retune_learned_close(out_learned);
        return status;
    }
    for (size_t t = 0; t < out_learned->count; t++) {
        const retune_learned_tensor *tensor = &out_learned->tensors[t];
        if (tensor->parameter >= 0)
            memcpy(out_learned->memory + tensor->offset,
                   model->parameters[tensor->parameter].values, tensor_bytes(out_learned, t));
    }
    return RETUNE_OK;
}

retune_status retune_learned_read(retune_learned *learned, const retune_plan *plan,
                                  retune_executable *executable, retune_error *error) {
    size_t t = 0;
    for (size_t i = 0; i < value_count(plan); i++) {
        int32_t value = value_at(plan, i);
        if (value == RETUNE_NO_VALUE)
            continue;
        unsigned char *to = learned->spare + learned->tensors[t++].offset;
        RETUNE_TRY(retune_executable_read_all(executable, value, to, error));
    }
    unsigned char *before = learned->memory;
    learned->memory = learned->spare;
    learned->spare = before;
    return RETUNE_OK;
}

retune_status retune_learned_write_state(const retune_learned *learned, const retune_plan *plan,
                                         retune_executable *executable, retune_error *error) {
    size_t t = 0;
    for (size_t i = 0; i < value_count(plan); i++) {
        int32_t value = value_at(plan, i);
        if (value == RETUNE_NO_VALUE)
            continue;
        const retune_learned_tensor *tensor = &learned->tensors[t++];
        if (tensor->parameter < 0)
            RETUNE_TRY(retune_executable_write_all(executable, value,
                                                   learned->memory + tensor->offset, error));
    }
    return RETUNE_OK;
}

void retune_learned_to_model(const retune_learned *learned, retune_model *model) {
    for (size_t t = 0; t < learned->count; t++) {
        const retune_learned_tensor *tensor = &learned->tensors[t];
        if (tensor->parameter >= 0)
            memcpy(model->parameters[tensor->parameter].values, learned->memory + tensor->offset,
                   tensor_bytes(learned, t));
    }
}
