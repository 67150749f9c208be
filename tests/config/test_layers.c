/* Defaults under the file under the environment under overrides, and where each value came from. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TestSuite(config_layers, .init = scene_begin, .fini = scene_end);

static void expect_setting(const retune_config *config, const char *section, const char *key,
                           const char *value, const char *origin) {
    retune_setting setting = scene_setting(config, section, key);
    cr_expect(strcmp(setting.value, value) == 0, "%s.%s = '%s'", section, key, setting.value);
    cr_expect(strcmp(setting.origin, origin) == 0, "%s.%s from '%s'", section, key, setting.origin);
}

Test(config_layers, defaults_alone) {
    retune_config *config = NULL;
    cr_assert(retune_config_open(NULL, NULL, 0, &config, NULL) == RETUNE_OK);
    cr_expect(config->train_epochs == 100 && config->train_batch == 163);
    cr_expect(config->train_learning_rate == 0.003);
    cr_expect(config->train_optimizer == RETUNE_OPTIMIZER_ADAM);
    cr_expect(config->model_head.count == 4);
    cr_expect(strcmp(config->model_head.items[1], "flatten") == 0);
    cr_expect(strcmp(config->output_folder, "runs/job") == 0);
    cr_expect(strcmp(config->model_weights, "") == 0);
    cr_expect(retune_config_path(config) == NULL);
    expect_setting(config, "train", "epsilon", "1e-7", "default");
    retune_config_close(config);
}

Test(config_layers, each_layer_covers_the_one_before) {
    scene_write("job.ini", "[train]\nepochs = 5\nbatch = 32\nseed = 7\n");
    setenv("RETUNE_TRAIN_BATCH", "48", 1);
    setenv("RETUNE_TRAIN_SEED", "8", 1);
    retune_option overrides[] = {{"train.seed", "9"}, {"train.seed", "10"}};
    retune_config *config = NULL;
    cr_assert(retune_config_open("job.ini", overrides, 2, &config, NULL) == RETUNE_OK);
    cr_expect(config->train_epochs == 5 && config->train_batch == 48 && config->train_seed == 10);
    expect_setting(config, "train", "epochs", "5", "job.ini:2");
    expect_setting(config, "train", "batch", "48", "environment");
    expect_setting(config, "train", "seed", "10", "--set");
    expect_setting(config, "train", "momentum", "0.9", "default");
    cr_expect(strcmp(retune_config_path(config), "job.ini") == 0);
    retune_config_close(config);
}

/* A wrong value is wrong also where a later layer would cover it. */
Test(config_layers, covered_values_are_checked) {
    setenv("RETUNE_TRAIN_EPOCHS", "5", 1);
    scene_refuse("[train]\nepochs = many\n",
                 "job.ini:2: [train] epochs: 'many' is not a whole number in 0..100000");
}

Test(config_layers, environment_errors_name_the_variable) {
    setenv("RETUNE_TRAIN_EPOCHS", "-1", 1);
    scene_refuse("", "environment RETUNE_TRAIN_EPOCHS: [train] epochs: -1 is not in 0..100000");
    setenv("RETUNE_TRAIN_EPOCHS", "", 1);
    scene_refuse("", "environment RETUNE_TRAIN_EPOCHS: [train] epochs: '' is not a whole number in "
                     "0..100000");
}

Test(config_layers, misspelt_variables_are_errors) {
    setenv("RETUNE_CACHE_FEATURE", "off", 1);
    scene_refuse("", "environment RETUNE_CACHE_FEATURE: [cache] has no key 'feature'; did you mean "
                     "'features'? its keys are: features, precision, folder");
    unsetenv("RETUNE_CACHE_FEATURE");
    setenv("RETUNE_BACKEND_PLUGIN_PAHT", "x", 1);
    scene_refuse("",
                 "environment RETUNE_BACKEND_PLUGIN_PAHT: [backend] has no key 'plugin_paht'; "
                 "did you mean 'plugin_path'? its keys are: order, fallback, precision, self_test, "
                 "plugin_path, plugin_sha256");
}

Test(config_layers, other_variables_are_left_alone) {
    setenv("RETUNE_PLUGIN_PATH", "/x", 1);
    setenv("RETUNE_TEST_DATA", "/y", 1);
    setenv("RETUNE", "1", 1);
    setenv("RETUNE_TRAIN", "1", 1);
    setenv("TRAIN_EPOCHS", "x", 1);
    retune_config_close(scene_open(""));
}

