#include "report.h"

#include "base/tensor_desc.h"
#include "report/json_writer.h"

#include <stdio.h>
#include <string.h>

#define JSON_MAX 16384

static const char *const outcome_names[OUTCOME_COUNT] = {"passed", "unsupported", "failed",
                                                         "crashed", "hung"};

static void print_json(retune_json *json) {
    retune_json_close(json, '}');
    puts(json->text);
}

/* ---- One subject --------------------------------------------------------------------------- */

/* What is wrong with a result, in view of the lists; NULL when nothing is. */
static const char *surprise(report *r, const subject *s, outcome result, const char *line) {
    const bool refused_listed = r->unsupported && pattern_list_fits(r->unsupported, line);
    const bool failure_listed = r->failing && pattern_list_fits(r->failing, line);
    switch (result) {
    case OUTCOME_PASSED:
        return failure_listed   ? "passes, but is listed as an expected failure"
               : refused_listed ? "passes, but is listed as unsupported"
                                : NULL;
    case OUTCOME_UNSUPPORTED:
        if (failure_listed)
            return "is refused, but listed as an expected failure";
        return r->unsupported && !refused_listed && s->type == SUBJECT_CASE
                   ? "is refused, but not listed as unsupported"
                   : NULL;
    default:
        return failure_listed ? NULL : outcome_names[result];
    }
}

static void print_line(const report *r, const subject *s, outcome result, const char *what,
                       const char *line, const char *text) {
    printf("%s: %s\n", what ? what : outcome_names[result], line);
    if (text[0])
        printf("    %s\n", text);
    if (what)
        printf("    conform '%s' --device %s%s%s%s --%s '%s'\n", r->plugin, r->device->id,
               r->options ? " --options '" : "", r->options ? r->options : "",
               r->options ? "'" : "", s->type == SUBJECT_CASE ? "case" : "filter", line);
}

static void print_result(const report *r, outcome result, bool expected, const char *line,
                         const char *text) {
    char buffer[JSON_MAX];
    retune_json json = retune_json_start(buffer, sizeof buffer);
    retune_json_open(&json, NULL, '{');
    retune_json_text(&json, "event", "result");
    retune_json_text(&json, "device", r->device->id);
    retune_json_text(&json, "line", line);
    retune_json_text(&json, "result", outcome_names[result]);
    retune_json_integer(&json, "expected", expected);
    if (text[0])
        retune_json_text(&json, "text", text);
    print_json(&json);
}

void report_result(void *user, size_t index, outcome result, const char *text) {
    report *r = user;
    const subject *s = &r->list->items[index];
    char line[OP_CASE_TEXT_MAX];
    subject_format(s, line);
    const char *what = surprise(r, s, result, line);
    r->all[result]++;
    r->unexpected += what != NULL;
    if (s->type == SUBJECT_CASE)
        r->cases[s->op.kind][op_case_dtype(&s->op)][result]++;
    else
        (s->type == SUBJECT_CHECK ? r->checks : r->training)[result]++;
    if (r->json)
        print_result(r, result, !what, line, text);
    else if (what || (r->verbose && result != OUTCOME_PASSED))
        print_line(r, s, result, what, line, text);
}

void report_finding(report *r, const char *text) {
    char buffer[JSON_MAX];
    retune_json json = retune_json_start(buffer, sizeof buffer);
    r->unexpected++;
    if (!r->json) {
        puts(text);
        return;
    }
    retune_json_open(&json, NULL, '{');
    retune_json_text(&json, "event", "finding");
    retune_json_text(&json, "device", r->device->id);
    retune_json_text(&json, "text", text);
    print_json(&json);
}

/* ---- The whole ----------------------------------------------------------------------------- */

void report_start(const report *r) {
    char buffer[JSON_MAX];
    retune_json json = retune_json_start(buffer, sizeof buffer);
    if (!r->json) {
        printf("%s: %s, %s\n", r->device->id, r->device->name, r->device->driver);
        return;
    }
    retune_json_open(&json, NULL, '{');
    retune_json_text(&json, "event", "device");
    retune_json_text(&json, "device", r->device->id);
    retune_json_text(&json, "name", r->device->name);
    retune_json_text(&json, "driver", r->device->driver);
    retune_json_integer(&json, "subjects", r->list->count);
    print_json(&json);
}

