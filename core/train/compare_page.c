#include "train/compare_page.h"

#include "base/figures.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- What was compared --------------------------------------------------------------------- */

static const char *name_of(const retune_comparison *c, int s) {
    return c->start.of.compare.device[s];
}

static void write_devices(retune_html *page, const retune_comparison *c) {
    static const retune_html_column columns[] = {
        {"", false}, {"Device", false}, {"Name", false}, {"Driver", false}, {"Peak memory", true}};
    retune_html_section(page, "Devices");
    retune_html_table_open(page, columns, 5);
    for (int s = 0; s < 2; s++) {
        uint64_t peak = c->peak_memory[s];
        retune_html_cell(page, "%c", "ab"[s]);
        retune_html_cell(page, "%s", name_of(c, s));
        retune_html_cell(page, "%s", c->start.of.compare.name[s]);
        retune_html_cell(page, "%s", c->start.of.compare.driver[s]);
        retune_html_cell(page, "%s", peak > 0 ? figure_bytes((double)peak).text : "not known");
    }
    retune_html_table_close(page);
    if (c->start.of.compare.from)
        retune_html_paragraph(page, "Both go on from step %llu of the run in %s.",
                              (unsigned long long)c->start.of.compare.from_step,
                              c->start.of.compare.from);
}

/* Sums of all ops, and of all steps but the first, which warms up. */
static void sum_seconds(const retune_comparison *c, double ops[2], double steps[2]) {
    size_t first = c->step_count > 1 ? 1 : 0;
    for (int s = 0; s < 2; s++) {
        ops[s] = steps[s] = 0.0;
        for (size_t i = 0; i < c->op_count; i++)
            ops[s] += c->ops[i].seconds[s];
        for (size_t i = first; i < c->step_count; i++)
            steps[s] += c->steps[i].seconds[s] / (double)(c->step_count - first);
    }
}

static void write_verdict(retune_html *page, const retune_comparison *c, bool equivalent,
                          const char *verdict) {
    char outside[48], accuracy[96] = "-", step[96];
    double ops[2], steps[2];
    size_t count = 0;
    (void)retune_comparison_first_outside(c, &count);
    sum_seconds(c, ops, steps);
    snprintf(outside, sizeof outside, "%zu of %zu", count, c->op_count);
    snprintf(step, sizeof step, "%s / %s", figure_time(steps[0]).text, figure_time(steps[1]).text);
    if (c->test.total > 0)
        snprintf(accuracy, sizeof accuracy, "%s / %s",
                 figure_percent((double)c->test.correct[0] / (double)c->test.total).text,
                 figure_percent((double)c->test.correct[1] / (double)c->test.total).text);
    const retune_html_figure figures[] = {{equivalent ? "equivalent" : "different", "verdict"},
                                          {outside, "ops outside their tolerance"},
                                          {accuracy, "accuracy, a / b"},
                                          {step, "a step, a / b"}};
    retune_html_figures(page, figures, 4);
    if (!equivalent)
        retune_html_paragraph(page, "%s.", verdict);
    if (c->tensors)
        retune_html_paragraph(page, "The tensors of the first op that diverges are in %s.",
                              c->tensors);
}

/* ---- Training ------------------------------------------------------------------------------ */

enum { LOSS_A, LOSS_B, APART, DRIFT, STEP, COLUMN_COUNT };

/* What the charts show, a column each. */
static retune_status make_columns(const retune_comparison *c, double *columns[COLUMN_COUNT],
                                  retune_error *error) {
    for (int column = 0; column < COLUMN_COUNT; column++)
        RETUNE_TRY(
            retune_allocate(c->step_count, sizeof(double), "a chart", &columns[column], error));
    for (size_t i = 0; i < c->step_count; i++) {
        const retune_compared_step *step = &c->steps[i];
        columns[STEP][i] = (double)step->step;
        columns[LOSS_A][i] = step->loss[0];
        columns[LOSS_B][i] = step->loss[1];
        columns[APART][i] = fabs(step->loss[0] - step->loss[1]);
        columns[DRIFT][i] = step->drift;
    }
    return RETUNE_OK;
}

static void draw_training(retune_html *page, const retune_comparison *c,
                          double *const columns[COLUMN_COUNT]) {
    const retune_html_series losses[] = {
        {name_of(c, 0), columns[STEP], columns[LOSS_A], c->step_count},
        {name_of(c, 1), columns[STEP], columns[LOSS_B], c->step_count}};
    const retune_html_series apart[] = {
        {"difference of the losses", columns[STEP], columns[APART], c->step_count},
        {"drift of the weights", columns[STEP], columns[DRIFT], c->step_count}};
    const retune_html_chart_spec charts[] = {
        {"Loss of each step", "step", "loss", losses, 2, false},
        {"How far they are apart", "step", "", apart, 2, true}};
    retune_html_section(page, "Training in lockstep");
    retune_html_chart(page, &charts[0]);
    retune_html_chart(page, &charts[1]);
    retune_html_paragraph(
        page,
        "Each device trains by itself, from the same weights, on the same images. "
        "Losses count as equal while they are within %.3g %% of each other, or of 0.1 where they "
        "are smaller. Drift is the distance between both weights as a share of the way those of a "
        "have gone; once it exceeds %g, roundings have led both on ways of their own, and what "
        "they learned is compared instead.",
        1e2 * c->loss_tolerance, RETUNE_COMPARISON_DRIFT);
}

