/* Ops that a device refuses, or has in quarantine, run on the next one (fallback = op): the run
 * learns, to the bit, what a device that does everything learns, and says who did what. The shim's
 * devices compute what cpu/simd computes (loader/plugins/shim.c). */
#include "run/events.h"
#include "run/same_run.h"
#include "run/scene.h"

#include "graph/op_rule.h"
#include "report/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_fallback, .init = scene_begin, .fini = scene_end);

#define SHIM "--set backend.plugin_path=" SHIM_FOLDER " --set backend.order="
#define OP   " --set backend.fallback=op "

/* Trains on shim/0 with these faults, with cpu/simd behind it, into the folder op/. */
static cJSON *train_op(const char *faults, const char *arguments) {
    setenv("RETUNE_SHIM", faults, 1);
    scene_train("--fresh %s " SHIM "shim/0,cpu/simd" OP "--set output.folder=op", arguments);
    return events_parse(command_stdout);
}

/* Who runs ops of a kind, by the placement events; NULL where several do or none does. */
static const char *runs_on(const cJSON *events, const char *op) {
    const char *device = NULL;
    for (int p = 0; p < events_count(events, "placement"); p++) {
        const cJSON *range;
        cJSON_ArrayForEach(range,
                           cJSON_GetObjectItem(events_find(events, "placement", p), "ranges")) {
            const char *first = event_text(range, "first");
            if (strncmp(first, op, strlen(op)) == 0 && first[strlen(op)] == ' ')
                device = event_text(range, "device");
        }
    }
    return device;
}

/* ---- Before the first use -------------------------------------------------------------------- */

/* Ops of the self-test that a run told of on its way. */
static int self_test_steps(const cJSON *events) {
    int steps = 0;
    for (int e = 0; e < events_count(events, "progress"); e++)
        steps += strcmp(event_text(events_find(events, "progress", e), "phase"), "self_test") == 0;
    return steps;
}

/* A driver may take long to be tested: whoever waits is told. The second time nothing is tested. */
Test(run_fallback, a_test_is_told_of_while_it_runs) {
    char cache[320], here[256];
    snprintf(cache, sizeof cache, "%s/cache", getcwd(here, sizeof here));
    setenv("XDG_CACHE_HOME", cache, 1);
    cJSON *events = train_op("", "--set train.epochs=1");
    cr_expect_geq(self_test_steps(events), RETUNE_OP_KIND_COUNT);
    cJSON_Delete(events);
    events = train_op("", "--set train.epochs=1");
    cr_expect_eq(self_test_steps(events), 0);
    cJSON_Delete(events);
}

/* ---- The same result ----------------------------------------------------------------------- */

Test(run_fallback, a_backend_of_a_single_op) {
    static const char *const jobs[] = {
        "",
        "--set cache.features=off --set train.augment=flip",
        "--set cache.features=disk --set cache.precision=fp16",
        "--set freeze.batch_norm=full --set train.batch=12",
        "--set freeze.batch_norm=affine --set freeze.train=conv_dw_12,conv_pw_12,conv_*_13*,dense",
        "--set train.batch=10 --set train.micro_batch=4 --set train.optimizer=momentum",
        "--set freeze.train=* --set freeze.batch_norm=full --set train.epochs=1",
        "--set train.optimizer=sgd --set backend.precision=fp16",
    };
    for (size_t j = 0; j < sizeof jobs / sizeof jobs[0]; j++) {
        scene_train("--fresh %s", jobs[j]);
        cJSON *events = train_op("only conv2d", jobs[j]);
        cr_expect_str_eq(event_text(events_find(events, "device", 0), "device"), "shim/0");
        cr_expect_str_eq(runs_on(events, "conv2d"), "shim/0", "%s", jobs[j]);
        cJSON_Delete(events);
        expect_same_run("run", "op", jobs[j]);
    }
}

