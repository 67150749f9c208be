#include "model/delta.h"

#include "base/memory.h"
#include "model/model_file.h"

#include <stdio.h>
#include <string.h>

retune_hash retune_delta_base(const retune_model *model) {
    retune_hash hash = retune_hash_bytes("base", 4);
    for (size_t p = 0; p < model->parameter_count; p++) {
        const retune_parameter *parameter = &model->parameters[p];
        if (parameter->layer >= model->head_begin)
            continue;
        hash =
            retune_hash_combine(hash, retune_hash_bytes(parameter->name, strlen(parameter->name)));
        hash = retune_hash_combine(
            hash, retune_hash_bytes(parameter->values, parameter->elements * sizeof(float)));
    }
    return hash;
}

retune_status retune_delta_write(const char *path, const retune_model *model, const bool *changed,
                                 retune_hash base, retune_error *error) {
    char digits[RETUNE_HASH_TEXT_MAX], text[sizeof digits + 16];
    snprintf(text, sizeof text, "{\"base\":\"%s\"}", retune_hash_text(base, digits));
    retune_option metadata = {RETUNE_DELTA_METADATA, text};
    return retune_model_file_write_some(path, model, changed, &metadata, 1, NULL, 0, error);
}
