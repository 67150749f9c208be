/* Curves of a run's report. */
#include "report/run_report_parts.h"

#include "base/memory.h"

#include <math.h>

/* One number of all events of a kind, by epoch. */
typedef struct curve {
    double *x, *y;
    size_t count;
} curve;

static void free_curve(curve *c) {
    free(c->x);
    free(c->y);
    *c = (curve){0};
}

static retune_status read_curve(const cJSON *events, const char *kind, const char *key,
                                double scale, curve *out_curve, retune_error *error) {
    size_t most = (size_t)cJSON_GetArraySize(events);
    *out_curve = (curve){0};
    retune_status status = retune_allocate(most, sizeof(double), "a curve", &out_curve->x, error);
    if (status == RETUNE_OK)
        status = retune_allocate(most, sizeof(double), "a curve", &out_curve->y, error);
    if (status != RETUNE_OK) {
        free_curve(out_curve);
        return status;
    }
    for (const cJSON *e = NULL; (e = retune_history_next(events, e, kind)); out_curve->count++) {
        out_curve->x[out_curve->count] = retune_history_number(e, "epoch");
        out_curve->y[out_curve->count] = scale * retune_history_number(e, key);
    }
    return RETUNE_OK;
}

static retune_html_series series(const char *name, const curve *c) {
    return (retune_html_series){name, c->x, c->y, c->count};
}

/* Values of different magnitude are told apart on a logarithmic axis only. */
static bool wants_log(const retune_html_series *both) {
    double low = INFINITY, high = 0.0;
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < both[s].count; i++) {
            low = fmin(low, both[s].y[i]);
            high = fmax(high, both[s].y[i]);
        }
    return low > 0.0 && high > 10.0 * low;
}

/* A number of the test images beside that of the training images. */
static retune_status put_pair(retune_html *page, const cJSON *events, const char *key, double scale,
                              const char *title, const char *label, bool may_be_log,
                              retune_error *error) {
    curve test, train;
    RETUNE_TRY(read_curve(events, "eval", key, scale, &test, error));
    retune_status status = read_curve(events, "epoch", key, scale, &train, error);
    if (status == RETUNE_OK) {
        retune_html_series both[] = {series("test", &test), series("training", &train)};
        retune_html_chart(page, &(retune_html_chart_spec){title, "epoch", label, both, 2,
                                                          may_be_log && wants_log(both)});
        free_curve(&train);
    }
    free_curve(&test);
    return status;
}

static bool changes(const curve *c) {
    for (size_t i = 1; i < c->count; i++)
        if (c->y[i] != c->y[0])
            return true;
    return false;
}

static retune_status put_rate(retune_html *page, const cJSON *events, retune_error *error) {
    curve rate;
    RETUNE_TRY(read_curve(events, "epoch", "learning_rate", 1.0, &rate, error));
    if (changes(&rate)) {
        retune_html_series one = series("rate", &rate);
        retune_html_chart(page, &(retune_html_chart_spec){"Learning rate", "epoch",
                                                          "at the end of the epoch", &one, 1,
                                                          .log_y = false});
    }
    free_curve(&rate);
    return RETUNE_OK;
}

retune_status retune_run_report_curves(retune_html *page, const cJSON *events,
                                       retune_error *error) {
    if (!retune_history_next(events, NULL, "eval") && !retune_history_next(events, NULL, "epoch"))
        return RETUNE_OK;
    retune_html_section(page, "Learning");
    retune_html_paragraph(page,
                          "Test images are never learned from. Training images are counted as "
                          "they were seen, while the network still changed.");
    RETUNE_TRY(put_pair(page, events, "accuracy", 100.0, "Accuracy", "% right", false, error));
    RETUNE_TRY(put_pair(page, events, "loss", 1.0, "Loss", "mean of an image", true, error));
    return put_rate(page, events, error);
}
