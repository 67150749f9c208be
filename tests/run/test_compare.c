/* `retune compare`: equal devices are found equivalent, a wrong op is found and named, and what
 * makes no sense is refused. */
#include "run/devices.h"
#include "run/events.h"
#include "run/scene.h"

#include "model/safetensors.h"
#include "retune/retune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_compare, .init = scene_begin, .fini = scene_end);

#define QUICK "--steps 2 --batch 8 --test 6 "
#define SHIM  "--set backend.plugin_path=" SHIM_FOLDER " "

/* `retune compare job.ini --json` with more arguments: its events. The test fails unless the exit
 * code is `code`. */
static cJSON *compare(int code, const char *arguments) {
    int got = scene_run("compare job.ini --json %s", arguments);
    cr_assert(got == code, "%s: exit code %d, not %d: %s", arguments, got, code, command_stderr);
    return events_parse(command_stdout);
}

static bool flag(const cJSON *event, const char *key) {
    return event_number(event, key) != 0.0;
}

/* ---- Equivalent devices -------------------------------------------------------------------- */

static int count_part(const cJSON *events, const char *part) {
    int count = 0;
    for (int i = 0; i < events_count(events, "compare_op"); i++)
        count += strcmp(event_text(events_find(events, "compare_op", i), "part"), part) == 0;
    return count;
}

/* What every comparison of good devices says. */
static void expect_equivalent(const cJSON *events, const char *context) {
    int ops = events_count(events, "compare_op");
    for (int i = 0; i < ops; i++) {
        const cJSON *op = events_find(events, "compare_op", i);
        cr_expect(flag(op, "passed") && event_number(op, "share") <= 1.0, "%s: %s of %s", context,
                  event_text(op, "op"), event_text(op, "layer"));
        cr_expect(event_number(op, "relative_error") < 0.1, "%s: %s of %s", context,
                  event_text(op, "op"), event_text(op, "layer"));
        cr_expect(event_number(op, "microseconds_a") >= 0.0 &&
                  event_number(op, "microseconds_b") >= 0.0);
    }
    const cJSON *end = events_find(events, "compare_end", 0);
    cr_expect(flag(end, "equivalent"), "%s: %s", context, event_text(end, "verdict"));
    cr_expect_str_eq(event_text(end, "verdict"), "equivalent");
    cr_expect(event_number(end, "ops") == ops);
    cr_expect(event_number(end, "ops_outside") == 0);
    cr_expect(event_number(end, "peak_memory_bytes_a") > 0.0);
    cr_expect(cJSON_IsNull(cJSON_GetObjectItem(end, "op")));
}

static void expect_pair(const char *a, const char *b) {
    if (!device_is_there(a) || !device_is_there(b))
        return;
    char arguments[256], context[64];
    snprintf(context, sizeof context, "%s and %s", a, b);
    snprintf(arguments, sizeof arguments, QUICK "--a %s --b %s", a, b);
    cJSON *events = compare(0, arguments);
    expect_equivalent(events, context);
    cJSON_Delete(events);
}

Test(run_compare, the_cpu_devices) {
    expect_pair("cpu/scalar", "cpu/simd");
}

Test(run_compare, opencl_and_the_cpu) {
    expect_pair("opencl", "cpu/scalar");
}

Test(run_compare, vulkan_and_opencl) {
    expect_pair("vulkan", "opencl");
}

Test(run_compare, vulkan_and_the_cpu) {
    expect_pair("cpu/simd", "vulkan/0");
}