/* Whatever op is missing: those that a job does not have change nothing. */
Test(run_fallback, any_op_may_be_missing) {
    static const char job[] = "--set freeze.train=conv_dw_13,conv_dw_13_bn,conv_pw_13*,dense --set "
                              "freeze.batch_norm=full "
                              "--set train.epochs=2 --set train.batch=12";
    scene_train("--fresh %s", job);
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        char faults[64];
        snprintf(faults, sizeof faults, "refuse %s", retune_op_name((retune_op_kind)kind));
        cJSON_Delete(train_op(faults, job));
        expect_same_run("run", "op", faults);
    }
}

/* A wrong kernel is found, named and left out, and no harm is done. */
Test(run_fallback, a_wrong_op_runs_elsewhere) {
    scene_train("");
    static const char *const ops[] = {"conv2d", "adam", "conv2d_grad_weight", "gather"};
    for (size_t o = 0; o < sizeof ops / sizeof ops[0]; o++) {
        char faults[64], quarantine[64];
        snprintf(faults, sizeof faults, "wrong %s", ops[o]);
        cJSON *events = train_op(faults, "");
        const cJSON *device = events_find(events, "device", 0);
        cr_expect_str_eq(event_text(device, "device"), "shim/0");
        snprintf(quarantine, sizeof quarantine, "in quarantine: %s: case ", ops[o]);
        cr_expect(strstr(event_text(device, "self_test"), quarantine), "%s",
                  event_text(device, "self_test"));
        cr_expect(strstr(command_stderr, quarantine), "%s", command_stderr);
        cr_expect_str_eq(runs_on(events, ops[o]), "cpu/simd");
        cJSON_Delete(events);
        expect_same_run("run", "op", faults);
    }
}

/* With fallback = device the whole device is passed over, and with none it is an error. */
Test(run_fallback, a_wrong_op_without_fallback_of_ops) {
    scene_train("");
    setenv("RETUNE_SHIM", "wrong conv2d", 1);
    scene_train("--fresh " SHIM "shim/0,cpu/simd --set output.folder=op");
    cJSON *events = events_parse(command_stdout);
    cr_expect_str_eq(event_text(events_find(events, "device", 0), "device"), "cpu/simd");
    cr_expect(strstr(command_stdout, "conv2d (conv1): in quarantine: case "), "%s", command_stdout);
    cJSON_Delete(events);
    expect_same_run("run", "op", "passed over");
    scene_refuse(4, "train job.ini --fresh " SHIM "shim/0,cpu/simd --set backend.fallback=none",
                 "shim/0: conv2d (conv1): in quarantine", NULL);
}

Test(run_fallback, three_devices) {
    scene_train("");
    setenv("RETUNE_SHIM", "only conv2d", 1);
    setenv("RETUNE_SHIM_1", "only depthwise_conv2d,only pool", 1);
    scene_train("--fresh " SHIM "shim,cpu/simd" OP "--set output.folder=op");
    cJSON *events = events_parse(command_stdout);
    cr_expect_str_eq(runs_on(events, "conv2d"), "shim/0");
    cr_expect_str_eq(runs_on(events, "depthwise_conv2d"), "shim/1");
    cr_expect_str_eq(runs_on(events, "pool"), "shim/1");
    cr_expect_str_eq(runs_on(events, "gather"), "cpu/simd");
    cJSON_Delete(events);
    expect_same_run("run", "op", "three devices");
}

