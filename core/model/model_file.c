#include "model/model_file.h"

#include "base/half.h"
#include "base/memory.h"
#include "base/tensor_desc.h"

#include <cJSON.h>
#include <string.h>

/* ---- Writing ------------------------------------------------------------------------------- */

static bool add_names(cJSON *object, const char *key, char *const *names, size_t count) {
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (size_t n = 0; array && n < count; n++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateString(names[n])))
            return false;
    return array != NULL;
}

static bool add_head(cJSON *object, const retune_model *model) {
    cJSON *array = cJSON_AddArrayToObject(object, "head");
    for (size_t l = model->head_begin; array && l < model->layer_count; l++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateString(model->layers[l].name)))
            return false;
    return array != NULL;
}

static retune_status describe_model(const retune_model *model, char **out_text,
                                    retune_error *error) {
    *out_text = NULL;
    cJSON *object = cJSON_CreateObject();
    bool ok = object && cJSON_AddStringToObject(object, "architecture", model->architecture) &&
              cJSON_AddNumberToObject(object, "alpha", model->alpha) &&
              cJSON_AddNumberToObject(object, "input", model->input_size) &&
              cJSON_AddNumberToObject(object, "resize", model->resize) &&
              cJSON_AddNumberToObject(object, "scale", (double)model->scale) &&
              cJSON_AddNumberToObject(object, "offset", (double)model->offset) &&
              add_head(object, model) &&
              add_names(object, "classes", model->classes, model->class_count);
    if (ok)
        *out_text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return *out_text ? RETUNE_OK : retune_fail_memory(error, 0, "model metadata");
}

retune_status retune_model_file_write(const char *path, const retune_model *model,
                                      const retune_option *more_metadata, size_t metadata_count,
                                      const retune_safetensors_entry *more_tensors,
                                      size_t tensor_count, retune_error *error) {
    return retune_model_file_write_some(path, model, NULL, more_metadata, metadata_count,
                                        more_tensors, tensor_count, error);
}

retune_status retune_model_file_write_some(const char *path, const retune_model *model,
                                           const bool *chosen, const retune_option *more_metadata,
                                           size_t metadata_count,
                                           const retune_safetensors_entry *more_tensors,
                                           size_t tensor_count, retune_error *error) {
    char *description = NULL;
    retune_option *metadata = NULL;
    retune_safetensors_entry *entries = NULL;
    size_t count = 0;
    retune_status status = describe_model(model, &description, error);
    if (status == RETUNE_OK)
        status =
            retune_allocate(metadata_count + 1, sizeof *metadata, "metadata", &metadata, error);
    if (status == RETUNE_OK)
        status = retune_allocate(model->parameter_count + tensor_count, sizeof *entries,
                                 "model tensors", &entries, error);
    if (status != RETUNE_OK)
        goto done;
    metadata[0] = (retune_option){RETUNE_MODEL_METADATA, description};
    for (size_t m = 0; m < metadata_count; m++)
        metadata[m + 1] = more_metadata[m];
    for (size_t p = 0; p < model->parameter_count; p++)
        if (!chosen || chosen[p])
            entries[count++] = (retune_safetensors_entry){
                model->parameters[p].name, model->parameters[p].desc, model->parameters[p].values};
    for (size_t t = 0; t < tensor_count; t++)
        entries[count++] = more_tensors[t];
    status = retune_safetensors_write(path, metadata, metadata_count + 1, entries, count, error);
done:
    cJSON_free(description);
    free(metadata);
    free(entries);
    return status;
}

/* Rounds a parameter's values; one that is finite stays finite. */
static retune_status round_values(const retune_parameter *parameter, uint16_t *out_halves,
                                  retune_error *error) {
    const float most = 65504.0f; /* the largest half */
    retune_half_from_float(parameter->values, out_halves, parameter->elements);
    for (size_t i = 0; i < parameter->elements; i++)
        if (!(parameter->values[i] >= -most && parameter->values[i] <= most))
            return retune_fail(error, RETUNE_INVALID,
                               "%s: element %zu is %g, which fp16 cannot hold", parameter->name, i,
                               (double)parameter->values[i]);
    return RETUNE_OK;
}

