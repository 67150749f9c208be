/* The layers of the architecture and of heads, their shapes and parameters. */
#include "base/tensor_desc.h"

#include "network.h"

#include "retune/backend.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect_output(const retune_model *model, const char *layer, const char *shape) {
    char text[RETUNE_DESC_TEXT_MAX];
    const retune_layer *l = &model->layers[network_layer(model, layer)];
    cr_expect_str_eq(retune_desc_text(&l->output, text), shape, "%s is %s, not %s", layer, text,
                     shape);
}

/* The totals of the weights without classifier that Keras Applications publishes. */
Test(architecture, parameter_totals) {
    static const struct {
        double alpha;
        uint64_t total;
        int64_t channels;
    } widths[] = {
        {1.0, 3228864, 1024}, {0.75, 1832976, 768}, {0.5, 829536, 512}, {0.25, 218544, 256}};
    for (size_t w = 0; w < COUNT(widths); w++) {
        retune_model *model = network_make(widths[w].alpha, 224, 5);
        uint64_t head = (uint64_t)widths[w].channels * 5 + 5;
        cr_expect_eq(retune_model_parameter_total(model), widths[w].total + head, "alpha %g",
                     widths[w].alpha);
        const retune_layer *last = &model->layers[model->head_begin - 1];
        cr_expect_str_eq(last->name, "conv_pw_13_relu");
        cr_expect_eq(last->output.shape[3], widths[w].channels);
        retune_model_destroy(model);
    }
}

Test(architecture, the_seed_model) {
    retune_model *model = network_make(1.0, 224, 5);
    cr_expect_eq(retune_model_parameter_total(model), 3233989);
    expect_output(model, "conv1", "[1,112,112,32]");
    expect_output(model, "conv_pw_1_relu", "[1,112,112,64]");
    expect_output(model, "conv_dw_2", "[1,56,56,64]");
    expect_output(model, "conv_pw_6", "[1,14,14,512]");
    expect_output(model, "conv_dw_12_relu", "[1,7,7,512]");
    expect_output(model, "conv_pw_13_relu", "[1,7,7,1024]");
    expect_output(model, "average_pool", "[1,1,1,1024]");
    expect_output(model, "flatten", "[1,1,1,1024]");
    expect_output(model, "dense", "[1,1,1,5]");
    expect_output(model, "softmax", "[1,1,1,5]");
    cr_expect_float_eq(model->scale, 1.0 / 127.5, 1e-9);
    cr_expect_eq(model->offset, -1.0f);
    retune_model_destroy(model);
}

Test(architecture, layers_bear_keras_names) {
    retune_model *model = network_make(1.0, 224, 5);
    static const char *const suffixes[] = {"", "_bn", "_relu"};
    size_t l = 0;
    for (int convolution = 0; convolution < 27; convolution++)
        for (size_t s = 0; s < COUNT(suffixes); s++, l++) {
            char name[RETUNE_NAME_MAX];
            if (convolution == 0)
                snprintf(name, sizeof name, "conv1%s", suffixes[s]);
            else
                snprintf(name, sizeof name, "conv_%s_%d%s", convolution % 2 ? "dw" : "pw",
                         (convolution + 1) / 2, suffixes[s]);
            cr_expect_str_eq(model->layers[l].name, name);
        }
    cr_expect_eq(l, 81);
    cr_expect_eq(l, model->head_begin);
    static const char *const head[] = {"average_pool", "flatten", "dense", "softmax"};
    for (size_t h = 0; h < COUNT(head); h++)
        cr_expect_str_eq(model->layers[l + h].name, head[h]);
    cr_expect_eq(model->layer_count, 85);
    retune_model_destroy(model);
}

