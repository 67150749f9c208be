#include "model/import.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "model/model_file.h"
#include "model/safetensors.h"

#include <string.h>

/* Which parameters an import has filled so far. */
typedef struct import {
    retune_model *model;
    const char *path;
    bool *filled;
    bool with_head;
    bool halves; /* the file may hold fp16 */
    retune_import_report report;
} import;

/* The parameter a tensor is for, after its shape was checked; NULL: not wanted. */
static retune_status match_tensor(import *in, const char *name, const retune_tensor_desc *desc,
                                  retune_parameter **out_parameter, retune_error *error) {
    *out_parameter = NULL;
    int32_t index = retune_model_find_parameter(in->model, name);
    if (index < 0 ||
        (!in->with_head && in->model->parameters[index].layer >= in->model->head_begin)) {
        in->report.ignored++;
        return RETUNE_OK;
    }
    retune_parameter *parameter = &in->model->parameters[index];
    char is[RETUNE_DESC_TEXT_MAX], should[RETUNE_DESC_TEXT_MAX];
    if (in->halves ? !retune_model_file_fits(desc, parameter)
                   : !retune_desc_equal(desc, &parameter->desc))
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: %s is %s %s, but %s with [model] alpha = %g has %s %s; were these "
                           "weights made for another alpha?",
                           in->path, name, retune_dtype_text(desc->dtype),
                           retune_desc_text(desc, is), in->model->architecture, in->model->alpha,
                           retune_dtype_text(parameter->desc.dtype),
                           retune_desc_text(&parameter->desc, should));
    if (in->filled[index])
        return retune_fail(error, RETUNE_CORRUPT, "%s: %s is there twice", in->path, name);
    in->filled[index] = true;
    in->report.loaded++;
    *out_parameter = parameter;
    return RETUNE_OK;
}

static retune_status check_complete(const import *in, retune_error *error) {
    for (size_t p = 0; p < in->model->parameter_count; p++) {
        bool head = in->model->parameters[p].layer >= in->model->head_begin;
        if (!in->filled[p] && (in->with_head || !head))
            return retune_fail(error, RETUNE_CORRUPT,
                               "%s: %s is missing, so these are no weights "
                               "for %s",
                               in->path, in->model->parameters[p].name, in->model->architecture);
    }
    return RETUNE_OK;
}

/* Not a NaN, not infinite, and no variance below zero: one such value would turn every result into
 * nonsense. */
static retune_status check_values(const import *in, const retune_parameter *parameter,
                                  retune_error *error) {
    for (size_t i = 0; i < parameter->elements; i++) {
        float value = parameter->values[i];
        if (!(value - value == 0.0f))
            return retune_fail(error, RETUNE_CORRUPT, "%s: %s: element %zu is not a finite number",
                               in->path, parameter->name, i);
        if (parameter->role == RETUNE_ROLE_MOVING_VARIANCE && value < 0.0f)
            return retune_fail(error, RETUNE_CORRUPT, "%s: %s: element %zu is negative", in->path,
                               parameter->name, i);
    }
    return RETUNE_OK;
}

static retune_status read_tensor(import *in, const retune_format *format,
                                 retune_format_reader *reader, size_t index, retune_error *error) {
    retune_format_tensor tensor = {.struct_size = (uint32_t)sizeof tensor};
    retune_parameter *parameter = NULL;
    RETUNE_TRY(format->tensor_info(reader, index, &tensor, error));
    tensor.name[sizeof tensor.name - 1] = '\0';
    RETUNE_TRY(match_tensor(in, tensor.name, &tensor.desc, &parameter, error));
    if (!parameter)
        return RETUNE_OK;
    RETUNE_TRY(format->tensor_read(reader, index, parameter->values,
                                   parameter->elements * sizeof(float), error));
    return check_values(in, parameter, error);
}

static retune_status import_open(import *in, retune_model *model, const char *path,
                                 retune_error *error) {
    *in = (import){.model = model, .path = path};
    return retune_allocate(model->parameter_count, sizeof *in->filled, "an import", &in->filled,
                           error);
}

static retune_status import_close(import *in, retune_status status,
                                  retune_import_report *out_report, retune_error *error) {
    if (status == RETUNE_OK)
        status = check_complete(in, error);
    if (status == RETUNE_OK) {
        in->report.head = in->with_head;
        *out_report = in->report;
    }
    free(in->filled);
    return status;
}

retune_status retune_model_import(retune_model *model, const retune_format *format,
                                  const char *path, retune_import_report *out_report,
                                  retune_error *error) {
    memset(out_report, 0, sizeof *out_report);
import in;
    retune_format_reader *reader = NULL;
    RETUNE_TRY(import_open(&in, model, path, error));
    retune_status status = format->reader_open(path, &reader, error);
    size_t count = status == RETUNE_OK ? format->tensor_count(reader) : 0;
    for (size_t t = 0; t < count && status == RETUNE_OK; t++)
        status = read_tensor(&in, format, reader, t, error);
    if (reader)
        format->reader_close(reader);
    return import_close(&in, status, out_report, error);
}

/* The head of one can stand for the other's: the same layers, and the same classes. */
static bool same_head(const retune_model *a, const retune_model *b) {
    size_t layers = a->layer_count - a->head_begin;
    bool same = layers == b->layer_count - b->head_begin && a->class_count == b->class_count &&
                a->class_count > 0;
    for (size_t l = 0; same && l < layers; l++)
        same = strcmp(a->layers[a->head_begin + l].name, b->layers[b->head_begin + l].name) == 0;
    for (size_t c = 0; same && c < a->class_count; c++)
        same = strcmp(a->classes[c], b->classes[c]) == 0;
    return same;
}

retune_status retune_model_import_safetensors(retune_model *model, const char *path,
                                              retune_import_report *out_report,
                                              retune_error *error) {
    memset(out_report, 0, sizeof *out_report);
import in;
    retune_safetensors *file = NULL;
    retune_model *described = NULL;
    RETUNE_TRY(import_open(&in, model, path, error));
    in.halves = true;
    retune_status status = retune_safetensors_open(path, &file, error);
    if (status == RETUNE_OK && retune_safetensors_metadata(file, RETUNE_MODEL_METADATA)) {
        status = retune_model_file_describe(file, path, &described, error);
        in.with_head = status == RETUNE_OK && same_head(model, described);
    }
    size_t count = status == RETUNE_OK ? retune_safetensors_count(file) : 0;
    for (size_t t = 0; t < count && status == RETUNE_OK; t++) {
        const retune_safetensors_tensor *tensor = retune_safetensors_tensor_at(file, t);
        retune_parameter *parameter = NULL;
        status = match_tensor(&in, tensor->name, &tensor->desc, &parameter, error);
        if (status == RETUNE_OK && parameter) {
            retune_model_file_fill(tensor, parameter);
            status = check_values(&in, parameter, error);
        }
    }
    retune_model_destroy(described);
    retune_safetensors_close(file);
    return import_close(&in, status, out_report, error);
}