static void write_steps(retune_html *page, const retune_comparison *c) {
    static const retune_html_column columns[] = {{"Step", true},   {"Loss a", true},
                                                 {"Loss b", true}, {"Drift", true},
                                                 {"Time a", true}, {"Time b", true}};
    retune_html_fold(page, "Every step");
    retune_html_table_open(page, columns, 6);
    for (size_t i = 0; i < c->step_count; i++) {
        const retune_compared_step *step = &c->steps[i];
        bool agree = retune_comparison_losses_agree(c, i);
        retune_html_cell(page, "%llu", (unsigned long long)step->step);
        retune_html_cell(page, "%.6f", step->loss[0]);
        if (agree)
            retune_html_cell(page, "%.6f", step->loss[1]);
        else
            retune_html_heat_cell(page, -1.0, "%.6f", step->loss[1]);
        retune_html_cell(page, "%.2g", step->drift);
        for (int s = 0; s < 2; s++)
            retune_html_cell(page, "%s", figure_time(step->seconds[s]).text);
    }
    retune_html_table_close(page);
}

static retune_status write_training(retune_html *page, const retune_comparison *c,
                                    retune_error *error) {
    double *columns[COLUMN_COUNT] = {NULL};
    if (c->step_count == 0)
        return RETUNE_OK;
    retune_status status = make_columns(c, columns, error);
    if (status == RETUNE_OK) {
        draw_training(page, c, columns);
        write_steps(page, c);
    }
    for (int column = 0; column < COLUMN_COUNT; column++)
        free(columns[column]);
    return status;
}

static void write_test(retune_html *page, const retune_comparison *c) {
    static const retune_html_column columns[] = {{"", false}, {"b right", true}, {"b wrong", true}};
    const retune_compared_test *test = &c->test;
    if (test->total == 0)
        return;
    retune_html_section(page, "The same test images");
    retune_html_table_open(page, columns, 3);
    retune_html_cell(page, "a right");
    retune_html_cell(page, "%s", figure_count(test->correct[0] - test->only[0]).text);
    retune_html_cell(page, "%s", figure_count(test->only[0]).text);
    retune_html_cell(page, "a wrong");
    retune_html_cell(page, "%s", figure_count(test->only[1]).text);
    retune_html_cell(page, "%s", figure_count(test->total - test->correct[0] - test->only[1]).text);
    retune_html_table_close(page);
    retune_html_paragraph(
        page,
        "Loss %.6f and %.6f. McNemar's exact test of the images that one alone gets "
        "right: p = %.3g; below %g the accuracies count as different.",
        test->loss[0], test->loss[1], test->p, RETUNE_COMPARISON_P);
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static void write_op(retune_html *page, const retune_compared_op *op) {
    char shape[RETUNE_DESC_TEXT_MAX];
    retune_html_cell(page, "%s", op->layer);
    retune_html_cell(page, "%s", retune_op_name(op->kind));
    retune_html_cell(page, "%s %s", op->output, retune_desc_text(&op->desc, shape));
    retune_html_cell(page, "%.2g", op->relative_error);
    retune_html_heat_cell(page, op->share <= 1.0 ? op->share : -1.0, "%.3g", op->share);
    for (int s = 0; s < 2; s++)
        retune_html_cell(page, "%s", figure_time(op->seconds[s]).text);
    retune_html_cell(page, "%.2f", op->seconds[1] / op->seconds[0]);
}

static void write_ops(retune_html *page, const retune_comparison *c) {
    static const retune_html_column columns[] = {
        {"Layer", false},       {"Op", false},    {"Output", false}, {"Relative error", true},
        {"Of tolerance", true}, {"Time a", true}, {"Time b", true},  {"b / a", true}};
    retune_html_section(page, "Op by op");
    retune_html_paragraph(
        page, "Each op gets the input of a on both devices, so that an error stands where "
              "it arises. The relative error is the norm of the difference over that of "
              "the output; the next column is the largest error of an element as a share "
              "of what its op, element type and reduction length allow, above 1 outside.");
    for (size_t i = 0; i < c->op_count; i++) {
        const retune_compared_op *op = &c->ops[i];
        if (i == 0 || strcmp(op->part, c->ops[i - 1].part) != 0) {
            if (i > 0)
                retune_html_table_close(page);
            retune_html_paragraph(page, "Part: %s, %lld images", op->part, (long long)op->images);
            retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
        }
        write_op(page, op);
    }
    if (c->op_count > 0)
        retune_html_table_close(page);
}

/* ---- The page ------------------------------------------------------------------------------ */

retune_status retune_compare_page_write(const retune_comparison *comparison, bool equivalent,
                                        const char *verdict, const char *path,
                                        retune_error *error) {
    char title[192];
    retune_html *page = NULL;
    snprintf(title, sizeof title, "%s and %s", name_of(comparison, 0), name_of(comparison, 1));
    RETUNE_TRY(retune_html_open(title, &page, error));
    write_verdict(page, comparison, equivalent, verdict);
    write_devices(page, comparison);
    retune_status status = write_training(page, comparison, error);
    write_test(page, comparison);
    write_ops(page, comparison);
    if (status == RETUNE_OK)
        status = retune_html_save(page, path, error);
    retune_html_close(page);
    return status;
}