Test(architecture, blocks) {
    static const int strided[] = {2, 4, 6, 12};
    retune_model *model = network_make(1.0, 224, 5);
    for (int block = 1; block <= 13; block++) {
        char name[RETUNE_NAME_MAX];
        uint32_t stride = 1;
        for (size_t s = 0; s < COUNT(strided); s++)
            stride = strided[s] == block ? 2 : stride;
        snprintf(name, sizeof name, "conv_dw_%d", block);
        const retune_layer *depthwise = &model->layers[network_layer(model, name)];
        cr_expect_eq(depthwise->type, RETUNE_LAYER_DEPTHWISE_CONV2D);
        cr_expect_eq(depthwise->options.convolution.kernel, 3);
        cr_expect_eq(depthwise->options.convolution.stride, stride, "%s", name);
        const retune_layer *norm = depthwise + 1, *activation = depthwise + 2;
        cr_expect_eq(norm->type, RETUNE_LAYER_BATCH_NORM);
        cr_expect_eq(norm->options.batch_norm.epsilon, 1e-3f);
        cr_expect_eq(norm->options.batch_norm.momentum, 0.99f);
        cr_expect_eq(activation->type, RETUNE_LAYER_ACTIVATION);
        cr_expect_eq(activation->options.activation.kind, (uint32_t)RETUNE_ACTIVATION_RELU6);
    }
    retune_model_destroy(model);
}

Test(architecture, parameters_have_the_layouts_of_the_boundary) {
    static const struct {
        const char *name, *shape;
    } expected[] = {{"conv1/kernel", "[32,3,3,3]"},
                    {"conv1_bn/gamma", "[32]"},
                    {"conv1_bn/beta", "[32]"},
                    {"conv1_bn/moving_mean", "[32]"},
                    {"conv1_bn/moving_variance", "[32]"},
                    {"conv_dw_1/kernel", "[3,3,32]"},
                    {"conv_pw_13/kernel", "[1024,1,1,1024]"},
                    {"dense/kernel", "[5,1,1,1024]"},
                    {"dense/bias", "[5]"}};
    retune_model *model = network_make(1.0, 224, 5);
    for (size_t i = 0; i < COUNT(expected); i++) {
        char text[RETUNE_DESC_TEXT_MAX];
        const retune_parameter *parameter = network_parameter(model, expected[i].name);
        cr_expect_str_eq(retune_desc_text(&parameter->desc, text), expected[i].shape);
        const retune_layer *layer = &model->layers[parameter->layer];
        cr_expect_eq(layer->parameters[parameter->role], (int32_t)(parameter - model->parameters));
    }
    cr_expect_eq(retune_model_find_parameter(model, "conv1/bias"), -1);
    cr_expect_eq(retune_model_find_layer(model, "conv_pw_14"), -1);
    retune_model_destroy(model);
}

/* Maps of odd sizes halve upwards, as TensorFlow's SAME padding has it. */
Test(architecture, odd_inputs) {
    retune_model *model = network_make(0.25, 193, 2);
    expect_output(model, "conv1", "[1,97,97,8]");
    expect_output(model, "conv_dw_2", "[1,49,49,16]");
    expect_output(model, "conv_pw_13_relu", "[1,7,7,256]");
    retune_model_destroy(model);
    model = network_make(0.25, 32, 2);
    expect_output(model, "conv_pw_13_relu", "[1,1,1,256]");
    retune_model_destroy(model);
}

Test(architecture, unknown_ones_are_refused) {
    retune_model *model = NULL;
    assert_ok(retune_model_create("resnet50", 1.0, 224, &model, &error));
    expect_refused(RETUNE_INVALID, "'resnet50'", retune_model_add_architecture(model, &error));
    cr_expect_eq(model->layer_count, 0);
    retune_model_destroy(model);
    retune_model_destroy(NULL);
}

Test(architecture, a_width_without_channels_is_refused) {
    retune_model *model = NULL;
    assert_ok(retune_model_create("mobilenet_v1", 0.03, 224, &model, &error));
    expect_refused(RETUNE_INVALID, "alpha 0.03", retune_model_add_architecture(model, &error));
    retune_model_destroy(model);
}

/* ---- Layers -------------------------------------------------------------------------------- */

Test(architecture, a_name_is_taken_once) {
    retune_model *model = network_make(0.25, 32, 2);
    size_t layers = model->layer_count, parameters = model->parameter_count;
    retune_layer_options options = {.dense = {3}};
    expect_refused(RETUNE_INVALID, "'dense'",
                   retune_model_add(model, "dense", RETUNE_LAYER_DENSE, &options, &error));
    char name[RETUNE_NAME_MAX + 1];
    memset(name, 'x', sizeof name);
    name[RETUNE_NAME_MAX] = '\0';
    expect_refused(RETUNE_INVALID, "too long",
                   retune_model_add(model, name, RETUNE_LAYER_DENSE, &options, &error));
    cr_expect_eq(model->layer_count, layers);
    cr_expect_eq(model->parameter_count, parameters);
    retune_model_destroy(model);
}

