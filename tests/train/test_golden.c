/* The whole network with its pretrained weights against values computed in double precision: from
 * the Keras file, through the format plugin, folding and lowering, to each device of the CPU
 * backend and the first of every other one. */
#include "base/tensor_desc.h"
#include "device/executable.h"
#include "device/ladder.h"
#include "device/plugin.h"
#include "graph/plan.h"
#include "model/import.h"
#include "model/safetensors.h"

#include "data_file.h"
#include "network.h"

#include <math.h>

#define WEIGHTS "models/mobilenet_1_0_224_tf_no_top.h5"
#define GOLDEN  "golden/mobilenet.safetensors"

/* fp32 in 27 layers; a wrong padding, channel order or fold is off by more than a hundredth. */
static const double tolerance = 1e-4;

TestSuite(golden, .timeout = 240);

static const char *const activations[] = {"conv1_relu",      "conv_dw_1_relu", "conv_pw_1_relu",
                                          "conv_dw_2_relu",  "conv_pw_6_relu", "conv_dw_12_relu",
                                          "conv_dw_13_relu", "conv_pw_13_relu"};

typedef struct scene {
    retune_model *model;
    retune_safetensors *golden;
    const unsigned char *images;
    retune_device *device;
} scene;

static scene open_scene(const char *device) {
    const char *weights = data_file(WEIGHTS), *golden = data_file(GOLDEN);
    char *order[] = {(char *)(uintptr_t)device};
    retune_ladder_options options = {
        .order = order, .order_count = 1, .look.contact.self_test = RETUNE_SELF_TEST_SKIP};
    retune_refusals refusals;
    retune_import_report report;
    const retune_format *format = NULL;
    scene s = {.model = network_make(1.0, 224, 5)};
    assert_ok(retune_model_allocate(s.model, 1, &error));
    assert_ok(retune_format_find(weights, NULL, NULL, &format, &error));
    assert_ok(retune_model_import(s.model, format, weights, &report, &error));
    assert_ok(retune_safetensors_open(golden, &s.golden, &error));
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_ladder_choose(&options, &s.device, &refusals, &error);
    retune_refusals_free(&refusals);
    if (status == RETUNE_UNAVAILABLE)
        cr_skip_test("no device: %s", error.message);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    const retune_safetensors_tensor *images = retune_safetensors_find(s.golden, "input_rgb_u8");
    cr_assert_not_null(images);
    s.images = images->data;
    return s;
}

static void close_scene(scene *s) {
    retune_device_close(s->device);
    retune_safetensors_close(s->golden);
    retune_model_destroy(s->model);
}

/* Output of a layer for the first `count` images; free() it. */
static float *compute(scene *s, const char *layer, int64_t count, size_t *out_elements) {
    retune_freeze freeze;
    retune_plan *plan = NULL;
    retune_executable *executable = NULL;
    assert_ok(retune_freeze_all(s->model, &freeze, &error));
    freeze.frontier = network_layer(s->model, layer) + 1;
    assert_ok(retune_plan_features(s->model, &freeze, count, RETUNE_F32, &plan, &error));
    assert_ok(retune_executable_create(s->device, plan->graph, s->model, RETUNE_NO_VALUE, NULL,
                                       &executable, &error));
    assert_ok(retune_executable_write_all(executable, plan->images, s->images, &error));
    assert_ok(retune_executable_run(executable, plan->forward, 0.0f, 0, &error));
    assert_ok(
        retune_desc_elements(&plan->graph->values[plan->features].desc, out_elements, &error));
    float *values = malloc(*out_elements * sizeof *values);
    assert_ok(retune_executable_read_all(executable, plan->features, values, &error));
    retune_executable_destroy(executable);
    retune_plan_destroy(plan);
    retune_freeze_release(&freeze);
    return values;
}

/* Compares a layer's output for `count` images with the first elements of a golden tensor. */
static void check_layer(scene *s, const char *layer, const char *name, int64_t count) {
    const retune_safetensors_tensor *tensor = retune_safetensors_find(s->golden, name);
    cr_assert_not_null(tensor, "%s is not in the golden file", name);
    size_t elements, available;
    float *values = compute(s, layer, count, &elements);
    assert_ok(retune_desc_elements(&tensor->desc, &available, &error));
    cr_assert_leq(elements, available, "%s", name);
    const float *expected = tensor->data;
    double error = 0.0, norm = 0.0;
    for (size_t i = 0; i < elements; i++) {
        error += pow((double)values[i] - (double)expected[i], 2.0);
        norm += pow((double)expected[i], 2.0);
    }
    double relative = sqrt(error / norm);
    printf("%-10s %-16s %2d images  relative error %.2e\n", s->device->info.id, layer, (int)count,
           relative);
    cr_expect_leq(relative, tolerance, "%s on %s: relative error %g", layer, s->device->info.id,
                  relative);
    free(values);
}

static void check_device(const char *id, int64_t images) {
    scene s = open_scene(id);
    for (size_t a = 0; a < sizeof activations / sizeof *activations; a++) {
        char name[96];
        snprintf(name, sizeof name, "mobilenet_1_0_224/%s/first_image", activations[a]);
        check_layer(&s, activations[a], name, 1);
    }
    check_layer(&s, "average_pool", "mobilenet_1_0_224/pooled", images);
    close_scene(&s);
}

/* The devices that the CPU backend has; those there are tests for, and no others. */
Test(golden, every_device_is_tested) {
    retune_plugin *plugin = NULL;
    retune_probe_report report = {.struct_size = sizeof report};
    uint32_t count = 0;
    assert_ok(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "cpu", NULL, &plugin, &error));
    assert_ok(retune_plugin_load(plugin, &error));
    assert_ok(retune_plugin_probe(plugin, 0, &report, &error));
    assert_ok(retune_device_count(retune_plugin_backend(plugin), &count, &error));
    for (uint32_t d = 0; d < count; d++) {
        retune_device_info info;
        assert_ok(retune_device_describe(retune_plugin_backend(plugin), d, &info, &error));
        cr_expect(strcmp(info.id, "cpu/scalar") == 0 || strcmp(info.id, "cpu/simd") == 0,
                  "%s has no golden test", info.id);
    }
}

/* Plain loops in double precision take their time: two images have to do. */
Test(golden, scalar) {
    check_device("cpu/scalar", 2);
}

Test(golden, simd) {
    check_device("cpu/simd", 10);
}

Test(golden, opencl) {
    check_device("opencl", 10);
}

Test(golden, vulkan) {
    check_device("vulkan", 2);
}