Test(run_compare, what_it_says) {
    cJSON *events = compare(0, QUICK "--a cpu/simd --b cpu/scalar");
    const cJSON *start = events_find(events, "compare", 0);
    cr_expect_str_eq(event_text(start, "device_a"), "cpu/simd");
    cr_expect_str_eq(event_text(start, "device_b"), "cpu/scalar");
    cr_expect(event_number(start, "batch") == 8 && event_number(start, "steps") == 2);
    cr_expect(event_number(start, "test") == 6);
    cr_expect(events_count(events, "compare") == 1 && events_count(events, "compare_end") == 1);
    cr_expect(events_count(events, "model") == 1 && events_count(events, "data") == 1);
    cr_expect(count_part(events, "prefix") == 27, "%d", count_part(events, "prefix"));
    cr_expect(count_part(events, "forward") == 5, "%d", count_part(events, "forward"));
    cr_expect(count_part(events, "gradient") == 6, "%d", count_part(events, "gradient"));
    cr_expect(count_part(events, "update") == 3, "%d", count_part(events, "update"));
    cr_expect(events_count(events, "compare_step") == 2);
    for (int i = 0; i < 2; i++) {
        const cJSON *step = events_find(events, "compare_step", i);
        cr_expect(event_number(step, "step") == i + 1 && event_number(step, "epoch") == 1);
        cr_expect(fabs(event_number(step, "loss_a") - event_number(step, "loss_b")) < 1e-3);
        cr_expect(event_number(step, "milliseconds_a") > 0.0);
        cr_expect(event_number(step, "drift") > 0.0 && event_number(step, "drift") < 0.05, "%g",
                  event_number(step, "drift"));
    }
    const cJSON *test = events_find(events, "compare_test", 0);
    cr_expect(event_number(test, "total") == 6);
    cr_expect(event_number(test, "p") > 0.05 && event_number(test, "p") <= 1.0);
    cJSON_Delete(events);
    cr_expect(access("run", F_OK) != 0, "a comparison left a run behind");
}

/* The same training as that of the job: what `train` reports of an epoch. */
Test(run_compare, epochs_are_those_of_the_job) {
    cJSON *events = compare(0, "--epochs 2 --a cpu/simd --b cpu/scalar");
    expect_equivalent(events, "epochs");
    int steps = events_count(events, "compare_step");
    cr_expect(steps == 2 * 3, "%d", steps); /* 36 images in batches of 16 */
    double loss = 0.0;
    for (int i = 0; i < 3; i++)
        loss += event_number(events_find(events, "compare_step", i), "loss_a") * (i < 2 ? 16 : 4);
    cr_expect(event_number(events_find(events, "compare_test", 0), "total") == 12);
    double correct = event_number(events_find(events, "compare_test", 0), "correct_a");
    cJSON_Delete(events);
    scene_train("--set train.epochs=2");
    events = events_parse(command_stdout);
    cr_expect(fabs(event_number(events_find(events, "epoch", 0), "loss") - loss / 36.0) < 1e-4);
    cr_expect(event_number(events_find(events, "eval", 2), "correct") == correct);
    cJSON_Delete(events);
}

Test(run_compare, steps_beyond_an_epoch) {
    cJSON *events = compare(0, "--steps 7 --batch 16 --a cpu/simd --b cpu/scalar");
    cr_expect(events_count(events, "compare_step") == 7);
    cr_expect(event_number(events_find(events, "compare_step", 2), "epoch") == 1);
    cr_expect(event_number(events_find(events, "compare_step", 3), "epoch") == 2);
    cr_expect(event_number(events_find(events, "compare_step", 6), "epoch") == 3);
    cJSON_Delete(events);
}

Test(run_compare, jobs_of_every_kind) {
    static const struct {
        const char *settings;
        bool prefix, evaluates;
    } jobs[] = {
        {"--set model.weights=", true, false},
        {"--set freeze.train=*", false, false},
        {"--set freeze.train=* --set freeze.batch_norm=full", false, true},
        {"--set freeze.train=conv_dw_12,dense --set freeze.batch_norm=affine", true, false},
        {"--set train.optimizer=momentum --set train.weight_decay=0.01", true, false},
        {"--set train.optimizer=sgd --set train.label_smoothing=0.1", true, false},
        {"--set train.augment=crop --set train.schedule=cosine --set train.warmup_epochs=1", true,
         false},
        {"--set train.micro_batch=3 --set cache.features=off", true, false},
        {"--set backend.precision=fp16", true, false},
        {"--set backend.precision=bf16", true, false},
        {"--set data.test=0", true, false},
        /* so chaotic that the losses part */
        {"--set model.weights= --set freeze.train=* --set freeze.batch_norm=full --batch 4 --steps "
         "6",
         false, true},
    };
    for (size_t j = 0; j < sizeof jobs / sizeof *jobs; j++) {
        char arguments[512];
        snprintf(arguments, sizeof arguments, QUICK "--a cpu/simd --b cpu/scalar %s",
                 jobs[j].settings);
        cJSON *events = compare(0, arguments);
        expect_equivalent(events, jobs[j].settings);
        cr_expect((count_part(events, "prefix") > 0) == jobs[j].prefix, "%s", jobs[j].settings);
        cr_expect((count_part(events, "evaluate") > 0) == jobs[j].evaluates, "%s",
                  jobs[j].settings);
        cJSON_Delete(events);
    }
}

