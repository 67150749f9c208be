#include "run/same_run.h"

#include "run/events.h"
#include "run/tensors.h"

#include <criterion/criterion.h>

#include <stdio.h>

void expect_same_run(const char *a, const char *b, const char *what) {
    static const char *const figures[] = {"loss", "accuracy"};
    char left[64], right[64];
    snprintf(left, sizeof left, "%s/metrics.jsonl", a);
    snprintf(right, sizeof right, "%s/metrics.jsonl", b);
    cJSON *x = events_read(left), *y = events_read(right);
    int epochs = events_count(x, "epoch");
    cr_assert_gt(epochs, 0, "%s", what);
    cr_assert_eq(events_count(y, "epoch"), epochs, "%s", what);
    cr_expect_eq(events_count(x, "eval"), events_count(y, "eval"), "%s", what);
    for (int e = 0; e < epochs; e++)
        for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++)
            cr_expect_eq(event_number(events_find(x, "epoch", e), figures[f]),
                         event_number(events_find(y, "epoch", e), figures[f]),
                         "%s: %s of epoch %d of %s", what, figures[f], e + 1, b);
    cJSON_Delete(x);
    cJSON_Delete(y);
    snprintf(left, sizeof left, "%s/last.safetensors", a);
    snprintf(right, sizeof right, "%s/last.safetensors", b);
    cr_expect(tensors_same(left, right), "%s: %s and %s", what, a, b);
}
