/* Where events go, and in which order. */
#include "report/events.h"

#include "base/clock.h"

#include "expect.h"
#include "temporary.h"

#include <sys/stat.h>

TestSuite(events, .init = temporary_open, .fini = temporary_close);

/* A callback that counts and asks to stop at the event of a given number. */
typedef struct listener {
    uint32_t heard[64];
    size_t count, stop_at;
} listener;

static int listen(void *user, const retune_event *event) {
    listener *l = user;
    cr_expect_eq(event->struct_size, sizeof *event);
    l->heard[l->count++] = event->kind;
    return l->count == l->stop_at;
}

static void notice(retune_events *events, const char *text) {
    assert_ok(retune_events_notice(events, &error, "%s", text));
}

static void progress(retune_events *events) {
    assert_ok(retune_events_progress(events, RETUNE_PHASE_SCAN, 0, 1, 2, "images", 0.0, &error));
}

static retune_run_folder *open_folder(void) {
    retune_run_folder *folder = NULL;
    assert_ok(retune_run_folder_open(temporary_path("run"), RETUNE_RUN_NEW, "", &folder, &error));
    return folder;
}

static void expect_log(const char *expected) {
    char text[1024];
    FILE *file = fopen(temporary_path("run/metrics.jsonl"), "rb");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    cr_expect_str_eq(text, expected, "\n%s instead of\n%s", text, expected);
}

#define NOTICE(text) "{\"event\":\"notice\",\"text\":\"" text "\"}\n"

Test(events, what_happened_before_the_folder_comes_first) {
    listener l = {0};
    retune_events events = {.callback = listen, .user = &l, .keep = true};
    retune_run_folder *folder = open_folder();
    notice(&events, "one");
    progress(&events);
    notice(&events, "two");
    assert_ok(retune_events_problem(&events, RETUNE_CORRUPT, "three", &error));
    assert_ok(retune_events_attach(&events, folder, &error));
    notice(&events, "four");
    progress(&events);
    notice(&events, "five");
    retune_events_release(&events);
    retune_run_folder_close(folder);
    expect_log(NOTICE("one") NOTICE("two") "{\"event\":\"problem\",\"status\":\"corrupt data\","
                                           "\"text\":\"three\"}\n" NOTICE("four") NOTICE("five"));
    cr_expect_eq(l.count, 7);
    cr_expect_eq(l.heard[1], RETUNE_EVENT_PROGRESS);
    cr_expect_eq(l.heard[3], RETUNE_EVENT_PROBLEM);
}

Test(events, a_kept_event_outlives_its_text) {
    retune_events events = {.keep = true};
    char text[16];
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "number %d", i);
        notice(&events, text);
    }
    memset(text, 'x', sizeof text);
    cr_assert_eq(events.kept_count, 20);
    cr_expect_str_eq(events.kept[7].text, "{\"event\":\"notice\",\"text\":\"number 7\"}");
    retune_events_release(&events);
    cr_expect_eq(events.kept_count, 0);
    retune_events_release(&events);
}

Test(events, nothing_is_kept_unless_asked) {
    listener l = {0};
    retune_events events = {.callback = listen, .user = &l};
    notice(&events, "one");
    cr_expect_eq(events.kept_count, 0);
    cr_expect_eq(l.count, 1);
    retune_events silent = {0};
    notice(&silent, "nobody listens");
}

/* ---- Stopping ------------------------------------------------------------------------------ */

static void expect_cancelled(retune_events *events) {
    expect_refused(
        RETUNE_CANCELLED, "request",
        retune_events_progress(events, RETUNE_PHASE_TRAIN, 1, 1, 2, "steps", 0.0, &error));
}

Test(events, a_request_to_stop_is_answered_at_the_next_progress) {
    listener l = {.stop_at = 2};
    retune_events events = {.callback = listen, .user = &l};
    progress(&events);
    notice(&events, "stop here");
    cr_expect(events.stop);
    notice(&events, "what is left to say");
    expect_cancelled(&events);
    expect_cancelled(&events);
    cr_expect_eq(l.count, 5);
}

Test(events, a_progress_that_is_told_to_stop_says_so_itself) {
    listener l = {.stop_at = 1};
    retune_events events = {.callback = listen, .user = &l};
    expect_cancelled(&events);
}

/* ---- Faults -------------------------------------------------------------------------------- */

Test(events, the_callback_hears_what_the_folder_cannot_take) {
    if (access("/dev/full", W_OK) != 0)
        cr_skip_test("there is no /dev/full");
    cr_assert_eq(mkdir(temporary_path("run"), 0755), 0);
    cr_assert_eq(symlink("/dev/full", temporary_path("run/metrics.jsonl")), 0);
    listener l = {0};
    retune_events events = {.callback = listen, .user = &l, .keep = true};
    retune_run_folder *folder = open_folder();
    notice(&events, "kept");
    expect_refused(RETUNE_IO, "metrics.jsonl", retune_events_attach(&events, folder, &error));
    events.folder = folder;
    expect_refused(RETUNE_IO, "metrics.jsonl",
                   retune_events_notice(&events, &error, "%s", "at once"));
    cr_expect_eq(l.count, 2);
    retune_events_release(&events);
    retune_run_folder_close(folder);
}

/* Three times through a phase, the second time in two steps. */
Test(events, seconds_of_a_phase_add_up) {
    retune_events events = {0};
    double now = retune_clock_seconds();
    double began[] = {now - 10.0, now - 3.0, now - 3.0, now - 5.0, now - 1.0};
    uint64_t done[] = {7, 4, 7, 7, 7};
    for (int i = 0; i < 5; i++)
        assert_ok(retune_events_progress(&events,
                                         i < 4 ? RETUNE_PHASE_EVALUATE : RETUNE_PHASE_TRAIN, 0,
                                         done[i], 7, "images", began[i], &error));
    cr_expect_float_eq(events.seconds[RETUNE_PHASE_EVALUATE], 18.0, 0.2);
    cr_expect_float_eq(events.seconds[RETUNE_PHASE_TRAIN], 1.0, 0.2);
    cr_expect_eq(events.seconds[RETUNE_PHASE_SCAN], 0.0);
}
