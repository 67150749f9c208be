/* Plugins that were linked in: found by name, before any file, without one. */
#include <criterion/criterion.h>

#include "device/plugin.h"

#include <stdlib.h>
#include <string.h>

static void forget_environment(void) {
    unsetenv("RETUNE_PLUGIN_PATH");
}
TestSuite(linked, .init = forget_environment);

Test(linked, backend) {
    retune_plugin *plugin = NULL, *again = NULL;
    cr_assert_eq(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "good", NULL, &plugin, NULL), RETUNE_OK);
    cr_assert_eq(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "good", NULL, &again, NULL), RETUNE_OK);
    cr_expect_eq(plugin, again);
    cr_expect_null(retune_plugin_backend(plugin));
    cr_assert_eq(retune_plugin_load(plugin, NULL), RETUNE_OK);
    cr_expect_str_eq(retune_plugin_path(plugin), "(linked in)");
    cr_expect_str_eq(retune_plugin_backend(plugin)->name, "good");
}

Test(linked, format) {
    const retune_format *format = NULL;
    cr_assert_eq(retune_format_find("net.ln", NULL, NULL, &format, NULL), RETUNE_OK);
    cr_expect_str_eq(format->name, "lines");
}

Test(linked, names) {
    retune_names names;
    cr_assert_eq(retune_plugin_names(RETUNE_PLUGIN_BACKEND, NULL, &names, NULL), RETUNE_OK);
    cr_expect(retune_names_have(&names, "good"));
    cr_expect_not(retune_names_have(&names, "lines"));
    retune_names_free(&names);
}

Test(linked, unknown_name) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_expect_eq(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "food", NULL, &plugin, &error),
                 RETUNE_UNAVAILABLE);
    cr_expect(strstr(error.message, "did you mean 'good'?"), "%s", error.message);
    cr_expect_null(plugin);
    cr_expect_eq(retune_plugin_find(RETUNE_PLUGIN_FORMAT, "good", NULL, &plugin, NULL),
                 RETUNE_UNAVAILABLE);
}
