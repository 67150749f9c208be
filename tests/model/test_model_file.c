/* Model files: what is written comes back, and what is wrong is named. */
#include "model/model_file.h"

#include "base/half.h"
#include "network.h"
#include "temporary.h"

#include <cJSON.h>
#include <math.h>
#include <sys/stat.h>

TestSuite(model_file, .init = temporary_open, .fini = temporary_close);

static const char good[] = "{\"architecture\":\"mobilenet_v1\",\"alpha\":0.0625,\"input\":32,"
                           "\"resize\":0,\"scale\":0.5,\"offset\":-1,"
                           "\"head\":[\"average_pool\",\"flatten\",\"dense\",\"softmax\"],"
                           "\"classes\":[\"a\",\"b\",\"c\"]}";

/* A file with that description and one small tensor. */
static const char *write_described(const char *text) {
    float one = 1.0f;
    retune_safetensors_entry entry = {"x", {48, RETUNE_F32, 1, 0, {1}}, &one};
    retune_option metadata = {RETUNE_MODEL_METADATA, text};
    assert_ok(
        retune_safetensors_write(temporary_path("m"), &metadata, text ? 1 : 0, &entry, 1, &error));
    return temporary_path("m");
}

static void refuse_description(const char *text, const char *part) {
    const char *path = write_described(text);
    retune_safetensors *file = NULL;
    retune_model *model = (retune_model *)1;
    assert_ok(retune_safetensors_open(path, &file, &error));
    expect_refused(RETUNE_CORRUPT, part, retune_model_file_describe(file, path, &model, &error));
    expect_refused(RETUNE_CORRUPT, path, retune_model_file_describe(file, path, &model, &error));
    cr_expect_null(model);
    retune_safetensors_close(file);
}

static void expect_same(const retune_model *a, const retune_model *b) {
    cr_expect_str_eq(a->architecture, b->architecture);
    cr_expect_eq(a->alpha, b->alpha);
    cr_expect_eq(a->input_size, b->input_size);
    cr_expect_eq(a->resize, b->resize);
    cr_expect_eq(a->scale, b->scale);
    cr_expect_eq(a->offset, b->offset);
    cr_expect_eq(a->head_begin, b->head_begin);
    cr_assert_eq(a->layer_count, b->layer_count);
    cr_assert_eq(a->class_count, b->class_count);
    for (size_t l = 0; l < a->layer_count; l++)
        cr_expect_str_eq(a->layers[l].name, b->layers[l].name);
    for (size_t c = 0; c < a->class_count; c++)
        cr_expect_str_eq(a->classes[c], b->classes[c]);
    cr_assert_eq(a->parameter_count, b->parameter_count);
    for (size_t p = 0; p < a->parameter_count; p++)
        cr_expect_arr_eq(a->parameters[p].values, b->parameters[p].values,
                         a->parameters[p].elements * sizeof(float), "%s", a->parameters[p].name);
}

Test(model_file, round_trip) {
    char *head[] = {"max_pool", "dense", "softmax"};
    char *classes[] = {"G\xc3\xa4nsebl\xc3\xbcmchen", "say \"rose\"\\", "tab\there"};
    retune_model *model = network_with_head(0.0725, 40, 3, head, 3), *back = NULL;
    assert_ok(retune_model_set_classes(model, classes, 3, &error));
    assert_ok(retune_model_allocate(model, 9, &error));
    model->resize = 1;
    model->scale = 0.1f / 3.0f;
    model->offset = -0.7f;
    network_parameter(model, "dense/bias")->values[1] = -0.0f;
    assert_ok(retune_model_file_write(temporary_path("m"), model, NULL, 0, NULL, 0, &error));
    assert_ok(retune_model_file_read(temporary_path("m"), &back, &error));
    expect_same(model, back);
    cr_expect_eq(temporary_count(), 1, "nothing is left beside the file");
    retune_model_destroy(model);
    retune_model_destroy(back);
}

