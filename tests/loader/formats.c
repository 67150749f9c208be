/* Loading format plugins, and choosing one by a file's extension. */
#include "support.h"

#include <stdlib.h>

TestSuite(formats, .init = forget_environment);

Test(formats, good_ones) {
    static const char *const names[] = {"lines", "short_table", "newer_minor", "abi_1_0"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_plugin *plugin = NULL;
        cr_assert_eq(load(RETUNE_PLUGIN_FORMAT, names[i], FAKE_PLUGINS, &plugin, &error), RETUNE_OK,
                     "%s", error.message);
        cr_expect_str_eq(retune_plugin_format(plugin)->name, names[i]);
        cr_expect_null(retune_plugin_format(plugin)->write);
        cr_expect_null(retune_plugin_backend(plugin));
    }
}

struct refusal {
    const char *name;
    retune_status status;
    const char *part;
};

Test(formats, refusals) {
    static const struct refusal refusals[] = {
        {"newer_major", RETUNE_UNAVAILABLE, "made for version 2.1 of the format ABI"},
        {"too_small", RETUNE_INTERNAL, "version 1.0 of the format ABI needs"},
        {"missing_function", RETUNE_INTERNAL, "required entry 'tensor_read' is missing"},
        {"no_extensions", RETUNE_INTERNAL, "required entry 'extensions' is missing"},
        {"wrong_name", RETUNE_INTERNAL, "calls itself 'other_name'"},
        {"no_export", RETUNE_INTERNAL, "exports no retune_format_query"},
        {"linez", RETUNE_UNAVAILABLE, "did you mean 'lines'?"},
        {"good", RETUNE_UNAVAILABLE, "no plugin retune_format_good.so"},
        {"../lines", RETUNE_INVALID, "'../lines' is no name of a format"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_plugin *plugin = NULL;
        cr_expect_eq(load(RETUNE_PLUGIN_FORMAT, refusals[i].name, FAKE_PLUGINS, &plugin, &error),
                     refusals[i].status, "%s", refusals[i].name);
        expect_contains(error.message, refusals[i].part);
    }
}

Test(formats, found_by_extension) {
    static const struct {
        const char *path, *name;
    } cases[] = {
        {"/models/net.lines", "lines"}, {"net.LN", "lines"},          {"a.b/net.ln", "lines"},
        {"net.short", "short_table"},   {"net.newer", "newer_minor"}, {"net.v10", "abi_1_0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        const retune_format *format = NULL;
        cr_assert_eq(retune_format_find(cases[i].path, FAKE_PLUGINS, NULL, &format, &error),
                     RETUNE_OK, "%s", error.message);
        cr_expect_str_eq(format->name, cases[i].name);
    }
}

Test(formats, unknown_extension_lists_what_is_there) {
    static const char *const paths[] = {"net.xyz", "lines", ".lines", "net.lines2", "net.", ""};
    char *folder = make_folder();
    copy_fake("format_lines", folder, "retune_format_lines.so");
    copy_fake("format_newer_major", folder, "retune_format_newer_major.so");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        const retune_format *format = NULL;
        cr_expect_eq(retune_format_find(paths[i], folder, NULL, &format, &error),
                     RETUNE_UNAVAILABLE, "%s", paths[i]);
        cr_expect_null(format);
        expect_contains(error.message, "lines reads .lines .ln; newer_major (");
        expect_contains(error.message, "version 2.1");
    }
    remove_folder(folder);
}

Test(formats, none_at_all) {
    char *folder = make_folder();
    retune_error error = RETUNE_ERROR_INIT;
    const retune_format *format = NULL;
    setenv("RETUNE_PLUGIN_PATH", "", 1);
    cr_expect_eq(retune_format_find("net.h5x", folder, NULL, &format, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "net.h5x: no plugin reads this kind of file");
    remove_folder(folder);
}