/* It repeats itself to the bit, and says that this is no great finding. */
Test(run_compare, a_device_with_itself) {
    cJSON *events = compare(0, QUICK "--a cpu/simd --b cpu/simd");
    expect_equivalent(events, "itself");
    cr_expect(events_mention(events, "both devices are cpu/simd"));
    for (int i = 0; i < events_count(events, "compare_op"); i++)
        cr_expect(event_number(events_find(events, "compare_op", i), "share") == 0.0);
    for (int i = 0; i < 2; i++)
        cr_expect(event_number(events_find(events, "compare_step", i), "drift") == 0.0);
    cJSON_Delete(events);
}

/* Too high a rate is the job's affair, not a device's. */
Test(run_compare, training_that_diverges_on_both) {
    cJSON *events = compare(0, "--steps 30 --batch 8 --a cpu/simd --b cpu/scalar --set "
                               "train.learning_rate=1000 --set train.weight_decay=1 "
                               "--set train.optimizer=sgd");
    cr_expect(events_mention(events, "on both devices training diverged"));
    cJSON_Delete(events);
}

/* ---- A wrong op ---------------------------------------------------------------------------- */

/* The first op of this kind that was compared is the one that is named. */
static void expect_found(const char *op) {
    char fault[64];
    snprintf(fault, sizeof fault, "wrong %s", op);
    setenv("RETUNE_SHIM", fault, 1);
    cJSON *events = compare(7, QUICK SHIM "--a cpu/scalar --b shim/0 --save-tensors found");
    const cJSON *end = events_find(events, "compare_end", 0);
    cr_expect(!flag(end, "equivalent"));
    cr_expect_str_eq(event_text(end, "op"), op);
    cr_expect(strstr(event_text(end, "verdict"), op) != NULL, "%s", event_text(end, "verdict"));
    int outside = 0;
    for (int i = 0; i < events_count(events, "compare_op"); i++) {
        const cJSON *event = events_find(events, "compare_op", i);
        bool wrong = strcmp(event_text(event, "op"), op) == 0;
        cr_expect(flag(event, "passed") != wrong, "%s: %s of %s", op, event_text(event, "op"),
                  event_text(event, "layer"));
        outside += wrong;
    }
    cr_expect(outside > 0 && event_number(end, "ops_outside") == outside, "%s: %d", op, outside);
    cr_expect(access(event_text(end, "tensors"), R_OK) == 0, "%s", event_text(end, "tensors"));
    cJSON_Delete(events);
}

