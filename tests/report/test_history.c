/* Reading metrics.jsonl back. */
#include "report/history.h"

#include <math.h>

#include "expect.h"
#include "temporary.h"

TestSuite(history, .init = temporary_open, .fini = temporary_close);

static cJSON *read_text(const char *text) {
    cJSON *events = NULL;
    temporary_write("metrics.jsonl", text, strlen(text));
    assert_ok(retune_history_read(temporary_path("metrics.jsonl"), &events, &error));
    return events;
}

Test(history, finds_events_in_order) {
    cJSON *events = read_text("{\"event\":\"eval\",\"epoch\":0,\"loss\":1.5}\n"
                              "{\"event\":\"device\",\"device\":\"cpu/simd\"}\n"
                              "{\"event\":\"eval\",\"epoch\":1,\"loss\":null}\n"
                              "{\"event\":\"of another version\"}\n");
    const cJSON *first = retune_history_next(events, NULL, "eval");
    const cJSON *second = retune_history_next(events, first, "eval");
    cr_expect_eq(retune_history_number(first, "loss"), 1.5);
    cr_expect_eq(retune_history_number(second, "epoch"), 1.0);
    cr_expect(isnan(retune_history_number(second, "loss")));
    cr_expect(isnan(retune_history_number(second, "accuracy")));
    cr_expect_null(retune_history_next(events, second, "eval"));
    cr_expect_null(retune_history_next(events, NULL, "done"));
    cr_expect_str_eq(retune_history_text(retune_history_next(events, NULL, "device"), "device"),
                     "cpu/simd");
    cr_expect_null(retune_history_text(first, "epoch"));
    cJSON_Delete(events);
}

Test(history, may_be_empty) {
    cJSON *events = read_text("");
    cr_expect_null(retune_history_next(events, NULL, "eval"));
    cJSON_Delete(events);
}

static void expect_corrupt(const char *text, const char *place) {
    cJSON *events = NULL;
    temporary_write("metrics.jsonl", text, strlen(text));
    expect_refused(RETUNE_CORRUPT, place,
                   retune_history_read(temporary_path("metrics.jsonl"), &events, &error));
    cr_expect_null(events);
}

Test(history, damage_is_named_by_its_line) {
    expect_corrupt("x\n", "metrics.jsonl:1: is no event");
    expect_corrupt("{\"event\":\"eval\"}\n\n{\"event\":\"eval\"}\n", ":2:");
    expect_corrupt("{\"event\":\"eval\"}\n{\"event\":\"ev", ":2:");
    expect_corrupt("{\"event\":1}\n", ":1:");
    expect_corrupt("{\"epoch\":1}\n", ":1:");
    expect_corrupt("[\"event\"]\n", ":1:");
    expect_corrupt("null\n", ":1:");
}

Test(history, no_file) {
    cJSON *events = NULL;
    expect_refused(RETUNE_IO, "metrics.jsonl",
                   retune_history_read(temporary_path("metrics.jsonl"), &events, &error));
    cr_expect_null(events);
}