static size_t sum(const size_t counts[OUTCOME_COUNT]) {
    size_t total = 0;
    for (int o = 0; o < OUTCOME_COUNT; o++)
        total += counts[o];
    return total;
}

#define CELL_MAX 128

/* "41 pass 2 FAIL"; "-" for nothing. */
static const char *cell(const size_t counts[OUTCOME_COUNT], char text[CELL_MAX]) {
    static const char *const words[OUTCOME_COUNT] = {"pass", "unsupported", "FAIL", "CRASH",
                                                     "HANG"};
    snprintf(text, CELL_MAX, "%s", sum(counts) ? "" : "-");
    for (int o = 0; o < OUTCOME_COUNT; o++) {
        const size_t used = strlen(text);
        if (counts[o])
            snprintf(text + used, CELL_MAX - used, "%s%zu %s", used ? " " : "", counts[o],
                     words[o]);
    }
    return text;
}

static void print_row(const char *name, const char *const cells[], size_t count) {
    printf("%-29s", name);
    for (size_t c = 0; c + 1 < count; c++)
        printf("%-25s ", cells[c]);
    printf("%s\n", cells[count - 1]);
}

static void print_matrix(const report *r) {
    char cells[REPORT_DTYPES][CELL_MAX];
    const char *row[REPORT_DTYPES];
    for (uint32_t t = 0; t < REPORT_DTYPES; t++)
        row[t] = retune_dtype_text(t);
    print_row("op", row, REPORT_DTYPES);
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        size_t total = 0;
        for (uint32_t t = 0; t < REPORT_DTYPES; t++) {
            total += sum(r->cases[kind][t]);
            row[t] = cell(r->cases[kind][t], cells[t]);
        }
        if (total > 0)
            print_row(op_info_of(kind)->name, row, REPORT_DTYPES);
    }
    row[0] = cell(r->checks, cells[0]);
    print_row("(checks)", row, 1);
    row[0] = cell(r->training, cells[0]);
    print_row("(training)", row, 1);
    for (int o = 0; o < OUTCOME_COUNT; o++)
        printf("%zu %s, ", r->all[o], outcome_names[o]);
    printf("%zu not as expected\n", r->unexpected);
}

static void add_counts(retune_json *json, const size_t counts[OUTCOME_COUNT]) {
    for (int o = 0; o < OUTCOME_COUNT; o++)
        retune_json_integer(json, outcome_names[o], counts[o]);
}

static void print_matrix_json(const report *r) {
    char buffer[JSON_MAX];
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        for (uint32_t t = 0; t < REPORT_DTYPES; t++) {
            if (sum(r->cases[kind][t]) == 0)
                continue;
            retune_json json = retune_json_start(buffer, sizeof buffer);
            retune_json_open(&json, NULL, '{');
            retune_json_text(&json, "event", "matrix");
            retune_json_text(&json, "device", r->device->id);
            retune_json_text(&json, "op", op_info_of(kind)->name);
            retune_json_text(&json, "dtype", retune_dtype_text(t));
            add_counts(&json, r->cases[kind][t]);
            print_json(&json);
        }
    retune_json json = retune_json_start(buffer, sizeof buffer);
    retune_json_open(&json, NULL, '{');
    retune_json_text(&json, "event", "done");
    retune_json_text(&json, "device", r->device->id);
    add_counts(&json, r->all);
    retune_json_integer(&json, "unexpected", r->unexpected);
    print_json(&json);
}

void report_finish(const report *r) {
    if (r->json)
        print_matrix_json(r);
    else
        print_matrix(r);
}

void report_error(bool json, const char *message) {
    char buffer[JSON_MAX];
    retune_json writer = retune_json_start(buffer, sizeof buffer);
    fprintf(stderr, "conform: %s\n", message);
    if (!json)
        return;
    retune_json_open(&writer, NULL, '{');
    retune_json_text(&writer, "event", "error");
    retune_json_text(&writer, "message", message);
    print_json(&writer);
}
