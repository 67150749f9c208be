/* Devices that are lost in the middle of a run: it goes on with the next one from the last good
 * step and ends with the bits of a run that never stopped. The shim's devices compute what cpu/simd
 * computes, to the bit (loader/plugins/shim.c). */
#include "run/events.h"
#include "run/same_run.h"
#include "run/scene.h"

#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_lost, .init = scene_begin, .fini = scene_end);

#define SHIM "--set backend.plugin_path=" SHIM_FOLDER " --set backend.order="

/* Twelve steps: three an epoch. */
enum { STEPS = 12, EPOCH_STEPS = 3 };

/* A run that loses shim/0 ends on cpu/simd with what cpu/simd alone gives, and says so. */
static void expect_goes_on(const char *fault, const char *arguments) {
    setenv("RETUNE_SHIM", fault, 1);
    scene_train("--fresh %s " SHIM "shim/0,cpu/simd --set output.folder=lost", arguments);
    cJSON *events = events_parse(command_stdout);
    cr_expect_eq(events_count(events, "device"), 2, "%s", fault);
    const cJSON *second = events_find(events, "device", 1);
    cr_expect_str_eq(event_text(second, "device"), "cpu/simd");
    const cJSON *skipped = cJSON_GetArrayItem(cJSON_GetObjectItem(second, "skipped"), 0);
    cr_assert(skipped, "%s", command_stdout);
    cr_expect_str_eq(event_text(skipped, "backend"), "shim/0");
    cr_expect(strncmp(event_text(skipped, "reason"), "lost: shim/0: ", 14) == 0, "%s",
              event_text(skipped, "reason"));
    cr_expect(strstr(command_stdout, "another one is to go on from step "), "%s", fault);
    cJSON_Delete(events);
    expect_same_run("run", "lost", fault);
}

Test(run_lost, at_every_step) {
    scene_train("");
    for (int step = 1; step <= STEPS; step++) {
        char fault[32], from[64];
        snprintf(fault, sizeof fault, "step %d", step);
        expect_goes_on(fault, "");
        snprintf(from, sizeof from, "go on from step %d\"", (step - 1) / EPOCH_STEPS * EPOCH_STEPS);
        cr_expect(strstr(command_stdout, from), "%s: no '%s'", fault, from);
    }
}

/* In every call of the first part, then now and then: while tensors are filled, features computed,
 * batches written, results read, and what was learned is taken. */
Test(run_lost, at_every_call) {
    scene_train("");
    int lost = 0;
    for (int call = 1;; call += call < 12 ? 1 : 17) {
        char fault[32];
        snprintf(fault, sizeof fault, "call %d", call);
        setenv("RETUNE_SHIM", fault, 1);
        scene_train("--fresh " SHIM "shim/0,cpu/simd --set output.folder=lost");
        if (!strstr(command_stdout, "the device is lost"))
            break; /* the run has fewer calls */
        expect_same_run("run", "lost", fault);
        lost++;
    }
    cr_expect_gt(lost, 20);
}

Test(run_lost, whatever_the_job) {
    static const char *const jobs[] = {
        "--set train.optimizer=momentum --set train.batch=11 --set train.epochs=4",
        "--set cache.features=off --set train.augment=flip",
        "--set freeze.batch_norm=full --set train.batch=12",
        "--set cache.features=disk --set train.augment=crop --set train.augment_views=2",
        "--set train.batch=10 --set train.micro_batch=4 --set train.schedule=cosine",
    };
    for (size_t j = 0; j < sizeof jobs / sizeof jobs[0]; j++) {
        scene_train("--fresh %s", jobs[j]);
        expect_goes_on("step 8", jobs[j]);
    }
}

Test(run_lost, one_after_the_other) {
    scene_train("");
    setenv("RETUNE_SHIM", "step 5", 1);
    setenv("RETUNE_SHIM_1", "step 11", 1);
    scene_train("--fresh " SHIM "shim,cpu/simd --set output.folder=lost");
    cJSON *events = events_parse(command_stdout);
    cr_expect_eq(events_count(events, "device"), 3);
    cr_expect_eq(
        cJSON_GetArraySize(cJSON_GetObjectItem(events_find(events, "device", 2), "skipped")), 2);
    cJSON_Delete(events);
    expect_same_run("run", "lost", "both");
}

/* Two ways to the same bits: going on with another device, and stopping, to be resumed there. */
Test(run_lost, nothing_is_left_and_resuming_gives_the_same) {
    setenv("RETUNE_SHIM", "step 8", 1);
    setenv("RETUNE_SHIM_1", "call 9", 1);
    scene_train("--fresh " SHIM "shim/0,cpu/scalar --set output.folder=lost");
    scene_refuse(5, "train job.ini " SHIM "shim", "no usable device", "shim/0: lost",
                 "shim/1: lost", "step 6 is saved, --resume goes on from there", NULL);
    scene_train("--resume --set backend.order=cpu/scalar");
    expect_same_run("run", "lost", "cpu/scalar");
}

Test(run_lost, without_fallback) {
    scene_train("--set output.folder=whole");
    setenv("RETUNE_SHIM", "step 8", 1);
    scene_refuse(5, "train job.ini " SHIM "shim/0,cpu/simd --set backend.fallback=none",
                 "fallback = none", "step 6 is saved, --resume goes on from there", NULL);
    scene_train("--resume");
    expect_same_run("whole", "run", "resumed");
}