Test(run_compare, every_wrong_op_is_named_and_no_other) {
    static const char *const ops[] = {"normalize",
                                      "gather",
                                      "conv2d",
                                      "depthwise_conv2d",
                                      "pool",
                                      "pool_grad",
                                      "activation_grad",
                                      "softmax_cross_entropy",
                                      "adam",
                                      "conv2d_grad_input",
                                      "conv2d_grad_weight",
                                      "softmax_cross_entropy_grad"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        expect_found(ops[i]);
}

static size_t tensor_bytes(const retune_safetensors_tensor *tensor) {
    size_t bytes = 4;
    for (uint32_t d = 0; d < tensor->desc.rank; d++)
        bytes *= (size_t)tensor->desc.shape[d];
    return bytes;
}

/* What it was given, and what each device made of it. */
Test(run_compare, the_tensors_of_a_wrong_op) {
    setenv("RETUNE_SHIM", "wrong conv2d_grad_weight", 1);
    cJSON *events = compare(7, QUICK SHIM "--a shim/0 --b cpu/simd --save-tensors kept/here");
    const char *path = "kept/here/gradient-dense-conv2d_grad_weight.safetensors";
    cr_expect_str_eq(event_text(events_find(events, "compare_end", 0), "tensors"), path);
    cJSON_Delete(events);
    retune_safetensors *file = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_safetensors_open(path, &file, &error) == RETUNE_OK, "%s", error.message);
    static const char *const names[] = {"input/x", "input/dz", "a/dw",
                                        "a/dbias", "b/dw",     "b/dbias"};
    cr_expect(retune_safetensors_count(file) == 6);
    for (size_t i = 0; i < 6; i++)
        cr_expect(retune_safetensors_find(file, names[i]) != NULL, "%s", names[i]);
    const retune_safetensors_tensor *a = retune_safetensors_find(file, "a/dw");
    const retune_safetensors_tensor *b = retune_safetensors_find(file, "b/dw");
    cr_assert(a && b && tensor_bytes(a) == tensor_bytes(b));
    size_t last = tensor_bytes(a) / 4 - 1;
    cr_expect(fabsf(((const float *)a->data)[last] - ((const float *)b->data)[last]) > 0.05f);
    cr_expect_str_eq(retune_safetensors_metadata(file, "a"), "shim/0");
    cr_expect_str_eq(retune_safetensors_metadata(file, "op"), "conv2d_grad_weight");
    retune_safetensors_close(file);
}

Test(run_compare, without_a_wrong_op_nothing_is_saved) {
    setenv("RETUNE_SHIM", "", 1);
    cJSON *events = compare(0, QUICK SHIM "--a cpu/simd --b shim/0 --save-tensors kept");
    expect_equivalent(events, "a shim that does nothing wrong");
    cr_expect(access("kept", F_OK) != 0);
    cJSON_Delete(events);
}

/* ---- For people ---------------------------------------------------------------------------- */

