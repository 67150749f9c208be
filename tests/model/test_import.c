/* Pretrained weights, from safetensors files, from a format plugin made up here, and from the real
 * Keras file. */
#include "device/plugin.h"
#include "model/import.h"
#include "model/model_file.h"

#include "data_file.h"
#include "network.h"
#include "temporary.h"

#include <math.h>

TestSuite(import, .init = temporary_open, .fini = temporary_close);

/* Parameters below the head of every MobileNet: 27 kernels and 27 batch norms. */
enum { BASE_PARAMETERS = 27 + 27 * 4 };

/* A file of a trained model: the small network with values of seed 5. */
static retune_model *write_trained(void) {
    retune_model *trained = network_small(5);
    network_parameter(trained, "dense/bias")->values[2] = 0.25f;
    network_parameter(trained, "conv1_bn/moving_variance")->values[0] = 0.0f;
    assert_ok(retune_model_file_write(temporary_path("w.safetensors"), trained, NULL, 0, NULL, 0,
                                      &error));
    return trained;
}

static retune_status import(retune_model *model, retune_import_report *report,
                            retune_error *error) {
    memset(report, 0xff, sizeof *report);
    return retune_model_import_safetensors(model, temporary_path("w.safetensors"), report, error);
}

/* ---- Safetensors --------------------------------------------------------------------------- */