Test(model_file, more_metadata_and_tensors_ride_along) {
    retune_model *model = network_small(1), *back = NULL;
    float state[] = {1, 2, 3};
    retune_option metadata = {"retune.training", "{}"};
    retune_safetensors_entry entry = {"optimizer/m", {48, RETUNE_F32, 1, 0, {3}}, state};
    assert_ok(retune_model_file_write(temporary_path("m"), model, &metadata, 1, &entry, 1, &error));
    retune_safetensors *file = NULL;
    assert_ok(retune_safetensors_open(temporary_path("m"), &file, &error));
    cr_expect_str_eq(retune_safetensors_metadata(file, "retune.training"), "{}");
    cr_expect_arr_eq(retune_safetensors_find(file, "optimizer/m")->data, state, sizeof state);
    retune_safetensors_close(file);
    assert_ok(retune_model_file_read(temporary_path("m"), &back, &error));
    expect_same(model, back);
    retune_model_destroy(model);
    retune_model_destroy(back);
}

Test(model_file, only_chosen_parameters) {
    retune_model *model = network_small(1), *back = (retune_model *)1;
    bool *chosen = calloc(model->parameter_count, sizeof *chosen);
    chosen[retune_model_find_parameter(model, "dense/bias")] = true;
    chosen[retune_model_find_parameter(model, "conv1/kernel")] = true;
    assert_ok(
        retune_model_file_write_some(temporary_path("m"), model, chosen, NULL, 0, NULL, 0, &error));
    retune_safetensors *file = NULL;
    assert_ok(retune_safetensors_open(temporary_path("m"), &file, &error));
    cr_expect_eq(retune_safetensors_count(file), 2);
    cr_expect_not_null(retune_safetensors_find(file, "dense/bias"));
    cr_expect_not_null(retune_safetensors_find(file, "conv1/kernel"));
    retune_safetensors_close(file);
    expect_refused(RETUNE_CORRUPT, "is missing",
                   retune_model_file_read(temporary_path("m"), &back, &error));
    cr_expect_null(back);
    free(chosen);
    retune_model_destroy(model);
}

Test(model_file, a_description_alone_builds_the_model) {
    const char *path = write_described(good);
    retune_safetensors *file = NULL;
    retune_model *model = NULL;
    assert_ok(retune_safetensors_open(path, &file, &error));
    assert_ok(retune_model_file_describe(file, path, &model, &error));
    cr_expect_eq(model->class_count, 3);
    cr_expect_eq(model->scale, 0.5f);
    cr_expect_null(model->parameters[0].values);
    retune_model_destroy(model);
    retune_safetensors_close(file);
}

/* What fp16 makes of a value. */
static float halved(float value) {
    uint16_t half;
    retune_half_from_float(&value, &half, 1);
    retune_half_to_float(&half, &value, 1);
    return value;
}

Test(model_file, halves_come_back_rounded) {
    retune_model *model = network_small(1), *back = NULL;
    network_parameter(model, "conv1_bn/gamma")->values[0] = 0.1f;
    network_parameter(model, "conv1_bn/moving_variance")->values[0] = 65504.0f;
    network_parameter(model, "dense/bias")->values[1] = 1e-12f;
    assert_ok(retune_model_file_write(temporary_path("whole"), model, NULL, 0, NULL, 0, &error));
    assert_ok(retune_model_file_write_half(temporary_path("m"), model, &error));
    assert_ok(retune_model_file_read(temporary_path("m"), &back, &error));
    for (size_t p = 0; p < model->parameter_count; p++)
        for (size_t i = 0; i < model->parameters[p].elements; i++)
            model->parameters[p].values[i] = halved(model->parameters[p].values[i]);
    cr_expect_neq(network_parameter(back, "conv1_bn/gamma")->values[0], 0.1f);
    expect_same(model, back);
    cr_expect_eq(temporary_count(), 2, "nothing is left beside the files");
    struct stat whole, half;
    cr_assert_eq(stat(temporary_path("whole"), &whole), 0);
    cr_assert_eq(stat(temporary_path("m"), &half), 0);
    cr_expect_eq(whole.st_size - half.st_size >= (off_t)(2 * retune_model_parameter_total(model)),
                 true, "%ld and %ld bytes", (long)whole.st_size, (long)half.st_size);
    retune_model_destroy(model);
    retune_model_destroy(back);
}

