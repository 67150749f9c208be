/* The folder of a run: who may use it, what stays and what goes. */
#include "report/run_folder.h"

#include "expect.h"
#include "temporary.h"

#include <sys/stat.h>
#include <sys/wait.h>

TestSuite(run_folder, .init = temporary_open, .fini = temporary_close);

#define HEADER "epoch,loss,accuracy,test_loss,test_accuracy,learning_rate,seconds\n"

static retune_run_folder *open_folder(retune_run_mode mode, const char *settings) {
    retune_run_folder *folder = NULL;
    assert_ok(retune_run_folder_open(temporary_path("run"), mode, settings, &folder, &error));
    return folder;
}

static void expect_content(const char *name, const char *expected) {
    char path[64], text[1024] = "";
    snprintf(path, sizeof path, "run/%s", name);
    FILE *file = fopen(temporary_path(path), "rb");
    cr_assert_not_null(file, "%s is missing", name);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_str_eq(text, expected, "%s holds \"%s\", not \"%s\"", name, text, expected);
}

static bool exists(const char *name) {
    return access(temporary_path(name), F_OK) == 0;
}

static void add_line(retune_run_folder *folder, const char *text) {
    assert_ok(retune_run_folder_line(folder, text, &error));
}

static void add_row(retune_run_folder *folder, uint32_t epoch) {
    retune_run_row row = {epoch, 0.5, 0.25, 1.5, 0.125, 0.003, 2.0};
    assert_ok(retune_run_folder_row(folder, &row, &error));
}

static void refuse_open(const char *path, retune_run_mode mode, retune_status code,
                        const char *part) {
    retune_run_folder *folder = (retune_run_folder *)1;
    expect_refused(code, part, retune_run_folder_open(path, mode, "x", &folder, &error));
    expect_refused(code, path, retune_run_folder_open(path, mode, "x", &folder, &error));
    cr_expect_null(folder);
}

/* ---- Modes --------------------------------------------------------------------------------- */

Test(run_folder, a_new_run_makes_its_folder) {
    retune_run_folder *folder = NULL;
    assert_ok(
        retune_run_folder_open(temporary_path("run/deep/er"), RETUNE_RUN_NEW, "", &folder, &error));
    cr_expect(exists("run/deep/er/job.ini"));
    retune_run_folder_close(folder);
    retune_run_folder_close(NULL);
}

Test(run_folder, files_of_a_run) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "[train]\nepochs = 3\n");
    cr_expect_str_eq(retune_run_folder_file(folder, RETUNE_RUN_JOB), temporary_path("run/job.ini"));
    cr_expect_str_eq(retune_run_folder_file(folder, RETUNE_RUN_LAST_PREVIOUS),
                     temporary_path("run/last.previous.safetensors"));
    add_row(folder, 1);
    add_line(folder, "{\"event\":\"x\"}");
    retune_run_folder_close(folder);
    expect_content("job.ini", "[train]\nepochs = 3\n");
    expect_content("metrics.csv", HEADER "1,0.5,0.25,1.5,0.125,0.003,2.000\n");
    expect_content("metrics.jsonl", "{\"event\":\"x\"}\n");
}

Test(run_folder, a_folder_with_other_files_is_no_run) {
    cr_assert_eq(mkdir(temporary_path("run"), 0755), 0);
    temporary_write("run/notes.txt", "mine", 4);
    refuse_open(temporary_path("run"), RETUNE_RUN_RESUME, RETUNE_INVALID, "no run to resume");
    retune_run_folder_close(open_folder(RETUNE_RUN_NEW, ""));
    retune_run_folder_close(open_folder(RETUNE_RUN_FRESH, ""));
    expect_content("notes.txt", "mine");
}

