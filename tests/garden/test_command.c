/* The command `garden`: what it writes, and what it refuses. */
#include "temporary.h"

#include <criterion/criterion.h>

#include <sys/stat.h>
#include <sys/wait.h>

TestSuite(garden_command, .init = temporary_open, .fini = temporary_close);

static char output[1 << 14]; /* of the last run, both streams */

/* Runs `garden` in the test's folder, in a shell that did `before`; returns its exit code. */
static int garden_after(const char *before, const char *arguments) {
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s %s 2>&1 %s", temporary_folder, before, GARDEN,
             arguments);
    FILE *pipe = popen(line, "r");
    cr_assert_not_null(pipe);
    size_t length = fread(output, 1, sizeof output - 1, pipe);
    output[length] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int garden(const char *arguments) {
    return garden_after("", arguments);
}

/* The command ends with this code and says this, and the folder holds as much as before. */
static void refuse(int code, const char *arguments, const char *message) {
    size_t before = temporary_count();
    int got = garden(arguments);
    cr_expect(got == code, "%s: exit code %d", arguments, got);
    cr_expect(strstr(output, message), "%s: %s", arguments, output);
    cr_expect_eq(temporary_count(), before, "%s", arguments);
}

static size_t count_files(const char *folder) {
    DIR *open = opendir(temporary_path(folder));
    cr_assert_not_null(open, "%s", folder);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(open));)
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

Test(garden_command, draws_as_many_of_each_class) {
    static const char *const classes[] = {"daisy", "lily", "periwinkle", "poppy", "rose"};
    cr_assert_eq(garden("draw flowers new/out -n 3 -s 32"), 0, "%s", output);
    cr_expect_str_eq(output, "");
    cr_expect_eq(count_files("new/out"), 5);
    for (int c = 0; c < 5; c++) {
        char folder[32];
        snprintf(folder, sizeof folder, "new/out/%s", classes[c]);
        cr_expect_eq(count_files(folder), 3, "%s", folder);
    }
    cr_expect_eq(count_files("new"), 1, "nothing is left beside the folder");
}

Test(garden_command, the_same_twice_and_another_with_another_seed) {
    cr_assert_eq(garden("draw things a -n 1 -s 32"), 0);
    cr_assert_eq(garden("draw things b -n 1 -s 32 --seed 1"), 0);
    cr_assert_eq(garden("draw things c -n 1 -s 32 --seed 2"), 0);
    char line[512];
    snprintf(line, sizeof line, "diff -r %s %s", temporary_path("a"), temporary_path("b"));
    cr_expect_eq(system(line), 0);
    snprintf(line, sizeof line, "diff -rq %s %s >/dev/null", temporary_path("a"),
             temporary_path("c"));
    cr_expect_neq(system(line), 0);
}

Test(garden_command, what_a_stopped_run_left_is_no_hindrance) {
    cr_assert_eq(mkdir(temporary_path("out.part"), 0777), 0);
    temporary_write("out.part/half", "x", 1);
    cr_assert_eq(garden("draw flowers out -n 1 -s 32"), 0, "%s", output);
    cr_expect_eq(count_files("out"), 5);
    cr_expect_eq(temporary_count(), 1);
}

/* A disk that is full in the middle of it: files here may have 1,024 bytes. */
Test(garden_command, a_failure_leaves_nothing) {
    cr_expect_eq(garden_after("trap '' XFSZ && ulimit -f 1 &&", "draw flowers out -n 2 -s 128"), 3);
    cr_expect(strstr(output, "out.part/daisy/00000.jpg: File too large"), "%s", output);
    cr_expect_eq(temporary_count(), 0);
    temporary_write("sheet.png", "before", 6);
    cr_expect_eq(garden_after("trap '' XFSZ && ulimit -f 1 &&", "sheet flowers sheet.png"), 3);
    cr_expect(strstr(output, "sheet.png"), "%s", output);
    struct stat status;
    cr_expect_eq(stat(temporary_path("sheet.png"), &status), 0);
    cr_expect_eq(status.st_size, 6, "the old file is still there");
    cr_expect_eq(temporary_count(), 1);
}

Test(garden_command, sheets_and_classes) {
    cr_assert_eq(garden("sheet flowers sheet.png -n 2 -s 32"), 0, "%s", output);
    struct stat status;
    cr_assert_eq(stat(temporary_path("sheet.png"), &status), 0);
    cr_expect_gt(status.st_size, 5 * 2 * 32 * 32);
    cr_assert_eq(garden("classes flowers"), 0);
    cr_expect_str_eq(output, "daisy\nlily\nperiwinkle\npoppy\nrose\n");
    cr_assert_eq(garden("--help"), 0);
    cr_expect(strstr(output, "sheet WORLD FILE"), "%s", output);
}

Test(garden_command, wrong_words) {
    refuse(2, "", "a verb is missing");
    refuse(2, "paint flowers out", "no such verb: paint");
    refuse(2, "draw", "a world is missing");
    refuse(2, "draw flower out", "no such world: flower");
    refuse(2, "draw flowers", "draw takes a world and one path");
    refuse(2, "sheet flowers", "sheet takes a world and one path");
    refuse(2, "draw flowers a b", "draw takes a world and one path");
    refuse(2, "classes flowers a", "classes takes a world and nothing else");
    refuse(2, "draw flowers out --colour red", "--colour");
}

Test(garden_command, wrong_numbers) {
    refuse(2, "draw flowers out -n 0", "--count is not in 1..99999");
    refuse(2, "draw flowers out -n 100000", "--count is not in 1..99999");
    refuse(2, "draw flowers out -n -3", "--count is not in 1..99999");
    refuse(2, "draw flowers out -n two", "two: invalid numeric value");
    refuse(2, "draw flowers out -n 99999999999", "99999999999: number too large");
    refuse(2, "sheet flowers out.png -n 101", "--count is not in 1..100");
    refuse(2, "draw flowers out -s 15", "--size is not in 16..1024");
    refuse(2, "draw flowers out -s 1025", "--size is not in 16..1024");
    refuse(2, "draw flowers out --seed -1", "--seed is not in 0..4294967295");
    refuse(2, "draw flowers out --seed 4294967296", "--seed is not in 0..4294967295");
}

Test(garden_command, paths_that_cannot_be_written) {
    temporary_write("file", "kept", 4);
    refuse(3, "draw flowers file -n 1 -s 32", "file: is there already");
    refuse(3, "draw flowers file/out -n 1 -s 32", "file/out");
    refuse(3, "sheet flowers no/such.png -n 1 -s 32", "no/such.png");
    refuse(3, "sheet flowers . -n 1 -s 32", ".");
    cr_assert_eq(mkdir(temporary_path("out"), 0777), 0);
    refuse(3, "draw flowers out -n 1 -s 32", "out: is there already");
    refuse(3, "classes flowers >/dev/full", "standard output");
}
