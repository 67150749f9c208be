/* Loading backends: what is taken, and what each refusal says. */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(backends, .init = forget_environment);

static const retune_backend *load_good(const char *name) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_assert_eq(load(RETUNE_PLUGIN_BACKEND, name, FAKE_PLUGINS, &plugin, &error), RETUNE_OK, "%s",
                 error.message);
    cr_expect_null(retune_plugin_format(plugin));
    return retune_plugin_backend(plugin);
}

Test(backends, good_one) {
    retune_plugin *plugin = NULL;
    cr_assert_eq(load(RETUNE_PLUGIN_BACKEND, "good", FAKE_PLUGINS, &plugin, NULL), RETUNE_OK);
    cr_expect_str_eq(retune_plugin_name(plugin), "good");
    cr_expect_str_eq(retune_plugin_path(plugin), FAKE_PLUGINS "/retune_good.so");
    cr_expect_str_eq(retune_plugin_backend(plugin)->name, "good");
    cr_expect_null(retune_plugin_backend(plugin)->tensor_wrap);
}

Test(backends, loaded_once) {
    retune_plugin *first = NULL, *second = NULL;
    cr_assert_eq(load(RETUNE_PLUGIN_BACKEND, "good", FAKE_PLUGINS, &first, NULL), RETUNE_OK);
    setenv("RETUNE_PLUGIN_PATH", FAKE_PLUGINS, 1);
    cr_assert_eq(load(RETUNE_PLUGIN_BACKEND, "good", NULL, &second, NULL), RETUNE_OK);
    cr_expect_eq(first, second);
    cr_expect_eq(retune_plugin_backend(first), retune_plugin_backend(second));
}

static void *load_in_thread(void *name) {
    retune_plugin *plugin = NULL;
    load(RETUNE_PLUGIN_BACKEND, name, FAKE_PLUGINS, &plugin, NULL);
    return plugin;
}

Test(backends, loaded_once_by_many_threads) {
    pthread_t threads[8];
    void *plugins[8];
    for (int i = 0; i < 8; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, load_in_thread, "good"), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], &plugins[i]);
    cr_assert_not_null(plugins[0]);
    cr_expect_not_null(retune_plugin_backend(plugins[0]));
    for (int i = 1; i < 8; i++)
        cr_expect_eq(plugins[i], plugins[0]);
}

Test(backends, first_version_of_the_abi) {
    const retune_backend *backend = load_good("abi_1_0");
    uint64_t current = 0, peak = 0;
    cr_expect_null(backend->program_times);
    cr_assert_not_null(backend->device_memory);
    cr_expect_eq(backend->device_memory(NULL, &current, &peak, NULL), RETUNE_OK);
    cr_expect_eq(peak, 22);
}

Test(backends, what_a_shorter_table_lacks_is_null) {
    const retune_backend *backend = load_good("short_table");
    cr_expect_not_null(backend->program_wait);
    cr_expect_null(backend->program_times);
    cr_expect_null(backend->device_memory);
}

Test(backends, larger_table_of_a_later_minor_version) {
    const retune_backend *backend = load_good("newer_minor");
    cr_expect_eq(backend->struct_size, sizeof(retune_backend));
    cr_expect_null(backend->device_memory);
}

struct refusal {
    const char *name;
    retune_status status;
    const char *parts[3];
};

