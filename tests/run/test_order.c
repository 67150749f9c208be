/* Orders of backends, with drivers and without: a run lands where it should, says why it did not
 * land before, and lands nowhere where nothing may take the place of the first name. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_order, .init = scene_begin, .fini = scene_end, .timeout = 850);

/* Loaders find no driver: whatever is installed, only the CPU is left. */
static void take_drivers_away(void) {
    setenv("OCL_ICD_VENDORS", "/nowhere", 1);
    setenv("VK_DRIVER_FILES", "/nowhere/none.json", 1);
    setenv("VK_ICD_FILENAMES", "/nowhere/none.json", 1);
}

/* The device that a check chooses, or NULL, and the events it sent; delete them. */
static const char *choose(const char *order, cJSON **out_events) {
    int code = scene_run("check job.ini --json --set backend.order=%s", order);
    *out_events = events_parse(command_stdout);
    const cJSON *device = events_find(*out_events, "device", 0);
    cr_expect(code == 0 || code == 4, "%s: exit code %d: %s", order, code, command_stderr);
    cr_expect_eq(code == 0, device != NULL, "%s: %s", order, command_stderr);
    return device ? event_text(device, "device") : NULL;
}

static void expect_lands(const char *order, const char *device) {
    cJSON *events = NULL;
    const char *chosen = choose(order, &events);
    cr_expect(chosen && strncmp(chosen, device, strlen(device)) == 0, "%s: %s", order,
              chosen ? chosen : "nowhere");
    cJSON_Delete(events);
}

/* ---- Without drivers ----------------------------------------------------------------------- */

Test(run_order, three_reasons_and_the_cpu) {
    scene_train("--set output.folder=whole");
    take_drivers_away();
    scene_train("--set backend.order=clml,opencl,vulkan,cpu");
    cJSON *events = events_parse(command_stdout);
    const cJSON *device = events_find(events, "device", 0), *skipped;
    static const char *const names[] = {"clml", "opencl", "vulkan"};
    int i = 0;
    cr_expect_str_eq(event_text(device, "device"), "cpu/simd");
    cJSON_ArrayForEach(skipped, cJSON_GetObjectItem(device, "skipped")) {
        char line[64];
        cr_assert_lt(i, 3);
        cr_expect_str_eq(event_text(skipped, "backend"), names[i]);
        cr_expect_gt(strlen(event_text(skipped, "reason")), 20);
        cr_expect(strstr(event_text(skipped, "reason"), "; "), "no advice: %s",
                  event_text(skipped, "reason"));
        snprintf(line, sizeof line, "%s passed over: ", names[i++]);
        cr_expect(strstr(command_stderr, line), "%s", command_stderr);
    }
    cr_expect_eq(i, 3);
    cJSON_Delete(events);
    cr_expect(tensors_same("whole/last.safetensors", "run/last.safetensors"), "unharmed");
}

Test(run_order, each_name_alone) {
    take_drivers_away();
    static const char *const gone[] = {"clml", "opencl", "vulkan", "opencl/0", "vulkan/3"};
    for (size_t g = 0; g < sizeof gone / sizeof gone[0]; g++) {
        char arguments[128], name[64];
        snprintf(arguments, sizeof arguments, "train job.ini --set backend.order=%s", gone[g]);
        snprintf(name, sizeof name, "no usable device: %.6s", gone[g]);
        scene_refuse(4, arguments, name, NULL);
        cr_expect_neq(access("run/job.ini", F_OK), 0, "a refused run left traces");
    }
    expect_lands("cpu", "cpu/simd");
    expect_lands("cpu/scalar", "cpu/scalar");
    expect_lands("auto", "cpu/simd");
}

Test(run_order, every_order_ends_on_the_cpu) {
    take_drivers_away();
    static const char *const orders[] = {"opencl,vulkan,cpu", "vulkan,clml,cpu/scalar",
                                         "cpu/scalar,opencl", "vulkan/1,cpu/scalar,cpu",
                                         "opencl,cpu/simd,auto"};
    static const char *const devices[] = {"cpu/simd", "cpu/scalar", "cpu/scalar", "cpu/scalar",
                                          "cpu/simd"};
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++)
        expect_lands(orders[o], devices[o]);
}

