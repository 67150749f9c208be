/* `retune bench`: on a machine that has neither photos nor weights. */
#include "run/events.h"
#include "run/scene.h"

#include "retune/retune.h"

#include "expect.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Times are not of interest here. */
#define QUICK "--seconds 0.02 "

static void begin(void) {
    command_begin();
    command_write("job.ini", "[model]\n"
                             "alpha   = 0.25\n"
                             "input   = 32\n"
                             "weights = nowhere.h5\n"
                             "[data]\n"
                             "root = nowhere\n"
                             "[train]\n"
                             "batch = 8\n"
                             "[backend]\n"
                             "order = cpu/simd\n"
                             "[backend.cpu]\n"
                             "threads = 1\n");
}

TestSuite(run_bench, .init = begin, .fini = command_end);

/* `retune bench job.ini --json` with more arguments, which must go well: its events. */
static cJSON *bench(const char *arguments) {
    int code = scene_run("bench job.ini --json " QUICK "%s", arguments);
    cr_assert(code == 0, "bench %s: exit code %d: %s", arguments, code, command_stderr);
    return events_parse(command_stdout);
}

static const cJSON *find_figure(const cJSON *events, const char *what) {
    const cJSON *event;
    cJSON_ArrayForEach(event, events) {
        if (strcmp(event_text(event, "event"), "bench") == 0 &&
            strcmp(event_text(event, "what"), what) == 0)
            return event;
    }
    return NULL;
}

/* A figure is there, and its numbers say the same. */
static void expect_figure(const cJSON *events, const char *what, double images) {
    const cJSON *figure = find_figure(events, what);
    cr_assert(figure, "no figure %s: %s", what, command_stdout);
    double milliseconds = event_number(figure, "milliseconds");
    double rate = event_number(figure, "images_per_second");
    cr_expect_gt(milliseconds, 0.0, "%s", what);
    cr_expect_eq(event_number(figure, "images"), images, "%s", what);
    cr_expect_float_eq(rate * milliseconds / 1000.0, images, 1e-3 * images, "%s", what);
    cr_expect_geq(event_number(figure, "spread"), 0.0, "%s", what);
    cr_expect_geq(event_number(figure, "repetitions"), 3.0, "%s", what);
}

/* Rates follow from times, and the share from the peak. */
static void expect_op(const cJSON *op, const cJSON *peak) {
    double seconds = 1e-6 * event_number(op, "microseconds");
    double flops = event_number(op, "flops"), bytes = event_number(op, "bytes");
    cr_assert_gt(seconds, 0.0);
    cr_expect_float_eq(event_number(op, "flops_per_second") * seconds / flops, 1.0, 1e-4);
    cr_expect_float_eq(event_number(op, "bytes_per_second") * seconds / bytes, 1.0, 1e-4);
    double share = fmax(flops / event_number(peak, "flops_per_second"),
                        bytes / event_number(peak, "bytes_per_second")) /
                   seconds;
    cr_expect_float_eq(event_number(op, "share") / share, 1.0, 1e-4);
}

/* The ops of a part, the slowest first; how many. */
static int expect_ops(const cJSON *events, const char *part) {
    const cJSON *event, *peak = events_find(events, "bench_peak", 0);
    double before = INFINITY;
    int count = 0;
    cJSON_ArrayForEach(event, events) {
        if (strcmp(event_text(event, "event"), "bench_op") != 0 ||
            strcmp(event_text(event, "part"), part) != 0)
            continue;
        expect_op(event, peak);
        cr_expect_leq(event_number(event, "microseconds"), before);
        before = event_number(event, "microseconds");
        count++;
    }
    return count;
}

static const cJSON *find_op(const cJSON *events, const char *layer, const char *kind) {
    const cJSON *event;
    cJSON_ArrayForEach(event, events) {
        if (strcmp(event_text(event, "event"), "bench_op") == 0 &&
            strcmp(event_text(event, "layer"), layer) == 0 &&
            strcmp(event_text(event, "op"), kind) == 0)
            return event;
    }
    return NULL;
}

/* ---- What is measured ---------------------------------------------------------------------- */

static void expect_whole_bench(const char *device) {
    char arguments[128];
    snprintf(arguments, sizeof arguments, "--set backend.order=%s", device);
    cJSON *events = bench(arguments);
    cr_expect_str_eq(event_text(events_find(events, "device", 0), "device"), device);
    expect_figure(events, "prefix", 32);
    expect_figure(events, "prefix_upload", 32);
    expect_figure(events, "step", 8);
    expect_figure(events, "step_device", 8);
    expect_figure(events, "step_uncached", 8);
    expect_figure(events, "evaluate", 8);
    cr_expect_eq(events_count(events, "bench"), 6);
    cr_expect_eq(events_count(events, "bench_peak"), 1);
    /* the image and the 26 convolutions below conv_pw_13; then gather to the last update */
    cr_expect_eq(expect_ops(events, "prefix"), 27);
    cr_expect_eq(expect_ops(events, "step"), 14);
    cJSON_Delete(events);
}