/* Other verbs too: the same probabilities, and the same number of hits. */
Test(run_fallback, evaluating_and_predicting) {
    scene_train("");
    scene_picture("new.png", 1, 500);
    cr_assert_eq(scene_run("eval job.ini --json"), 0);
    cJSON *alone = events_parse(command_stdout);
    double loss = event_number(events_find(alone, "eval", 0), "loss");
    cJSON_Delete(alone);
    setenv("RETUNE_SHIM", "only conv2d,only add", 1);
    cr_assert_eq(scene_run("eval job.ini --json " SHIM "shim/0,cpu/simd" OP), 0, "%s",
                 command_stderr);
    cJSON *shared = events_parse(command_stdout);
    cr_expect_eq(event_number(events_find(shared, "eval", 0), "loss"), loss);
    cr_expect_str_eq(event_text(events_find(shared, "placement", 0), "part"), "inference");
    cJSON_Delete(shared);
    cr_expect_eq(scene_run("predict run/model.safetensors new.png " SHIM "shim/0,cpu/simd" OP), 0,
                 "%s", command_stderr);
}

/* ---- What is said -------------------------------------------------------------------------- */

/* Ranges hold every op once; crossings add up. */
static void expect_report(const cJSON *event) {
    double bytes = 0.0, seconds = 0.0;
    const cJSON *crossing, *range, *before = NULL;
    cJSON_ArrayForEach(crossing, cJSON_GetObjectItem(event, "crossings")) {
        bytes += event_number(crossing, "bytes");
        seconds += event_number(crossing, "seconds");
        cr_expect_str_neq(event_text(crossing, "from"), event_text(crossing, "to"));
    }
    cr_expect_gt(bytes, 0.0);
    cr_expect_eq(bytes, event_number(event, "bytes"));
    cr_expect_gt(seconds, 0.0);
    cr_expect_float_eq(seconds, event_number(event, "seconds"), 1e-3 * seconds);
    cJSON_ArrayForEach(range, cJSON_GetObjectItem(event, "ranges")) {
        cr_expect_gt(event_number(range, "ops"), 0.0);
        if (before)
            cr_expect_str_neq(event_text(range, "device"), event_text(before, "device"));
        before = range;
    }
}

Test(run_fallback, placement_is_reported_by_train_and_check) {
    cJSON *events = train_op("refuse pool", "");
    cr_expect_eq(events_count(events, "placement"), 1 + 1, "features and training");
    const cJSON *features = events_find(events, "placement", 0);
    const cJSON *training = events_find(events, "placement", 1);
    cr_expect_str_eq(event_text(features, "part"), "features");
    cr_expect_eq(event_number(features, "bytes"), 0.0, "nothing below the pool crosses");
    cr_expect_str_eq(event_text(training, "part"), "training");
    cr_expect_eq(event_number(training, "images"), 16.0);
    expect_report(training);
    double bytes = event_number(training, "bytes");
    cr_expect(strstr(command_stderr, "placement training: "), "%s", command_stderr);
    cr_expect(strstr(command_stderr, "pool (average_pool)"), "%s", command_stderr);
    cJSON_Delete(events);
    cr_assert_eq(scene_run("check job.ini --json " SHIM "shim/0,cpu/simd" OP), 0, "%s",
                 command_stderr);
    events = events_parse(command_stdout);
    cr_expect_eq(event_number(events_find(events, "placement", 1), "bytes"), bytes);
    cJSON_Delete(events);
}

Test(run_fallback, placement_is_in_the_report) {
    cJSON_Delete(train_op("refuse pool", ""));
    char *page = page_read("op/report.html");
    page_check(page);
    cr_expect(strstr(page, "<p>training: each time, ") != NULL);
    cr_expect(strstr(page, ">pool (average_pool)</td>") != NULL);
    cr_expect(strstr(page, "<th scope=\"row\" class=\"\">shim/0</th>") != NULL);
    free(page);
}

/* A job on one device has nothing to report. */
Test(run_fallback, a_device_that_does_everything) {
    scene_train("");
    cJSON *events = train_op("", "");
    cr_expect_eq(events_count(events, "placement"), 0);
    cr_expect_eq(events_count(events, "notice"), 0, "%s", command_stdout);
    cJSON_Delete(events);
    expect_same_run("run", "op", "shim/0 alone");
}

/* ---- What cannot be ------------------------------------------------------------------------ */

