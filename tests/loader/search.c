/* Which folders are searched, and which files are trusted. */
#include "support.h"

#include "device/search.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(search, .init = forget_environment);

Test(search, names_of_plugins) {
    static const char *const good[] = {"cpu", "keras_h5", "a", "x-9"};
    static const char *const bad[] = {
        "",    "CPU",  "a/b",       "../cpu",
        "a.b", "cpu ", "c\xc3\xa4", "a234567890123456789012345678901234567890123456789"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect(retune_search_name_valid(good[i], strlen(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(retune_search_name_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
}

Test(search, order_of_folders) {
    char *first = make_folder(), *second = make_folder(), environment[PATH_MAX];
    retune_names folders;
    snprintf(environment, sizeof environment, ":%s:/does/not/exist:%s:", second, first);
    setenv("RETUNE_PLUGIN_PATH", environment, 1);
    cr_assert_eq(retune_search_folders(first, &folders, NULL), RETUNE_OK);
    cr_assert_geq(folders.count, 3);
    cr_expect_str_eq(folders.items[0], first);
    cr_expect_str_eq(folders.items[1], second);
    cr_expect_str_eq(folders.items[2], "/does/not/exist");
    for (size_t i = 0; i < folders.count; i++)
        cr_expect_eq(folders.items[i][0], '/', "%s", folders.items[i]);
    retune_names_free(&folders);
    remove_folder(first);
    remove_folder(second);
}

Test(search, relative_folder_becomes_absolute) {
    char *folder = make_folder();
    retune_names folders;
    cr_assert_eq(mkdir(path_of(folder, "plugins"), 0755), 0);
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(retune_search_folders("plugins", &folders, NULL), RETUNE_OK);
    cr_expect_str_eq(folders.items[0], path_of(folder, "plugins"));
    retune_names_free(&folders);
    cr_assert_eq(chdir("/"), 0);
    remove_folder(folder);
}

Test(search, current_directory_is_refused) {
    static const char *const spellings[] = {".", "./", "plugins/.."};
    char *folder = make_folder();
    cr_assert_eq(mkdir(path_of(folder, "plugins"), 0755), 0);
    cr_assert_eq(chdir(folder), 0);
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_names folders;
        cr_expect_eq(retune_search_folders(spellings[i], &folders, &error), RETUNE_INVALID);
        expect_contains(error.message, "current directory");
    }
    cr_assert_eq(chdir("/"), 0);
    remove_folder(folder);
}

Test(search, current_directory_is_not_searched) {
    char *folder = make_folder();
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chdir(folder), 0);
    setenv("RETUNE_PLUGIN_PATH", "::", 1);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", NULL, &plugin, NULL), RETUNE_UNAVAILABLE);
    cr_expect_null(plugin);
    cr_assert_eq(chdir("/"), 0);
    remove_folder(folder);
}

Test(search, relative_entry_of_the_environment_is_refused) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_names folders;
    setenv("RETUNE_PLUGIN_PATH", "/usr/lib:build/lib", 1);
    cr_expect_eq(retune_search_folders(NULL, &folders, &error), RETUNE_INVALID);
    cr_expect_eq(folders.count, 0);
    expect_contains(error.message, "RETUNE_PLUGIN_PATH: 'build/lib'");
}

Test(search, missing_folder_of_the_caller_is_refused) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_names folders;
    cr_expect_eq(retune_search_folders("/does/not/exist", &folders, &error), RETUNE_INVALID);
    expect_contains(error.message, "/does/not/exist: No such file");
}

Test(search, environment_is_ignored_with_raised_privileges) {
    if (geteuid() != 0)
        cr_skip_test("needs root to give a program raised privileges");
    char *folder = make_folder(), command[3 * PATH_MAX], line[64] = "";
    snprintf(
        command, sizeof command,
        "chmod 755 '%s' && cp '%s' '%s/lister' && RETUNE_PLUGIN_PATH='%s' '%s/lister' | head -1",
        folder, LIST_BACKENDS, folder, FAKE_PLUGINS, folder);
    FILE *plain = popen(command, "r");
    cr_assert_not_null(plain);
    cr_assert_not_null(fgets(line, sizeof line, plain), "no plugin was listed");
    pclose(plain);
    cr_assert_eq(chown(path_of(folder, "lister"), 65534, 65534), 0);
    cr_assert_eq(chmod(path_of(folder, "lister"), 04755), 0);
    /* The leak check cannot look into a process with raised privileges. */
    snprintf(command, sizeof command,
             "ASAN_OPTIONS=detect_leaks=0 RETUNE_PLUGIN_PATH='%s' '%s/lister'", FAKE_PLUGINS,
             folder);
    FILE *raised = popen(command, "r");
    cr_assert_not_null(raised);
    while (fgets(line, sizeof line, raised))
        cr_expect_str_neq(line, "good\n");
    cr_expect_eq(pclose(raised), 0);
    remove_folder(folder);
}

Test(search, names_are_found_once_and_sorted) {
    char *one = make_folder(), *two = make_folder();
    retune_names folders = {0}, names;
    write_text(one, "retune_b.so", "");
    write_text(two, "retune_b.so", "");
    write_text(two, "retune_a.so", "");
    write_text(two, "retune_A.so", "");
    write_text(two, "retune_.so", "");
    write_text(two, "retune_c.so.1", "");
    write_text(two, "libretune_d.so", "");
    cr_assert_eq(retune_names_add(&folders, one, strlen(one), NULL), RETUNE_OK);
    cr_assert_eq(retune_names_add(&folders, two, strlen(two), NULL), RETUNE_OK);
    cr_assert_eq(retune_search_names(&folders, "retune_", &names, NULL), RETUNE_OK);
    cr_assert_eq(names.count, 2);
    cr_expect_str_eq(names.items[0], "a");
    cr_expect_str_eq(names.items[1], "b");
    retune_names_free(&names);
    retune_names_free(&folders);
    remove_folder(one);
    remove_folder(two);
}

static void expect_refused(const char *folder, const char *part) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", folder, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, part);
    expect_contains(error.message, folder);
    cr_expect(!plugin || !retune_plugin_backend(plugin));
}