Test(run_folder, a_new_run_does_not_replace_one) {
    static const char *const traces[] = {"run/job.ini", "run/model.safetensors",
                                         "run/last.safetensors", "run/last.previous.safetensors"};
    cr_assert_eq(mkdir(temporary_path("run"), 0755), 0);
    for (size_t t = 0; t < sizeof traces / sizeof *traces; t++) {
        temporary_write(traces[t], "before", 6);
        expect_refused(RETUNE_INVALID, "--resume",
                       retune_run_folder_check(temporary_path("run"), RETUNE_RUN_NEW, &error));
        refuse_open(temporary_path("run"), RETUNE_RUN_NEW, RETUNE_INVALID, "holds a run already");
        assert_ok(retune_run_folder_check(temporary_path("run"), RETUNE_RUN_RESUME, &error));
        expect_content(strrchr(traces[t], '/') + 1, "before");
        cr_assert_eq(unlink(temporary_path(traces[t])), 0);
    }
}

Test(run_folder, a_fresh_run_clears_what_a_run_left) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "old");
    add_row(folder, 1);
    add_line(folder, "old");
    retune_run_folder_close(folder);
    temporary_write("run/model.safetensors", "old", 3);
    temporary_write("run/delta.safetensors", "old", 3);
    temporary_write("run/last.safetensors", "old", 3);
    temporary_write("run/mine.txt", "mine", 4);
    folder = open_folder(RETUNE_RUN_FRESH, "new");
    expect_content("job.ini", "new");
    expect_content("metrics.csv", HEADER);
    expect_content("metrics.jsonl", "");
    expect_content("mine.txt", "mine");
    cr_expect_not(exists("run/model.safetensors"));
    cr_expect_not(exists("run/delta.safetensors"));
    cr_expect_not(exists("run/last.safetensors"));
    retune_run_folder_close(folder);
}

Test(run_folder, a_resumed_run_goes_on) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "old");
    add_row(folder, 1);
    add_line(folder, "one");
    retune_run_folder_close(folder);
    folder = open_folder(RETUNE_RUN_RESUME, "new");
    add_row(folder, 2);
    add_line(folder, "two");
    retune_run_folder_close(folder);
    expect_content("job.ini", "new");
    expect_content("metrics.csv", HEADER "1,0.5,0.25,1.5,0.125,0.003,2.000\n"
                                         "2,0.5,0.25,1.5,0.125,0.003,2.000\n");
    expect_content("metrics.jsonl", "one\ntwo\n");
}

Test(run_folder, nothing_to_resume) {
    refuse_open(temporary_path("run"), RETUNE_RUN_RESUME, RETUNE_INVALID, "no run to resume");
    cr_expect_not(exists("run"), "a run that does not begin leaves nothing behind");
}

Test(run_folder, a_check_writes_nothing) {
    assert_ok(retune_run_folder_check(temporary_path("run"), RETUNE_RUN_NEW, &error));
    assert_ok(retune_run_folder_check(temporary_path("run"), RETUNE_RUN_FRESH, &error));
    cr_expect_eq(temporary_count(), 0);
}

/* ---- Rewinding ----------------------------------------------------------------------------- */

Test(run_folder, rewinding_cuts_what_came_after_a_mark) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "");
    retune_run_mark mark;
    add_row(folder, 1);
    add_line(folder, "one");
    assert_ok(retune_run_folder_mark(folder, &mark, &error));
    cr_expect_eq(mark.jsonl, 4);
    add_row(folder, 2);
    add_line(folder, "lost");
    retune_run_folder_close(folder);

    folder = open_folder(RETUNE_RUN_RESUME, "");
    assert_ok(retune_run_folder_rewind(folder, mark, &error));
    add_row(folder, 2);
    add_line(folder, "two");
    retune_run_folder_close(folder);
    expect_content("metrics.csv", HEADER "1,0.5,0.25,1.5,0.125,0.003,2.000\n"
                                         "2,0.5,0.25,1.5,0.125,0.003,2.000\n");
    expect_content("metrics.jsonl", "one\ntwo\n");
}

/* A run that died before its first checkpoint begins anew, in a table that has its heading. */
Test(run_folder, rewinding_to_the_beginning_keeps_the_heading) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "");
    add_row(folder, 1);
    add_line(folder, "lost");
    retune_run_folder_close(folder);
    folder = open_folder(RETUNE_RUN_RESUME, "");
    assert_ok(retune_run_folder_rewind(folder, (retune_run_mark){0, 0}, &error));
    add_row(folder, 1);
    retune_run_folder_close(folder);
    expect_content("metrics.csv", HEADER "1,0.5,0.25,1.5,0.125,0.003,2.000\n");
    expect_content("metrics.jsonl", "");
}

