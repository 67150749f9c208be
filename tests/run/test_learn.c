/* Runs that learn: on every device of the CPU, whatever the optimiser, again with the same bits. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_learn, .init = scene_begin, .fini = scene_end);

/* Trains with `arguments` and gives the events. */
static cJSON *train(const char *arguments) {
    scene_train("%s", arguments);
    return events_parse(command_stdout);
}

/* ---- It learns ----------------------------------------------------------------------------- */

/* The test accuracy rises from chance to nearly all, the loss falls. */
static void expect_learned(const char *arguments, const char *device) {
    cJSON *events = train(arguments);
    double first = event_number(events_find(events, "eval", 0), "accuracy");
    double best = event_number(events_find(events, "done", 0), "best_accuracy");
    double first_loss = event_number(events_find(events, "epoch", 0), "loss");
    double last_loss = event_number(events_find(events, "epoch", -1), "loss");
    cr_expect(strcmp(event_text(events_find(events, "device", 0), "device"), device) == 0);
    cr_expect(first < 0.5, "%s: %g", arguments, first);
    cr_expect(best > 0.9, "%s: %g", arguments, best);
    cr_expect(last_loss < 0.5 * first_loss, "%s: %g, %g", arguments, first_loss, last_loss);
    cJSON_Delete(events);
}

Test(run_learn, on_the_vector_device) {
    expect_learned("--set train.epochs=8", "cpu/simd");
}

Test(run_learn, on_the_scalar_device) {
    expect_learned("--set train.epochs=8 --set backend.order=cpu/scalar", "cpu/scalar");
}

Test(run_learn, both_devices_tell_the_same_story) {
    scene_train("");
    scene_train("--set backend.order=cpu/scalar --set output.folder=scalar");
    cJSON *vector = events_read("run/metrics.jsonl"), *scalar = events_read("scalar/metrics.jsonl");
    for (int epoch = 0; epoch < 4; epoch++) {
        double a = event_number(events_find(vector, "epoch", epoch), "loss");
        double b = event_number(events_find(scalar, "epoch", epoch), "loss");
        cr_expect(fabs(a - b) < 1e-3 * (1 + a), "epoch %d: %g and %g", epoch + 1, a, b);
    }
    cJSON_Delete(vector);
    cJSON_Delete(scalar);
}

/* Loss of the first epochs as in fp32, within what rounding the maps may cost; in the end as right.
 */
static void expect_precision(const char *precision, double most) {
    static const char *const devices[] = {"cpu/simd", "cpu/scalar"};
    cJSON *full = train("--fresh");
    for (int d = 0; d < 2; d++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments,
                 "--fresh --set train.epochs=8 --set backend.order=%s --set backend.precision=%s",
                 devices[d], precision);
        expect_learned(arguments, devices[d]);
        cJSON *narrow = events_parse(command_stdout);
        for (int epoch = 0; epoch < 4; epoch++) {
            double a = event_number(events_find(full, "epoch", epoch), "loss");
            double b = event_number(events_find(narrow, "epoch", epoch), "loss");
            cr_expect(a != b && fabs(a - b) < most * (1 + a), "%s, epoch %d: %g and %g", precision,
                      epoch + 1, a, b);
        }
        cJSON_Delete(narrow);
    }
    cJSON_Delete(full);
}

Test(run_learn, in_fp16) {
    expect_precision("fp16", 0.01);
}

Test(run_learn, in_bf16) {
    expect_precision("bf16", 0.05);
}

Test(run_learn, with_every_optimizer) {
    static const char *const ways[] = {
        "--set train.optimizer=sgd",
        "--set train.optimizer=momentum --set train.momentum=0.5",
        "--set train.optimizer=adam --set train.beta1=0.8",
        "--set train.weight_decay=0.1",
        "--set train.optimizer=sgd --set train.weight_decay=0.01",
        "--set train.label_smoothing=0.1",
    };
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        char arguments[256];
        snprintf(arguments, sizeof arguments, "--fresh --set train.epochs=6 %s", ways[w]);
        expect_learned(arguments, "cpu/simd");
    }
}

