/* Devices that lack something: they are passed over, or the run goes on without what they lack and
 * learns the same. limited/... are those of plugins/limited.c. */
#include "run/events.h"
#include "run/same_run.h"
#include "run/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_limits, .init = scene_begin, .fini = scene_end);

#define LIMITED "--set backend.plugin_path=" LIMITED_FOLDER " --set backend.order="

/* ---- Precision ----------------------------------------------------------------------------- */

Test(run_limits, a_precision_that_no_device_stores) {
    scene_refuse(4, "train job.ini " LIMITED "limited/f32 --set backend.precision=fp16",
                 "limited/f32: stores no fp16 maps", NULL);
    scene_refuse(4, "train job.ini " LIMITED "limited/f32 --set backend.precision=bf16",
                 "limited/f32: stores no bf16 maps", NULL);
    cr_expect(access("run/job.ini", F_OK) != 0, "a refused run wrote run/job.ini");
}

Test(run_limits, a_model_is_not_used_in_a_precision_that_no_device_stores) {
    scene_train("");
    scene_picture("new.png", 1, 500);
    scene_refuse(4, "eval job.ini " LIMITED "limited/f32 --set backend.precision=fp16",
                 "stores no fp16 maps", NULL);
    scene_refuse(4, "check job.ini " LIMITED "limited/f32 --set backend.precision=bf16",
                 "stores no bf16 maps", NULL);
}

Test(run_limits, a_precision_that_is_none) {
    scene_refuse(2, "train job.ini --set backend.precision=fp8", "fp32 | fp16 | bf16", NULL);
}

Test(run_limits, fp32_needs_nothing) {
    scene_train(LIMITED "limited/f32");
}

/* ---- Automatic order ----------------------------------------------------------------------- */

/* The only event that names the device. */
static cJSON *train_and_find_device(const char *arguments, const cJSON **out_device) {
    scene_train("--fresh --set train.epochs=1 %s", arguments);
    cJSON *events = events_parse(command_stdout);
    cr_assert_eq(events_count(events, "device"), 1);
    *out_device = events_find(events, "device", 0);
    return events;
}

/* The reason why something was passed over, or NULL. */
static const char *reason_of(const cJSON *device, const char *name) {
    const cJSON *skipped;
    cJSON_ArrayForEach(skipped, cJSON_GetObjectItem(device, "skipped")) {
        if (strcmp(event_text(skipped, "backend"), name) == 0)
            return event_text(skipped, "reason");
    }
    return NULL;
}

Test(run_limits, auto_takes_the_highest_score) {
    const cJSON *device = NULL;
    cJSON *events = train_and_find_device(LIMITED "auto", &device);
    cr_expect_str_eq(event_text(device, "device"), "limited/f32");
    cJSON_Delete(events);
}

/* Who is better and cannot be used is told with the reason; who is worse is not. */
Test(run_limits, auto_says_whom_it_passed_over) {
    const cJSON *device = NULL;
    cJSON *events = train_and_find_device(LIMITED "auto --set backend.precision=fp16", &device);
    const char *reason = reason_of(device, "limited/f32");
    cr_expect(reason && strcmp(reason, "stores no fp16 maps") == 0, "%s", command_stdout);
    cr_expect(reason_of(device, "limited/roomy") == NULL, "%s", command_stdout);
    cr_expect(reason_of(device, "cpu/scalar") == NULL, "%s", command_stdout);
    cr_expect(strncmp(event_text(device, "device"), "limited/", 8) != 0, "%s", command_stdout);
    cJSON_Delete(events);
    cr_expect(strstr(command_stderr, "limited/f32 passed over: stores no fp16 maps\n"), "%s",
              command_stderr);
    const char *line = strstr(command_stderr, "\ndevice ");
    cr_expect(line && strstr(line + 1, "\ndevice ") == NULL, "%s", command_stderr);
}

