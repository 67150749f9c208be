#include "fixture.h"

#include "device/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLUGINS_MAX 16

bool fixture_is_reduced(void) {
    const char *value = getenv("RETUNE_TEST_REDUCED");
    return value && strcmp(value, "1") == 0;
}

/* Names of the plugins that are to be tested. */
static size_t find_plugins(char out_names[PLUGINS_MAX][FIXTURE_NAME_MAX]) {
    const char *wanted = getenv("RETUNE_OP_BACKEND");
    size_t kept = 0;
    retune_names names;
    if (retune_plugin_names(RETUNE_PLUGIN_BACKEND, NULL, &names, NULL) != RETUNE_OK)
        return 0;
    for (size_t n = 0; n < names.count && kept < PLUGINS_MAX; n++)
        if (!wanted || strcmp(names.items[n], wanted) == 0)
            snprintf(out_names[kept++], FIXTURE_NAME_MAX, "%s", names.items[n]);
    retune_names_free(&names);
    return kept;
}

struct criterion_test_params fixture_parameters(uint32_t variants) {
    static char names[PLUGINS_MAX][FIXTURE_NAME_MAX];
    const size_t plugins = find_plugins(names);
    const size_t count = plugins * variants;
    fixture_parameter *parameters = cr_malloc((count + 1) * sizeof *parameters);
    for (size_t i = 0; i < count; i++) {
        memcpy(parameters[i].plugin, names[i / variants], FIXTURE_NAME_MAX);
        parameters[i].variant = (uint32_t)(i % variants);
    }
    return cr_make_param_array(fixture_parameter, parameters, count, NULL);
}

/* NULL, with the reason, for a plugin that does not load. */
static const retune_backend *fixture_load(const char *name, retune_error *error) {
    retune_plugin *plugin = NULL;
    if (retune_plugin_find(RETUNE_PLUGIN_BACKEND, name, NULL, &plugin, error) != RETUNE_OK ||
        retune_plugin_load(plugin, error) != RETUNE_OK)
        return NULL;
    return retune_plugin_backend(plugin);
}

/* The backend of a plugin and the number of its devices. */
static const retune_backend *load(const char *plugin, uint32_t *out_devices) {
    retune_error error = RETUNE_ERROR_INIT;
    const retune_backend *backend = fixture_load(plugin, &error);
    cr_assert_not_null(backend, "%s", error.message);
    retune_status status = backend_count_devices(backend, out_devices, &error);
    if (status == RETUNE_UNAVAILABLE)
        cr_skip_test("%s: %s", plugin, error.message);
    cr_assert_eq(status, RETUNE_OK, "%s: %s", plugin, error.message);
    return backend;
}

static bool is_wanted(const device_under_test *device) {
    const char *wanted = getenv("RETUNE_OP_DEVICE");
    return !wanted || strcmp(wanted, device->info.id) == 0;
}

void fixture_each_device(const fixture_parameter *parameter, fixture_run *run) {
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t count = 0;
    const retune_backend *backend = load(parameter->plugin, &count);
    for (uint32_t i = 0; i < count; i++) {
        device_under_test device;
        const retune_status status =
            device_under_test_open(backend, i, getenv("RETUNE_OP_OPTIONS"), &device, &error);
        cr_assert_eq(status, RETUNE_OK, "%s, device %u: %s", parameter->plugin, i, error.message);
        if (is_wanted(&device))
            run(&device, parameter);
        device_under_test_close(&device);
    }
}

/* True when a device of the plugin is wanted; false also when there is none. */
static bool has_wanted_device(const char *plugin) {
    const retune_backend *backend = fixture_load(plugin, NULL);
    uint32_t count = 0;
    bool found = false;
    if (!backend || backend_count_devices(backend, &count, NULL) != RETUNE_OK)
        return false;
    for (uint32_t i = 0; i < count && !found; i++) {
        device_under_test device = {.info.struct_size = sizeof device.info};
        found = backend->device_info(i, &device.info, NULL) == RETUNE_OK && is_wanted(&device);
    }
    return found;
}

/* A run that tests nothing, for want of plugins or by a misspelt device, is no success; that one
 * backend was asked for and finds no device is none either, but no fault of ours. */
Test(plugins, some_device_is_found) {
    static char names[PLUGINS_MAX][FIXTURE_NAME_MAX];
    const char *search_path = getenv("RETUNE_PLUGIN_PATH"), *wanted = getenv("RETUNE_OP_DEVICE");
    const size_t plugins = find_plugins(names);
    bool found = false;
    for (size_t i = 0; i < plugins && !found; i++)
        found = has_wanted_device(names[i]);
    if (!found && plugins == 1 && getenv("RETUNE_OP_BACKEND") && !wanted)
        cr_skip_test("no device: %s", names[0]);
    cr_assert(found, "no device%s%s in RETUNE_PLUGIN_PATH (%s)", wanted ? " named " : "",
              wanted ? wanted : "", search_path ? search_path : "not set");
}