Test(run_fallback, nobody_does_an_op) {
    setenv("RETUNE_SHIM", "refuse adam", 1);
    setenv("RETUNE_SHIM_1", "only conv2d,only adam,step 1", 1);
    scene_refuse(4, "train job.ini " SHIM "shim/0" OP, "shim/0: neither this device",
                 "does adam (conv_pw_13/kernel)", NULL);
    cr_expect_neq(access("run/job.ini", F_OK), 0, "a refused run left traces");
    setenv("RETUNE_SHIM_1", "only conv2d", 1);
    scene_refuse(4, "train job.ini " SHIM "shim" OP, "shim/0: neither this device",
                 "shim/1: adam (conv_pw_13/kernel): the shim has no adam", NULL);
}

/* One that adds nothing to those before it is passed over, with the reason. */
Test(run_fallback, a_device_of_no_use) {
    setenv("RETUNE_SHIM", "refuse adam", 1);
    setenv("RETUNE_SHIM_1", "only conv2d", 1);
    scene_train("--fresh " SHIM "shim,cpu/simd" OP "--set train.epochs=1");
    cJSON *events = events_parse(command_stdout);
    const cJSON *skipped =
        cJSON_GetArrayItem(cJSON_GetObjectItem(events_find(events, "device", 0), "skipped"), 0);
    cr_assert(skipped, "%s", command_stdout);
    cr_expect_str_eq(event_text(skipped, "backend"), "shim/1");
    cJSON_Delete(events);
}

Test(run_fallback, a_missing_helper_is_no_help) {
    setenv("RETUNE_SHIM", "refuse adam", 1);
    scene_refuse(4, "train job.ini " SHIM "shim/0,nowhere" OP, "nowhere: no plugin",
                 "neither this device", NULL);
}

/* ---- Losing one of several ----------------------------------------------------------------- */

Test(run_fallback, the_first_device_is_lost) {
    scene_train("");
    cJSON *events = train_op("only conv2d,call 150", "");
    cr_expect_eq(events_count(events, "device"), 2);
    cr_expect_str_eq(event_text(events_find(events, "device", 1), "device"), "cpu/simd");
    cJSON_Delete(events);
    expect_same_run("run", "op", "shim/0 lost");
}

Test(run_fallback, a_helper_is_lost) {
    scene_train("");
    setenv("RETUNE_SHIM", "refuse conv2d", 1);
    setenv("RETUNE_SHIM_1", "only conv2d,only adam,call 90", 1);
    scene_train("--fresh " SHIM "shim,cpu/simd" OP "--set output.folder=op");
    cJSON *events = events_parse(command_stdout);
    cr_expect_eq(events_count(events, "device"), 2, "%s", command_stderr);
    const cJSON *second = events_find(events, "device", 1);
    cr_expect_str_eq(event_text(second, "device"), "shim/0", "it is not to blame");
    cr_expect_str_eq(
        event_text(cJSON_GetArrayItem(cJSON_GetObjectItem(second, "skipped"), 0), "backend"),
        "shim/1");
    cJSON_Delete(events);
    expect_same_run("run", "op", "shim/1 lost");
}

/* ---- Features on disk ---------------------------------------------------------------------- */

/* Features that other devices computed may differ in their last bits: they are not taken. */
Test(run_fallback, features_belong_to_who_made_them) {
    static const char disk[] = "--set cache.features=disk --set cache.folder=features";
    cJSON *events = train_op("only conv2d", disk);
    cr_expect(strstr(command_stdout, "\"phase\":\"features\""), "%s", command_stdout);
    cJSON_Delete(events);
    events = train_op("only conv2d", disk);
    cr_expect_null(strstr(command_stdout, "\"phase\":\"features\""), "they were there");
    cJSON_Delete(events);
    events = train_op("refuse depthwise_conv2d", disk);
    cr_expect(strstr(command_stdout, "\"phase\":\"features\""), "others ran other ops");
    cJSON_Delete(events);
}