/* By default nothing is said of backends that are not installed; of one that was named it is. */
Test(run_limits, auto_knows_only_what_is_there) {
    const cJSON *device = NULL, *skipped;
    cr_assert_eq(system("sed -i '/^order/d' job.ini"), 0);
    cJSON *events = train_and_find_device("", &device);
    cJSON_ArrayForEach(skipped, cJSON_GetObjectItem(device, "skipped")) {
        cr_expect(strstr(event_text(skipped, "reason"), "no plugin") == NULL, "%s", command_stdout);
    }
    cJSON_Delete(events);
    scene_train("--fresh --set train.epochs=1 --set backend.order=nowhere,cpu/simd");
    cr_expect(strstr(command_stdout, "no plugin retune_nowhere.so"), "%s", command_stdout);
}

/* ---- The feature table --------------------------------------------------------------------- */

static unsigned count_notices(const cJSON *events, const char *text) {
    unsigned count = 0;
    for (int i = 0; i < events_count(events, "notice"); i++)
        count += strstr(event_text(events_find(events, "notice", i), "text"), text) != NULL;
    return count;
}

/* A run on `device`, into the folder `device`, copies the rows of each batch or does not, says so
 * once, and learns what the CPU learns with the table in place, in the folder run/. */
static void expect_copying(const char *device, bool copies, const char *arguments) {
    scene_train("--fresh %s " LIMITED "limited/%s --set output.folder=%s", arguments, device,
                device);
    cJSON *events = events_parse(command_stdout);
    cr_expect_eq(count_notices(events, "the rows of each batch are copied"), copies ? 1 : 0,
                 "%s on %s", arguments, device);
    cJSON_Delete(events);
    expect_same_run("run", device, arguments);
}

Test(run_limits, a_table_without_room_stays_on_the_host) {
    static const char *const ways[] = {
        "--set cache.features=memory",
        "--set cache.features=disk",
        "--set cache.precision=fp16",
        "--set cache.precision=fp16 --set backend.precision=fp16",
        "--set backend.precision=bf16",
        "--set train.batch=11 --set train.micro_batch=4",
        "--set train.augment=crop --set data.test=0 --set train.augment_views=1"};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        scene_train("--fresh %s", ways[w]);
        expect_copying("roomy", false, ways[w]);
        expect_copying("create", true, ways[w]);
    }
}

Test(run_limits, a_device_may_say_late_that_it_has_no_room) {
    scene_train("");
    expect_copying("write", true, "");
    expect_copying("program", true, "");
    expect_copying("kernel", true, "");
}

/* 48 KiB of features, of 60 kB of memory of which training may take seven tenths. */
Test(run_limits, a_table_beyond_the_memory_is_not_even_tried) {
    const char *head = "--set freeze.train=dense --set train.batch=4";
    scene_train("%s", head);
    expect_copying("small", true, head);
    cr_expect(strstr(command_stdout, "in pieces of") == NULL, "the batch need not be divided");
}

Test(run_limits, a_run_goes_on_where_there_is_more_room) {
    scene_train("");
    scene_train("--set train.epochs=2 --set output.folder=create " LIMITED "limited/create");
    scene_train("--resume --set output.folder=create " LIMITED "limited/roomy");
    expect_same_run("run", "create", "resumed");
}

/* Without the table there is still no room: that is an error, not a notice. */
Test(run_limits, no_room_for_anything_else_ends_the_run) {
    scene_refuse(4, "train job.ini " LIMITED "limited/state", "limited/state", "too large", NULL);
    cr_expect(strstr(command_stderr, "are copied") == NULL, "%s", command_stderr);
}

/* Memory of the device and of the cache, as `check` plans them. */
static void plan_bytes(const char *device, double *out_device, double *out_cache) {
    cr_assert_eq(
        scene_run("check job.ini --json --set 'freeze.train=conv_*_12,conv_pw_13,dense' " LIMITED
                  "limited/%s",
                  device),
        0);
    cJSON *events = events_parse(command_stdout);
    *out_device = event_number(events_find(events, "plan", 0), "device_bytes");
    *out_cache = event_number(events_find(events, "plan", 0), "cache_bytes");
    cJSON_Delete(events);
}

Test(run_limits, check_counts_the_table_where_it_will_be) {
    double with = 0.0, without = 0.0, cache = 0.0;
    plan_bytes("roomy", &with, &cache);
    plan_bytes("small", &without, &cache);
    cr_expect(cache > 42000 && with - without == cache, "%g, %g and %g", with, without, cache);
}