Test(model_file, values_beyond_fp16_are_not_written) {
    static const float beyond[] = {65505.0f, -1e6f, INFINITY, -INFINITY, NAN};
    retune_model *model = network_small(1);
    for (size_t b = 0; b < sizeof beyond / sizeof *beyond; b++) {
        network_parameter(model, "conv_dw_3/kernel")->values[5] = beyond[b];
        expect_refused(RETUNE_INVALID, "conv_dw_3/kernel: element 5",
                       retune_model_file_write_half(temporary_path("m"), model, &error));
        expect_refused(RETUNE_INVALID, temporary_path("m"),
                       retune_model_file_write_half(temporary_path("m"), model, &error));
        cr_expect_eq(temporary_count(), 0);
    }
    retune_model_destroy(model);
}

/* ---- Damaged descriptions ------------------------------------------------------------------ */

Test(model_file, no_description) {
    refuse_description(NULL, "not a model made by retune");
    refuse_description("", "not a JSON object");
    refuse_description("{\"architecture\":", "not a JSON object");
    refuse_description("[1,2]", "not a JSON object");
    refuse_description("\"mobilenet_v1\"", "not a JSON object");
    refuse_description("null", "not a JSON object");
    refuse_description("{}", "'architecture'");
}

/* The good description with one field replaced (`value` JSON) or, with NULL, taken out. */
static void refuse_field(const char *field, const char *value, const char *part) {
    cJSON *object = cJSON_Parse(good);
    cJSON_DeleteItemFromObjectCaseSensitive(object, field);
    if (value)
        cJSON_AddItemToObject(object, field, cJSON_Parse(value));
    char *text = cJSON_PrintUnformatted(object);
    refuse_description(text, part);
    cJSON_free(text);
    cJSON_Delete(object);
}

Test(model_file, missing_fields) {
    static const char *const fields[] = {"architecture", "alpha",  "input", "resize",
                                         "scale",        "offset", "head",  "classes"};
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        char part[32];
        snprintf(part, sizeof part, "'%s'", fields[f]);
        refuse_field(fields[f], NULL, part);
        refuse_field(fields[f], "null", part);
        refuse_field(fields[f], "{}", part);
    }
}

Test(model_file, numbers_out_of_range) {
    static const struct {
        const char *field, *value;
    } wrong[] = {{"alpha", "0"},     {"alpha", "-1"},    {"alpha", "1e300"}, {"alpha", "\"1\""},
                 {"input", "0"},     {"input", "31"},    {"input", "1e9"},   {"input", "-224"},
                 {"input", "224.5"}, {"resize", "2"},    {"resize", "0.5"},  {"resize", "-1"},
                 {"scale", "1e7"},   {"offset", "-1e7"}, {"scale", "\"x\""}, {"input", "true"}};
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        char part[32];
        snprintf(part, sizeof part, "'%s'", wrong[w].field);
        refuse_field(wrong[w].field, wrong[w].value, part);
    }
}

Test(model_file, wrong_names) {
    refuse_field("architecture", "\"vgg\"", "'vgg'");
    refuse_field("head", "[]", "'head'");
    refuse_field("head", "[\"softmax\"]", "'head'");
    refuse_field("head", "[\"dense\",\"softmax\",3]", "'head'");
    refuse_field("head", "[\"flatten\",\"softmax\"]", "must end in dense, softmax");
    refuse_field("head", "[\"flatten\",\"relu\",\"dense\",\"softmax\"]", "'relu'");
    refuse_field("classes", "[\"a\"]", "'classes'");
    refuse_field("classes", "[\"a\",\"\"]", "'classes'");
    refuse_field("classes", "[\"a\",7]", "'classes'");
    refuse_field("classes", "\"ab\"", "'classes'");
}

