#include "train/bench_ops.h"

#include "base/clock.h"
#include "base/memory.h"
#include "graph/op_rule.h"

#include <math.h>
#include <string.h>

enum { LEAST_RUNS = 3, MOST_RUNS = 101 };

bool retune_bench_ops_possible(const retune_device *device) {
    return !device->next && device->backend->program_times &&
           (device->info.features & RETUNE_FEATURE_TIMESTAMPS);
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* The number of the device with this id. */
static retune_status find_device(const retune_backend *backend, const char *id, uint32_t *out_index,
                                 retune_error *error) {
    uint32_t count = 0;
    RETUNE_TRY(retune_device_count(backend, &count, error));
    for (*out_index = 0; *out_index < count; (*out_index)++) {
        retune_device_info info;
        RETUNE_TRY(retune_device_describe(backend, *out_index, &info, error));
        if (strcmp(info.id, id) == 0)
            return RETUNE_OK;
    }
    return retune_fail(error, RETUNE_UNAVAILABLE, "%s: the device is not there any more", id);
}

/* The options of [backend.<name>] but for `profiling`, and that. */
static retune_status profiling_options(const retune_config *config, const char *backend,
                                       retune_option **out_options, size_t *out_count,
                                       retune_error *error) {
    size_t count = 0;
    const retune_option *given = retune_config_backend_options(config, backend, &count);
    RETUNE_TRY(retune_allocate(count + 1, sizeof **out_options, "options", out_options, error));
    *out_count = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(given[i].key, "profiling") != 0)
            (*out_options)[(*out_count)++] = given[i];
    (*out_options)[(*out_count)++] = (retune_option){"profiling", "on"};
    return RETUNE_OK;
}

retune_status retune_bench_ops_open(retune_session *session, retune_error *error) {
    const retune_backend *backend = session->device->backend;
    retune_option *options = NULL;
    size_t option_count = 0;
    uint32_t index = 0;
    RETUNE_TRY(find_device(backend, session->device->info.id, &index, error));
    RETUNE_TRY(profiling_options(session->config, backend->name, &options, &option_count, error));
    retune_verdict verdict = session->device->verdict;
    retune_device_close(session->device);
    session->device = NULL;
    retune_status status =
        retune_device_open(backend, index, options, option_count, &session->device, error);
    if (status == RETUNE_OK)
        session->device->verdict = verdict;
    free(options);
    return status;
}

/* ---- Measuring ----------------------------------------------------------------------------- */

/* The times of one range in several runs: a row a run. */
typedef struct op_times {
    uint64_t *nanoseconds; /* [MOST_RUNS][nodes of the graph] */
    size_t nodes, runs;
} op_times;

static retune_status run_once(retune_executable *executable, retune_range range,
                              uint64_t *out_nanoseconds, retune_error *error) {
    RETUNE_TRY(retune_executable_run(executable, range, 0.0f, 1, error));
    RETUNE_TRY(retune_executable_wait(executable, error));
    return retune_executable_times(executable, out_nanoseconds, error);
}

/* The first run warms up; the next one takes its row. */
static retune_status collect(retune_stopwatch *stopwatch, retune_executable *executable,
                             retune_range range, op_times *times, retune_error *error) {
    RETUNE_TRY(run_once(executable, range, times->nanoseconds, error));
    double began = retune_clock_seconds();
    while (times->runs < LEAST_RUNS ||
           (times->runs < MOST_RUNS && retune_clock_seconds() - began < stopwatch->least_seconds)) {
        uint64_t *row = times->nanoseconds + times->runs * times->nodes;
        RETUNE_TRY(run_once(executable, range, row, error));
        RETUNE_TRY(retune_stopwatch_progress(stopwatch, error));
        times->runs++;
    }
    stopwatch->done++;
    return RETUNE_OK;
}

static double median_seconds(const op_times *times, size_t node) {
    double seconds[MOST_RUNS];
    for (size_t run = 0; run < times->runs; run++)
        seconds[run] = 1e-9 * (double)times->nanoseconds[run * times->nodes + node];
    return retune_timing_make(seconds, times->runs).median;
}

/* ---- Telling ------------------------------------------------------------------------------- */

/* How much of the time the op would take at the device's peak; the slower of arithmetic and memory
 * is what holds it back. */
static double share_of_peak(retune_cost cost, double seconds, const retune_bench_peak *peak) {
    double arithmetic =
        peak->flops_per_second > 0.0 ? cost.flops / peak->flops_per_second / seconds : NAN;
    double memory =
        peak->bytes_per_second > 0.0 ? cost.bytes / peak->bytes_per_second / seconds : NAN;
    return fmax(arithmetic, memory);
}

static retune_event describe_op(const char *part, const retune_plan *plan, size_t n, double seconds,
                                const retune_bench_peak *peak) {
    const retune_node *node = &plan->graph->nodes[n];
    retune_op_desc op = retune_graph_describe(plan->graph, node);
    retune_cost cost = retune_op_cost(&op);
    retune_event event = {.kind = RETUNE_EVENT_BENCH_OP,
                          .of.bench_op = {.part = part,
                                          .layer = node->layer,
                                          .op = retune_op_name(node->kind),
                                          .rank = op.outputs[0]->rank,
                                          .images = (uint64_t)plan->batch,
                                          .microseconds = 1e6 * seconds,
                                          .flops = cost.flops,
                                          .bytes = cost.bytes,
                                          .share = share_of_peak(cost, seconds, peak)}};
    memcpy(event.of.bench_op.shape, op.outputs[0]->shape, sizeof event.of.bench_op.shape);
    return event;
}

/* The slowest first; equal ones as they run. */
typedef struct ranked_op {
    size_t node;
    double seconds;
} ranked_op;

static int compare(const void *left, const void *right) {
    const ranked_op *a = left, *b = right;
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? 1 : -1;
    return a->node < b->node ? -1 : 1;
}

static retune_status tell(retune_events *events, const char *part, const retune_plan *plan,
                          retune_range range, const op_times *times, const retune_bench_peak *peak,
                          retune_error *error) {
    size_t count = range.end - range.begin;
    ranked_op *ranking = NULL;
    RETUNE_TRY(retune_allocate(count, sizeof *ranking, "ops", &ranking, error));
    for (size_t i = 0; i < count; i++)
        ranking[i] = (ranked_op){range.begin + i, median_seconds(times, range.begin + i)};
    qsort(ranking, count, sizeof *ranking, compare);
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < count && status == RETUNE_OK; i++) {
        retune_event event = describe_op(part, plan, ranking[i].node, ranking[i].seconds, peak);
        status = retune_events_send(events, &event, error);
    }
    free(ranking);
    return status;
}

retune_status retune_bench_ops_measure(retune_stopwatch *stopwatch, const char *part,
                                       const retune_plan *plan, retune_range range,
                                       retune_executable *executable, const retune_bench_peak *peak,
                                       retune_error *error) {
    op_times times = {.nodes = plan->graph->node_count};
    RETUNE_TRY(retune_allocate(MOST_RUNS * times.nodes, sizeof *times.nanoseconds, "times of ops",
                               &times.nanoseconds, error));
    retune_status status = collect(stopwatch, executable, range, &times, error);
    if (status == RETUNE_OK)
        status = tell(stopwatch->events, part, plan, range, &times, peak, error);
    free(times.nanoseconds);
    return status;
}
