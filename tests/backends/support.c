#include "backends/support.h"

#include "device/plugin.h"

#include <stdarg.h>

const retune_backend *target_backend(void) {
    static retune_plugin *plugin;
    retune_probe_report report = {.struct_size = sizeof report};
    assert_ok(retune_plugin_find(RETUNE_PLUGIN_BACKEND, TESTED_BACKEND, NULL, &plugin, &error));
    assert_ok(retune_plugin_load(plugin, &error));
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_plugin_probe(plugin, 0, &report, &error);
    if (status == RETUNE_UNAVAILABLE)
        cr_skip_test("no device: %s", error.message);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    return retune_plugin_backend(plugin);
}

retune_backend_device *target_open(const char *key, ...) {
    retune_option options[8];
    size_t count = 0;
    retune_backend_device *device = NULL;
    va_list list;
    va_start(list, key);
    for (; key; key = va_arg(list, const char *))
        options[count++] = (retune_option){key, va_arg(list, const char *)};
    va_end(list);
    assert_ok(target_backend()->device_open(0, options, count, &device, &error));
    return device;
}

retune_backend_tensor *target_tensor(retune_backend_device *device, const retune_tensor_desc *desc,
                                     uint32_t slot, const void *data) {
    retune_backend_tensor *tensor = NULL;
    assert_ok(
        target_backend()->tensor_create(device, desc, RETUNE_USAGE_STATE, slot, &tensor, &error));
    if (data)
        assert_ok(target_backend()->tensor_write(tensor, 0, desc->shape[0], data, &error));
    return tensor;
}

void target_read(retune_backend_tensor *tensor, const retune_tensor_desc *desc, void *data) {
    assert_ok(target_backend()->tensor_read(tensor, 0, desc->shape[0], data, &error));
}

retune_backend_program *target_add(retune_backend_device *device, const retune_tensor_desc *shape,
                                   retune_backend_tensor *a, retune_backend_tensor *b,
                                   retune_backend_tensor *y) {
    const retune_op_desc desc = {.struct_size = sizeof desc,
                                 .kind = RETUNE_OP_ADD,
                                 .inputs = {shape, shape},
                                 .outputs = {shape}};
    const retune_op op = {
        .struct_size = sizeof op, .desc = &desc, .inputs = {a, b}, .outputs = {y}};
    const retune_op *ops[] = {&op};
    retune_backend_program *program = NULL;
    assert_ok(target_backend()->program_create(device, ops, 1, &program, &error));
    return program;
}

void target_run(retune_backend_program *program) {
    assert_ok(target_backend()->program_run(program, 0, 1, NULL, &error));
    assert_ok(target_backend()->program_wait(program, &error));
}

void target_refuses_option(retune_status code, const char *key, const char *value,
                           const char *text) {
    const retune_option option = {key, value};
    retune_backend_device *device = NULL;
    expect_refused(code, text, target_backend()->device_open(0, &option, 1, &device, &error));
    cr_expect_null(device);
}
