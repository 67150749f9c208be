/* Probing: drivers that are missing, crash, hang or lie cost the backend and never the process. */
#include "support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(probe, .init = forget_environment, .timeout = 30);

static retune_plugin *loaded(const char *name) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    cr_assert_eq(load(RETUNE_PLUGIN_BACKEND, name, FAKE_PLUGINS, &plugin, &error), RETUNE_OK, "%s",
                 error.message);
    return plugin;
}

Test(probe, good_one) {
    retune_plugin *plugin = loaded("good");
    for (int again = 0; again < 2; again++) {
        retune_probe_report report;
        cr_assert_eq(retune_plugin_probe(plugin, 0, &report, NULL), RETUNE_OK);
        cr_expect_str_eq(report.library, "/fake/libdriver.so");
        cr_expect_str_eq(report.version, "7.1");
    }
}

Test(probe, child_only_the_first_time) {
    char *folder = make_folder();
    retune_plugin *plugin = loaded("counts");
    retune_probe_report report;
    struct stat log;
    setenv("RETUNE_FAKE_LOG", path_of(folder, "log"), 1);
    cr_assert_eq(retune_plugin_probe(plugin, 0, &report, NULL), RETUNE_OK);
    cr_assert_eq(stat(path_of(folder, "log"), &log), 0);
    cr_expect_eq(log.st_size, 2, "once in a child and once here");
    cr_assert_eq(retune_plugin_probe(plugin, 0, &report, NULL), RETUNE_OK);
    cr_assert_eq(stat(path_of(folder, "log"), &log), 0);
    cr_expect_eq(log.st_size, 3, "then only here");
    remove_folder(folder);
}

static void expect_refused(const char *name, uint32_t timeout_ms, retune_status status,
                           const char *part) {
    retune_plugin *plugin = loaded(name);
    for (int again = 0; again < 2; again++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_probe_report report;
        cr_expect_eq(retune_plugin_probe(plugin, timeout_ms, &report, &error), status, "%s: %s",
                     name, error.message);
        cr_expect_eq(error.code, (int32_t)status);
        expect_contains(error.message, part);
        cr_expect_null(strchr(error.message, '\n'));
        cr_expect_str_empty(report.library);
    }
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "%s left a child behind", name);
}

Test(probe, missing_driver) {
    expect_refused("no_driver", 0, RETUNE_UNAVAILABLE, "libFake.so.1 not found in /usr/lib");
}

Test(probe, crash) {
    expect_refused("crash", 0, RETUNE_UNAVAILABLE, "crashed in probe (signal 11)");
}

static void swallow(int number) {
    (void)number;
    _exit(0);
}

Test(probe, crash_that_a_handler_of_the_host_would_hide) {
    signal(SIGSEGV, swallow);
    expect_refused("crash", 0, RETUNE_UNAVAILABLE, "crashed in probe (signal 11)");
}

Test(probe, end_of_the_process) {
    expect_refused("quits", 0, RETUNE_UNAVAILABLE, "ended its process in probe (exit code 3)");
}

Test(probe, failure_without_a_reason) {
    expect_refused("mute", 0, RETUNE_UNAVAILABLE, "probe failed and does not say why");
}

Test(probe, answer_that_is_no_status) {
    expect_refused("odd_status", 0, RETUNE_INTERNAL, "probe answered 77");
}

Test(probe, hang_is_tried_once) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    expect_refused("hang", 300, RETUNE_UNAVAILABLE, "hung in probe (no answer within 300 ms)");
    clock_gettime(CLOCK_MONOTONIC, &after);
    double seconds =
        (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    cr_expect_geq(seconds, 0.29);
    cr_expect_lt(seconds, 5.0);
}

Test(probe, plugin_that_is_not_loaded) {
    retune_plugin *plugin = NULL;
    retune_probe_report report;
    cr_assert_eq(retune_plugin_find(RETUNE_PLUGIN_BACKEND, "good", FAKE_PLUGINS, &plugin, NULL),
                 RETUNE_OK);
    cr_expect_eq(retune_plugin_probe(plugin, 0, &report, NULL), RETUNE_INVALID);
}

Test(probe, format) {
    retune_plugin *plugin = NULL;
    retune_probe_report report;
    cr_assert_eq(load(RETUNE_PLUGIN_FORMAT, "lines", FAKE_PLUGINS, &plugin, NULL), RETUNE_OK);
    cr_expect_eq(retune_plugin_probe(plugin, 0, &report, NULL), RETUNE_INVALID);
}
