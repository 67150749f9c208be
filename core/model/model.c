#include "model/model.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/tensor_desc.h"
#include "base/window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *retune_layer_type_text(retune_layer_type type) {
    static const char *const names[] = {"conv2d", "depthwise_conv2d", "batch_norm", "activation",
                                        "pool",   "flatten",          "dense",      "softmax"};
    return names[type];
}

const char *retune_role_text(retune_parameter_role role) {
    static const char *const names[RETUNE_ROLE_COUNT] = {
        "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"};
    return names[role];
}

retune_status retune_model_create(const char *architecture, double alpha, uint32_t input_size,
                                  retune_model **out_model, retune_error *error) {
    *out_model = NULL;
    retune_model *model = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *model, "a model", &model, error));
    snprintf(model->architecture, sizeof model->architecture, "%s", architecture);
    model->alpha = alpha;
    model->input_size = input_size;
    model->scale = 1.0f / 127.5f;
    model->offset = -1.0f;
    *out_model = model;
    return RETUNE_OK;
}

void retune_model_destroy(retune_model *model) {
    if (!model)
        return;
    for (size_t p = 0; p < model->parameter_count; p++)
        free(model->parameters[p].values);
    for (size_t c = 0; c < model->class_count; c++)
        free(model->classes[c]);
    free(model->classes);
    free(model->parameters);
    free(model->layers);
    free(model);
}

static retune_status add_parameter(retune_model *model, uint32_t layer, retune_parameter_role role,
                                   retune_tensor_desc desc, retune_error *error) {
    RETUNE_TRY(retune_grow(&model->parameters, &model->parameter_capacity, model->parameter_count,
                           sizeof *model->parameters, "parameters", error));
    retune_parameter *parameter = &model->parameters[model->parameter_count];
    snprintf(parameter->name, sizeof parameter->name, "%s/%s", model->layers[layer].name,
             retune_role_text(role));
    parameter->layer = layer;
    parameter->role = role;
    parameter->desc = desc;
    RETUNE_TRY(retune_desc_elements(&desc, &parameter->elements, error));
    model->layers[layer].parameters[role] = (int32_t)model->parameter_count++;
    return RETUNE_OK;
}

/* Adds the parameters a layer's type asks for, given its input shape. */
static retune_status add_parameters(retune_model *model, uint32_t index, retune_error *error) {
    const retune_layer *layer = &model->layers[index];
    const retune_layer_options *o = &layer->options;
    int64_t channels = layer->input.shape[3];
    switch (layer->type) {
    case RETUNE_LAYER_CONV2D:
        return add_parameter(model, index, RETUNE_ROLE_KERNEL,
                             retune_desc(RETUNE_F32, 4, o->convolution.filters,
                                         o->convolution.kernel, o->convolution.kernel, channels),
                             error);
    case RETUNE_LAYER_DEPTHWISE_CONV2D:
        return add_parameter(
            model, index, RETUNE_ROLE_KERNEL,
            retune_desc(RETUNE_F32, 3, o->convolution.kernel, o->convolution.kernel, channels, 0),
            error);
    case RETUNE_LAYER_DENSE:
        RETUNE_TRY(add_parameter(model, index, RETUNE_ROLE_KERNEL,
                                 retune_desc(RETUNE_F32, 4, o->dense.units, 1, 1, channels),
                                 error));
        return add_parameter(model, index, RETUNE_ROLE_BIAS,
                             retune_desc_vector(RETUNE_F32, o->dense.units), error);
    case RETUNE_LAYER_BATCH_NORM:
        for (retune_parameter_role role = RETUNE_ROLE_GAMMA; role < RETUNE_ROLE_COUNT; role++)
            RETUNE_TRY(
                add_parameter(model, index, role, retune_desc_vector(RETUNE_F32, channels), error));
        return RETUNE_OK;
    case RETUNE_LAYER_ACTIVATION:
    case RETUNE_LAYER_POOL:
    case RETUNE_LAYER_FLATTEN:
    case RETUNE_LAYER_SOFTMAX:
        return RETUNE_OK;
    }
    return RETUNE_OK;
}

/* Output shape of one image. */
static retune_tensor_desc output_shape(const retune_layer *layer) {
    retune_tensor_desc out = layer->input;
    const retune_layer_options *o = &layer->options;
    switch (layer->type) {
    case RETUNE_LAYER_CONV2D:
    case RETUNE_LAYER_DEPTHWISE_CONV2D:
        for (int d = 1; d <= 2; d++) {
            uint32_t before, after;
            retune_window_same(out.shape[d], o->convolution.kernel, o->convolution.stride, &before,
                               &after);
            out.shape[d] = retune_window_output(out.shape[d], o->convolution.kernel,
                                                o->convolution.stride, 1, before, after);
        }
        if (layer->type == RETUNE_LAYER_CONV2D)
            out.shape[3] = o->convolution.filters;
        break;
    case RETUNE_LAYER_POOL:
        out.shape[1] = out.shape[2] = 1;
        break;
    case RETUNE_LAYER_FLATTEN:
        out.shape[3] *= out.shape[1] * out.shape[2];
        out.shape[1] = out.shape[2] = 1;
        break;
    case RETUNE_LAYER_DENSE:
        out.shape[3] = o->dense.units;
        break;
    case RETUNE_LAYER_BATCH_NORM:
    case RETUNE_LAYER_ACTIVATION:
    case RETUNE_LAYER_SOFTMAX:
        break;
    }
    return out;
}