Test(config_layers, backend_options_keep_their_order) {
    scene_write("job.ini", "[backend.cpu]\nthreads = 4\nMode = a b\n[backend.opencl]\nx = 1\n");
    setenv("RETUNE_BACKEND_CPU_THREADS", "3", 1);
    setenv("RETUNE_BACKEND_VULKAN_VALIDATION_LAYERS", "on", 1);
    retune_option overrides[] = {{"backend.cpu.pin", "yes"}, {"backend.cpu.Mode", "c"}};
    retune_config *config = NULL;
    cr_assert(retune_config_open("job.ini", overrides, 2, &config, NULL) == RETUNE_OK);
    size_t count = 0;
    const retune_option *options = retune_config_backend_options(config, "cpu", &count);
    cr_assert(count == 3);
    cr_expect(strcmp(options[0].key, "threads") == 0 && strcmp(options[0].value, "3") == 0);
    cr_expect(strcmp(options[1].key, "Mode") == 0 && strcmp(options[1].value, "c") == 0);
    cr_expect(strcmp(options[2].key, "pin") == 0 && strcmp(options[2].value, "yes") == 0);
    expect_setting(config, "backend.cpu", "threads", "3", "environment");
    expect_setting(config, "backend.cpu", "pin", "yes", "--set");
    expect_setting(config, "backend.opencl", "x", "1", "job.ini:5");
    expect_setting(config, "backend.vulkan", "validation_layers", "on", "environment");
    cr_expect(retune_config_backend_options(config, "clml", &count) == NULL && count == 0);
    cr_expect(retune_config_setting_count(config) == retune_config_setting_count(NULL) + 5);
    retune_config_close(config);
}

Test(config_layers, backend_options_are_checked) {
    scene_refuse("[backend.]\nx = 1\n", "job.ini:1: [backend.] is not a section; did you mean "
                                        "[backend]? sections are: model, data, freeze, train, "
                                        "backend, cache, output, backend.<name>");
    scene_refuse("[backend.a b]\nx = 1\n", "job.ini:2: [backend.a b] x: 'a b' is no name: letters, "
                                           "digits, '_' and '-' make one");
    scene_refuse("[backend.cpu]\nx.y = 1\n", "job.ini:2: [backend.cpu] x.y: 'x.y' is no name: "
                                             "letters, digits, '_' and '-' make one");
    scene_refuse_set("backend.cpu.a2345678901234567890123456789012345678901", "1",
                     "--set backend.cpu.a2345678901234567890123456789012345678901: [backend.cpu] "
                     "a2345678901234567890123456789012345678901: "
                     "'a2345678901234567890123456789012345678901' is longer than 40 letters");
    scene_refuse("[backend.cpu]\nx = 1\nx = 2\n",
                 "job.ini:3: [backend.cpu] x: already set in line 2");
    scene_refuse_set("backend.cpu.x", "a\nb",
                     "--set backend.cpu.x: [backend.cpu] x: holds a control character (byte 0x0a)");
}

Test(config_layers, duplicates_name_both_lines) {
    scene_refuse("[train]\nbatch = 1\n[data]\nseed = 1\n[train]\nbatch = 1\n",
                 "job.ini:6: [train] batch: already set in line 2");
    /* The same key of another section is another key. */
    retune_config_close(scene_open("[train]\nseed = 1\n[data]\nseed = 1\n"));
}

Test(config_layers, paths_of_a_file_are_relative_to_it) {
    cr_assert(mkdir("jobs", 0700) == 0);
    scene_write("jobs/a.ini", "[model]\nweights = w.h5\n[data]\nroot = /abs/root\ntest_list =\n");
    retune_option override = {"cache.folder", "features"};
    setenv("RETUNE_BACKEND_PLUGIN_PATH", "plugins", 1);
    retune_config *config = NULL;
    cr_assert(retune_config_open("jobs/a.ini", &override, 1, &config, NULL) == RETUNE_OK);
    cr_expect(strcmp(config->model_weights, "jobs/w.h5") == 0, "%s", config->model_weights);
    cr_expect(strcmp(config->data_root, "/abs/root") == 0);
    cr_expect(strcmp(config->data_test_list, "") == 0);
    cr_expect(strcmp(config->output_folder, "runs/job") == 0);
    cr_expect(strcmp(config->cache_folder, "features") == 0);
    cr_expect(strcmp(config->backend_plugin_path, "plugins") == 0);
    expect_setting(config, "model", "weights", "jobs/w.h5", "jobs/a.ini:2");
    retune_config_close(config);
}

Test(config_layers, paths_of_a_file_here_stay_as_they_are) {
    retune_config *config = scene_open("[data]\nroot = flowers/all\n");
    cr_expect(strcmp(config->data_root, "flowers/all") == 0, "%s", config->data_root);
    retune_config_close(config);
}

Test(config_layers, malformed_overrides) {
    scene_refuse_set("epochs", "1", "--set epochs: expected section.key=value");
    scene_refuse_set("train.", "1", "--set train.: expected section.key=value");
    scene_refuse_set(".epochs", "1", "--set .epochs: expected section.key=value");
    scene_refuse_set("", "1", "--set : expected section.key=value");
}

Test(config_layers, missing_file_is_io) {
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect(retune_config_open("none/job.ini", NULL, 0, &config, &error) == RETUNE_IO);
    cr_expect(strstr(error.message, "none/job.ini") != NULL, "%s", error.message);
    cr_expect(config == NULL);
    retune_config_close(NULL);
}

Test(config_layers, error_objects_are_optional) {
    retune_config *config = NULL;
    retune_option override = {"train.nothing", "1"};
    cr_expect(retune_config_open(NULL, &override, 1, &config, NULL) == RETUNE_INVALID);
}
