/* Whole runs on the backend that this program is compiled for, TESTED_BACKEND: they tell the same
 * story as the CPU, and twice with the same bits. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ON " --set backend.order=" TESTED_BACKEND " "

/* Skips where no device can be used at all. */
static void begin(void) {
    scene_begin();
    if (scene_run("check job.ini" ON) == 4)
        cr_skip_test("no device: %s", command_stderr);
}

TestSuite(backend_run, .init = begin, .fini = scene_end, .timeout = 280);

/* Losses of the epochs of a run into `folder`. A batch holds all images, so that an epoch is a
 * step. */
#define STEPS 10
static void losses(const char *device, const char *more, double out_losses[STEPS]) {
    scene_train("--fresh --set train.epochs=%d --set train.batch=36 --set backend.order=%s %s",
                STEPS, device, more);
    cJSON *events = events_parse(command_stdout);
    cr_assert_eq(events_count(events, "epoch"), STEPS);
    for (int e = 0; e < STEPS; e++)
        out_losses[e] = event_number(events_find(events, "epoch", e), "loss");
    cJSON_Delete(events);
}

static void expect_same_story(const char *settings, double tolerance) {
    double scalar[STEPS], tested[STEPS];
    losses("cpu/scalar", settings, scalar);
    losses(TESTED_BACKEND, settings, tested);
    for (int e = 0; e < STEPS; e++)
        cr_expect(fabs(tested[e] - scalar[e]) <= tolerance * fabs(scalar[e]),
                  "%s, step %d: %.8g, the reference has %.8g", settings, e + 1, tested[e],
                  scalar[e]);
}

Test(backend_run, ten_steps_of_the_head_and_a_convolution) {
    expect_same_story("", 1e-3);
}

Test(backend_run, ten_steps_of_all_layers_from_images) {
    expect_same_story("--set 'freeze.train=*' --set freeze.batch_norm=affine "
                      "--set train.optimizer=momentum --set train.learning_rate=0.01",
                      1e-3);
}

Test(backend_run, ten_steps_in_half_precision) {
    if (scene_run("check job.ini --set backend.precision=fp16" ON) == 4)
        cr_skip_test("not with this backend: %s", command_stderr);
    expect_same_story("--set backend.precision=fp16", 1e-2);
}

Test(backend_run, again_with_the_same_bits) {
    static const char *const names[] = {"conv_pw_13/kernel", "dense/kernel", "dense/bias"};
    scene_train(ON);
    scene_train(ON "--set output.folder=again");
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        cr_expect(tensor_same("run/last.safetensors", "again/last.safetensors", names[n]), "%s",
                  names[n]);
}

/* Tuning may change the time of a run and nothing else. */
Test(backend_run, tuned_or_not_the_same_bits) {
    scene_train(ON "--set backend." TESTED_BACKEND ".tune=off");
    scene_train(ON "--set backend." TESTED_BACKEND ".tune=full --set output.folder=full");
    cr_expect(tensor_same("run/last.safetensors", "full/last.safetensors", "conv_pw_13/kernel"));
}
