/* The same job on two devices: tables of ops and steps, and a verdict. */
#include "base/figures.h"
#include "exit_code.h"
#include "interrupt.h"
#include "listener.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A step as it was told; of many, about so many are shown. */
enum { STEPS_SHOWN = 25 };

struct step {
    uint64_t number;
    double loss[2], drift, milliseconds[2];
};

struct compare {
    struct listener listener;
    struct table ops; /* of the part that is under way */
    char part[16];
    struct step *steps;
    size_t step_count, step_capacity;
    bool complete; /* no memory ran out for a table */
    bool different;
};

static void add_text(struct table *table, const char *format, double value) {
    char text[40];
    snprintf(text, sizeof text, format, value);
    table_add(table, text);
}

static void add_header(struct table *table, const char *alignment, const char *const *names) {
    *table = table_make(alignment);
    for (size_t i = 0; i < table->columns; i++)
        table_add(table, names[i]);
}

/* ---- Devices ------------------------------------------------------------------------------- */

static void receive_start(struct compare *compare, const retune_event *event) {
    terminal_clear(&compare->listener.terminal);
    for (int s = 0; s < 2; s++) {
        printf("%s%c%s  %s   ", style_bold(), "ab"[s], style_end(), event -> of.compare.device[s]);
        output_text(event->of.compare.name[s]);
        printf("   ");
        output_text(event->of.compare.driver[s]);
        putchar('\n');
    }
    if (event->of.compare.from) {
        printf("both go on from step %s of ", figure_count(event->of.compare.from_step).text);
        output_text(event->of.compare.from);
        putchar('\n');
    }
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static void print_ops(struct compare *compare) {
    if (compare->ops.count == 0)
        return;
    terminal_clear(&compare->listener.terminal);
    printf("\n%s%s%s, op by op\n", style_bold(), compare->part, style_end());
    compare->complete = table_print(&compare->ops, "", 1) && compare->complete;
    compare->ops = table_make("");
}

static void begin_part(struct compare *compare, const char *part) {
    static const char *const header[] = {"Layer",        "Op",     "Output", "Relative error",
                                         "Of tolerance", "Time a", "Time b", ""};
    print_ops(compare);
    snprintf(compare->part, sizeof compare->part, "%s", part);
    add_header(&compare->ops, "lllrrrrl", header);
}

static void add_output(struct table *table, const retune_event *event) {
    char text[160];
    size_t used = (size_t)snprintf(text, sizeof text, "%s ", event->of.compare_op.output);
    for (uint32_t d = 0; d < event->of.compare_op.rank && d < RETUNE_RANK_MAX; d++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, d ? "," : "(",
                                 event->of.compare_op.shape[d]);
    snprintf(text + used, sizeof text - used, ")");
    table_add(table, text);
}

static void receive_op(struct compare *compare, const retune_event *event) {
    struct table *table = &compare->ops;
    if (strcmp(compare->part, event->of.compare_op.part) != 0)
        begin_part(compare, event->of.compare_op.part);
    table_add(table, event->of.compare_op.layer);
    table_add(table, event->of.compare_op.op);
    add_output(table, event);
    add_text(table, "%.1e", event->of.compare_op.relative_error);
    add_text(table, "%.3f", event->of.compare_op.share);
    for (int s = 0; s < 2; s++)
        table_add(table, figure_time(1e-6 * event->of.compare_op.microseconds[s]).text);
    table_add(table, event->of.compare_op.passed ? "" : "OUTSIDE");
}

/* ---- Steps --------------------------------------------------------------------------------- */

static void receive_step(struct compare *compare, const retune_event *event) {
    print_ops(compare);
    if (compare->step_count == compare->step_capacity) {
        size_t larger = compare->step_capacity ? 2 * compare->step_capacity : 64;
        struct step *steps = realloc(compare->steps, larger * sizeof *steps);
        if (!steps) {
            compare->complete = false;
            return;
        }
        compare->steps = steps;
        compare->step_capacity = larger;
    }
    struct step *step = &compare->steps[compare->step_count++];
    *step =
        (struct step){.number = event->of.compare_step.step, .drift = event->of.compare_step.drift};
    memcpy(step->loss, event->of.compare_step.loss, sizeof step->loss);
    memcpy(step->milliseconds, event->of.compare_step.milliseconds, sizeof step->milliseconds);
}

/* Of many steps every so many, and the last. */
static void print_steps(struct compare *compare) {
    static const char *const header[] = {"Step", "Loss a", "Loss b", "Drift", "Time a", "Time b"};
    struct table table;
    size_t stride = (compare->step_count + STEPS_SHOWN - 1) / STEPS_SHOWN;
    if (compare->step_count == 0)
        return;
    terminal_clear(&compare->listener.terminal);
    printf("\n%sstep by step%s\n", style_bold(), style_end());
    add_header(&table, "rrrrrr", header);
    for (size_t i = 0; i < compare->step_count; i++) {
        const struct step *step = &compare->steps[i];
        if (i % stride != 0 && i + 1 < compare->step_count)
            continue;
        table_add(&table, figure_count(step->number).text);
        add_text(&table, "%.6f", step->loss[0]);
        add_text(&table, "%.6f", step->loss[1]);
        add_text(&table, "%.1e", step->drift);
        for (int s = 0; s < 2; s++)
            table_add(&table, figure_time(1e-3 * step->milliseconds[s]).text);
    }
    compare->complete = table_print(&table, "", 1) && compare->complete;
    compare->step_count = 0;
}

/* ---- The end ------------------------------------------------------------------------------- */

static void receive_test(struct compare *compare, const retune_event *event) {
    print_steps(compare);
    double total = (double)event->of.compare_test.total;
    printf("\n%s test images: a %s, b %s; a alone right %s, b alone %s (McNemar's exact test: p = "
           "%.3g)\n",
           figure_count(event->of.compare_test.total).text,
           figure_percent((double)event->of.compare_test.correct[0] / total).text,
           figure_percent((double)event->of.compare_test.correct[1] / total).text,
           figure_count(event->of.compare_test.only[0]).text,
           figure_count(event->of.compare_test.only[1]).text, event->of.compare_test.p);
}

static void receive_end(struct compare *compare, const retune_event *event) {
    print_ops(compare);
    print_steps(compare);
    const uint64_t *peak = event->of.compare_end.peak_memory_bytes;
    printf("peak memory: a %s, b %s; %s of %s ops outside their tolerance; %s\n",
           peak[0] > 0 ? figure_bytes((double)peak[0]).text : "not known",
           peak[1] > 0 ? figure_bytes((double)peak[1]).text : "not known",
           figure_count(event->of.compare_end.ops_outside).text,
           figure_count(event->of.compare_end.ops).text,
           figure_duration(event->of.compare_end.seconds).text);
    if (event->of.compare_end.tensors) {
        printf("tensors of the first op that diverges: ");
        output_text(event->of.compare_end.tensors);
        putchar('\n');
    }
    printf("%s", style_bold());
    output_text(event->of.compare_end.text);
    printf("%s\n", style_end());
}

static int receive(void *user, const retune_event *event) {
    struct compare *compare = user;
    bool prints = !compare->listener.json;
    switch (event->kind) {
    case RETUNE_EVENT_COMPARE:
        if (prints)
            receive_start(compare, event);
        break;
    case RETUNE_EVENT_COMPARE_OP:
        if (prints)
            receive_op(compare, event);
        break;
    case RETUNE_EVENT_COMPARE_STEP:
        if (prints)
            receive_step(compare, event);
        break;
    case RETUNE_EVENT_COMPARE_TEST:
        if (prints)
            receive_test(compare, event);
        break;
    case RETUNE_EVENT_COMPARE_END:
        compare->different = !event->of.compare_end.equivalent;
        if (prints)
            receive_end(compare, event);
        break;
    default:
        break;
    }
    return listener_receive(&compare->listener, event);
}

int verb_compare(const struct options *options) {
    interrupt_catch();
    if (!options->a || !options->b)
        return output_usage_error(options->json,
                                  "compare: name both devices: --a DEVICE --b DEVICE");
    struct compare compare = {.listener = listener_make(options->json, options->quiet),
                              .ops = table_make(""),
                              .complete = true};
    retune_compare_options wanted = {.struct_size = sizeof wanted,
                                     .a = options->a,
                                     .b = options->b,
                                     .steps = (uint64_t)options->steps,
                                     .epochs = (uint64_t)options->epochs,
                                     .batch = (uint64_t)options->batch,
                                     .test = (uint64_t)options->test,
                                     .from = options->from,
                                     .save = options->save,
                                     .report = options->html};
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status =
        retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK)
        status = retune_job_compare(job, &wanted, receive, &compare, &error);
    print_ops(&compare); /* what was compared before something went wrong */
    print_steps(&compare);
    free(compare.steps);
    listener_finish(&compare.listener);
    retune_job_close(job);
    if (status == RETUNE_OK && !compare.complete) {
        status = RETUNE_OUT_OF_MEMORY;
        snprintf(error.message, sizeof error.message, "out of memory for a table");
    }
    if (status != RETUNE_OK)
        return output_error(options->json, status, error.message);
    return compare.different ? EXIT_CODE_DIFFERENCE : EXIT_CODE_DONE;
}
