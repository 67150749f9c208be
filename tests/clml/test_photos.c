/* The reference job in small: the pretrained network, a few photos of five classes at 64 pixels,
 * conv_pw_13 and dense trained for several epochs. It goes on the emulator as on the CPU. */
#include "data_file.h"
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PHOTOS = 8, EPOCHS = 4 };
static const char *const classes[] = {"daisy", "dandelion", "roses", "sunflowers", "tulips"};

/* Links to the first photos of a class, by their names. */
static void link_photos(const char *class_name) {
    char from[64], to[64];
    struct dirent **names;
    snprintf(from, sizeof from, "flower_photos/%s", class_name);
    const char *folder = data_file(from);
    int count = scandir(folder, &names, NULL, alphasort), linked = 0;
    snprintf(to, sizeof to, "photos/%s", class_name);
    cr_assert(mkdir(to, 0777) == 0);
    for (int n = 0; n < count; n++) {
        if (linked < PHOTOS && strstr(names[n]->d_name, ".jpg")) {
            char file[1024], name[1024];
            snprintf(file, sizeof file, "%s/%s", folder, names[n]->d_name);
            snprintf(name, sizeof name, "%s/%s", to, names[n]->d_name);
            cr_assert(symlink(file, name) == 0);
            linked++;
        }
        free(names[n]);
    }
    free(names);
    cr_assert_eq(linked, PHOTOS);
}

static void begin(void) {
    char job[2048];
    scene_begin();
    const char *weights = data_file("models/mobilenet_1_0_224_tf_no_top.h5");
    snprintf(job, sizeof job,
             "[model]\ninput = 64\nweights = %s\n[data]\nroot = photos\ntest = 0.25\n"
             "[train]\nepochs = %d\nbatch = 10\nlearning_rate = 0.001\nseed = 3\n"
             "[cache]\nprecision = fp32\n[output]\nfolder = run\n",
             weights, EPOCHS);
    command_write("job.ini", job);
    cr_assert(mkdir("photos", 0777) == 0);
    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++)
        link_photos(classes[c]);
    if (scene_run("check job.ini --set backend.order=clml") == 4)
        cr_skip_test("no device: %s", command_stderr);
}

TestSuite(clml_photos, .init = begin, .fini = scene_end, .timeout = 290);

/* Losses of the epochs, and the accuracy at the end. */
typedef struct story {
    double losses[EPOCHS], accuracy;
} story;

static story train(const char *device, const char *more) {
    story told;
    scene_train("--fresh --set backend.order=%s --set output.folder=%.3s %s", device, device, more);
    cJSON *events = events_parse(command_stdout);
    cr_assert_eq(events_count(events, "epoch"), EPOCHS);
    for (int e = 0; e < EPOCHS; e++)
        told.losses[e] = event_number(events_find(events, "epoch", e), "loss");
    told.accuracy = event_number(events_find(events, "eval", -1), "accuracy");
    cJSON_Delete(events);
    return told;
}

static void expect_same(const char *more) {
    const story scalar = train("cpu/scalar", more), emulated = train("clml", more);
    for (int e = 0; e < EPOCHS; e++) {
        printf("epoch %d: loss %.6f by cpu/scalar, %.6f by clml\n", e + 1, scalar.losses[e],
               emulated.losses[e]);
        cr_expect(fabs(emulated.losses[e] - scalar.losses[e]) <= 1e-3 * scalar.losses[0]);
    }
    cr_expect_lt(emulated.losses[EPOCHS - 1], 0.5 * emulated.losses[0], "it did not learn");
    cr_expect_float_eq(emulated.accuracy, scalar.accuracy, 1e-9, "%g, not %g", emulated.accuracy,
                       scalar.accuracy);
}

Test(clml_photos, adam_sample_by_sample) {
    setenv("CLML_EMULATOR_STRICT", "all", 1);
    expect_same("--set backend.clml.micro_batch=1");
}

Test(clml_photos, momentum_with_decay_in_micro_batches) {
    expect_same("--set backend.clml.micro_batch=5 --set train.optimizer=momentum "
                "--set train.learning_rate=0.005 --set train.weight_decay=0.001 "
                "--set train.schedule=cosine");
}
