/* Runs that begin on one device and end on another: the seam shows in what the run says, and in
 * nothing else. */
#include "run/devices.h"
#include "run/events.h"
#include "run/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const devices[] = {"cpu/scalar", "cpu/simd", "opencl", "vulkan"};
#define DEVICE_COUNT (sizeof devices / sizeof *devices)

enum { EPOCHS = 4, SEAM = 2 };

/* What [backend] order gets, and what the run then says it used. */
static bool there[DEVICE_COUNT];
static char used[DEVICE_COUNT][64];

/* Each device trains to the seam, into half-N, and to the end, into whole-N. */
static void begin(void) {
    scene_begin();
    for (size_t d = 0; d < DEVICE_COUNT; d++) {
        there[d] = device_is_there(devices[d]);
        if (!there[d])
            continue;
        scene_train("--set backend.order=%s --set train.epochs=%d --set output.folder=half-%zu",
                    devices[d], SEAM, d);
        cJSON *events = events_parse(command_stdout);
        snprintf(used[d], sizeof used[d], "%s",
                 event_text(events_find(events, "device", 0), "device"));
        cJSON_Delete(events);
        scene_train("--set backend.order=%s --set train.epochs=%d --set output.folder=whole-%zu",
                    devices[d], EPOCHS, d);
    }
}

TestSuite(run_seam, .init = begin, .fini = scene_end);

/* Whatever is not 0 in both agrees to a hundredth. */
static void expect_close(const cJSON *got, const cJSON *wanted, const char *key,
                         const char *context) {
    double a = event_number(got, key), b = event_number(wanted, key);
    cr_expect(fabs(a - b) <= 0.01 * fmax(b, 0.1), "%s: %s is %g, not %g", context, key, a, b);
}

/* The epochs after the seam are those of a run that was on the second device all the time. */
static void expect_same_story(const char *folder, size_t second, const char *context) {
    char path[64];
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    cJSON *got = events_read(path);
    snprintf(path, sizeof path, "whole-%zu/metrics.jsonl", second);
    cJSON *wanted = events_read(path);
    cr_expect(events_count(got, "epoch") == EPOCHS, "%s", context);
    for (int e = 0; e < EPOCHS; e++)
        expect_close(events_find(got, "epoch", e), events_find(wanted, "epoch", e), "loss",
                     context);
    expect_close(events_find(got, "eval", -1), events_find(wanted, "eval", -1), "loss", context);
    cJSON_Delete(got);
    cJSON_Delete(wanted);
}

static void cross(size_t first, size_t second) {
    char context[64], notice[256], folder[32];
    snprintf(context, sizeof context, "from %s to %s", devices[first], devices[second]);
    snprintf(folder, sizeof folder, "run-%zu-%zu", first, second);
    snprintf(notice, sizeof notice,
             "goes on after step 6 (2 whole epochs) on %s; until here it was trained on %s",
             used[second], used[first]);
    char copy[96];
    snprintf(copy, sizeof copy, "cp -r half-%zu %s", first, folder);
    cr_assert(system(copy) == 0);
    scene_train("--resume --set backend.order=%s --set train.epochs=%d --set output.folder=%s",
                devices[second], EPOCHS, folder);
    cJSON *events = events_parse(command_stdout);
    cr_expect(events_count(events, "epoch") == EPOCHS - SEAM, "%s", context);
    cr_expect_str_eq(event_text(events_find(events, "device", 0), "device"), used[second]);
    cr_expect(events_mention(events, notice) == (first != second), "%s: %s", context,
              command_stdout);
    cJSON_Delete(events);
    expect_same_story(folder, second, context);
}

/* From each device to each other one, and to itself. */
static void cross_all(void) {
    for (size_t first = 0; first < DEVICE_COUNT; first++)
        for (size_t second = 0; second < DEVICE_COUNT; second++)
            if (there[first] && there[second])
                cross(first, second);
}

/* `compare` says the same: what goes on from the checkpoint on either device is equivalent. */
static void compare_from_the_seam(void) {
    for (size_t first = 0; first < DEVICE_COUNT; first++) {
        size_t second = (first + 1) % DEVICE_COUNT;
        if (!there[first] || !there[second])
            continue;
        int code = scene_run("compare job.ini --json --a %s --b %s --from half-%zu --epochs 1",
                             devices[first], devices[second], first);
        cr_expect(code == 0, "%s and %s: exit code %d: %s%s", devices[first], devices[second], code,
                  command_stdout, command_stderr);
    }
}

/* A run that went on elsewhere is remembered as one of the new device. */
static void go_back_again(void) {
    cr_assert(there[0] && there[1]);
    cr_assert(system("cp -r half-0 run") == 0);
    scene_train("--resume --set backend.order=cpu/simd --set train.epochs=3");
    scene_train("--resume --set backend.order=cpu/scalar --set train.epochs=4");
    cJSON *events = events_parse(command_stdout);
    cr_expect(events_mention(events, "on cpu/scalar; until here it was trained on cpu/simd"));
    cJSON_Delete(events);
    expect_same_story("run", 0, "back again");
}

/* One test, because its beginning is what takes long. */
Test(run_seam, every_crossing) {
    cross_all();
    compare_from_the_seam();
    go_back_again();
}
