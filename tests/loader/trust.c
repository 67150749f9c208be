/* Which files are trusted. */
#include "support.h"

#include "device/trust.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(trust, .init = forget_environment);

static void expect_refused(const char *folder, const char *part) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", folder, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, part);
    expect_contains(error.message, folder);
    cr_expect(!plugin || !retune_plugin_backend(plugin));
}

Test(trust, file_that_others_can_write_is_refused) {
    char *folder = make_folder();
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chmod(path_of(folder, "retune_good.so"), 0666), 0);
    expect_refused(folder, "the file can be written by others (mode 0666)");
    cr_assert_eq(chmod(path_of(folder, "retune_good.so"), 0644), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", folder, &plugin, NULL), RETUNE_OK);
    remove_folder(folder);
}

Test(trust, folder_that_others_can_write_is_refused) {
    char *folder = make_folder();
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chmod(folder, 0777), 0);
    expect_refused(folder, "the folder can be written by others (mode 0777)");
    cr_assert_eq(chmod(folder, 01777), 0);
    expect_refused(folder, "the folder can be written by others (mode 1777)");
    remove_folder(folder);
}

Test(trust, link_out_of_a_safe_folder_is_followed_before_trusting) {
    char *safe = make_folder(), *open = make_folder(), target[PATH_MAX];
    copy_fake("good", open, "retune_good.so");
    cr_assert_eq(chmod(open, 0777), 0);
    snprintf(target, sizeof target, "%s/retune_good.so", open);
    cr_assert_eq(symlink(target, path_of(safe, "retune_good.so")), 0);
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", safe, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, open);
    remove_folder(safe);
    remove_folder(open);
}

Test(trust, link_planted_in_an_open_folder_is_refused) {
    char *safe = make_folder(), *open = make_folder(), target[PATH_MAX];
    copy_fake("good", safe, "retune_good.so");
    snprintf(target, sizeof target, "%s/retune_good.so", safe);
    cr_assert_eq(symlink(target, path_of(open, "retune_good.so")), 0);
    cr_assert_eq(chmod(open, 0777), 0);
    expect_refused(open, "the folder can be written by others");
    remove_folder(safe);
    remove_folder(open);
}

Test(trust, folder_in_place_of_a_file_is_refused) {
    char *folder = make_folder();
    cr_assert_eq(mkdir(path_of(folder, "retune_good.so"), 0755), 0);
    expect_refused(folder, "not a regular file");
    remove_folder(folder);
}

/* ---- Folders further up -------------------------------------------------------------------- */

/* A folder in a folder, with the plugin. */
static void make_nested(char **out_outer, char inner[PATH_MAX]) {
    *out_outer = make_folder();
    snprintf(inner, PATH_MAX, "%s/inner", *out_outer);
    cr_assert_eq(mkdir(inner, 0755), 0);
    copy_fake("good", inner, "retune_good.so");
}

Test(trust, folder_further_up_that_others_can_write_is_refused) {
    char *outer, inner[PATH_MAX], part[PATH_MAX + 64];
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    make_nested(&outer, inner);
    cr_assert_eq(chmod(outer, 0777), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", inner, &plugin, &error), RETUNE_UNAVAILABLE);
    snprintf(part, sizeof part, "%s: refused, the folder can be written by others (mode 0777)",
             outer);
    expect_contains(error.message, part);
    /* Nobody can replace the entries of others there. */
    cr_assert_eq(chmod(outer, 01777), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", inner, &plugin, &error), RETUNE_OK, "%s",
                 error.message);
    remove_folder(outer);
}

Test(trust, somebody_elses_folder_among_those_of_others_is_refused) {
    char *outer, inner[PATH_MAX];
    make_nested(&outer, inner);
    if (geteuid() != 0) {
        remove_folder(outer);
        cr_skip_test("needs root to give a folder away");
    }
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_assert_eq(chmod(outer, 01777), 0);
    cr_assert_eq(chown(inner, 65534, 65534), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", inner, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "/inner: refused, it belongs to user 65534 and lies in ");
    remove_folder(outer);
}

/* ---- Links --------------------------------------------------------------------------------- */

Test(trust, every_link_of_a_chain_is_looked_at) {
    char *safe = make_folder(), *open = make_folder(), *last = make_folder(), target[PATH_MAX];
    copy_fake("good", last, "retune_good.so");
    snprintf(target, sizeof target, "%s/retune_good.so", last);
    cr_assert_eq(symlink(target, path_of(open, "link")), 0);
    snprintf(target, sizeof target, "%s/link", open);
    cr_assert_eq(symlink(target, path_of(safe, "retune_good.so")), 0);
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_assert_eq(chmod(open, 0777), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", safe, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, open);
    cr_assert_eq(chmod(open, 0755), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", safe, &plugin, &error), RETUNE_OK, "%s",
                 error.message);
    remove_folder(safe);
    remove_folder(open);
    remove_folder(last);
}

Test(trust, links_are_followed_to_where_the_file_lies) {
    char *folder = make_folder(), *resolved = NULL;
    cr_assert_eq(mkdir(path_of(folder, "real"), 0755), 0);
    write_text(folder, "real/file", "");
    cr_assert_eq(symlink("real", path_of(folder, "folder")), 0);
    cr_assert_eq(symlink("./folder/../real//file", path_of(folder, "file")), 0);
    cr_assert_eq(retune_trust_file(path_of(folder, "file"), &resolved, NULL), RETUNE_OK);
    cr_expect_str_eq(resolved, path_of(folder, "real/file"));
    free(resolved);
    remove_folder(folder);
}

Test(trust, paths_that_lead_nowhere) {
    char *folder = make_folder(), *resolved = NULL;
    cr_assert_eq(symlink("a", path_of(folder, "b")), 0);
    cr_assert_eq(symlink("b", path_of(folder, "a")), 0);
    cr_assert_eq(symlink("gone", path_of(folder, "c")), 0);
    static const struct {
        const char *file, *part;
    } cases[] = {{"a", "Too many levels of symbolic links"},
                 {"c", "/gone: No such file"},
                 {"missing", "/missing: No such file"},
                 {".", "not a regular file"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        cr_expect_eq(retune_trust_file(path_of(folder, cases[i].file), &resolved, &error),
                     RETUNE_UNAVAILABLE);
        cr_expect_null(resolved);
        expect_contains(error.message, cases[i].part);
    }
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect_eq(retune_trust_file("retune_good.so", &resolved, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "not an absolute path");
    remove_folder(folder);
}
