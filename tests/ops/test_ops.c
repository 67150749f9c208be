/* Every op on every device of every backend found in RETUNE_PLUGIN_PATH, against the reference.
 *
 *   RETUNE_OP_DEVICE=cpu/simd   this device only
 *   RETUNE_OP_CASE='add a=...'  this case only, as a failure prints it
 *   RETUNE_OP_OPTIONS=threads=3 options the devices are opened with, "key=value,key=value"
 *   RETUNE_TEST_REDUCED=1       small shapes only, for emulated devices */
#include "cases.h"
#include "conformance.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLUGINS_MAX  16
#define FAILURES_MAX 5 /* printed per op and device; the rest is counted */

/* One test: an op on the devices of one plugin. */
typedef struct parameter {
    char plugin[BACKEND_PATH_MAX];
    uint32_t kind;
} parameter;

static bool reduced(void) {
    const char *value = getenv("RETUNE_TEST_REDUCED");
    return value && strcmp(value, "1") == 0;
}

/* ---- A crash still names its case ---------------------------------------------------------- */

static char running[OP_CASE_TEXT_MAX + 128];

static void report_crash(int number) {
    (void)!write(STDERR_FILENO, running, strlen(running));
    signal(number, SIG_DFL);
    raise(number);
}

/* A sanitizer that listens already knows more than this would tell. */
static void watch_for_crashes(void) {
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (signal(numbers[i], report_crash) != SIG_DFL)
            signal(numbers[i], SIG_DFL);
}

/* ---- One op on one device ------------------------------------------------------------------ */

typedef struct case_tally {
    size_t passed, unsupported, failed;
} case_tally;

static void run_case(device_under_test *device, const op_case *op, case_tally *tally) {
    static char text[VERDICT_TEXT_MAX];
    char line[OP_CASE_TEXT_MAX];
    snprintf(running, sizeof running, "crashed: RETUNE_OP_DEVICE=%s RETUNE_OP_CASE='%s'\n",
             device->info.id, op_case_format(op, line));
    switch (conformance_run(device, op, text)) {
    case VERDICT_PASSED:
        tally->passed++;
        break;
    case VERDICT_UNSUPPORTED:
        tally->unsupported++;
        break;
    default:
        if (tally->failed++ < FAILURES_MAX)
            fprintf(stderr, "%s\n", text);
    }
}

static void run_cases(device_under_test *device, uint32_t kind) {
    const char *line = getenv("RETUNE_OP_CASE");
    case_list list = {0};
    op_case single;
    retune_error error = RETUNE_ERROR_INIT;
    case_tally tally = {0};
    if (!line)
        cases_of(kind, reduced(), &list);
    else if (op_case_parse(line, &single, &error) != RETUNE_OK)
        cr_assert_fail("RETUNE_OP_CASE: %s", error.message);
    else if (single.kind == kind)
        case_list_add(&list, single), list.items[0].seed = single.seed;
    for (size_t i = 0; i < list.count; i++)
        run_case(device, &list.items[i], &tally);
    if (list.count)
        printf("%s %s: %zu passed, %zu unsupported, %zu failed\n", device->info.id,
               op_info_of(kind)->name, tally.passed, tally.unsupported, tally.failed);
    fflush(stdout);
    cr_expect_eq(tally.failed, 0, "%s: %zu of %zu cases of %s failed", device->info.id,
                 tally.failed, list.count, op_info_of(kind)->name);
    case_list_free(&list);
}

static bool is_wanted(const device_under_test *device) {
    const char *wanted = getenv("RETUNE_OP_DEVICE");
    return !wanted || strcmp(wanted, device->info.id) == 0;
}

ParameterizedTestParameters(ops, conform) {
    static char paths[PLUGINS_MAX][BACKEND_PATH_MAX];
    const size_t plugins = backend_find(getenv("RETUNE_PLUGIN_PATH"), paths, PLUGINS_MAX);
    const size_t count = plugins * RETUNE_OP_KIND_COUNT;
    parameter *parameters = cr_malloc((count + 1) * sizeof *parameters);
    for (size_t i = 0; i < count; i++) {
        memcpy(parameters[i].plugin, paths[i / RETUNE_OP_KIND_COUNT], BACKEND_PATH_MAX);
        parameters[i].kind = i % RETUNE_OP_KIND_COUNT;
    }
    return cr_make_param_array(parameter, parameters, count, NULL);
}

/* The backend of a plugin and the number of its devices. Skips the test when the plugin is none or
 * finds no driver. */
static const retune_backend *load(const char *plugin, uint32_t *out_devices) {
    const retune_backend *backend = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = backend_load(plugin, &backend, &error);
    if (status == RETUNE_UNSUPPORTED)
        cr_skip_test("%s", error.message);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    status = backend_count_devices(backend, out_devices, &error);
    if (status == RETUNE_UNAVAILABLE)
        cr_skip_test("%s: %s", plugin, error.message);
    cr_assert_eq(status, RETUNE_OK, "%s: %s", plugin, error.message);
    return backend;
}

ParameterizedTest(const parameter *test, ops, conform, .timeout = 280) {
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t count = 0;
    const retune_backend *backend = load(test->plugin, &count);
    watch_for_crashes();
    for (uint32_t i = 0; i < count; i++) {
        device_under_test device;
        const retune_status status =
            device_under_test_open(backend, i, getenv("RETUNE_OP_OPTIONS"), &device, &error);
        cr_assert_eq(status, RETUNE_OK, "%s, device %u: %s", test->plugin, i, error.message);
        if (is_wanted(&device))
            run_cases(&device, test->kind);
        device_under_test_close(&device);
    }
}

Test(ops, some_backend_is_found) {
    char paths[PLUGINS_MAX][BACKEND_PATH_MAX];
    const char *search_path = getenv("RETUNE_PLUGIN_PATH");
    cr_assert(backend_find(search_path, paths, PLUGINS_MAX) > 0,
              "no retune_*.so in RETUNE_PLUGIN_PATH (%s)", search_path ? search_path : "not set");
}