Test(architecture, a_layer_without_output_is_refused) {
    retune_model *model = NULL;
    retune_layer_options options = {.convolution = {3, 2, 0}};
    assert_ok(retune_model_create("mobilenet_v1", 1.0, 32, &model, &error));
    expect_refused(RETUNE_INVALID, "'conv'",
                   retune_model_add(model, "conv", RETUNE_LAYER_CONV2D, &options, &error));
    cr_expect_eq(model->layer_count, 0);
    retune_model_destroy(model);
}

Test(architecture, a_dense_layer_on_a_map_is_refused) {
    retune_model *model = NULL;
    retune_layer_options options = {.dense = {3}};
    assert_ok(retune_model_create("mobilenet_v1", 1.0, 32, &model, &error));
    expect_refused(RETUNE_INVALID, "average_pool or flatten",
                   retune_model_add(model, "dense", RETUNE_LAYER_DENSE, &options, &error));
    retune_model_destroy(model);
}

/* ---- Heads --------------------------------------------------------------------------------- */

Test(head, flatten_keeps_every_place) {
    char *names[] = {"flatten", "dense", "softmax"};
    retune_model *model = network_with_head(1.0, 224, 5, names, COUNT(names));
    expect_output(model, "flatten", "[1,1,1,50176]");
    cr_expect_eq(network_parameter(model, "dense/kernel")->elements, 5 * 50176);
    retune_model_destroy(model);
}

Test(head, pools) {
    static char *const pools[] = {"average_pool", "max_pool"};
    static const uint32_t kinds[] = {RETUNE_POOL_AVERAGE, RETUNE_POOL_MAX};
    for (size_t p = 0; p < COUNT(pools); p++) {
        char *names[] = {pools[p], "dense", "softmax"};
        retune_model *model = network_with_head(1.0, 224, 2, names, COUNT(names));
        const retune_layer *pool = &model->layers[model->head_begin];
        cr_expect_eq(pool->type, RETUNE_LAYER_POOL);
        cr_expect_eq(pool->options.pool.kind, kinds[p]);
        expect_output(model, "dense", "[1,1,1,2]");
        retune_model_destroy(model);
    }
}

static void refuse_head(char *const *names, size_t count, uint32_t classes, const char *part) {
    retune_model *model = NULL;
    assert_ok(retune_model_create("mobilenet_v1", 0.25, 64, &model, &error));
    assert_ok(retune_model_add_architecture(model, &error));
    expect_refused(RETUNE_INVALID, part,
                   retune_model_add_head(model, names, count, classes, &error));
    retune_model_destroy(model);
}

Test(head, errors) {
    char *whole[] = {"average_pool", "flatten", "dense", "softmax"};
    refuse_head(whole, 4, 1, "at least two classes");
    refuse_head(whole, 4, 0, "at least two classes");
    refuse_head(whole, 3, 5, "must end in dense, softmax");
    refuse_head(whole + 3, 1, 5, "must end in dense, softmax");
    refuse_head(NULL, 0, 5, "must end in dense, softmax");
    refuse_head((char *[]){"softmax", "dense"}, 2, 5, "must end in dense, softmax");
    refuse_head((char *[]){"averagepool", "dense", "softmax"}, 3, 5, "'averagepool'");
    refuse_head((char *[]){"", "dense", "softmax"}, 3, 5, "''");
    refuse_head((char *[]){"dense", "softmax"}, 2, 5, "average_pool or flatten");
    refuse_head((char *[]){"flatten", "dense", "dense", "softmax"}, 4, 5, "named 'dense'");
    refuse_head((char *[]){"flatten", "softmax", "dense", "softmax"}, 4, 5, "named 'softmax'");
    refuse_head((char *[]){"average_pool", "average_pool", "dense", "softmax"}, 4, 5,
                "named 'average_pool'");
}

Test(head, classes_replace_those_before) {
    retune_model *model = network_make(0.25, 32, 3);
    char *names[] = {"daisy", "rose"};
    assert_ok(retune_model_set_classes(model, names, 2, &error));
    cr_expect_eq(model->class_count, 2);
    cr_expect_str_eq(model->classes[0], "daisy");
    cr_expect_str_eq(model->classes[1], "rose");
    cr_expect_neq(model->classes[0], names[0], "the model has its own copies");
    retune_model_destroy(model);
}