retune_status retune_model_add(retune_model *model, const char *name, retune_layer_type type,
                               const retune_layer_options *options, retune_error *error) {
    if (strlen(name) >= RETUNE_NAME_MAX)
        return retune_fail(error, RETUNE_INVALID, "layer name '%s' is too long", name);
    if (retune_model_find_layer(model, name) >= 0)
        return retune_fail(error, RETUNE_INVALID, "two layers are named '%s'", name);
    RETUNE_TRY(retune_grow(&model->layers, &model->layer_capacity, model->layer_count,
                           sizeof *model->layers, "layers", error));
    uint32_t index = (uint32_t)model->layer_count;
    retune_layer *layer = &model->layers[index];
    snprintf(layer->name, sizeof layer->name, "%s", name);
    layer->type = type;
    if (options)
        layer->options = *options;
    for (int role = 0; role < RETUNE_ROLE_COUNT; role++)
        layer->parameters[role] = -1;
    layer->input = index > 0
                       ? model->layers[index - 1].output
                       : retune_desc(RETUNE_F32, 4, 1, model->input_size, model->input_size, 3);
    if (type == RETUNE_LAYER_DENSE && layer->input.shape[1] * layer->input.shape[2] != 1)
        return retune_fail(error, RETUNE_INVALID,
                           "layer '%s' needs one value a channel: put average_pool or flatten "
                           "before it",
                           name);
    layer->output = output_shape(layer);
    size_t elements;
    if (retune_desc_elements(&layer->output, &elements, error) != RETUNE_OK)
        return retune_fail_context(error, RETUNE_INVALID, "layer '%s' has no output", name);
    model->layer_count++;
    return add_parameters(model, index, error);
}

retune_status retune_model_set_classes(retune_model *model, char *const *names, size_t count,
                                       retune_error *error) {
    char **copies = NULL;
    RETUNE_TRY(retune_allocate(count, sizeof *copies, "class names", &copies, error));
    retune_status status = RETUNE_OK;
    for (size_t c = 0; c < count && status == RETUNE_OK; c++)
        status = retune_copy_text(names[c], &copies[c], error);
    /* On failure the copies made so far are what has to go; otherwise the names held before. */
    char **gone = status == RETUNE_OK ? model->classes : copies;
    size_t gone_count = status == RETUNE_OK ? model->class_count : count;
    if (status == RETUNE_OK) {
        model->classes = copies;
        model->class_count = count;
    }
    for (size_t c = 0; c < gone_count; c++)
        free(gone[c]);
    free(gone);
    return status;
}

/* Glorot uniform: the limit balances the variance of outputs and of gradients. */
static void fill_glorot(retune_parameter *parameter, uint64_t seed, uint64_t stream) {
    const int64_t *s = parameter->desc.shape;
    double fan_in, fan_out;
    if (parameter->desc.rank == 4) {
        fan_in = (double)(s[1] * s[2] * s[3]);
        fan_out = (double)(s[1] * s[2] * s[0]);
    } else {
        fan_in = fan_out = (double)(s[0] * s[1]);
    }
    float limit = (float)sqrt(6.0 / (fan_in + fan_out));
    retune_random random = retune_random_make(seed, stream);
    for (size_t i = 0; i < parameter->elements; i++)
        parameter->values[i] = limit * (2.0f * retune_random_unit(&random) - 1.0f);
}

retune_status retune_model_allocate(retune_model *model, uint64_t seed, retune_error *error) {
    for (size_t p = 0; p < model->parameter_count; p++) {
        retune_parameter *parameter = &model->parameters[p];
        if (!parameter->values)
            RETUNE_TRY(retune_allocate_aligned(parameter->elements * sizeof(float), parameter->name,
                                               &parameter->values, error));
        bool one =
            parameter->role == RETUNE_ROLE_GAMMA || parameter->role == RETUNE_ROLE_MOVING_VARIANCE;
        for (size_t i = 0; i < parameter->elements; i++)
            parameter->values[i] = one ? 1.0f : 0.0f;
        if (parameter->role == RETUNE_ROLE_KERNEL)
            fill_glorot(parameter, seed, p);
    }
    return RETUNE_OK;
}

int32_t retune_model_find_layer(const retune_model *model, const char *name) {
    for (size_t l = 0; l < model->layer_count; l++)
        if (strcmp(model->layers[l].name, name) == 0)
            return (int32_t)l;
    return -1;
}

int32_t retune_model_find_parameter(const retune_model *model, const char *name) {
    for (size_t p = 0; p < model->parameter_count; p++)
        if (strcmp(model->parameters[p].name, name) == 0)
            return (int32_t)p;
    return -1;
}

uint64_t retune_model_parameter_total(const retune_model *model) {
    uint64_t total = 0;
    for (size_t p = 0; p < model->parameter_count; p++)
        total += model->parameters[p].elements;
    return total;
}
