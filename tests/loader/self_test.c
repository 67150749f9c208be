/* First contact with devices that compute and misbehave (plugins/shim.c): each is tested once,
 * apart from this process, and what was found is remembered and acted upon. */
#include "support.h"

#include "device/self_test_cases.h"
#include "graph/op_rule.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static void begin(void) {
    forget_environment();
    folder = make_folder();
    setenv("XDG_CACHE_HOME", folder, 1);
}

static void end(void) {
    remove_folder(folder);
}

TestSuite(self_test, .init = begin, .fini = end, .timeout = 60);

/* Chooses among shim/0 and shim/1, which have these faults. The device is NULL when there is none.
 */
static retune_device *choose(const char *first, const char *second, retune_self_test_mode mode,
                             retune_refusals *out_refusals) {
    char *order[] = {"shim"};
    retune_ladder_options options = {
        .order = order,
        .order_count = 1,
        .fallback = RETUNE_LADDER_DEVICE,
        .look = {FAKE_PLUGINS, {.test_timeout_ms = 1500, .self_test = mode}}};
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    setenv("RETUNE_SHIM", first, 1);
    setenv("RETUNE_SHIM_1", second, 1);
    retune_status status = retune_ladder_choose(&options, &device, out_refusals, &error);
    cr_assert(status == RETUNE_OK || status == RETUNE_UNAVAILABLE, "%s", error.message);
    return device;
}

static bool does(const retune_device *device, retune_op_kind kind, char reason[256]) {
    for (size_t n = 0; n < retune_self_test_case_count; n++)
        if (retune_self_test_cases[n].kind == kind) {
            retune_op_desc op = retune_self_test_describe(&retune_self_test_cases[n]);
            retune_op_support support;
            cr_assert_eq(retune_device_query(device, &op, "test", &support, NULL), RETUNE_OK);
            snprintf(reason, 256, "%s", support.reason);
            return support.supported;
        }
    return false;
}

static int remembered(void) {
    DIR *files = opendir(path_of(folder, "retune/self_test"));
    int count = 0;
    for (const struct dirent *entry; files && (entry = readdir(files));)
        count += strstr(entry->d_name, ".json") != NULL;
    if (files)
        closedir(files);
    return count;
}

/* Every op in turn is found wrong, alone, and named. */
Test(self_test, a_wrong_op_is_put_in_quarantine) {
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        char fault[64], reason[256];
        retune_refusals refusals;
        snprintf(fault, sizeof fault, "wrong %s", retune_op_name((retune_op_kind)kind));
        pid_t child = fork(); /* plugins stay loaded: a fault is for a process */
        if (child == 0) {
            retune_device *device = choose(fault, "", RETUNE_SELF_TEST_ONCE, &refusals);
            bool good = device && device->verdict.failed == 1;
            for (uint32_t other = 0; other < RETUNE_OP_KIND_COUNT && good; other++)
                good = does(device, (retune_op_kind)other, reason) == (other != kind) &&
                       (other != kind || strstr(reason, "in quarantine: case "));
            _exit(good ? 0 : 1);
        }
        int status = 1;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_expect_eq(status, 0, "%s", fault);
    }
}

static void expect_passed_over(const char *fault, const char *reason) {
    retune_refusals refusals;
    retune_device *device = choose(fault, "", RETUNE_SELF_TEST_ONCE, &refusals);
    cr_assert(device, "%s", fault);
    cr_expect_str_eq(device->info.id, "shim/1", "the other one is not to blame");
    cr_expect_eq(device->verdict.tested, RETUNE_OP_KIND_COUNT);
    cr_assert_eq(refusals.count, 1);
    cr_expect_str_eq(refusals.items[0].backend, "shim/0");
    expect_contains(refusals.items[0].reason, reason);
    cr_expect_eq(remembered(), 2);
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left behind");
    retune_refusals_free(&refusals);
    retune_device_close(device);
}

Test(self_test, a_crash_costs_the_device) {
    expect_passed_over("crash pool_grad", "crashed in the self-test of pool_grad (signal 11)");
}

Test(self_test, a_hang_costs_the_device) {
    expect_passed_over("hang adam", "hung in the self-test of adam (no answer within 1500 ms)");
}

Test(self_test, a_lost_device_is_passed_over) {
    expect_passed_over("lose add", "self-test of add: shim/0: program_run: the shim lost");
}

Test(self_test, a_broken_promise_is_a_failure) {
    char reason[256];
    retune_refusals refusals;
    retune_device *device = choose("lie gather", "", RETUNE_SELF_TEST_ONCE, &refusals);
    cr_assert(device);
    cr_expect_not(does(device, RETUNE_OP_GATHER, reason));
    expect_contains(reason, "promised by op_query and then refused");
    cr_expect(does(device, RETUNE_OP_CONV2D, reason));
    retune_device_close(device);
}

Test(self_test, what_the_device_refuses_is_not_tested) {
    char reason[256];
    retune_refusals refusals;
    retune_device *device = choose("only conv2d", "", RETUNE_SELF_TEST_ONCE, &refusals);
    cr_assert(device);
    cr_expect_eq(device->verdict.tested, 1);
    cr_expect_eq(device->verdict.failed, 0);
    cr_expect_not(does(device, RETUNE_OP_ADD, reason));
    expect_contains(reason, "the shim has no add");
    retune_device_close(device);
}