retune_status retune_model_file_write_half(const char *path, const retune_model *model,
                                           retune_error *error) {
    uint16_t *halves = NULL;
    bool *none = NULL;
    retune_safetensors_entry *entries = NULL;
    size_t at = 0;
    retune_status status = retune_allocate(retune_model_parameter_total(model), sizeof *halves,
                                           "fp16 weights", &halves, error);
    if (status == RETUNE_OK)
        status = retune_allocate(model->parameter_count, sizeof *entries, "model tensors", &entries,
                                 error);
    if (status == RETUNE_OK)
        status =
            retune_allocate(model->parameter_count, sizeof *none, "model tensors", &none, error);
    for (size_t p = 0; p < model->parameter_count && status == RETUNE_OK; p++) {
        const retune_parameter *parameter = &model->parameters[p];
        entries[p] = (retune_safetensors_entry){parameter->name, parameter->desc, halves + at};
        entries[p].desc.dtype = RETUNE_F16;
        status = round_values(parameter, halves + at, error);
        at += parameter->elements;
    }
    if (status == RETUNE_OK)
        status = retune_model_file_write_some(path, model, none, NULL, 0, entries,
                                              model->parameter_count, error);
    else if (status == RETUNE_INVALID)
        retune_fail_context(error, status, "%s", path);
    free(none);
    free(entries);
    free(halves);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static retune_status bad_field(const char *path, const char *field, retune_error *error) {
    return retune_fail(error, RETUNE_CORRUPT,
                       "%s: metadata " RETUNE_MODEL_METADATA ": '%s' is missing or out of range",
                       path, field);
}

static retune_status get_number(const cJSON *object, const char *path, const char *field,
                                double minimum, double maximum, double *out_number,
                                retune_error *error) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, field);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= minimum && item->valuedouble <= maximum))
        return bad_field(path, field, error);
    *out_number = item->valuedouble;
    return RETUNE_OK;
}

static retune_status get_integer(const cJSON *object, const char *path, const char *field,
                                 uint32_t minimum, uint32_t maximum, uint32_t *out_integer,
                                 retune_error *error) {
    double number = 0;
    RETUNE_TRY(get_number(object, path, field, minimum, maximum, &number, error));
    *out_integer = (uint32_t)number;
    return number == (double)*out_integer ? RETUNE_OK : bad_field(path, field, error);
}

/* The strings of an array; they stay the JSON's, the list is the caller's to free. */
static retune_status get_names(const cJSON *object, const char *path, const char *field,
                               char ***out_names, size_t *out_count, retune_error *error) {
    *out_names = NULL;
    *out_count = 0;
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, field);
    int count = cJSON_GetArraySize(array);
    if (!cJSON_IsArray(array) || count < 2)
        return bad_field(path, field, error);
    RETUNE_TRY(retune_allocate((size_t)count, sizeof **out_names, field, out_names, error));
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (!cJSON_IsString(item) || item->valuestring[0] == '\0') {
            free(*out_names);
            *out_names = NULL;
            *out_count = 0;
            return bad_field(path, field, error);
        }
        (*out_names)[(*out_count)++] = item->valuestring;
    }
    return RETUNE_OK;
}

static retune_status build(const cJSON *object, const char *path, retune_model **out_model,
                           retune_error *error) {
    const cJSON *architecture = cJSON_GetObjectItemCaseSensitive(object, "architecture");
    double alpha = 0, scale = 0, offset = 0;
    uint32_t input = 0, resize = 0;
    if (!cJSON_IsString(architecture))
        return bad_field(path, "architecture", error);
    RETUNE_TRY(get_number(object, path, "alpha", 0.03125, 4.0, &alpha, error));
    RETUNE_TRY(get_integer(object, path, "input", 32, 1024, &input, error));
    RETUNE_TRY(get_integer(object, path, "resize", 0, 1, &resize, error));
    RETUNE_TRY(get_number(object, path, "scale", -1e6, 1e6, &scale, error));
    RETUNE_TRY(get_number(object, path, "offset", -1e6, 1e6, &offset, error));

    char **head = NULL, **classes = NULL;
    size_t head_count = 0, class_count = 0;
    retune_status status = get_names(object, path, "head", &head, &head_count, error);
    if (status == RETUNE_OK)
        status = get_names(object, path, "classes", &classes, &class_count, error);
    if (status == RETUNE_OK)
        status = retune_model_create(architecture->valuestring, alpha, input, out_model, error);
    if (status == RETUNE_OK)
        status = retune_model_add_architecture(*out_model, error);
    if (status == RETUNE_OK)
        status = retune_model_add_head(*out_model, head, head_count, (uint32_t)class_count, error);
    if (status == RETUNE_OK)
        status = retune_model_set_classes(*out_model, classes, class_count, error);
    if (status == RETUNE_OK) {
        (*out_model)->resize = resize;
        (*out_model)->scale = (float)scale;
        (*out_model)->offset = (float)offset;
    } else if (status == RETUNE_INVALID) {
        status = retune_fail_context(error, RETUNE_CORRUPT, "%s", path);
    }
    free(head);
    free(classes);
    return status;
}

