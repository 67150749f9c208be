/* Which folders are searched. */
#include "support.h"

#include "device/search.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
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

static void copy_lister(const char *folder) {
    char command[2 * PATH_MAX];
    snprintf(command, sizeof command, "chmod 755 '%s' && cp '%s' '%s/lister'", folder,
             LIST_BACKENDS, folder);
    cr_assert_eq(system(command), 0);
}

/* Whether the lister in `folder` sees the backend "good" when it is started by `command` there. The
 * list must be complete; how the process ends is not looked at, because the leak check of the
 * sanitizers cannot work with raised privileges. */
static bool lists_good(const char *folder, const char *command) {
    char line[PATH_MAX] = "";
    bool good = false;
    cr_assert_eq(chdir(folder), 0);
    FILE *list = popen(command, "r");
    cr_assert_not_null(list);
    while (fgets(line, sizeof line, list))
        good = good || strcmp(line, "good\n") == 0;
    pclose(list);
    cr_expect_str_eq(line, "(end)\n");
    cr_assert_eq(chdir("/"), 0);
    return good;
}

Test(search, folder_beside_the_library) {
    char *folder = make_folder();
    copy_lister(folder);
    cr_expect_not(lists_good(folder, "$PWD/lister"));
    cr_assert_eq(mkdir(path_of(folder, "retune"), 0755), 0);
    copy_fake("good", path_of(folder, "retune"), "retune_good.so");
    cr_expect(lists_good(folder, "$PWD/lister"));
    cr_expect_not(lists_good(folder, "./lister"), "a relative name must not lead here");
    cr_expect_not(lists_good(folder, "PATH=. lister"), "a relative name must not lead here");
    remove_folder(folder);
}

Test(search, environment_is_ignored_with_raised_privileges) {
    static const char command[] = "RETUNE_PLUGIN_PATH='" FAKE_PLUGINS "' ./lister";
    struct statvfs system;
    char *folder = make_folder();
    cr_assert_eq(statvfs(folder, &system), 0);
    if (geteuid() != 0 || system.f_flag & ST_NOSUID) {
        remove_folder(folder);
        cr_skip_test("needs root and a /tmp that is not nosuid to raise a program's privileges");
    }
    copy_lister(folder);
    cr_expect(lists_good(folder, command), "without raised privileges the environment counts");
    cr_assert_eq(chown(path_of(folder, "lister"), 65534, 65534), 0);
    cr_assert_eq(chmod(path_of(folder, "lister"), 04755), 0);
    cr_expect_not(lists_good(folder, command));
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

Test(search, refused_file_is_not_replaced_by_a_later_folder) {
    char *folder = make_folder();
    copy_fake("good", folder, "retune_good.so");
    cr_assert_eq(chmod(path_of(folder, "retune_good.so"), 0646), 0);
    setenv("RETUNE_PLUGIN_PATH", FAKE_PLUGINS, 1);
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_expect_eq(load(RETUNE_PLUGIN_BACKEND, "good", folder, &plugin, &error), RETUNE_UNAVAILABLE);
    expect_contains(error.message, "written by others");
    expect_contains(error.message, folder);
    remove_folder(folder);
}
