/* The architectures retune knows, and the heads put on top of them. */
#include "model/model.h"

#include "retune/backend.h"

#include <stdio.h>
#include <string.h>

/* A convolution with its batch norm and ReLU6, named as Keras Applications names them. */
static retune_status add_block(retune_model *model, const char *name, retune_layer_type type,
                               uint32_t kernel, uint32_t stride, uint32_t filters,
                               retune_error *error) {
    char layer[RETUNE_NAME_MAX];
    retune_layer_options convolution = {.convolution = {kernel, stride, filters}};
    retune_layer_options batch_norm = {.batch_norm = {0.99f, 1e-3f}};
    retune_layer_options relu6 = {.activation = {RETUNE_ACTIVATION_RELU6}};
    RETUNE_TRY(retune_model_add(model, name, type, &convolution, error));
    snprintf(layer, sizeof layer, "%s_bn", name);
    RETUNE_TRY(retune_model_add(model, layer, RETUNE_LAYER_BATCH_NORM, &batch_norm, error));
    snprintf(layer, sizeof layer, "%s_relu", name);
    return retune_model_add(model, layer, RETUNE_LAYER_ACTIVATION, &relu6, error);
}

/* MobileNet V1 (Howard and others 2017, table 1), as Keras Applications builds it. */
static retune_status add_mobilenet_v1(retune_model *model, retune_error *error) {
    static const struct {
        uint32_t filters, stride;
    } blocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                  {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    if (32.0 * model->alpha < 1.0)
        return retune_fail(error, RETUNE_INVALID, "alpha %g leaves conv1 without a channel",
                           model->alpha);
    RETUNE_TRY(add_block(model, "conv1", RETUNE_LAYER_CONV2D, 3, 2, (uint32_t)(32.0 * model->alpha),
                         error));
    for (uint32_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        char name[RETUNE_NAME_MAX];
        snprintf(name, sizeof name, "conv_dw_%u", b + 1);
        RETUNE_TRY(
            add_block(model, name, RETUNE_LAYER_DEPTHWISE_CONV2D, 3, blocks[b].stride, 0, error));
        snprintf(name, sizeof name, "conv_pw_%u", b + 1);
        RETUNE_TRY(add_block(model, name, RETUNE_LAYER_CONV2D, 1, 1,
                             (uint32_t)(blocks[b].filters * model->alpha), error));
    }
    return RETUNE_OK;
}

retune_status retune_model_add_architecture(retune_model *model, retune_error *error) {
    if (strcmp(model->architecture, "mobilenet_v1") != 0)
        return retune_fail(error, RETUNE_INVALID,
                           "architecture '%s' is not known; known: mobilenet_v1",
                           model->architecture);
    RETUNE_TRY(add_mobilenet_v1(model, error));
    model->head_begin = model->layer_count;
    return RETUNE_OK;
}

/* What a head may be made of. */
static const struct {
    const char *name;
    retune_layer_type type;
    retune_layer_options options;
} head_layers[] = {
    {"average_pool", RETUNE_LAYER_POOL, {.pool = {RETUNE_POOL_AVERAGE}}},
    {"max_pool", RETUNE_LAYER_POOL, {.pool = {RETUNE_POOL_MAX}}},
    {"flatten", RETUNE_LAYER_FLATTEN, {{0}}},
    {"dense", RETUNE_LAYER_DENSE, {{0}}},
    {"softmax", RETUNE_LAYER_SOFTMAX, {{0}}},
};

retune_status retune_model_add_head(retune_model *model, char *const *names, size_t name_count,
                                    uint32_t class_count, retune_error *error) {
    if (class_count < 2)
        return retune_fail(error, RETUNE_INVALID, "a classifier needs at least two classes");
    if (name_count < 2 || strcmp(names[name_count - 1], "softmax") != 0 ||
        strcmp(names[name_count - 2], "dense") != 0)
        return retune_fail(error, RETUNE_INVALID, "[model] head: must end in dense, softmax");
    for (size_t n = 0; n < name_count; n++) {
        size_t known = sizeof head_layers / sizeof head_layers[0], h = 0;
        while (h < known && strcmp(head_layers[h].name, names[n]) != 0)
            h++;
        if (h == known)
            return retune_fail(error, RETUNE_INVALID,
                               "[model] head: '%s' is not one of average_pool, max_pool, flatten, "
                               "dense, softmax",
                               names[n]);
        retune_layer_options options = head_layers[h].options;
        if (head_layers[h].type == RETUNE_LAYER_DENSE)
            options.dense.units = class_count;
        retune_status status =
            retune_model_add(model, names[n], head_layers[h].type, &options, error);
        if (status != RETUNE_OK)
            return retune_fail_context(error, status, "[model] head");
    }
    return RETUNE_OK;
}