Test(run_compare, tables_and_a_page) {
    cr_assert(scene_run("compare job.ini --quiet " QUICK "--a cpu/simd --b cpu/scalar "
                        "--html compare.html") == 0);
    static const char *const said[] = {
        "a  cpu/simd", "b  cpu/scalar",       "prefix, op by op", "update, op by op",
        "conv_pw_13",  "conv2d_grad_weight",  "step by step",     "6 test images",
        "peak memory", "0 of 41 ops outside", "\nequivalent\n",   "McNemar"};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        cr_expect(strstr(command_stdout, said[i]) != NULL, "no '%s' in %s", said[i],
                  command_stdout);
    size_t size = 0;
    char *page = scene_read("compare.html", &size);
    static const char *const shown[] = {
        "cpu/simd and cpu/scalar", "equivalent", "<svg", "conv_pw_13", "McNemar", "Peak memory"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        cr_expect(strstr(page, shown[i]) != NULL, "no '%s' on the page", shown[i]);
    free(page);
}

Test(run_compare, a_difference_for_people) {
    setenv("RETUNE_SHIM", "wrong pool", 1);
    cr_assert(scene_run("compare job.ini --quiet " QUICK SHIM "--a cpu/simd --b shim/0 "
                        "--html compare.html") == 7);
    cr_expect(strstr(command_stdout, "\ndifferent: pool of average_pool (forward) is off") != NULL,
              "%s", command_stdout);
    cr_expect(strstr(command_stdout, "OUTSIDE") != NULL);
    size_t size = 0;
    char *page = scene_read("compare.html", &size);
    cr_expect(strstr(page, "pool of average_pool (forward) is off") != NULL);
    free(page);
}

/* ---- Going on from a run ------------------------------------------------------------------- */

/* Both go on from the weights, the optimiser's state and the place in the order of the images. */
Test(run_compare, from_a_checkpoint) {
    scene_train("--set train.epochs=4 --set output.folder=whole");
    cJSON *events = events_read("whole/metrics.jsonl");
    double loss = event_number(events_find(events, "epoch", 2), "loss");
    cJSON_Delete(events);
    scene_train("--set train.epochs=2");
    events = compare(0, "--from run --epochs 1 --a cpu/simd --b cpu/scalar");
    expect_equivalent(events, "from");
    const cJSON *start = events_find(events, "compare", 0);
    cr_expect(event_number(start, "from_step") == 6);
    cr_expect_str_eq(event_text(start, "from"), "run");
    double sum = 0.0;
    for (int i = 0; i < 3; i++) {
        const cJSON *step = events_find(events, "compare_step", i);
        cr_expect(event_number(step, "step") == 7 + i && event_number(step, "epoch") == 3);
        sum += event_number(step, "loss_a") * (i < 2 ? 16 : 4);
    }
    cr_expect(fabs(sum / 36.0 - loss) < 1e-5, "%g, not %g", sum / 36.0, loss);
    cJSON_Delete(events);
}

Test(run_compare, from_what_is_no_run_of_this_job) {
    scene_refuse(2, "compare job.ini --a cpu/simd --b cpu/scalar --from nowhere",
                 "nowhere: there is no checkpoint to go on from", NULL);
    scene_train("--set train.epochs=1");
    scene_refuse(2, "compare job.ini --a cpu/simd --b cpu/scalar --from run --set train.batch=12",
                 "run: compare: settings of [model], [data], [freeze] or [train] differ", NULL);
    scene_refuse(2, "compare job.ini --a cpu/simd --b cpu/scalar --from run --batch 4",
                 "keeps its batch", NULL);
    scene_pictures("data/ring", 1, 300, 1);
    scene_refuse(2, "compare job.ini --a cpu/simd --b cpu/scalar --from run",
                 "the images are not those", NULL);
    cr_assert(system("rm data/ring/300.*; for f in run/last*; do echo nonsense > $f; done") == 0);
    scene_refuse(3, "compare job.ini --a cpu/simd --b cpu/scalar --from run", "last.safetensors",
                 NULL);
}

/* ---- Refusals ------------------------------------------------------------------------------ */

Test(run_compare, command_lines_that_make_no_sense) {
    scene_refuse(2, "compare job.ini", "name both devices", NULL);
    scene_refuse(2, "compare job.ini --a cpu/simd", "name both devices", NULL);
    scene_refuse(2, "compare --a cpu/simd --b cpu/scalar", "usage: retune compare", NULL);
    scene_refuse(2, "compare job.ini --a auto --b cpu", "device a: 'auto' is not <backend>", NULL);
    scene_refuse(2, "compare job.ini --a cpu --b ''", "device b is not named", NULL);
    scene_refuse(2, "compare job.ini --a 'a b' --b cpu", "device a: 'a b' is not", NULL);
    scene_refuse(2, "compare job.ini --a cpu --b ../cpu", "device b: '../cpu' is not", NULL);
    scene_refuse(2, "compare job.ini --a cpu --b cpu --steps 2 --epochs 1", "not both", NULL);
    scene_refuse(2, "compare job.ini --a cpu --b cpu --steps 0", "--steps 0: expected", NULL);
    scene_refuse(2, "compare job.ini --a cpu --b cpu --batch -1", "--batch -1: expected", NULL);
    scene_refuse(2, "compare job.ini --a cpu --b cpu --test x", "--test x: expected", NULL);
    scene_refuse(2, "train job.ini --a cpu", "--a", NULL);
}

Test(run_compare, devices_that_cannot_be_used) {
    scene_refuse(4, "compare job.ini --a nonesuch --b cpu/simd", "device a, nonesuch", NULL);
    scene_refuse(4, "compare job.ini --a cpu/simd --b cpu/nonesuch", "device b, cpu/nonesuch",
                 NULL);
    setenv("RETUNE_SHIM", "refuse pool_grad", 1);
    scene_refuse(4, "compare job.ini --a cpu/simd --b shim/0 " SHIM, "device b, shim/0",
                 "pool_grad", NULL);
    setenv("RETUNE_SHIM", "step 1", 1);
    scene_refuse(5, "compare job.ini --a cpu/simd --b shim/0 " QUICK SHIM, "lost", NULL);
}

Test(run_compare, a_precision_that_one_does_not_store) {
    scene_refuse(4,
                 "compare job.ini --a cpu/simd --b limited/f32 --set backend.precision=fp16 "
                 "--set backend.plugin_path=" LIMITED_FOLDER,
                 "device b, limited/f32", "stores no fp16 maps", NULL);
}

Test(run_compare, files_that_are_not_there) {
    scene_refuse(3, "compare job.ini --a cpu/simd --b cpu/scalar --set data.root=nowhere",
                 "nowhere", NULL);
    scene_refuse(2, "compare job.ini --a cpu/simd --b cpu/scalar --set data.root=", "[data] root",
                 NULL);
    scene_refuse(3, "compare job.ini --a cpu/simd --b cpu/scalar --set model.weights=none.h5",
                 "none.h5", NULL);
    scene_refuse(3, "compare none.ini --a cpu/simd --b cpu/scalar", "none.ini", NULL);
    scene_refuse(3, "compare job.ini " QUICK "--a cpu/simd --b cpu/scalar --html no/such/page.html",
                 "no/such/page.html", NULL);
    scene_refuse(3, "compare job.ini " QUICK "--a cpu/simd --b cpu/scalar --html data",
                 "data: no page can be written there", NULL);
    cr_assert(system("echo > occupied") == 0);
    scene_refuse(3, "compare job.ini " QUICK "--a cpu/simd --b cpu/scalar --save-tensors occupied",
                 "occupied: is no folder", NULL);
    setenv("RETUNE_SHIM", "wrong pool", 1);
    scene_refuse(3,
                 "compare job.ini " QUICK SHIM "--a cpu/simd --b shim/0 --save-tensors occupied/in",
                 "occupied", NULL);
}

/* ---- The library --------------------------------------------------------------------------- */

static int stop_at(void *user, const retune_event *event) {
    int *left = user;
    (void)event;
    return (*left)-- <= 0;
}

Test(run_compare, stops_on_request) {
    retune_compare_options options = {.struct_size = sizeof options,
                                      .a = "cpu/simd",
                                      .b = "cpu/scalar",
                                      .steps = 2,
                                      .batch = 4,
                                      .report = "page.html"};
    for (int events = 0; events < 100; events += 15) {
        retune_job *job = NULL;
        retune_error error = RETUNE_ERROR_INIT;
        int left = events;
        cr_assert(retune_job_open("job.ini", NULL, 0, &job, &error) == RETUNE_OK);
        retune_status status = retune_job_compare(job, &options, stop_at, &left, &error);
        cr_expect(status == RETUNE_CANCELLED, "%d events: %d %s", events, status, error.message);
        retune_job_close(job);
        cr_expect(access("page.html", F_OK) != 0);
    }
}

Test(run_compare, options_of_other_callers) {
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_job_open("job.ini", NULL, 0, &job, &error) == RETUNE_OK);
    cr_expect(retune_job_compare(job, NULL, NULL, NULL, &error) == RETUNE_INVALID);
    retune_compare_options options = {.a = "cpu/simd", .b = "cpu/scalar"};
    cr_expect(retune_job_compare(job, &options, NULL, NULL, &error) == RETUNE_INVALID);
    options.struct_size = offsetof(retune_compare_options, b); /* one who knows only a */
    cr_expect(retune_job_compare(job, &options, NULL, NULL, &error) == RETUNE_INVALID);
    cr_expect(strstr(error.message, "device b") != NULL, "%s", error.message);
    options.struct_size = sizeof options;
    options.test = UINT64_MAX;
    cr_expect(retune_job_compare(job, &options, NULL, NULL, &error) == RETUNE_INVALID);
    retune_job_close(job);
}
