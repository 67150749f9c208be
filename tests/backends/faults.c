#include "backends/faults.h"

#include "run/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void faults_begin(void) {
    scene_begin();
    if (scene_run("check job.ini" ORDER) == 4)
        cr_skip_test("no device: %s", command_stderr);
    setenv("LD_LIBRARY_PATH", FAULTY_FOLDER, 1);
}

void expect_no_result(void) {
    cr_expect(access("run/model.safetensors", F_OK) != 0, "a failed run left a model");
}

void expect_passed_over(const char *text, const char *other) {
    scene_refuse(4, "train job.ini" ORDER, text, other, NULL);
    cr_expect(access("run/job.ini", F_OK) != 0, "a refused run wrote run/job.ini");
    scene_train("--set backend.order=" TESTED_BACKEND ",cpu/simd");
    cJSON *events = events_parse(command_stdout);
    const cJSON *device = events_find(events, "device", 0);
    cr_expect_str_eq(event_text(device, "device"), "cpu/simd");
    const cJSON *skipped = cJSON_GetArrayItem(cJSON_GetObjectItem(device, "skipped"), 0);
    cr_assert_not_null(skipped, "%s", command_stdout);
    cr_expect_not_null(strstr(event_text(skipped, "reason"), text), "%s",
                       event_text(skipped, "reason"));
    cJSON_Delete(events);
}

static void write_none(const char *folder, const char *file) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *none = fopen(path, "w");
    cr_assert(none && fputs("none\n", none) >= 0 && fclose(none) == 0, "%s", path);
}

void without_library(const char *file, const char *other_file) {
    char folder[320], here[256];
    snprintf(folder, sizeof folder, "%s/none", getcwd(here, sizeof here));
    cr_assert(mkdir(folder, 0777) == 0);
    write_none(folder, file);
    write_none(folder, other_file);
    setenv("LD_LIBRARY_PATH", folder, 1);
}