Test(run_bench, cpu_simd) {
    expect_whole_bench("cpu/simd");
}

Test(run_bench, cpu_scalar) {
    expect_whole_bench("cpu/scalar");
}

/* [32,1,1,256] times [256,256], a multiply-add being two. */
Test(run_bench, an_op_has_its_shape_and_cost) {
    cJSON *events = bench("");
    const cJSON *op = find_op(events, "conv_pw_12", "conv2d");
    cr_assert(op, "%s", command_stdout);
    char *shape = cJSON_PrintUnformatted(cJSON_GetObjectItem(op, "shape"));
    cr_expect_str_eq(shape, "[32,1,1,256]");
    cr_expect_eq(event_number(op, "images"), 32.0);
    cr_expect_geq(event_number(op, "flops"), 2.0 * 32 * 128 * 256);
    cr_expect_lt(event_number(op, "flops"), 2.2 * 32 * 128 * 256);
    cJSON_free(shape);
    cJSON_Delete(events);
}

Test(run_bench, nothing_is_written) {
    cJSON_Delete(bench(""));
    cr_expect_eq(system("test \"$(echo *)\" = 'job.ini stderr.txt stdout.txt'"), 0);
}

/* ---- Without a frozen prefix --------------------------------------------------------------- */

Test(run_bench, everything_trained) {
    cJSON *events = bench("--set 'freeze.train=*'");
    cr_expect(events_mention(events, "there are no frozen layers"), "%s", command_stdout);
    expect_figure(events, "step", 8);
    expect_figure(events, "evaluate", 8);
    cr_expect_null(find_figure(events, "prefix"));
    cr_expect_null(find_figure(events, "prefix_upload"));
    cr_expect_null(find_figure(events, "step_uncached"));
    cr_expect_eq(expect_ops(events, "prefix"), 0);
    cr_expect_gt(expect_ops(events, "step"), 100);
    cJSON_Delete(events);
}

/* ---- Divided batches ----------------------------------------------------------------------- */

Test(run_bench, a_batch_in_pieces) {
    cJSON *events = bench("--set train.micro_batch=3");
    cr_expect(events_mention(events, "in pieces of 3"), "%s", command_stdout);
    expect_figure(events, "step", 8);
    expect_figure(events, "evaluate", 3);
    cr_expect(find_op(events, "gradient sum", "accumulate"), "%s", command_stdout);
    cJSON_Delete(events);
}

Test(run_bench, a_batch_that_must_stay_whole) {
    scene_refuse(2,
                 "bench job.ini --set train.micro_batch=3 --set freeze.batch_norm=full " QUICK
                 "--set freeze.train=conv_pw_13,conv_pw_13_bn,dense",
                 "batch_norm = full", NULL);
}

/* ---- Classes ------------------------------------------------------------------------------- */

/* Of the dense layer's output. */
static void expect_classes(const cJSON *events, int classes) {
    char expected[32];
    const cJSON *op = find_op(events, "dense", "conv2d");
    cr_assert(op, "%s", command_stdout);
    char *shape = cJSON_PrintUnformatted(cJSON_GetObjectItem(op, "shape"));
    snprintf(expected, sizeof expected, "[8,1,1,%d]", classes);
    cr_expect_str_eq(shape, expected);
    cJSON_free(shape);
}

Test(run_bench, classes_without_data) {
    cJSON *events = bench("");
    expect_classes(events, 5);
    cr_expect(events_mention(events, "nowhere: no such folder: measuring with 5 classes"), "%s",
              command_stdout);
    cJSON_Delete(events);
    events = bench("--classes 7 --set data.root=");
    expect_classes(events, 7);
    cr_expect(events_mention(events, "root is not set: measuring with 7 classes"), "%s",
              command_stdout);
    cJSON_Delete(events);
}

Test(run_bench, classes_of_the_data) {
    cr_assert_eq(system("mkdir -p split/train/a split/train/b split/train/c split/val/a"), 0);
    cJSON *events = bench("--classes 7 --set data.root=split");
    expect_classes(events, 3);
    cr_expect(events_mention(events, "its 3 classes, not 7"), "%s", command_stdout);
    cJSON_Delete(events);
    scene_refuse(3, "bench job.ini --set data.root=split/val", "at least two", NULL);
}

/* ---- Tables -------------------------------------------------------------------------------- */