Test(run_folder, files_shorter_than_the_mark) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "");
    retune_run_mark mark;
    add_line(folder, "one");
    assert_ok(retune_run_folder_mark(folder, &mark, &error));
    retune_run_mark longer = {mark.csv + 1, mark.jsonl};
    expect_refused(RETUNE_CORRUPT, "metrics.csv", retune_run_folder_rewind(folder, longer, &error));
    longer = (retune_run_mark){mark.csv, UINT64_MAX};
    expect_refused(RETUNE_CORRUPT, "metrics.jsonl",
                   retune_run_folder_rewind(folder, longer, &error));
    retune_run_folder_close(folder);
    expect_content("metrics.jsonl", "one\n");
    expect_content("metrics.csv", HEADER);
}

/* ---- Other processes, and places that cannot be written ------------------------------------ */

/* What another process gets; its exit code carries the status. */
static int status_elsewhere(retune_run_mode mode) {
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        retune_run_folder *folder = NULL;
        _exit((int)retune_run_folder_open(temporary_path("run"), mode, "", &folder, NULL));
    }
    int state = 0;
    cr_assert_eq(waitpid(child, &state, 0), child);
    return WEXITSTATUS(state);
}

Test(run_folder, another_process_is_kept_out) {
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "mine");
    cr_expect_eq(status_elsewhere(RETUNE_RUN_RESUME), RETUNE_UNAVAILABLE);
    cr_expect_eq(status_elsewhere(RETUNE_RUN_FRESH), RETUNE_UNAVAILABLE);
    refuse_open(temporary_path("run"), RETUNE_RUN_RESUME, RETUNE_UNAVAILABLE, "another run");
    add_line(folder, "still here");
    expect_content("job.ini", "mine");
    expect_content("metrics.jsonl", "still here\n");
    retune_run_folder_close(folder);
    cr_expect_eq(status_elsewhere(RETUNE_RUN_RESUME), RETUNE_OK);
}

Test(run_folder, a_file_in_the_way) {
    temporary_write("file", "x", 1);
    refuse_open(temporary_path("file"), RETUNE_RUN_NEW, RETUNE_IO, "file");
    retune_run_folder *folder = NULL;
    expect_refused(
        RETUNE_IO, temporary_path("file"),
        retune_run_folder_open(temporary_path("file/run"), RETUNE_RUN_FRESH, "", &folder, &error));
    cr_assert_eq(mkdir(temporary_path("run"), 0755), 0);
    cr_assert_eq(mkdir(temporary_path("run/metrics.csv"), 0755), 0);
    expect_refused(
        RETUNE_IO, "metrics.csv",
        retune_run_folder_open(temporary_path("run"), RETUNE_RUN_NEW, "", &folder, &error));
    cr_expect_null(folder);
}

Test(run_folder, a_folder_that_may_not_be_written) {
    if (geteuid() == 0) /* root may write everywhere; give that up in this process */
        cr_assert_eq(setuid(65534), 0);
    refuse_open("/proc/1/run", RETUNE_RUN_NEW, RETUNE_IO, "/proc/1/run");
    refuse_open("/usr/retune-test", RETUNE_RUN_NEW, RETUNE_IO, "/usr/retune-test");
}

Test(run_folder, a_full_disk_is_noticed) {
    if (access("/dev/full", W_OK) != 0)
        cr_skip_test("there is no /dev/full");
    cr_assert_eq(mkdir(temporary_path("run"), 0755), 0);
    cr_assert_eq(symlink("/dev/full", temporary_path("run/metrics.jsonl")), 0);
    retune_run_folder *folder = open_folder(RETUNE_RUN_NEW, "");
    expect_refused(RETUNE_IO, "metrics.jsonl", retune_run_folder_line(folder, "x", &error));
    retune_run_folder_close(folder);
}
