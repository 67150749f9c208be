/* Features of the frozen layers: wherever they are kept, and whether they are kept at all, a run
 * learns the same; and they are never those of something else. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_cache, .init = scene_begin, .fini = scene_end);

/* Images that the last run computed features of. */
static unsigned features_computed(void) {
    unsigned images = 0;
    cJSON *events = events_parse(command_stdout);
    const cJSON *event;
    cJSON_ArrayForEach(event, events) {
        if (strcmp(event_text(event, "event"), "progress") == 0 &&
            strcmp(event_text(event, "phase"), "features") == 0)
            images = (unsigned)event_number(event, "total");
    }
    cJSON_Delete(events);
    return images;
}

static void expect_same_runs(const char *a, const char *b) {
    char left[64], right[64];
    snprintf(left, sizeof left, "%s/last.safetensors", a);
    snprintf(right, sizeof right, "%s/last.safetensors", b);
    cr_expect(tensors_same(left, right), "%s and %s", a, b);
}

/* ---- The same wherever they are ------------------------------------------------------------ */

static void expect_places_agree(const char *augment) {
    scene_train("%s --set cache.features=off --set output.folder=off", augment);
    cr_expect(features_computed() == 0);
    scene_train("%s --set cache.features=memory --set output.folder=memory", augment);
    cr_expect(features_computed() >= 48);
    cr_expect(access("memory/features", F_OK) != 0);
    scene_train("%s --set cache.features=disk --set output.folder=disk", augment);
    cr_expect(features_computed() >= 48);
    cr_expect(access("disk/features", F_OK) == 0);
    scene_train("%s --set cache.features=auto --set output.folder=auto", augment);
    expect_same_runs("memory", "disk");
    expect_same_runs("memory", "auto");
}

Test(run_cache, every_place_gives_the_same_bits) {
    expect_places_agree("");
    expect_same_runs("off", "memory");
}

/* Without a cache every epoch has views of its own; with one, those of the cache. */
Test(run_cache, views_are_cached) {
    expect_places_agree("--set train.augment=crop --set train.augment_views=3");
    cr_expect(!tensors_same("off/last.safetensors", "memory/last.safetensors"));
    /* a view may come out twice */
    cr_expect(features_computed() > 36 * 2 + 12 && features_computed() <= 36 * 3 + 12);
    scene_train("--fresh --set train.augment=flip --set train.augment_views=30");
    /* A picture and its mirror image are all there is. */
    cr_expect(features_computed() <= 36 * 2 + 12, "%u", features_computed());
}

Test(run_cache, views_help_to_learn) {
    static const char *const caches[] = {"memory", "off"};
    for (int c = 0; c < 2; c++) {
        scene_train("--fresh --set train.augment=crop --set train.epochs=8 --set cache.features=%s",
                    caches[c]);
        cJSON *events = events_parse(command_stdout);
        cr_expect(event_number(events_find(events, "done", 0), "best_accuracy") > 0.9);
        cJSON_Delete(events);
    }
}

/* Half precision is close, not the same. */
Test(run_cache, half_precision_is_close) {
    scene_train("");
    cJSON *full = events_parse(command_stdout);
    scene_train("--set cache.precision=fp16 --set output.folder=half");
    cJSON *half = events_parse(command_stdout);
    double a = event_number(events_find(full, "epoch", 0), "loss");
    double b = event_number(events_find(half, "epoch", 0), "loss");
    cr_expect(a != b && fabs(a - b) < 0.02 * (1 + a), "%g and %g", a, b);
    cr_expect(!tensors_same("run/last.safetensors", "half/last.safetensors"));
    cJSON_Delete(full);
    cJSON_Delete(half);
}

/* ---- Found again --------------------------------------------------------------------------- */

#define DISK "--set cache.features=disk --set cache.folder=features"

Test(run_cache, a_second_run_finds_the_features) {
    scene_train(DISK);
    cr_expect(features_computed() == 48);
    scene_train(DISK " --set output.folder=again");
    cr_expect(features_computed() == 0);
    expect_same_runs("run", "again");
    /* another head, another optimiser, another split: the same features */
    scene_train(DISK " --fresh --set freeze.train=conv_pw_13,dense --set train.optimizer=sgd --set "
                     "data.seed=7 --set train.seed=9");
    cr_expect(features_computed() == 0);
}

Test(run_cache, new_images_are_added) {
    scene_train(DISK);
    scene_pictures("data/disc", 0, 100, 4);
    scene_train(DISK " --fresh");
    cr_expect(features_computed() == 4, "%u", features_computed());
    scene_picture("data/disc/100.jpg", 0, 200);
    scene_train(DISK " --fresh");
    cr_expect(features_computed() == 1, "%u", features_computed());
}

/* Whatever a feature depends on is in its key. */
Test(run_cache, features_of_another_network_do_not_count) {
    static const char *const changes[] = {"--set model.weights=other.safetensors",
                                          "--set model.input=48",
                                          "--set data.resize=crop",
                                          "--set freeze.train=conv_pw_12,dense",
                                          "--set cache.precision=fp16",
                                          "--set backend.precision=fp16",
                                          "--set backend.precision=bf16",
                                          "--set backend.order=cpu/scalar"};
    scene_weights("other.safetensors", 0.25, 2);
    scene_train(DISK);
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
        scene_train("--fresh " DISK " %s", changes[c]);
        unsigned images = features_computed();
        cr_expect(images == 48 || (strstr(changes[c], "resize") && images > 30), "%s: %u",
                  changes[c], images);
    }
    scene_train("--fresh " DISK);
    cr_expect(features_computed() == 0);
}

/* A cache is work saved, never a reason to learn something else. */
Test(run_cache, a_damaged_cache_is_mended) {
    scene_train(DISK);
    cr_assert(system("for f in features/*; do size=$(stat -c %s $f); "
                     "printf XXXXXXXX | dd of=$f bs=1 seek=$((size - 4096)) conv=notrunc "
                     "2>/dev/null; done") == 0);
    scene_train(DISK " --set output.folder=again");
    cr_expect(features_computed() > 0);
    expect_same_runs("run", "again");
    cr_assert(system("for f in features/*; do truncate -s 100 $f; done") == 0);
    scene_train(DISK " --set output.folder=cut");
    cr_expect(features_computed() == 48);
    expect_same_runs("run", "cut");
    cr_assert(system("for f in features/*; do echo nonsense > $f; done") == 0);
    scene_train(DISK " --set output.folder=nonsense");
    cr_expect(features_computed() == 48);
    expect_same_runs("run", "nonsense");
}