Test(self_test, nothing_is_left) {
    retune_refusals refusals;
    cr_expect_null(choose("crash fill", "lose fill", RETUNE_SELF_TEST_ONCE, &refusals));
    cr_expect_eq(refusals.count, 2);
    retune_refusals_free(&refusals);
}

/* In a process of its own, because one remembers what it found out. */
static int failed_in_another_process(const char *fault, retune_self_test_mode mode) {
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        retune_refusals refusals;
        const retune_device *device = choose(fault, "", mode, &refusals);
        _exit(device ? (int)device->verdict.failed : 99);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Puts `from` in place of `to` in every remembered verdict. */
static void edit_remembered(const char *from, const char *to) {
    char command[1024];
    snprintf(command, sizeof command, "sed -i 's/%s/%s/' %s/*.json", from, to,
             path_of(folder, "retune/self_test"));
    cr_assert_eq(system(command), 0);
}

Test(self_test, is_remembered_and_can_be_repeated) {
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 1);
    cr_expect_eq(remembered(), 2);
    edit_remembered("\"add\":.*", "");
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 0,
                 "it was tested although a verdict is there");
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_REPEAT), 1);
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 1,
                 "what the repeated test found is remembered");
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_SKIP), 0);
}

Test(self_test, damaged_memory_is_replaced) {
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 1);
    edit_remembered("{", "");
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 1);
}

Test(self_test, works_where_nothing_can_be_remembered) {
    setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 1);
}

/* Another driver, another verdict: the shim's driver is named after its faults. */
Test(self_test, belongs_to_a_driver) {
    cr_expect_eq(failed_in_another_process("wrong add", RETUNE_SELF_TEST_ONCE), 1);
    cr_expect_eq(failed_in_another_process("", RETUNE_SELF_TEST_ONCE), 0);
    cr_expect_eq(remembered(), 3);
}

/* A process that has used the driver can fork no more: it tests in itself. */
Test(self_test, after_the_driver_was_used) {
    retune_refusals refusals;
    retune_device *device = choose("wrong add", "", RETUNE_SELF_TEST_SKIP, &refusals);
    cr_assert(device);
    cr_expect_eq(device->verdict.known, 0);
    cr_expect_eq(remembered(), 0);
    retune_device_close(device);
    device = choose("wrong add", "", RETUNE_SELF_TEST_ONCE, &refusals);
    cr_assert(device);
    cr_expect_eq(device->verdict.failed, 1);
    cr_expect_eq(remembered(), 2);
    retune_device_close(device);
}

/* Where "auto" has found a better device already, the others wait until they are tried: a driver
 * may take long to be tested. */
Test(self_test, of_lesser_devices_waits) {
    char *order[] = {"auto"}, *plugins = make_folder();
    const retune_refusal gone[] = {{"good/one", "gone"}, {"good/two", "gone"}};
    retune_ladder_options options = {.order = order,
                                     .order_count = 1,
                                     .fallback = RETUNE_LADDER_DEVICE,
                                     .look = {plugins, {.test_timeout_ms = 1500}}};
    retune_device *device = NULL;
    retune_refusals refusals;
    copy_fake("good", plugins, "retune_good.so");
    copy_fake("shim", plugins, "retune_shim.so");
    setenv("RETUNE_SHIM", "wrong add", 1);
    cr_assert_eq(retune_ladder_choose(&options, &device, &refusals, NULL), RETUNE_OK);
    cr_expect_str_eq(device->info.id, "good/two");
    cr_expect_eq(remembered(), 2, "of the better backend's two: %d", remembered());
    retune_refusals_free(&refusals);
    retune_device_close(device);
    options.excluded = gone;
    options.excluded_count = 2;
    cr_assert_eq(retune_ladder_choose(&options, &device, &refusals, NULL), RETUNE_OK);
    cr_expect_str_eq(device->info.id, "shim/0");
    cr_expect_eq(device->verdict.failed, 1);
    cr_expect_eq(remembered(), 3);
    retune_refusals_free(&refusals);
    retune_device_close(device);
    remove_folder(plugins);
}

Test(self_test, is_listed) {
    char *order[] = {"shim", "good"};
    retune_ladder_options options = {
        .order = order, .order_count = 2, .look = {FAKE_PLUGINS, {.test_timeout_ms = 1500}}};
    retune_device_list *list = NULL;
    setenv("RETUNE_SHIM", "wrong add,wrong cast", 1);
    setenv("RETUNE_SHIM_1", "crash add", 1);
    cr_assert_eq(retune_device_list_make(&options, &list, NULL), RETUNE_OK);
    cr_assert_eq(list->count, 4);
    expect_contains(list->devices[0].self_test, "20 of 22 ops passed; in quarantine: add: case");
    expect_contains(list->devices[0].self_test, "; in quarantine: cast: case");
    cr_expect_eq(list->devices[0].status, RETUNE_OK);
    cr_expect_eq(list->devices[1].status, RETUNE_UNAVAILABLE);
    cr_expect_str_eq(list->devices[1].reason, "crashed in the self-test of add (signal 11)");
    cr_expect_str_eq(list->devices[2].self_test, "passed: 0 ops");
    retune_device_list_free(list);
}
