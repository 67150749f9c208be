/* `retune check` lists every problem of a job in one go, and ends with the exit code of the
 * gravest: settings before files before devices. */
#include "run/events.h"
#include "run/scene.h"

#include "retune/retune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run_check, .init = scene_begin, .fini = scene_end);

/* One fault each. */
#define NO_DATA    " --set data.root=nowhere"
#define NO_WEIGHTS " --set model.weights=none.safetensors"
#define NO_LAYER   " --set freeze.train=conv_pw_14"
#define NO_HEAD    " --set model.head=average_pool,dense"
#define NO_DEVICE  " --set backend.order=cpu/vector"
#define NO_OPTION  " --set backend.cpu.thraeds=2"
#define FAIL       " --set data.bad_images=fail"

/* Checks the job with these changes. The exit code must be `code`, and the problems, one line each
 * on stdout and on stderr, must hold these texts, up to NULL, in this order, and no others. */
static void expect_problems(int code, const char *changes, ...) {
    char arguments[1024];
    snprintf(arguments, sizeof arguments, "check job.ini --json%s", changes);
    int got = command_run(arguments), count = 0;
    cr_expect(got == code, "%s: exit code %d, not %d: %s", changes, got, code, command_stderr);
    cJSON *events = events_parse(command_stdout);
    va_list list;
    va_start(list, changes);
    for (const char *text; (text = va_arg(list, const char *)); count++) {
        const cJSON *problem = events_find(events, "problem", count);
        cr_expect(problem && strstr(event_text(problem, "text"), text),
                  "%s: problem %d is not '%s': %s", changes, count, text, command_stderr);
        cr_expect(strstr(command_stderr, text), "%s: no '%s': %s", changes, text, command_stderr);
    }
    va_end(list);
    cr_expect(events_count(events, "problem") == count, "%s: more than %d problems: %s", changes,
              count, command_stderr);
    cJSON_Delete(events);
    cr_expect(access("run", F_OK) != 0, "%s: check left a run folder", changes);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* ---- No problem, one problem --------------------------------------------------------------- */

Test(run_check, a_good_job_is_planned) {
    expect_problems(0, "", NULL);
    cJSON *events = events_parse(command_stdout);
    const char *const kinds[] = {"model", "data", "device", "plan"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        cr_expect(events_count(events, kinds[i]) == 1, "%s: %s", kinds[i], command_stdout);
    cJSON_Delete(events);
    cr_expect(strstr(command_stderr, "nothing is wrong"), "%s", command_stderr);
}

Test(run_check, each_problem_alone) {
    expect_problems(2, NO_LAYER, "conv_pw_14", NULL);
    expect_problems(2, NO_HEAD, "head", NULL);
    expect_problems(2, NO_OPTION, "thraeds", NULL);
    expect_problems(2, " --set data.root=", "[data] root", NULL);
    expect_problems(3, NO_DATA, "nowhere", NULL);
    expect_problems(3, NO_WEIGHTS, "none.safetensors", NULL);
    expect_problems(4, NO_DEVICE, "cpu/vector", NULL);
}

/* What is still known is still told. */
Test(run_check, wrong_weights_do_not_keep_the_plan_back) {
    scene_weights("half.safetensors", 0.5, 1);
    expect_problems(3, " --set model.weights=half.safetensors", "alpha", NULL);
    cr_expect(strstr(command_stdout, "\"event\":\"plan\""), "%s", command_stdout);
}

Test(run_check, without_data_a_device_is_chosen_but_nothing_is_planned) {
    expect_problems(3, NO_DATA, "nowhere", NULL);
    cr_expect(strstr(command_stdout, "\"event\":\"device\""), "%s", command_stdout);
    cr_expect_not(strstr(command_stdout, "\"event\":\"plan\""), "%s", command_stdout);
}

/* ---- More than one ------------------------------------------------------------------------- */

Test(run_check, data_and_weights) {
    cr_assert(mkdir("data/empty", 0777) == 0);
    expect_problems(3, NO_WEIGHTS, "empty", "none.safetensors", NULL);
}

Test(run_check, the_gravest_decides_wherever_it_is_found) {
    expect_problems(3, NO_DATA NO_DEVICE, "nowhere", "cpu/vector", NULL);
    expect_problems(2, NO_DATA NO_OPTION, "nowhere", "thraeds", NULL);
    expect_problems(2, NO_DATA NO_LAYER, "nowhere", "conv_pw_14", NULL);
    expect_problems(2, NO_WEIGHTS NO_OPTION, "none.safetensors", "thraeds", NULL);
    expect_problems(3, NO_WEIGHTS NO_DEVICE, "none.safetensors", "cpu/vector", NULL);
    expect_problems(2, NO_LAYER NO_DEVICE, "conv_pw_14", "cpu/vector", NULL);
}

Test(run_check, all_of_them_at_once) {
    expect_problems(2, NO_DATA NO_HEAD NO_WEIGHTS NO_DEVICE, "nowhere", "head", "none.safetensors",
                    "cpu/vector", NULL);
    cr_expect(strstr(command_stderr, "4 problems found"), "%s", command_stderr);
}

/* Nobody knows what a job means whose settings cannot be read. */
Test(run_check, a_setting_that_cannot_be_read_ends_the_check) {
    cr_expect_eq(scene_run("check job.ini --json --set train.batch=0" NO_DATA), 2);
    cr_expect(strstr(command_stderr, "batch"), "%s", command_stderr);
    cr_expect_not(strstr(command_stderr, "nowhere"), "%s", command_stderr);
}

/* ---- Images -------------------------------------------------------------------------------- */

Test(run_check, every_bad_image_is_a_problem_when_training_would_stop_at_it) {
    write_text("data/disc/notes.jpg", "no picture");
    write_text("data/ring/notes.png", "no picture either");
    expect_problems(3, FAIL, "disc/notes.jpg", "ring/notes.png", NULL);
    expect_problems(0, " --set data.bad_images=skip", NULL);
    cr_expect(strstr(command_stdout, "\"skipped\":2"), "%s", command_stdout);
}

/* An image that looks whole to the scan, which does not decode. */
Test(run_check, an_image_that_cannot_be_decoded) {
    size_t size = 0;
    scene_picture("data/ring/bad.png", 1, 99);
    char *data = scene_read("data/ring/bad.png", &size);
    memset(data + size / 2, 0, 16);
    FILE *file = fopen("data/ring/bad.png", "w");
    cr_assert(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    free(data);
    expect_problems(3, FAIL, "bad.png", NULL);
    expect_problems(0, " --set data.bad_images=skip", NULL);
}

/* ---- Stopping ------------------------------------------------------------------------------ */

/* Stops at the first sign of progress, whatever else is wrong. */
static int stop_at_once(void *user, const retune_event *event) {
    int *after = user;
    *after += event->kind != RETUNE_EVENT_PROGRESS;
    return 1;
}

Test(run_check, stopped_by_the_caller) {
    const retune_option changes[] = {{"model.weights", "none.safetensors"}};
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    int others = 0;
    cr_assert(retune_job_open("job.ini", changes, 1, &job, &error) == RETUNE_OK, "%s",
              error.message);
    cr_expect(retune_job_check(job, stop_at_once, &others, &error) == RETUNE_CANCELLED);
    cr_expect(others == 0, "the check went on");
    retune_job_close(job);
}