Test(search, file_that_others_can_write_is_refused) {
    char *folder = make_folder();
    retune_plugin *plugin = NULL;
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chmod(path_of(folder, "retune_good.so"), 0666), 0);
    expect_refused(folder, "the file can be written by others (mode 0666)");
    cr_assert_eq(chmod(path_of(folder, "retune_good.so"), 0644), 0);
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", folder, &plugin, NULL), RETUNE_OK);
    remove_folder(folder);
}

Test(search, folder_that_others_can_write_is_refused) {
    char *folder = make_folder();
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chmod(folder, 0777), 0);
    expect_refused(folder, "the folder can be written by others (mode 0777)");
    cr_assert_eq(chmod(folder, 01777), 0);
    expect_refused(folder, "the folder can be written by others (mode 1777)");
    remove_folder(folder);
}

Test(search, link_out_of_a_safe_folder_is_followed_before_trusting) {
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

Test(search, link_planted_in_an_open_folder_is_refused) {
    char *safe = make_folder(), *open = make_folder(), target[PATH_MAX];
    copy_fake("good", safe, "retune_good.so");
    snprintf(target, sizeof target, "%s/retune_good.so", safe);
    cr_assert_eq(symlink(target, path_of(open, "retune_good.so")), 0);
    cr_assert_eq(chmod(open, 0777), 0);
    expect_refused(open, "the folder can be written by others");
    remove_folder(safe);
    remove_folder(open);
}

Test(search, folder_in_place_of_a_file_is_refused) {
    char *folder = make_folder();
    cr_assert_eq(mkdir(path_of(folder, "retune_good.so"), 0755), 0);
    expect_refused(folder, "not a regular file");
    remove_folder(folder);
}

Test(search, refused_file_is_not_replaced_by_a_later_folder) {
    char *folder = make_folder();
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chmod(path_of(folder, "retune_good.so"), 0646), 0);
    setenv("RETUNE_PLUGIN_PATH", FAKE_PLUGINS, 1);
    expect_refused(folder, "written by others");
    remove_folder(folder);
}
