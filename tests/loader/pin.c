/* Plugin files whose content is pinned. */
#include "support.h"

#include "device/pin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(pin, .init = forget_environment);

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* FIPS 180-2 */

static retune_status check(size_t count, char *items[], retune_error *error) {
    const retune_pins pins = {items, count};
    return retune_pins_check(&pins, error);
}

Test(pin, malformed_items_are_refused) {
    static const char *const bad[] = {
        "",
        "retune_cpu.so",
        "retune_cpu.so:",
        "retune_cpu.so:" ABC "0",
        "retune_cpu.so: " ABC,
        "retune_cpu.so:zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2"
        "0015ad",
        "cpu:" ABC,
        "retune_.so:" ABC,
        "retune_so:" ABC,
        "/usr/lib/retune_cpu.so:" ABC,
        "retune_../x.so:" ABC,
        ABC};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *item = (char *)bad[i];
        retune_error error = RETUNE_ERROR_INIT;
        cr_expect_eq(check(1, &item, &error), RETUNE_INVALID, "'%s'", bad[i]);
        expect_contains(error.message, "[backend] plugin_sha256: '");
        expect_contains(error.message, bad[i]);
    }
    char *twice[] = {"retune_cpu.so:" ABC, "retune_a.so:" ABC, "retune_cpu.so:" ABC};
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect_eq(check(3, twice, &error), RETUNE_INVALID);
    expect_contains(error.message, "'retune_cpu.so' stands there twice");
    cr_expect_eq(check(2, twice, &error), RETUNE_OK);
}

Test(pin, items_are_found_by_file) {
    char *items[] = {"retune_cpu.so:" ABC, "retune_format_cpu.so:x", "retune_cpu2.so:y"};
    const retune_pins pins = {items, 3};
    cr_expect_str_eq(retune_pins_find(&pins, "retune_cpu.so"), ABC);
    cr_expect_str_eq(retune_pins_find(&pins, "retune_cpu2.so"), "y");
    cr_expect_null(retune_pins_find(&pins, "retune_opencl.so"));
    cr_expect_null(retune_pins_find(&pins, "retune_cpu"));
}

Test(pin, content_is_compared) {
    char *folder = make_folder(), hash[RETUNE_SHA256_TEXT_MAX], upper[RETUNE_SHA256_TEXT_MAX];
    retune_error error = RETUNE_ERROR_INIT;
    write_text(folder, "file", "abc");
    cr_expect_eq(retune_pin_compare(path_of(folder, "file"), ABC, hash, &error), RETUNE_OK, "%s",
                 error.message);
    cr_expect_str_eq(hash, ABC);
    for (size_t i = 0; i < sizeof upper; i++)
        upper[i] = (char)(ABC[i] >= 'a' ? ABC[i] - 'a' + 'A' : ABC[i]);
    cr_expect_eq(retune_pin_compare(path_of(folder, "file"), upper, hash, NULL), RETUNE_OK);
    write_text(folder, "file", "abd");
    cr_expect_eq(retune_pin_compare(path_of(folder, "file"), ABC, hash, &error),
                 RETUNE_UNAVAILABLE);
    expect_contains(error.message, "its SHA-256 is a52d159f262b2c6ddb724a61840befc36eb30c88877a"
                                   "4030b65cbe86298449c9");
    expect_contains(error.message, "plugin_sha256 says " ABC);
    cr_expect_eq(retune_pin_compare(path_of(folder, "missing"), ABC, hash, &error),
                 RETUNE_UNAVAILABLE);
    expect_contains(error.message, "/missing: No such file");
    remove_folder(folder);
}

/* ---- Plugins ------------------------------------------------------------------------------- */

static retune_status load_with(const char *folder, char *item, retune_plugin **out_plugin,
                               retune_error *error) {
    const retune_pins pins = {&item, 1};
    cr_assert_eq(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "good", folder, out_plugin, error),
                 RETUNE_OK);
    return retune_plugin_load_pinned(*out_plugin, &pins, error);
}

/* "<file>:<SHA-256 of good's file in the folder>", by a program of others. */
static void pin_of(const char *folder, const char *file, char item[256]) {
    char command[512], digits[80] = "";
    snprintf(command, sizeof command, "sha256sum '%s/retune_good.so'", folder);
    FILE *sum = popen(command, "r");
    cr_assert_not_null(sum);
    cr_assert_eq(fscanf(sum, "%64s", digits), 1);
    pclose(sum);
    snprintf(item, 256, "%s:%s", file, digits);
}

Test(pin, a_plugin_with_other_content_is_not_loaded) {
    char *folder = make_folder();
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_good.so");
    cr_expect_eq(load_with(folder, "retune_good.so:" ABC, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "/retune_good.so: refused, its SHA-256 is ");
    expect_contains(error.message, ABC);
    cr_expect_null(retune_plugin_backend(plugin));
    remove_folder(folder);
}

Test(pin, a_plugin_with_its_content_is_loaded) {
    char *folder = make_folder(), item[256];
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_good.so");
    pin_of(folder, "retune_good.so", item);
    cr_expect_eq(load_with(folder, item, &plugin, &error), RETUNE_OK, "%s", error.message);
    cr_expect_not_null(retune_plugin_backend(plugin));
    /* It stays what it was when it was loaded. */
    cr_assert_eq(unlink(path_of(folder, "retune_good.so")), 0);
    write_text(folder, "retune_good.so", "something else");
    cr_expect_eq(load_with(folder, item, &plugin, &error), RETUNE_OK, "%s", error.message);
    cr_expect_eq(load_with(folder, "retune_good.so:" ABC, &plugin, &error), RETUNE_UNAVAILABLE);
    remove_folder(folder);
}

Test(pin, others_are_free) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_expect_eq(load_with(FAKE_PLUGINS, "retune_other.so:" ABC, &plugin, &error), RETUNE_OK, "%s",
                 error.message);
}

Test(pin, a_plugin_loaded_without_a_pin_has_none_later) {
    char item[256];
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    pin_of(FAKE_PLUGINS, "retune_good.so", item);
    cr_assert_eq(load(RETUNE_PLUGIN_BACKEND, "good", FAKE_PLUGINS, &plugin, NULL), RETUNE_OK);
    cr_expect_eq(load_with(FAKE_PLUGINS, item, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "it is loaded already, without a pin");
}

Test(pin, formats_are_pinned_too) {
    char *bad = "lines:" ABC, *other = "retune_format_lines.so:" ABC;
    const retune_pins malformed = {&bad, 1}, pins = {&other, 1};
    const retune_format *format = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect_eq(retune_format_find("net.ln", FAKE_PLUGINS, &malformed, &format, &error),
                 RETUNE_INVALID);
    cr_expect_eq(retune_format_find("net.ln", FAKE_PLUGINS, &pins, &format, &error),
                 RETUNE_UNAVAILABLE);
    cr_expect_null(format);
    cr_expect_eq(retune_format_find("net.ln", FAKE_PLUGINS, NULL, &format, &error), RETUNE_OK);
}