Test(run_order, nothing_takes_the_place_of_the_first) {
    take_drivers_away();
    scene_refuse(4, "train job.ini --set backend.order=opencl,cpu --set backend.fallback=none",
                 "opencl: ", "finds no driver", NULL);
    scene_refuse(4, "train job.ini --set backend.order=vulkan/0,cpu --set backend.fallback=none",
                 "vulkan: ", NULL);
    scene_refuse(4, "check job.ini --set backend.order=clml,cpu --set backend.fallback=none",
                 "clml: ", NULL);
    scene_train("--set backend.order=cpu,opencl --set backend.fallback=none --set train.epochs=1");
}

/* What to do is said where the ladder is listed. */
Test(run_order, devices_lists_reasons_and_advice) {
    take_drivers_away();
    cr_assert_eq(system("sed -i 's/^order.*/order = nowhere, opencl, vulkan, cpu/' job.ini"), 0);
    cr_assert_eq(scene_run("devices job.ini"), 0, "%s", command_stderr);
    static const char *const parts[] = {"1 nowhere",
                                        "no plugin retune_nowhere.so",
                                        "install the plugin, or name its folder",
                                        "2 opencl",
                                        "finds no driver",
                                        "pocl-opencl-icd",
                                        "3 vulkan",
                                        "mesa-vulkan-drivers",
                                        "4 cpu",
                                        "* cpu/simd",
                                        "self-test",
                                        "passed: 22 ops",
                                        "retune_opencl.so",
                                        "features",
                                        "is the one a job would use"};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        cr_expect(strstr(command_stdout, parts[p]), "no '%s' in: %s", parts[p], command_stdout);
    cr_assert_eq(scene_run("devices job.ini --json"), 0);
    cJSON *events = events_parse(command_stdout);
    const cJSON *opencl = events_find(events, "candidate", 1);
    cr_expect_str_eq(event_text(opencl, "backend"), "opencl");
    cr_expect(strstr(event_text(opencl, "advice"), "pocl-opencl-icd"));
    const cJSON *cpu = events_find(events, "candidate", 3);
    cr_expect_str_eq(event_text(cpu, "self_test"), "passed: 22 ops");
    cr_expect(cJSON_IsNull(cJSON_GetObjectItem(cpu, "advice")));
    cJSON_Delete(events);
}

Test(run_order, devices_tests_again) {
    cr_assert_eq(scene_run("devices job.ini --self-test"), 0, "%s", command_stderr);
    cr_expect(strstr(command_stdout, "passed: 22 ops"), "%s", command_stdout);
    cr_expect_eq(scene_run("train job.ini --self-test"), 2, "no option of train");
}

/* Who trusts a device may do without. */
Test(run_order, without_a_self_test) {
    scene_train("--set backend.self_test=off --set train.epochs=1");
    cJSON *events = events_parse(command_stdout);
    cr_expect_str_eq(event_text(events_find(events, "device", 0), "self_test"), "not run");
    cJSON_Delete(events);
    cr_expect(strstr(command_stderr, "self-test not run"), "%s", command_stderr);
    scene_refuse(2, "train job.ini --set backend.self_test=maybe", "on | off", NULL);
}

/* ---- With drivers -------------------------------------------------------------------------- */

/* Where there are both, each name lands on its own backend, whatever stands behind it. */
Test(run_order, with_drivers) {
    cJSON *events = NULL;
    static const char *const backends[] = {"opencl", "vulkan"};
    int present = 0;
    for (size_t b = 0; b < 2; b++) {
        char device[16], order[64];
        if (!choose(backends[b], &events)) {
            cJSON_Delete(events);
            continue;
        }
        cJSON_Delete(events);
        present++;
        snprintf(device, sizeof device, "%s/0", backends[b]);
        snprintf(order, sizeof order, "clml,%s,cpu", backends[b]);
        expect_lands(order, device);
        snprintf(order, sizeof order, "cpu/simd,%s", backends[b]);
        expect_lands(order, "cpu/simd");
    }
    if (present < 2)
        cr_skip_test("no driver of OpenCL or of Vulkan");
    expect_lands("opencl,vulkan,cpu", "opencl/0");
    expect_lands("vulkan,opencl,cpu", "vulkan/0");
    setenv("OCL_ICD_VENDORS", "/nowhere", 1);
    expect_lands("opencl,vulkan,cpu", "vulkan/0");
    scene_refuse(4, "check job.ini --set backend.order=opencl,vulkan --set backend.fallback=none",
                 "finds no driver", NULL);
}