retune_status retune_model_file_describe(const retune_safetensors *file, const char *path,
                                         retune_model **out_model, retune_error *error) {
    *out_model = NULL;
    const char *text = retune_safetensors_metadata(file, RETUNE_MODEL_METADATA);
    if (!text)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: not a model made by retune (no metadata " RETUNE_MODEL_METADATA ")",
                           path);
    cJSON *object = cJSON_Parse(text);
    retune_status status =
        cJSON_IsObject(object)
            ? build(object, path, out_model, error)
            : retune_fail(error, RETUNE_CORRUPT,
                          "%s: metadata " RETUNE_MODEL_METADATA " is not a JSON object", path);
    cJSON_Delete(object);
    if (status != RETUNE_OK) {
        retune_model_destroy(*out_model);
        *out_model = NULL;
    }
    return status;
}

bool retune_model_file_fits(const retune_tensor_desc *desc, const retune_parameter *parameter) {
    retune_tensor_desc widened = *desc;
    if (widened.dtype == RETUNE_F16)
        widened.dtype = RETUNE_F32;
    return retune_desc_equal(&widened, &parameter->desc);
}

void retune_model_file_fill(const retune_safetensors_tensor *tensor, retune_parameter *parameter) {
    if (tensor->desc.dtype == RETUNE_F16)
        retune_half_to_float(tensor->data, parameter->values, parameter->elements);
    else
        memcpy(parameter->values, tensor->data, parameter->elements * sizeof(float));
}

retune_status retune_model_file_load(const retune_safetensors *file, const char *path,
                                     retune_model *model, retune_error *error) {
    for (size_t p = 0; p < model->parameter_count; p++) {
        retune_parameter *parameter = &model->parameters[p];
        const retune_safetensors_tensor *tensor = retune_safetensors_find(file, parameter->name);
        char is[RETUNE_DESC_TEXT_MAX], should[RETUNE_DESC_TEXT_MAX];
        if (!tensor)
            return retune_fail(error, RETUNE_CORRUPT, "%s: %s is missing", path, parameter->name);
        if (!retune_model_file_fits(&tensor->desc, parameter))
            return retune_fail(error, RETUNE_CORRUPT, "%s: %s is %s %s, not %s %s", path,
                               parameter->name, retune_dtype_text(tensor->desc.dtype),
                               retune_desc_text(&tensor->desc, is),
                               retune_dtype_text(parameter->desc.dtype),
                               retune_desc_text(&parameter->desc, should));
        retune_model_file_fill(tensor, parameter);
    }
    return RETUNE_OK;
}

retune_status retune_model_file_read(const char *path, retune_model **out_model,
                                     retune_error *error) {
    *out_model = NULL;
    retune_safetensors *file = NULL;
    retune_model *model = NULL;
    retune_status status = retune_safetensors_open(path, &file, error);
    if (status == RETUNE_OK)
        status = retune_model_file_describe(file, path, &model, error);
    if (status == RETUNE_OK)
        status = retune_model_allocate(model, 0, error);
    if (status == RETUNE_OK)
        status = retune_model_file_load(file, path, model, error);
    retune_safetensors_close(file);
    if (status == RETUNE_OK)
        *out_model = model;
    else
        retune_model_destroy(model);
    return status;
}