/* Each of these changes what is learned: none is read and forgotten. */
Test(run_learn, every_setting_matters) {
    static const char *const settings[] = {
        "optimizer=sgd",  "optimizer=momentum", "beta1=0.5",           "beta2=0.9",
        "epsilon=0.01",   "batch=12",           "learning_rate=0.002", "seed=4",
        "augment=crop",   "weight_decay=0.1",   "label_smoothing=0.1", "warmup_epochs=1.5",
        "schedule=cosine"};
    scene_train("--set train.epochs=2");
    for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
        scene_train("--fresh --set output.folder=other --set train.epochs=2 --set train.%s",
                    settings[s]);
        cr_expect(
            !tensor_same("run/last.safetensors", "other/last.safetensors", "conv_pw_13/kernel"),
            "%s", settings[s]);
    }
}

/* From images, with batch norms that learn from the batch: nothing is frozen, nothing cached. */
static void expect_everything_learned(const char *precision) {
    char arguments[256];
    snprintf(arguments, sizeof arguments,
             "--fresh --set 'freeze.train=*' --set freeze.batch_norm=full --set train.epochs=6 "
             "--set backend.precision=%s",
             precision);
    cJSON *events = train(arguments);
    cr_expect(strstr(command_stdout, "\"phase\":\"features\"") == NULL);
    cr_expect(event_number(events_find(events, "epoch", -1), "loss") <
              0.5 * event_number(events_find(events, "epoch", 0), "loss"));
    cr_expect(event_number(events_find(events, "epoch", -1), "accuracy") > 0.8);
    /* Of 36 images, only whole batches of 16 are seen. */
    for (int i = 0; i < events_count(events, "progress"); i++) {
        const cJSON *progress = events_find(events, "progress", i);
        if (strcmp(event_text(progress, "phase"), "train") == 0)
            cr_expect(event_number(progress, "total") == 2);
    }
    cJSON_Delete(events);
}

Test(run_learn, everything_from_images) {
    static const char *const precisions[] = {"fp32", "fp16", "bf16"};
    for (int p = 0; p < 3; p++)
        expect_everything_learned(precisions[p]);
}

/* ---- What training changes ----------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *ends) {
    for (; *ends; ends++) {
        size_t length = strlen(name), end = strlen(*ends);
        if (length >= end && strcmp(name + length - end, *ends) == 0)
            return true;
    }
    return false;
}

static void expect_change(void *user, const char *name, bool same) {
    cr_expect(same != is_one_of(name, user), "%s is %s", name, same ? "the same" : "changed");
}

/* Exactly the tensors whose names end so differ from the pretrained ones. */
static void expect_changed(const char *arguments, const char *const *ends) {
    scene_train("--fresh --set train.epochs=1 %s", arguments);
    cr_expect(tensors_compare("base.safetensors", "run/last.safetensors").shared == 27 * 5);
    tensors_visit("base.safetensors", "run/last.safetensors", expect_change, (void *)ends);
}

Test(run_learn, only_what_is_not_frozen_changes) {
    expect_changed("", (const char *const[]){"conv_pw_13/kernel", NULL});
    expect_changed("--set freeze.train=dense", (const char *const[]){NULL});
    expect_changed(
        "--set 'freeze.train=conv_pw_1[23], conv_dw_12'",
        (const char *const[]){"conv_pw_13/kernel", "conv_pw_12/kernel", "conv_dw_12/kernel", NULL});
}

Test(run_learn, no_precision_changes_what_is_frozen) {
    static const char *const precisions[] = {"fp16", "bf16"};
    for (int p = 0; p < 2; p++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "--set backend.precision=%s", precisions[p]);
        expect_changed(arguments, (const char *const[]){"conv_pw_13/kernel", NULL});
    }
}

Test(run_learn, frozen_batch_norms_stay_whatever_trains) {
    expect_changed("--set 'freeze.train=*'", (const char *const[]){"/kernel", NULL});
}

