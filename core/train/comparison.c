#include "train/comparison.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void retune_comparison_free(retune_comparison *comparison) {
    free(comparison->ops);
    free(comparison->steps);
    free(comparison->diverged);
    free(comparison->tensors);
    memset(comparison, 0, sizeof *comparison);
}

/* ---- Collecting ---------------------------------------------------------------------------- */

retune_status retune_comparison_add_op(retune_comparison *comparison, const retune_compared_op *op,
                                       retune_events *events, retune_error *error) {
    RETUNE_TRY(retune_grow(&comparison->ops, &comparison->op_capacity, comparison->op_count,
                           sizeof *op, "a comparison", error));
    comparison->ops[comparison->op_count++] = *op;
    retune_event event = {
        .kind = RETUNE_EVENT_COMPARE_OP,
        .of.compare_op = {.part = op->part,
                          .layer = op->layer,
                          .op = retune_op_name(op->kind),
                          .output = op->output,
                          .rank = op->desc.rank,
                          .passed = op->share <= 1.0,
                          .images = (uint64_t)op->images,
                          .relative_error = op->relative_error,
                          .share = op->share,
                          .microseconds = {1e6 * op->seconds[0], 1e6 * op->seconds[1]}}};
    memcpy(event.of.compare_op.shape, op->desc.shape, sizeof event.of.compare_op.shape);
    return retune_events_send(events, &event, error);
}

retune_status retune_comparison_add_step(retune_comparison *comparison,
                                         const retune_compared_step *step, retune_events *events,
                                         retune_error *error) {
    RETUNE_TRY(retune_grow(&comparison->steps, &comparison->step_capacity, comparison->step_count,
                           sizeof *step, "a comparison", error));
    comparison->steps[comparison->step_count++] = *step;
    retune_event event = {
        .kind = RETUNE_EVENT_COMPARE_STEP,
        .of.compare_step = {.step = step->step,
                            .epoch = step->epoch,
                            .learning_rate = step->learning_rate,
                            .loss = {step->loss[0], step->loss[1]},
                            .drift = step->drift,
                            .milliseconds = {1e3 * step->seconds[0], 1e3 * step->seconds[1]}}};
    return retune_events_send(events, &event, error);
}

/* ---- Judging ------------------------------------------------------------------------------- */

const retune_compared_op *retune_comparison_first_outside(const retune_comparison *comparison,
                                                          size_t *out_count) {
    const retune_compared_op *first = NULL;
    *out_count = 0;
    for (size_t i = comparison->op_count; i > 0; i--)
        if (!(comparison->ops[i - 1].share <= 1.0)) {
            first = &comparison->ops[i - 1];
            (*out_count)++;
        }
    return first;
}

bool retune_comparison_losses_agree(const retune_comparison *comparison, size_t index) {
    const retune_compared_step *step = &comparison->steps[index];
    for (size_t i = 0; i < index; i++)
        if (comparison->steps[i].drift > RETUNE_COMPARISON_DRIFT)
            return true;
    double larger = fmax(fmax(step->loss[0], step->loss[1]), 0.1);
    return fabs(step->loss[0] - step->loss[1]) <= comparison->loss_tolerance * larger;
}

/* Appends a reason to a text of fixed size, cut to fit. */
__attribute__((format(printf, 2, 3))) static void add_reason(char text[RETUNE_ERROR_MESSAGE_MAX],
                                                             const char *format, ...) {
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, RETUNE_ERROR_MESSAGE_MAX - used, "%s",
                             used > 0 ? "; " : "different: ");
    if (used >= RETUNE_ERROR_MESSAGE_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, RETUNE_ERROR_MESSAGE_MAX - used, format, arguments);
    va_end(arguments);
}

static void judge_ops(const retune_comparison *comparison, char *text) {
    size_t count = 0;
    const retune_compared_op *first = retune_comparison_first_outside(comparison, &count);
    if (!first)
        return;
    char how_far[64] = "where nothing may be";
    if (isfinite(first->share))
        snprintf(how_far, sizeof how_far, "by %.3g times its tolerance", first->share);
    add_reason(text, "%s of %s (%s) is off, %s, in %s", retune_op_name(first->kind), first->layer,
               first->part, how_far, first->output);
    if (count > 1)
        add_reason(text, "%zu of %zu ops are outside their tolerance", count, comparison->op_count);
}

static void judge_steps(const retune_comparison *comparison, char *text) {
    if (comparison->diverged)
        add_reason(text, "%s", comparison->diverged);
    for (size_t i = 0; i < comparison->step_count; i++) {
        const retune_compared_step *step = &comparison->steps[i];
        if (i == 0 && !(step->drift <= RETUNE_COMPARISON_FIRST_DRIFT))
            add_reason(text,
                       "one step from equal weights leaves them apart by %.2g of the way they went",
                       step->drift);
        if (retune_comparison_losses_agree(comparison, i))
            continue;
        add_reason(text, "the losses part in step %llu: %.6g and %.6g, more than %.3g %% apart",
                   (unsigned long long)step->step, step->loss[0], step->loss[1],
                   1e2 * comparison->loss_tolerance);
        return;
    }
}

static void judge_test(const retune_comparison *comparison, char *text) {
    const retune_compared_test *test = &comparison->test;
    if (test->total > 0 && test->p < RETUNE_COMPARISON_P)
        add_reason(text,
                   "of %llu test images a alone gets %llu right and b alone %llu, which is hardly "
                   "chance (p = %.2g)",
                   (unsigned long long)test->total, (unsigned long long)test->only[0],
                   (unsigned long long)test->only[1], test->p);
}

retune_status retune_comparison_verdict(const retune_comparison *comparison, bool *out_equivalent,
                                        char **out_text, retune_error *error) {
    char text[RETUNE_ERROR_MESSAGE_MAX] = "";
    judge_ops(comparison, text);
    judge_steps(comparison, text);
    judge_test(comparison, text);
    *out_equivalent = text[0] == '\0';
    return retune_copy_text(*out_equivalent ? "equivalent" : text, out_text, error);
}
