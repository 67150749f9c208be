/* Whether the backend is there at all, and why not. */
#include "backends/support.h"

#include "device/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The plugin, loaded but not probed. Skips where no OpenCL device could play the Adreno. */
static const retune_backend *backend(void) {
    retune_plugin *plugin = NULL;
    target_backend();
    assert_ok(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "clml", NULL, &plugin, &error));
    return retune_plugin_backend(plugin);
}

/* `advice` is part of what a user is told to do. */
static void expect_unavailable_advised(const char *text, const char *advice) {
    retune_probe_report report = {.struct_size = sizeof report};
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = backend()->probe(&report, &error);
    cr_expect_eq(status, RETUNE_UNAVAILABLE, "%d: %s", (int)status, error.message);
    cr_expect_not_null(strstr(error.message, text), "no '%s' in: %s", text, error.message);
    cr_expect_null(strchr(error.message, '\n'), "more than a line: %s", error.message);
    cr_expect_not_null(strstr(report.advice, advice), "no '%s' in: %s", advice, report.advice);
}

/* There is a device, but its driver does not serve. */
static void expect_unavailable(const char *text) {
    expect_unavailable_advised(text, "clml_probe");
}

static void expect_version(const char *version) {
    retune_probe_report report = {.struct_size = sizeof report};
    assert_ok(backend()->probe(&report, &error));
    cr_expect_str_eq(report.version, version);
    cr_expect_not_null(strstr(report.library, "libclml_emulator.so"), "%s", report.library);
    target_backend()->device_close(target_open(NULL));
}

/* Skips where a device has the extension in earnest. */
static void need_a_device_without(void) {
    retune_device_info info = {.struct_size = sizeof info};
    assert_ok(backend()->device_info(0, &info, &error));
    if (!strstr(info.quirks, "trusted"))
        cr_skip_test("%s lists the extension", info.name);
}

Test(clml_negotiation, a_device_that_does_not_list_the_extension) {
    need_a_device_without();
    unsetenv("RETUNE_CLML_TRUST_PROVIDER");
    expect_unavailable_advised("no OpenCL device lists cl_qcom_ml_ops", "opencl or vulkan");
    setenv("RETUNE_CLML_TRUST_PROVIDER", "perhaps", 1);
    expect_unavailable_advised("\"perhaps\" is not on or off", "Adreno");
}

/* The ladder, as a user sees it. */
Test(clml_negotiation, devices_says_why_in_one_line) {
    char command[1024], output[1024] = "";
    need_a_device_without();
    unsetenv("RETUNE_CLML_PROVIDER");
    unsetenv("RETUNE_CLML_TRUST_PROVIDER");
    snprintf(command, sizeof command,
             "'%s/bin/retune' devices | grep -c 'unusable  *no OpenCL "
             "device lists cl_qcom_ml_ops, the extension of Adreno GPUs'",
             getenv("RETUNE_TEST_BINARY"));
    FILE *lines = popen(command, "r");
    cr_assert_not_null(lines);
    cr_assert_not_null(fgets(output, sizeof output, lines));
    cr_expect_eq(pclose(lines), 0);
    cr_expect_str_eq(output, "1\n");
}

Test(clml_negotiation, opencl_itself_does_not_have_it) {
    need_a_device_without();
    unsetenv("RETUNE_CLML_PROVIDER");
    expect_unavailable("has no clQueryMLInterfaceVersionsQCOM");
}

Test(clml_negotiation, providers_that_are_none) {
    char path[512];
    backend();
    setenv("RETUNE_CLML_PROVIDER", "libclml_emulator.so", 1);
    expect_unavailable("is not an absolute path");
    setenv("RETUNE_CLML_PROVIDER", "/no/such/library.so", 1);
    expect_unavailable("/no/such/library.so");
    snprintf(path, sizeof path, "%s/lib/libretune.so", getenv("RETUNE_TEST_BINARY"));
    setenv("RETUNE_CLML_PROVIDER", path, 1);
    expect_unavailable("libretune.so has no clQueryMLInterfaceVersionsQCOM");
}

Test(clml_negotiation, a_provider_that_others_could_have_written) {
    char path[] = "/tmp/retune-provider-XXXXXX";
    backend();
    int file = mkstemp(path);
    cr_assert(file >= 0 && fchmod(file, 0666) == 0 && close(file) == 0);
    setenv("RETUNE_CLML_PROVIDER", path, 1);
    expect_unavailable("others can write");
    unlink(path);
}

Test(clml_negotiation, versions_in_any_order) {
    backend();
    expect_version("cl_qcom_ml_ops 3.0");
    setenv("CLML_EMULATOR_VERSIONS", "3.0,4.0", 1);
    expect_version("cl_qcom_ml_ops 3.0");
    setenv("CLML_EMULATOR_VERSIONS", "5.0 4.0 3.0 1.0", 1);
    expect_version("cl_qcom_ml_ops 3.0");
    setenv("CLML_EMULATOR_VERSIONS", "4.0", 1);
    expect_version("cl_qcom_ml_ops 3.0 (not listed)");
}

Test(clml_negotiation, only_older_versions) {
    backend();
    setenv("CLML_EMULATOR_VERSIONS", "1.0", 1);
    expect_unavailable("it lists 1.0");
    setenv("CLML_EMULATOR_VERSIONS", "1.0,2.0", 1);
    expect_unavailable("it lists 1.0, 2.0");
}

Test(clml_negotiation, functions_that_fail) {
    backend();
    setenv("CLML_EMULATOR_FAIL", "query=-6", 1);
    expect_unavailable("clQueryMLInterfaceVersionsQCOM");
    expect_unavailable("CL_OUT_OF_HOST_MEMORY (-6)");
    setenv("CLML_EMULATOR_FAIL", "interface=-30", 1);
    expect_unavailable("gives no table of version 3.0");
}