Test(import, the_same_classes_bring_the_head) {
    retune_model *trained = write_trained(), *model = network_small(1);
    retune_import_report report;
    assert_ok(import(model, &report, &error));
    for (size_t p = 0; p < model->parameter_count; p++)
        cr_expect(network_same_values(model, trained, model->parameters[p].name), "%s",
                  model->parameters[p].name);
    cr_expect_eq(report.loaded, BASE_PARAMETERS + 2);
    cr_expect_eq(report.ignored, 0);
    cr_expect_eq(report.head, true);
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

/* The head stays fresh, everything below comes from the file. */
static void expect_fresh_head(retune_model *model) {
    retune_model *trained = write_trained();
    retune_parameter *kernel = network_parameter(model, "dense/kernel");
    float first = kernel->values[0];
    retune_import_report report;
    assert_ok(import(model, &report, &error));
    cr_expect(network_same_values(model, trained, "conv1/kernel"));
    cr_expect(network_same_values(model, trained, "conv_pw_13_bn/gamma"));
    cr_expect_eq(kernel->values[0], first);
    cr_expect_eq(network_parameter(model, "dense/bias")->values[0], 0.0f);
    cr_expect_eq(report.loaded, BASE_PARAMETERS);
    cr_expect_eq(report.ignored, 2);
    cr_expect_eq(report.head, false);
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

Test(import, other_classes_get_a_fresh_head) {
    retune_model *model = network_small(1);
    assert_ok(retune_model_set_classes(model, (char *[]){"a", "b", "d"}, 3, &error));
    expect_fresh_head(model);
}

Test(import, the_same_classes_in_another_order_get_a_fresh_head) {
    retune_model *model = network_small(1);
    assert_ok(retune_model_set_classes(model, (char *[]){"a", "c", "b"}, 3, &error));
    expect_fresh_head(model);
}

Test(import, fewer_classes_get_a_fresh_head) {
    retune_model *model = network_make(0.0625, 32, 2);
    assert_ok(retune_model_allocate(model, 1, &error));
    expect_fresh_head(model);
}

/* What a dense layer learnt behind one pool means nothing behind another, or without one. */
Test(import, another_head_with_the_same_classes_is_fresh) {
    char *heads[][3] = {{"max_pool", "dense", "softmax"}, {"flatten", "dense", "softmax"}};
    for (size_t h = 0; h < 2; h++) {
        retune_model *model = network_with_head(0.0625, 64, 3, heads[h], 3);
        assert_ok(retune_model_allocate(model, 1, &error));
        expect_fresh_head(model);
    }
}

Test(import, a_file_without_a_description_is_weights_alone) {
    retune_model *trained = network_small(5), *model = network_small(1);
    retune_safetensors_entry entries[BASE_PARAMETERS + 3];
    for (size_t p = 0; p < trained->parameter_count; p++)
        entries[p] =
            (retune_safetensors_entry){trained->parameters[p].name, trained->parameters[p].desc,
                                       trained->parameters[p].values};
    entries[BASE_PARAMETERS + 2] = entries[0];
    entries[BASE_PARAMETERS + 2].name = "conv_preds/kernel";
    assert_ok(retune_safetensors_write(temporary_path("w.safetensors"), NULL, 0, entries,
                                       BASE_PARAMETERS + 3, &error));
    retune_import_report report;
    assert_ok(import(model, &report, &error));
    cr_expect_eq(report.loaded, BASE_PARAMETERS);
    cr_expect_eq(report.ignored, 3);
    cr_expect_eq(report.head, false);
    cr_expect(network_same_values(model, trained, "conv_dw_4/kernel"));
    cr_expect_not(network_same_values(model, trained, "dense/kernel"));
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

Test(import, halves_are_widened) {
    retune_model *trained = network_small(5), *model = network_small(1);
    network_parameter(trained, "conv1/kernel")->values[3] = 0.3f;
    network_parameter(trained, "conv1_bn/beta")->values[1] = -0x1p-24f; /* the smallest half */
    assert_ok(retune_model_file_write_half(temporary_path("w.safetensors"), trained, &error));
    retune_import_report report;
    assert_ok(import(model, &report, &error));
    cr_expect_eq(report.loaded, BASE_PARAMETERS + 2);
    cr_expect_eq(report.head, true);
    cr_expect_float_eq(network_parameter(model, "conv1/kernel")->values[3], 0.3f, 0.3f / 2048);
    cr_expect_neq(network_parameter(model, "conv1/kernel")->values[3], 0.3f);
    cr_expect_eq(network_parameter(model, "conv1_bn/beta")->values[1], -0x1p-24f);
    cr_expect(network_same_values(model, trained, "conv_pw_13_bn/gamma"));
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

/* ---- Refused ------------------------------------------------------------------------------- */

static void refuse_import(retune_model *model, retune_status code, const char *part) {
    retune_import_report report;
    expect_refused(code, part, import(model, &report, &error));
    expect_refused(code, "w.safetensors", import(model, &report, &error));
    cr_expect_eq(report.loaded, 0, "the report of a failure is empty");
    cr_expect_eq(report.ignored, 0);
}

Test(import, weights_of_another_alpha) {
    retune_model *trained = write_trained(), *model = network_make(0.25, 32, 3);
    assert_ok(retune_model_allocate(model, 1, &error));
    refuse_import(model, RETUNE_CORRUPT, "[model] alpha = 0.25");
    refuse_import(model, RETUNE_CORRUPT, "conv1/kernel is f32 [2,3,3,3]");
    refuse_import(model, RETUNE_CORRUPT, "f32 [8,3,3,3]");
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

Test(import, a_missing_tensor) {
    retune_model *trained = network_small(5), *model = network_small(1);
    bool *chosen = calloc(trained->parameter_count, sizeof *chosen);
    for (size_t p = 0; p < trained->parameter_count; p++)
        chosen[p] = strcmp(trained->parameters[p].name, "conv_dw_7_bn/beta") != 0;
    assert_ok(retune_model_file_write_some(temporary_path("w.safetensors"), trained, chosen, NULL,
                                           0, NULL, 0, &error));
    refuse_import(model, RETUNE_CORRUPT, "conv_dw_7_bn/beta is missing");
    free(chosen);
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

/* The trained file with one value replaced. */
static void refuse_value(const char *name, float value) {
    retune_model *trained = network_small(5), *model = network_small(1);
    network_parameter(trained, name)->values[1] = value;
    assert_ok(retune_model_file_write(temporary_path("w.safetensors"), trained, NULL, 0, NULL, 0,
                                      &error));
    char part[128];
    snprintf(part, sizeof part, "%s: element 1 is", name);
    refuse_import(model, RETUNE_CORRUPT, part);
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

Test(import, values_that_no_network_can_have) {
    refuse_value("conv_pw_3/kernel", NAN);
    refuse_value("conv1_bn/gamma", INFINITY);
    refuse_value("dense/bias", -INFINITY);
    refuse_value("conv_dw_13_bn/moving_mean", -NAN);
    refuse_value("conv_dw_13_bn/moving_variance", -0.5f);
}

/* A file with one tensor of halves in the place of the trained one. */
static void refuse_halves(const retune_tensor_desc *desc, const uint16_t *halves,
                          const char *part) {
    retune_model *trained = network_small(5), *model = network_small(1);
    bool *chosen = calloc(trained->parameter_count, sizeof *chosen);
    for (size_t p = 0; p < trained->parameter_count; p++)
        chosen[p] = strcmp(trained->parameters[p].name, "dense/bias") != 0;
    retune_safetensors_entry entry = {"dense/bias", *desc, halves};
    assert_ok(retune_model_file_write_some(temporary_path("w.safetensors"), trained, chosen, NULL,
                                           0, &entry, 1, &error));
    refuse_import(model, RETUNE_CORRUPT, part);
    free(chosen);
    retune_model_destroy(trained);
    retune_model_destroy(model);
}

Test(import, halves_that_do_not_fit) {
    static const uint16_t endless[3] = {0, 0, 0x7c00}, nan[3] = {0, 0x7e01, 0}, four[4] = {0};
    refuse_halves(&(retune_tensor_desc){48, RETUNE_F16, 1, 0, {3}}, endless,
                  "dense/bias: element 2 is not a finite number");
    refuse_halves(&(retune_tensor_desc){48, RETUNE_F16, 1, 0, {3}}, nan,
                  "dense/bias: element 1 is not a finite number");
    refuse_halves(&(retune_tensor_desc){48, RETUNE_F16, 1, 0, {4}}, four, "dense/bias is f16 [4]");
    refuse_halves(&(retune_tensor_desc){48, RETUNE_BF16, 1, 0, {3}}, four,
                  "dense/bias is bf16 [3]");
}

Test(import, no_file_and_no_such_file) {
    retune_model *model = network_small(1);
    refuse_import(model, RETUNE_IO, "w.safetensors");
    temporary_write("w.safetensors", "PK\3\4 something else", 18);
    refuse_import(model, RETUNE_CORRUPT, "w.safetensors");
    retune_option metadata = {RETUNE_MODEL_METADATA, "{}"};
    float one = 1.0f;
    retune_safetensors_entry entry = {"x", {48, RETUNE_F32, 1, 0, {1}}, &one};
    assert_ok(
        retune_safetensors_write(temporary_path("w.safetensors"), &metadata, 1, &entry, 1, &error));
    refuse_import(model, RETUNE_CORRUPT, "'architecture'");
    retune_model_destroy(model);
}

/* ---- A format plugin ----------------------------------------------------------------------- */

/* What the made-up plugin gives: the parameters of a model, some of them with a fault. */
static const retune_model *source;
static size_t source_count;  /* tensors it says it has */
static size_t twice = 9999;  /* tensor that bears the name of the one before */
static size_t broken = 9999; /* tensor that cannot be read */
static size_t readers_open;

static retune_status fake_open(const char *path, retune_format_reader **out_reader,
                               retune_error *error) {
    *out_reader = NULL;
    if (strcmp(path, "missing.fake") == 0)
        return retune_fail(error, RETUNE_IO, "%s: no such file", path);
    readers_open++;
    *out_reader = (retune_format_reader *)&readers_open;
    return RETUNE_OK;
}

static void fake_close(retune_format_reader *reader) {
    (void)reader;
    readers_open--;
}

static size_t fake_count(const retune_format_reader *reader) {
    (void)reader;
    return source_count;
}

static retune_status fake_info(const retune_format_reader *reader, size_t index,
                               retune_format_tensor *out_tensor, retune_error *error) {
    (void)reader, (void)error;
    const retune_parameter *p = &source->parameters[index == twice ? index - 1 : index];
    memset(out_tensor->name, 'x', sizeof out_tensor->name);
    memcpy(out_tensor->name, p->name, strlen(p->name) + 1);
    out_tensor->desc = p->desc;
    return RETUNE_OK;
}

static retune_status fake_read(retune_format_reader *reader, size_t index, void *data, size_t bytes,
                               retune_error *error) {
    (void)reader;
    if (index == broken)
        return retune_fail(error, RETUNE_CORRUPT, "the fake is broken");
    cr_expect_eq(bytes, source->parameters[index].elements * sizeof(float));
    memcpy(data, source->parameters[index].values, bytes);
    return RETUNE_OK;
}

static const retune_format fake = {.struct_size = sizeof(retune_format),
                                   .abi = RETUNE_FORMAT_ABI,
                                   .name = "fake",
                                   .reader_open = fake_open,
                                   .reader_close = fake_close,
                                   .tensor_count = fake_count,
                                   .tensor_info = fake_info,
                                   .tensor_read = fake_read};

static retune_model *open_source(void) {
    retune_model *model = network_small(5);
    source = model;
    source_count = model->parameter_count;
    return model;
}

Test(import, a_plugin_fills_all_but_the_head) {
    retune_model *weights = open_source(), *model = network_small(1);
    retune_import_report report;
    assert_ok(retune_model_import(model, &fake, "w.fake", &report, &error));
    cr_expect_eq(report.loaded, BASE_PARAMETERS);
    cr_expect_eq(report.ignored, 2);
    cr_expect_eq(report.head, false);
    for (size_t p = 0; p < BASE_PARAMETERS; p++)
        cr_expect(network_same_values(model, weights, model->parameters[p].name));
    cr_expect_not(network_same_values(model, weights, "dense/kernel"));
    cr_expect_eq(readers_open, 0);
    retune_model_destroy(weights);
    retune_model_destroy(model);
}

static void refuse_fake(const char *path, retune_status code, const char *part) {
    retune_model *model = network_small(1);
    retune_import_report report;
    memset(&report, 0xff, sizeof report);
    expect_refused(code, part, retune_model_import(model, &fake, path, &report, &error));
    cr_expect_eq(report.loaded, 0);
    cr_expect_eq(readers_open, 0, "a reader is left open");
    retune_model_destroy(model);
}

Test(import, faults_of_a_plugins_file) {
    retune_model *weights = open_source();
    refuse_fake("missing.fake", RETUNE_IO, "missing.fake");
    source_count = 40;
    refuse_fake("w.fake", RETUNE_CORRUPT, "is missing");
    source_count = 0;
    refuse_fake("w.fake", RETUNE_CORRUPT, "conv1/kernel is missing");
    source_count = weights->parameter_count;
    broken = 17;
    refuse_fake("w.fake", RETUNE_CORRUPT, "the fake is broken");
    broken = 9999;
    twice = 2; /* conv1_bn/gamma comes again in the place of beta */
    refuse_fake("w.fake", RETUNE_CORRUPT, "conv1_bn/gamma is there twice");
    twice = 9999;
    network_parameter(weights, "conv_pw_2/kernel")->values[0] = NAN;
    refuse_fake("w.fake", RETUNE_CORRUPT, "conv_pw_2/kernel: element 0");
    retune_model_destroy(weights);
}

Test(import, a_plugins_weights_of_another_alpha) {
    retune_model *weights = open_source(), *model = network_make(0.5, 32, 3);
    assert_ok(retune_model_allocate(model, 1, &error));
    retune_import_report report;
    expect_refused(RETUNE_CORRUPT, "[model] alpha = 0.5",
                   retune_model_import(model, &fake, "w.fake", &report, &error));
    retune_model_destroy(weights);
    retune_model_destroy(model);
}

/* ---- The real file ------------------------------------------------------------------------- */

#define KERAS_WEIGHTS "models/mobilenet_1_0_224_tf_no_top.h5"

Test(import, the_keras_weights) {
    const char *path = data_file(KERAS_WEIGHTS);
    const retune_format *format = NULL;
    retune_model *model = network_make(1.0, 224, 5), *fresh = network_make(1.0, 224, 5);
    retune_import_report report;
    assert_ok(retune_model_allocate(model, 3, &error));
    assert_ok(retune_model_allocate(fresh, 3, &error));
    assert_ok(retune_format_find(path, NULL, NULL, &format, &error));
    assert_ok(retune_model_import(model, format, path, &report, &error));
    cr_expect_eq(report.loaded, BASE_PARAMETERS);
    cr_expect_eq(report.ignored, 0);
    cr_expect_eq(report.head, false);
    for (size_t p = 0; p < model->parameter_count; p++) {
        const retune_parameter *parameter = &model->parameters[p];
        cr_expect_eq(network_same_values(model, fresh, parameter->name),
                     parameter->layer >= model->head_begin, "%s", parameter->name);
        for (size_t i = 0;
             parameter->role == RETUNE_ROLE_MOVING_VARIANCE && i < parameter->elements; i++)
            cr_assert_gt(parameter->values[i], 0.0f, "%s", parameter->name);
    }
    retune_model_destroy(model);
    retune_model_destroy(fresh);
}

Test(import, the_keras_weights_of_another_alpha) {
    const char *path = data_file(KERAS_WEIGHTS);
    const retune_format *format = NULL;
    retune_model *model = network_make(0.75, 224, 5);
    retune_import_report report;
    assert_ok(retune_model_allocate(model, 3, &error));
    assert_ok(retune_format_find(path, NULL, NULL, &format, &error));
    expect_refused(RETUNE_CORRUPT, "[model] alpha = 0.75",
                   retune_model_import(model, format, path, &report, &error));
    retune_model_destroy(model);
}
