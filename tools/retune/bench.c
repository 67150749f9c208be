#include "base/figures.h"
#include "interrupt.h"
#include "listener.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What was received of a part's ops. */
struct part {
    char name[16];
    size_t count, shown;
    double microseconds, flops, bytes; /* of all */
    double rest;                       /* microseconds of those not shown */
};

struct bench {
    struct listener listener;
    int top;            /* ops shown of each part; 0: all */
    struct table table; /* what is printed next */
    struct part part;
    bool complete; /* no memory ran out for a table */
};

static void add_header(struct table *table, const char *const *names) {
    for (size_t i = 0; i < table->columns; i++)
        table_add(table, names[i]);
}

static void print_table(struct bench *bench) {
    if (bench->table.count == 0)
        return;
    terminal_clear(&bench->listener.terminal);
    bench->complete = table_print(&bench->table, "", 1) && bench->complete;
}

/* ---- Figures ------------------------------------------------------------------------------- */

static const char *describe(const char *what) {
    static const char *const texts[][2] = {
        {"prefix", "frozen layers"},
        {"prefix_upload", "frozen layers, images written"},
        {"step", "step"},
        {"step_device", "step, device only"},
        {"step_uncached", "step, frozen layers included"},
        {"evaluate", "evaluation, device only"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i][0], what) == 0)
            return texts[i][1];
    return what;
}

static void receive_figure(struct bench *bench, const retune_event *event) {
    static const char *const header[] = {"What", "Images", "Time", "Spread", "Images/s"};
    struct table *table = &bench->table;
    if (table->columns == 0) {
        *table = table_make("lrrrr");
        add_header(table, header);
    }
    table_add(table, describe(event->of.bench.what));
    table_add(table, figure_count(event->of.bench.images).text);
    table_add(table, figure_time(1e-3 * event->of.bench.milliseconds).text);
    table_add(table, figure_percent(event->of.bench.spread).text);
    table_add(table, figure_rate(event->of.bench.images_per_second).text);
}

static void receive_peak(struct bench *bench, const retune_event *event) {
    print_table(bench);
    putchar('\n');
    if (event->of.bench_peak.flops_per_second > 0)
        printf("Peak arithmetic  %sFLOP/s  (%s)\n",
               figure_scaled(event->of.bench_peak.flops_per_second).text,
               event->of.bench_peak.flops_of);
    if (event->of.bench_peak.bytes_per_second > 0)
        printf("Peak bandwidth   %sB/s  (%s)\n",
               figure_scaled(event->of.bench_peak.bytes_per_second).text,
               event->of.bench_peak.bytes_of);
    puts("Share: of these, the larger of arithmetic and bandwidth; above 100 % where caches help.");
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static void add_number(struct table *table, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.1f", value);
    table_add(table, isfinite(value) ? text : "-");
}

static void add_shape(struct table *table, const retune_event *event) {
    char text[128] = "";
    size_t used = 0;
    for (uint32_t d = 0; d < event->of.bench_op.rank && d < RETUNE_RANK_MAX; d++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, d ? "," : "(",
                                 event->of.bench_op.shape[d]);
    snprintf(text + used, sizeof text - used, ")");
    table_add(table, text);
}

/* Time, rate of arithmetic and rate of memory. */
static void add_rates(struct table *table, double microseconds, double flops, double bytes) {
    table_add(table, figure_time(1e-6 * microseconds).text);
    add_number(table, flops / microseconds * 1e-3);
    add_number(table, bytes / microseconds * 1e-3);
}

static void add_row_of_all(struct bench *bench, const char *label, double microseconds) {
    table_add(&bench->table, label);
    table_add(&bench->table, "");
    table_add(&bench->table, "");
    table_add(&bench->table, figure_time(1e-6 * microseconds).text);
}

/* Ends the table of a part's ops with what was left out and the sum. */
static void finish_part(struct bench *bench) {
    const struct part *part = &bench->part;
    char label[64];
    if (part->count == 0)
        return;
    if (part->shown < part->count) {
        snprintf(label, sizeof label, "%zu more", part->count - part->shown);
        add_row_of_all(bench, label, part->rest);
        for (int column = 4; column < 7; column++)
            table_add(&bench->table, "");
    }
    table_add(&bench->table, "all");
    table_add(&bench->table, "");
    table_add(&bench->table, "");
    add_rates(&bench->table, part->microseconds, part->flops, part->bytes);
    table_add(&bench->table, "");
    print_table(bench);
    bench->part = (struct part){.count = 0};
}

static void begin_part(struct bench *bench, const retune_event *event) {
    static const char *const header[] = {"Layer",   "Op",   "Output", "Time",
                                         "GFLOP/s", "GB/s", "Share"};
    finish_part(bench);
    snprintf(bench->part.name, sizeof bench->part.name, "%s", event->of.bench_op.part);
    terminal_clear(&bench->listener.terminal);
    printf("\n%s%s, %s images%s\n", style_bold(),
           strcmp(bench->part.name, "prefix") == 0 ? "Frozen layers" : "Step",
           figure_count(event->of.bench_op.images).text, style_end());
    bench->table = table_make("lllrrrr");
    add_header(&bench->table, header);
}

static void receive_op(struct bench *bench, const retune_event *event) {
    struct part *part = &bench->part;
    struct table *table = &bench->table;
    double microseconds = event->of.bench_op.microseconds;
    if (strcmp(part->name, event->of.bench_op.part) != 0)
        begin_part(bench, event);
    part->count++;
    part->microseconds += microseconds;
    part->flops += event->of.bench_op.flops;
    part->bytes += event->of.bench_op.bytes;
    if (bench->top > 0 && part->shown == (size_t)bench->top) {
        part->rest += microseconds;
        return;
    }
    part->shown++;
    table_add(table, event->of.bench_op.layer);
    table_add(table, event->of.bench_op.op);
    add_shape(table, event);
    add_rates(table, microseconds, event->of.bench_op.flops, event->of.bench_op.bytes);
    table_add(table, figure_percent(event->of.bench_op.share).text);
}

/* ---- The verb ------------------------------------------------------------------------------ */

static int receive(void *user, const retune_event *event) {
    struct bench *bench = user;
    if (!bench->listener.json && event->kind == RETUNE_EVENT_BENCH)
        receive_figure(bench, event);
    else if (!bench->listener.json && event->kind == RETUNE_EVENT_BENCH_PEAK)
        receive_peak(bench, event);
    else if (!bench->listener.json && event->kind == RETUNE_EVENT_BENCH_OP)
        receive_op(bench, event);
    return listener_receive(&bench->listener, event);
}

int verb_bench(const struct options *options) {
    interrupt_catch();
    struct bench bench = {.listener = listener_make(options->json, options->quiet),
                          .top = options->top_ops,
                          .table = table_make(""),
                          .complete = true};
    retune_bench_options wanted = {.struct_size = sizeof wanted,
                                   .class_count = (uint32_t)options->classes,
                                   .seconds = options->seconds};
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status =
        retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK)
        status = retune_job_bench(job, &wanted, receive, &bench, &error);
    finish_part(&bench);
    print_table(&bench); /* figures that were measured before something went wrong */
    listener_finish(&bench.listener);
    retune_job_close(job);
    if (status == RETUNE_OK && !bench.complete) {
        status = RETUNE_OUT_OF_MEMORY;
        snprintf(error.message, sizeof error.message, "out of memory for a table");
    }
    return status == RETUNE_OK ? 0 : output_error(options->json, status, error.message);
}