/* Before anything was learned there is nothing to save, and no checkpoint is spoiled. */
Test(run_lost, before_the_first_step) {
    setenv("RETUNE_SHIM", "call 5", 1);
    scene_refuse(5, "train job.ini " SHIM "shim/0", "the shim lost its device", NULL);
    cr_expect_null(strstr(command_stderr, "is saved"), "%s", command_stderr);
    cr_expect_neq(access("run/last.safetensors", F_OK), 0);
    cr_expect_neq(access("run/model.safetensors", F_OK), 0);
}

Test(run_lost, a_resumed_run_is_lost_again) {
    scene_train("--set output.folder=whole");
    setenv("RETUNE_SHIM", "step 8", 1);
    scene_refuse(5, "train job.ini " SHIM "shim/0", "step 6 is saved", NULL);
    setenv("RETUNE_SHIM", "call 7", 1);
    scene_refuse(5, "train job.ini --resume " SHIM "shim/0", "the shim lost its device", NULL);
    setenv("RETUNE_SHIM", "step 10", 1);
    scene_refuse(5, "train job.ini --resume " SHIM "shim/0", "step 9 is saved", NULL);
    scene_train("--resume " SHIM "cpu/simd");
    expect_same_run("whole", "run", "resumed twice");
}

Test(run_lost, other_verbs_say_so) {
    scene_train("");
    setenv("RETUNE_SHIM", "call 20", 1);
    scene_refuse(5, "eval job.ini " SHIM "shim/0", "the shim lost its device", NULL);
    scene_refuse(5, "check job.ini " SHIM "shim/0", "the shim lost its device", NULL);
}

/* ---- Promises that are not kept ------------------------------------------------------------ */

/* An op_query that lies where the self-test does not look: the device is left when it shows. */
Test(run_lost, a_device_that_refuses_what_it_promised) {
    scene_train("");
    static const char *const faults[] = {"renege adam", "renege depthwise_conv2d"};
    for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++) {
        setenv("RETUNE_SHIM", faults[f], 1);
        scene_train("--fresh " SHIM "shim/0,cpu/simd --set output.folder=lost");
        cJSON *events = events_parse(command_stdout);
        const cJSON *second = events_find(events, "device", 1);
        const cJSON *skipped = cJSON_GetArrayItem(cJSON_GetObjectItem(second, "skipped"), 0);
        cr_assert(skipped, "%s", command_stdout);
        cr_expect_str_eq(event_text(skipped, "reason"),
                         "refuses what it promised: shim/0: program_create: that op is not there "
                         "after all");
        cJSON_Delete(events);
        expect_same_run("run", "lost", faults[f]);
        scene_refuse(4, "train job.ini --fresh --set output.folder=none " SHIM "shim/0",
                     "is not there after all", "refuses what it promised", NULL);
        scene_refuse(4,
                     "train job.ini --fresh --set output.folder=none " SHIM
                     "shim/0,cpu/simd --set backend.fallback=none",
                     "is not there after all", "fallback = none", NULL);
    }
}

/* ---- In the middle of an epoch ------------------------------------------------------------- */

static int stop_at_first_step(void *user, const retune_event *event) {
    (void)user;
    return event->kind == RETUNE_EVENT_PROGRESS && event->of.progress.phase == RETUNE_PHASE_TRAIN &&
           event->of.progress.done == 1;
}

static retune_error error = RETUNE_ERROR_INIT;
#define assert_ok(expression) cr_assert((expression) == RETUNE_OK, "%s", error.message)

/* What a trainer keeps up on its own, with as little time between as can be, is what its last step
 * left. */
Test(run_lost, a_long_epoch_keeps_up) {
    retune_config *config = NULL;
    retune_events events = {.callback = stop_at_first_step};
    retune_session session = {.events = &events};
    retune_trainer trainer;
    retune_learned kept = {0}, now = {0};
    assert_ok(retune_config_open("job.ini", NULL, 0, &config, &error));
    session.config = config;
    assert_ok(retune_session_open_data(&session, &error));
    assert_ok(retune_session_open_model(&session, &error));
    assert_ok(retune_trainer_open(&session, &trainer, &error));
    assert_ok(retune_trainer_prepare(&trainer, &error));
    assert_ok(retune_learned_open(trainer.plan, session.model, &kept, &error));
    assert_ok(retune_learned_open(trainer.plan, session.model, &now, &error));
    assert_ok(retune_trainer_restore(&trainer, &kept, &error));
    trainer.keep_seconds = 0.0;
    cr_assert_eq(retune_trainer_epoch(&trainer, 1, &error), RETUNE_CANCELLED);
    cr_expect_eq(kept.step, 1);
    cr_expect_eq(kept.metrics.weight, 16.0);
    cr_expect_neq(memcmp(kept.memory, now.memory, kept.bytes), 0, "nothing was learned");
    assert_ok(retune_learned_read(&now, trainer.plan, trainer.executable, &error));
    cr_expect_eq(memcmp(kept.memory, now.memory, kept.bytes), 0);
    retune_trainer_close(&trainer);
    retune_learned_close(&kept);
    retune_learned_close(&now);
    retune_session_close(&session);
    retune_config_close(config);
}