/* ---- Wrong tensors ------------------------------------------------------------------------- */

/* A whole model's file in which one parameter got another shape (NULL: is left out). */
static void refuse_tensor(const char *name, const retune_tensor_desc *desc, const char *part) {
    retune_model *model = network_small(1), *back = (retune_model *)1;
    bool *chosen = calloc(model->parameter_count, sizeof *chosen);
    for (size_t p = 0; p < model->parameter_count; p++)
        chosen[p] = strcmp(model->parameters[p].name, name) != 0;
    static const float zeros[4096];
    retune_safetensors_entry entry = {name, desc ? *desc : (retune_tensor_desc){0}, zeros};
    assert_ok(retune_model_file_write_some(temporary_path("m"), model, chosen, NULL, 0, &entry,
                                           desc ? 1 : 0, &error));
    expect_refused(RETUNE_CORRUPT, part,
                   retune_model_file_read(temporary_path("m"), &back, &error));
    cr_expect_null(back);
    free(chosen);
    retune_model_destroy(model);
}

Test(model_file, tensors_that_do_not_fit) {
    refuse_tensor("conv_pw_7/kernel", NULL, "conv_pw_7/kernel is missing");
    refuse_tensor("dense/bias", NULL, "dense/bias is missing");
    refuse_tensor("dense/bias", &(retune_tensor_desc){48, RETUNE_F32, 1, 0, {4}},
                  "dense/bias is f32 [4], not f32 [3]");
    refuse_tensor("dense/bias", &(retune_tensor_desc){48, RETUNE_BF16, 1, 0, {3}},
                  "dense/bias is bf16 [3], not f32 [3]");
    refuse_tensor("dense/bias", &(retune_tensor_desc){48, RETUNE_F16, 1, 0, {4}},
                  "dense/bias is f16 [4], not f32 [3]");
    refuse_tensor("dense/kernel", &(retune_tensor_desc){48, RETUNE_F32, 2, 0, {3, 64}},
                  "dense/kernel is f32 [3,64], not f32 [3,1,1,64]");
}

Test(model_file, no_file) {
    retune_model *model = (retune_model *)1;
    expect_refused(RETUNE_IO, "nothing",
                   retune_model_file_read(temporary_path("nothing"), &model, &error));
    cr_expect_null(model);
    temporary_write("m", "no tensors", 10);
    model = (retune_model *)1;
    expect_refused(RETUNE_CORRUPT, temporary_path("m"),
                   retune_model_file_read(temporary_path("m"), &model, &error));
    cr_expect_null(model);
}

Test(model_file, a_failed_write_leaves_the_old_file) {
    retune_model *model = network_small(1), *back = NULL;
    assert_ok(retune_model_file_write(temporary_path("m"), model, NULL, 0, NULL, 0, &error));
    retune_safetensors_entry twice = {
        "dense/bias", {48, RETUNE_F32, 1, 0, {3}}, network_parameter(model, "dense/bias")->values};
    network_parameter(model, "dense/bias")->values[0] = 8.0f;
    expect_refused(RETUNE_INVALID, "dense/bias",
                   retune_model_file_write(temporary_path("m"), model, NULL, 0, &twice, 1, &error));
    assert_ok(retune_model_file_read(temporary_path("m"), &back, &error));
    cr_expect_eq(network_parameter(back, "dense/bias")->values[0], 0.0f);
    cr_expect_eq(temporary_count(), 1);
    retune_model_destroy(model);
    retune_model_destroy(back);
}
