/* Opening a device: its options, and what they do. */
#include "backends/support.h"

#include "base/tensor_desc.h"

#include <stdlib.h>

Test(clml_device, bad_options) {
    target_refuses_option(RETUNE_INVALID, "providers", "x", "trust_provider micro_batch");
    target_refuses_option(RETUNE_INVALID, "provider", "libOpenCL.so", "an absolute path");
    target_refuses_option(RETUNE_INVALID, "trust_provider", "yes", "on or off");
    target_refuses_option(RETUNE_INVALID, "micro_batch", "0", "in 1..4096");
    target_refuses_option(RETUNE_INVALID, "micro_batch", "4097", "in 1..4096");
    target_refuses_option(RETUNE_INVALID, "micro_batch", "4x", "in 1..4096");
    target_refuses_option(RETUNE_INVALID, "crossing", "ferry", "copy or host");
    target_refuses_option(RETUNE_INVALID, "reuse", "1", "on or off");
    target_refuses_option(RETUNE_INVALID, "tune", "fast", "[backend.clml] tune");
    target_refuses_option(RETUNE_INVALID, "profiling", "yes", "[backend.clml] profiling");
}

Test(clml_device, a_provider_is_named_and_trusted) {
    target_refuses_option(RETUNE_UNAVAILABLE, "trust_provider", "off", "trust_provider = on");
    target_refuses_option(RETUNE_UNAVAILABLE, "provider", "/no/such/library.so",
                          "/no/such/library.so");
    target_backend()->device_close(
        target_open("provider", getenv("RETUNE_CLML_PROVIDER"), "trust_provider", "on", NULL));
}

Test(clml_device, another_device_is_asked_for) {
    target_refuses_option(RETUNE_UNAVAILABLE, "device", "Voodoo 2", "[backend.clml] device");
    target_refuses_option(RETUNE_UNAVAILABLE, "platform", "Glide", "Glide");
}

/* Nothing that only a driver could promise. */
Test(clml_device, what_a_device_says_of_itself) {
    retune_device_info info = {.struct_size = sizeof info};
    assert_ok(target_backend()->device_info(0, &info, &error));
    cr_expect_str_eq(info.id, "clml/0");
    cr_expect_not(info.features & RETUNE_FEATURE_DETERMINISTIC);
    cr_expect_not(info.features & RETUNE_FEATURE_F16_STORAGE);
    cr_expect_not_null(strstr(info.quirks, "trusted"), "%s", info.quirks);
}

/* y = a + b of three samples with the given option, against the sums. */
static void expect_sums(const char *key, const char *value) {
    const retune_tensor_desc shape = retune_desc(RETUNE_F32, 4, 3, 2, 2, 5);
    retune_backend_device *device = target_open(key, value, NULL);
    float a[60], b[60], y[60];
    for (int i = 0; i < 60; i++) {
        a[i] = (float)i;
        b[i] = 1000.0f - 3.0f * (float)i;
    }
    retune_backend_tensor *ta = target_tensor(device, &shape, 0, a);
    retune_backend_tensor *tb = target_tensor(device, &shape, 0, b);
    retune_backend_tensor *ty = target_tensor(device, &shape, 0, NULL);
    retune_backend_program *program = target_add(device, &shape, ta, tb, ty);
    target_run(program);
    target_read(ty, &shape, y);
    for (int i = 0; i < 60; i++)
        cr_expect_float_eq(y[i], a[i] + b[i], 0, "%s = %s, %d: %g", key ? key : "",
                           value ? value : "", i, (double)y[i]);
    target_backend()->program_destroy(program);
    target_backend()->tensor_destroy(ta);
    target_backend()->tensor_destroy(tb);
    target_backend()->tensor_destroy(ty);
    target_backend()->device_close(device);
}

Test(clml_device, options_change_no_result) {
    expect_sums(NULL, NULL);
    expect_sums("micro_batch", "2");
    expect_sums("micro_batch", "3");
    expect_sums("crossing", "host");
    expect_sums("reuse", "off");
    expect_sums("tune", "full");
    expect_sums("profiling", "on");
}

/* Memory as large as the driver says it wants it, transfers that touch host memory late and as far
 * as that. */
Test(clml_device, padding_delays_and_late_transfers) {
    target_backend();
    setenv("CLML_EMULATOR_PADDING", "4096", 1);
    setenv("CLML_EMULATOR_DELAY_MS", "20", 1);
    setenv("CLML_EMULATOR_STRICT", "all", 1);
    expect_sums("crossing", "copy");
    expect_sums("crossing", "host");
}

/* Where linear tensors are refused, data goes through the host. */
Test(clml_device, linear_tensors_are_refused) {
    target_backend();
    setenv("CLML_EMULATOR_REFUSE_LAYOUT", "tensor:nchw", 1);
    expect_sums("crossing", "copy");
}