Test(backends, refusals) {
    static const struct refusal refusals[] = {
        {"newer_major",
         RETUNE_UNAVAILABLE,
         {"/retune_newer_major.so", "made for version 2.3 of the backend ABI", "has 1.1"}},
        {"answers_null",
         RETUNE_UNAVAILABLE,
         {"/retune_answers_null.so", "made for version 4.2 of the backend ABI", "has 1.1"}},
        {"always_null", RETUNE_UNAVAILABLE, {"/retune_always_null.so", "version unknown", "1.1"}},
        {"too_small", RETUNE_INTERNAL, {"/retune_too_small.so", "its table has ", ""}},
        {"tiny", RETUNE_INTERNAL, {"/retune_tiny.so", "its table has 4 bytes", ""}},
        {"missing_function",
         RETUNE_INTERNAL,
         {"/retune_missing_function.so", "required entry 'program_run' is missing", ""}},
        {"wrong_name",
         RETUNE_INTERNAL,
         {"/retune_wrong_name.so", "calls itself 'other_name'", "'wrong_name'"}},
        {"no_name", RETUNE_INTERNAL, {"/retune_no_name.so", "calls itself ''", "'no_name'"}},
        {"no_export",
         RETUNE_INTERNAL,
         {"/retune_no_export.so", "exports no retune_backend_query", ""}},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        for (int again = 0; again < 2; again++) {
            retune_error error = RETUNE_ERROR_INIT;
            retune_plugin *plugin = NULL;
            cr_expect_eq(
                load(RETUNE_PLUGIN_BACKEND, refusals[i].name, FAKE_PLUGINS, &plugin, &error),
                refusals[i].status, "%s: %s", refusals[i].name, error.message);
            cr_expect_eq(error.code, (int32_t)refusals[i].status);
            for (int part = 0; part < 3; part++)
                expect_contains(error.message, refusals[i].parts[part]);
            cr_expect_null(retune_plugin_backend(plugin));
        }
}

Test(backends, too_small_a_table_names_both_sizes) {
    char sizes[128];
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    snprintf(sizes, sizeof sizes,
             "its table has %zu bytes, version 1.0 of the backend ABI needs %zu",
             offsetof(retune_backend, program_wait), offsetof(retune_backend, program_times));
    load(RETUNE_PLUGIN_BACKEND, "too_small", FAKE_PLUGINS, &plugin, &error);
    expect_contains(error.message, sizes);
}

Test(backends, file_that_is_no_library) {
    char *folder = make_folder();
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    write_text(folder, "retune_text.so", "this is not an ELF file\n");
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "text", folder, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "/retune_text.so: cannot be loaded");
    remove_folder(folder);
}

Test(backends, truncated_library) {
    char *folder = make_folder();
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(truncate(path_of(folder, "retune_good.so"), 100), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", folder, &plugin, NULL), RETUNE_UNAVAILABLE);
    remove_folder(folder);
}

Test(backends, copy_under_another_name) {
    char *folder = make_folder();
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_better.so");
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "better", folder, &plugin, &error), RETUNE_INTERNAL);
    expect_contains(error.message, "calls itself 'good'");
    remove_folder(folder);
}

Test(backends, missing_plugin_says_where_and_what) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    char *folder = make_folder();
    copy_fake("good", folder, "retune_good.so");
    copy_fake("format_lines", folder, "retune_format_lines.so");
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "goood", folder, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "no plugin retune_goood.so");
    expect_contains(error.message, "did you mean 'good'?");
    expect_contains(error.message, "found: ");
    expect_contains(error.message, "; searched: ");
    expect_contains(error.message, folder);
    cr_expect_null(plugin);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "unlike_any", folder, &plugin, &error),
                 RETUNE_UNAVAILABLE);
    cr_expect_null(strstr(error.message, "did you mean"));
    remove_folder(folder);
}

Test(backends, impossible_names) {
    static const char *const names[] = {"", "../good", "a/b", "GOOD", "good.so", "format_lines"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_plugin *plugin = NULL;
        cr_expect_eq(
            retune_plugin_find(RETUNE_PLUGIN_BACKEND, names[i], FAKE_PLUGINS, &plugin, &error),
            RETUNE_INVALID, "%s", names[i]);
        expect_contains(error.message, names[i]);
        cr_expect_null(plugin);
    }
}

Test(backends, names_leave_formats_out) {
    retune_names names;
    cr_assert_eq(retune_plugin_names(RETUNE_PLUGIN_BACKEND, FAKE_PLUGINS, &names, NULL), RETUNE_OK);
    cr_expect(retune_names_have(&names, "good"));
    cr_expect(retune_names_have(&names, "crash"), "names are listed before anything is loaded");
    cr_expect_not(retune_names_have(&names, "format_lines"));
    cr_expect_not(retune_names_have(&names, "lines"));
    retune_names_free(&names);
}