static int count_lines(const char *text, const char *part) {
    int count = 0;
    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

Test(run_bench, tables_for_people) {
    cr_assert_eq(scene_run("bench job.ini " QUICK "--top 4"), 0, "%s", command_stderr);
    cr_expect(strstr(command_stdout, "step, device only"), "%s", command_stdout);
    cr_expect(strstr(command_stdout, "Peak arithmetic"), "%s", command_stdout);
    cr_expect(strstr(command_stdout, "\n23 more "), "%s", command_stdout);
    cr_expect(strstr(command_stdout, "\n10 more "), "%s", command_stdout);
    cr_expect_eq(count_lines(command_stdout, "\nall "), 2, "%s", command_stdout);
    cr_assert_eq(scene_run("bench job.ini " QUICK "--top 0"), 0, "%s", command_stderr);
    cr_expect_eq(count_lines(command_stdout, " more "), 0, "%s", command_stdout);
    cr_expect(strstr(command_stdout, "dense/bias"), "%s", command_stdout);
}

/* ---- Devices ------------------------------------------------------------------------------- */

#define PLUGINS(folder, name) "--set backend.plugin_path=" folder " --set backend.order=" name

Test(run_bench, a_device_that_measures_no_ops) {
    cJSON *events = bench(PLUGINS(REFERENCE_PLUGINS, "reference"));
    cr_expect(events_mention(events, "reference/0 does not measure ops"), "%s", command_stdout);
    expect_figure(events, "prefix", 32);
    cr_expect_eq(events_count(events, "bench"), 6);
    cr_expect_eq(events_count(events, "bench_op"), 0);
    cJSON_Delete(events);
}

Test(run_bench, a_device_that_refuses_the_plan) {
    scene_refuse(4, "bench job.ini " PLUGINS(FAKE_PLUGINS, "good"), "good/one", "good/two", NULL);
}

Test(run_bench, nothing_usable_in_the_order) {
    scene_refuse(4, "bench job.ini --set backend.order=cpuu", "cpuu", "cpu", NULL);
    scene_refuse(
        4, "bench job.ini --set backend.precision=fp16 " PLUGINS(REFERENCE_PLUGINS, "reference"),
        "reference/0", "no fp16 maps", NULL);
    cr_expect(*command_stdout == '\0', "%s", command_stdout);
}

Test(run_bench, options_of_the_backend) {
    scene_refuse(2, "bench job.ini --set backend.cpu.thraeds=1", "thraeds", NULL);
    cJSON *events = bench("--set backend.cpu.profiling=off");
    cr_expect_gt(expect_ops(events, "step"), 0, "the table was asked for; it needs profiling");
    cJSON_Delete(events);
}

/* ---- Wrong command lines ------------------------------------------------------------------- */

Test(run_bench, wrong_numbers) {
    static const char *const lines[] = {
        "--seconds 0",  "--seconds -1",  "--seconds nan", "--seconds inf", "--seconds 1x",
        "--seconds ''", "--seconds 4e3", "--classes 0",   "--classes 1",   "--classes -2",
        "--classes x",  "--classes 2.5", "--top -1",      "--top x",       "--top ''"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char arguments[64], option[16];
        snprintf(arguments, sizeof arguments, "bench job.ini %s", lines[i]);
        sscanf(lines[i], "%15s", option);
        scene_refuse(2, arguments, option, "expected a number", NULL);
        cr_expect(*command_stdout == '\0', "%s: %s", arguments, command_stdout);
    }
}

Test(run_bench, options_of_other_verbs) {
    scene_refuse(2, "bench job.ini --resume", "--resume", NULL);
    scene_refuse(2, "train job.ini --seconds 1", "--seconds", NULL);
    scene_refuse(2, "predict m i --classes 3", "--classes", NULL);
    scene_refuse(2, "bench", "usage", NULL);
}

/* ---- The library --------------------------------------------------------------------------- */

static int ignore(void *user, const retune_event *event) {
    (void)user, (void)event;
    return 0;
}

Test(run_bench, options_the_library_refuses) {
    retune_job *job = NULL;
    assert_ok(retune_job_open("job.ini", NULL, 0, &job, &error));
    retune_bench_options options = {.struct_size = sizeof options};
    static const double seconds[] = {-1.0, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        options.seconds = seconds[i];
        expect_refused(RETUNE_INVALID, "measured",
                       retune_job_bench(job, &options, ignore, NULL, &error));
    }
    options = (retune_bench_options){.struct_size = sizeof options, .class_count = 1};
    expect_refused(RETUNE_INVALID, "single class",
                   retune_job_bench(job, &options, ignore, NULL, &error));
    options = (retune_bench_options){.class_count = 3};
    expect_refused(RETUNE_INVALID, "struct_size",
                   retune_job_bench(job, &options, ignore, NULL, &error));
    retune_job_close(job);
}

static int stop_at_the_first_figure(void *user, const retune_event *event) {
    *(int *)user += event->kind == RETUNE_EVENT_BENCH;
    return event->kind == RETUNE_EVENT_BENCH;
}

Test(run_bench, stopped_by_the_caller) {
    retune_job *job = NULL;
    int figures = 0;
    assert_ok(retune_job_open("job.ini", NULL, 0, &job, &error));
    retune_bench_options options = {.struct_size = sizeof options, .seconds = 0.02};
    expect_refused(RETUNE_CANCELLED, "stopped",
                   retune_job_bench(job, &options, stop_at_the_first_figure, &figures, &error));
    cr_expect_eq(figures, 1);
    retune_job_close(job);
}