Test(run_learn, batch_norms_train_as_far_as_asked) {
    expect_changed("--set freeze.batch_norm=affine",
                   (const char *const[]){"conv_pw_13/kernel", "conv_pw_13_bn/gamma",
                                         "conv_pw_13_bn/beta", NULL});
    expect_changed("--set freeze.batch_norm=full",
                   (const char *const[]){"conv_pw_13/kernel", "conv_pw_13_bn/gamma",
                                         "conv_pw_13_bn/beta", "conv_pw_13_bn/moving_mean",
                                         "conv_pw_13_bn/moving_variance", NULL});
}

/* ---- Again, the same ----------------------------------------------------------------------- */

static void expect_same_bits(const char *a, const char *b) {
    static const char *const files[] = {"model", "last", "delta"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char left[64], right[64];
        snprintf(left, sizeof left, "%s/%s.safetensors", a, files[f]);
        snprintf(right, sizeof right, "%s/%s.safetensors", b, files[f]);
        cr_expect(tensors_same(left, right), "%s and %s", left, right);
    }
}

static void expect_same_file(const char *a, const char *b) {
    size_t left_size = 0, right_size = 0;
    char *left = scene_read(a, &left_size), *right = scene_read(b, &right_size);
    cr_expect(left_size == right_size && memcmp(left, right, left_size) == 0, "%s and %s", a, b);
    free(left);
    free(right);
}

Test(run_learn, the_same_seed_gives_the_same_files) {
    scene_train("--set train.augment=crop");
    scene_train("--set train.augment=crop --set output.folder=again");
    expect_same_bits("run", "again");
    expect_same_file("run/model.safetensors", "again/model.safetensors");
    expect_same_file("run/delta.safetensors", "again/delta.safetensors");
    scene_train("--set train.augment=crop --set output.folder=other --set train.seed=4");
    cr_expect(!tensors_same("run/model.safetensors", "other/model.safetensors"));
    scene_train("--set train.augment=crop --set output.folder=split --set data.seed=4");
    cr_expect(!tensors_same("run/last.safetensors", "split/last.safetensors"));
}

Test(run_learn, each_precision_gives_its_own_bits_twice) {
    static const char *const precisions[] = {"fp16", "bf16"};
    scene_train("");
    for (int p = 0; p < 2; p++) {
        scene_train("--fresh --set output.folder=once --set backend.precision=%s", precisions[p]);
        scene_train("--fresh --set output.folder=again --set backend.precision=%s", precisions[p]);
        expect_same_bits("once", "again");
        cr_expect(!tensors_same("run/last.safetensors", "once/last.safetensors"));
    }
}

Test(run_learn, threads_change_no_bit) {
    static const char *const ways[] = {
        "--set backend.order=cpu/simd",
        "--set backend.order=cpu/scalar",
        "--set 'freeze.train=*' --set freeze.batch_norm=full --set train.epochs=1",
        "--set backend.precision=fp16",
        "--set backend.precision=bf16 --set backend.order=cpu/scalar",
    };
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        scene_train("--fresh %s --set backend.cpu.threads=1 --set data.threads=1", ways[w]);
        scene_train("--fresh %s --set backend.cpu.threads=2 --set data.threads=3 --set "
                    "output.folder=two",
                    ways[w]);
        expect_same_bits("run", "two");
    }
}

/* A batch in pieces is the same sum in another order. */
Test(run_learn, a_divided_batch_is_a_whole_batch) {
    cJSON *whole = train("--set train.batch=36");
    static const int pieces[] = {18, 7, 1};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        char arguments[128];
        snprintf(arguments, sizeof arguments,
                 "--fresh --set train.batch=36 --set train.micro_batch=%d", pieces[p]);
        cJSON *divided = train(arguments);
        cr_expect(events_mention(divided, "each batch of 36 images is computed in pieces of"));
        for (int epoch = 0; epoch < 4; epoch++) {
            double a = event_number(events_find(whole, "epoch", epoch), "loss");
            double b = event_number(events_find(divided, "epoch", epoch), "loss");
            cr_expect(fabs(a - b) < 1e-4 * (1 + a), "in %d, epoch %d: %g and %g", pieces[p],
                      epoch + 1, a, b);
        }
        cJSON_Delete(divided);
    }
    cJSON_Delete(whole);
}
