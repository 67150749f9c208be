#include "train/bench.h"

#include "base/clock.h"
#include "data/folder.h"
#include "train/bench_ops.h"
#include "train/bench_peak.h"
#include "train/feature_cache.h"
#include "train/micro_batch.h"
#include "train/session.h"
#include "train/trial.h"

#include <math.h>
#include <string.h>

#define DEFAULT_CLASSES 5u
#define DEFAULT_SECONDS 2.0

/* Batches that the made-up feature table holds: enough that a step does not find all of its rows in
 * a cache. */
#define TABLE_BATCHES 4

typedef struct bench {
    retune_session session;
    retune_stopwatch stopwatch;
    int64_t batch, micro_batch; /* images an update, and a run */
    retune_plan *features;      /* NULL when nothing is frozen below */
    retune_plan *training;      /* on cached features; on images when nothing is frozen below */
    retune_plan *uncached;      /* on features computed for each run; NULL without `features` */
    retune_bench_peak peak;
} bench;

static void close(bench *b) {
    retune_plan_destroy(b->features);
    retune_plan_destroy(b->training);
    retune_plan_destroy(b->uncached);
    retune_session_close(&b->session);
}

/* ---- Planning ------------------------------------------------------------------------------ */

/* The number of classes the data set has, when it is there, else the one asked for. What was not
 * followed is said. */
static retune_status choose_classes(bench *b, uint32_t wanted, uint32_t *out_classes,
                                    retune_error *error) {
    const char *root = b->session.config->data_root;
    retune_folder classes;
    retune_error missing = RETUNE_ERROR_INIT;
    *out_classes = wanted > 0 ? wanted : DEFAULT_CLASSES;
    retune_status found = root[0] ? retune_folder_list_classes(root, &classes, &missing)
                                  : retune_fail(&missing, RETUNE_INVALID, "[data] root is not set");
    if (found != RETUNE_OK)
        return retune_events_notice(b->session.events, error, "%s: measuring with %u classes",
                                    missing.message, *out_classes);
    *out_classes = (uint32_t)classes.folder_count;
    retune_folder_free(&classes);
    if (*out_classes < 2)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: has %u class folders; at least two are needed", root, *out_classes);
    if (wanted == 0 || wanted == *out_classes)
        return RETUNE_OK;
    return retune_events_notice(b->session.events, error,
                                "%s: measuring with its %u classes, not %u", root, *out_classes,
                                wanted);
}

static retune_status open_model(bench *b, uint32_t class_count, retune_error *error) {
    retune_session *session = &b->session;
    RETUNE_TRY(retune_session_build_model(session, class_count, error));
    RETUNE_TRY(retune_model_allocate(session->model, (uint64_t)session->config->train_seed, error));
    return retune_session_announce_model(session, error);
}

/* What a step gathers from: made-up rows of the cache, or those computed for a run. */
static retune_tensor_desc table_desc(const bench *b, bool cached) {
    retune_tensor_desc table = retune_feature_cache_row(&b->session, b->features);
    table.shape[0] = cached ? TABLE_BATCHES * b->batch : b->micro_batch;
    if (!cached)
        table.dtype = RETUNE_F32;
    return table;
}

static retune_training_options training_options(const bench *b, const retune_tensor_desc *table) {
    const retune_config *config = b->session.config;
    return (retune_training_options){.batch = b->micro_batch,
                                     .map_dtype = retune_session_map_dtype(config),
                                     .table = table,
                                     .accumulate = b->micro_batch < b->batch,
                                     .label_smoothing = (float)config->train_label_smoothing,
                                     .optimizer = retune_session_optimizer(config)};
}

/* The plans above the frozen layers, in place of those there were. */
static retune_status plan_training(bench *b, retune_error *error) {
    retune_session *session = &b->session;
    retune_tensor_desc cached, computed;
    if (b->features) {
        cached = table_desc(b, true);
        computed = table_desc(b, false);
    }
    retune_training_options options = training_options(b, b->features ? &cached : NULL);
    retune_plan_destroy(b->training);
    retune_plan_destroy(b->uncached);
    b->uncached = NULL;
    RETUNE_TRY(
        retune_plan_training(session->model, &session->freeze, &options, &b->training, error));
    if (!b->features)
        return RETUNE_OK;
    options.table = &computed;
    return retune_plan_training(session->model, &session->freeze, &options, &b->uncached, error);
}

/* Divides the batch where it does not fit on the device, as training would. */
static retune_status divide_batch(bench *b, retune_error *error) {
    retune_tensor_desc table;
    if (b->features)
        table = table_desc(b, true);
    retune_training_options whole = training_options(b, b->features ? &table : NULL);
    RETUNE_TRY(retune_micro_batch_choose(&b->session, &whole, true, 0, &b->micro_batch, error));
    return b->micro_batch < b->batch ? plan_training(b, error) : RETUNE_OK;
}

static retune_status open(bench *b, uint32_t wanted_classes, retune_error *error) {
    retune_session *session = &b->session;
    uint32_t classes = 0;
    RETUNE_TRY(choose_classes(b, wanted_classes, &classes, error));
    RETUNE_TRY(open_model(b, classes, error));
    b->batch = b->micro_batch = session->config->train_batch;
    if (session->freeze.frontier > 0)
        RETUNE_TRY(retune_session_plan_features(session, &b->features, error));
    else
        RETUNE_TRY(retune_events_notice(session->events, error,
                                        "the first layer is trained: there are no frozen layers "
                                        "to measure, and steps see images"));
    RETUNE_TRY(plan_training(b, error));
    const retune_plan *plans[] = {b->features, b->training};
    RETUNE_TRY(retune_session_open_device(session, plans, 2, error));
    if (b->features)
        RETUNE_TRY(retune_session_plan_features(session, &b->features, error));
    return divide_batch(b, error);
}

/* ---- Figures ------------------------------------------------------------------------------- */

/* Measures work on `images` images and sends the figure. */
static retune_status measure(bench *b, const char *what, int64_t images,
                             retune_executable *executable, retune_work work, void *user,
                             retune_error *error) {
    retune_timing timing;
    RETUNE_TRY(retune_stopwatch_measure(&b->stopwatch, executable, work, user, &timing, error));
    retune_event event = {.kind = RETUNE_EVENT_BENCH,
                          .of.bench = {.what = what,
                                       .images = (uint64_t)images,
                                       .milliseconds = 1e3 * timing.median,
                                       .spread = timing.spread,
                                       .images_per_second = (double)images / timing.median,
                                       .repetitions = timing.repetitions}};
    return retune_events_send(b->session.events, &event, error);
}

static retune_status run_prefix(void *user, retune_error *error) {
    const retune_prefix *prefix = user;
    return retune_executable_run(prefix->executable, prefix->plan->forward, 0.0f, 1, error);
}

static retune_status upload_and_run_prefix(void *user, retune_error *error) {
    const retune_prefix *prefix = user;
    RETUNE_TRY(retune_executable_write_all(prefix->executable, prefix->plan->images, prefix->images,
                                           error));
    return run_prefix(user, error);
}

/* A prefix with random pixels on both sides. */
static retune_status open_prefix(const bench *b, retune_prefix *out_prefix, retune_error *error) {
    const retune_plan *plan = b->features;
    RETUNE_TRY(retune_prefix_open(b->session.device, b->session.model, plan, out_prefix, error));
    retune_trial_make_up(RETUNE_U8, 0, out_prefix->image_bytes * out_prefix->batch,
                         out_prefix->images);
    retune_status status = retune_executable_write_all(out_prefix->executable, plan->images,
                                                       out_prefix->images, error);
    if (status != RETUNE_OK)
        retune_prefix_close(out_prefix);
    return status;
}

static retune_status measure_prefix(bench *b, retune_error *error) {
    retune_prefix prefix;
    RETUNE_TRY(open_prefix(b, &prefix, error));
    retune_status status =
        measure(b, "prefix", b->features->batch, prefix.executable, run_prefix, &prefix, error);
    if (status == RETUNE_OK)
        status = measure(b, "prefix_upload", b->features->batch, prefix.executable,
                         upload_and_run_prefix, &prefix, error);
    retune_prefix_close(&prefix);
    return status;
}

static retune_status open_trial(const bench *b, const retune_plan *plan, retune_prefix *prefix,
                                retune_trial *out_trial, retune_error *error) {
    size_t pieces = (size_t)((b->batch + b->micro_batch - 1) / b->micro_batch);
    return retune_trial_open(b->session.device, b->session.model, plan, pieces, prefix, out_trial,
                             error);
}

static retune_status measure_steps(bench *b, retune_error *error) {
    retune_trial trial;
    RETUNE_TRY(open_trial(b, b->training, NULL, &trial, error));
    retune_executable *executable = trial.executable;
    retune_status status =
        measure(b, "step", b->batch, executable, retune_trial_step, &trial, error);
    if (status == RETUNE_OK)
        status = measure(b, "step_device", b->batch, executable, retune_trial_step_on_device,
                         &trial, error);
    if (status == RETUNE_OK)
        status = measure(b, "evaluate", b->micro_batch, executable, retune_trial_evaluate, &trial,
                         error);
    retune_trial_close(&trial);
    return status;
}

static retune_status measure_uncached(bench *b, retune_error *error) {
    retune_prefix prefix;
    retune_trial trial;
    RETUNE_TRY(open_prefix(b, &prefix, error));
    retune_status status = open_trial(b, b->uncached, &prefix, &trial, error);
    if (status == RETUNE_OK) {
        status = measure(b, "step_uncached", b->batch, trial.executable, retune_trial_step, &trial,
                         error);
        retune_trial_close(&trial);
    }
    retune_prefix_close(&prefix);
    return status;
}

static retune_status measure_peak(bench *b, retune_error *error) {
    RETUNE_TRY(retune_bench_peak_measure(b->session.device, &b->stopwatch, &b->peak, error));
    retune_event event = {.kind = RETUNE_EVENT_BENCH_PEAK,
                          .of.bench_peak = {b->peak.flops_per_second, b->peak.bytes_per_second,
                                            b->peak.flops_of, b->peak.bytes_of}};
    return retune_events_send(b->session.events, &event, error);
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static retune_status measure_prefix_ops(bench *b, retune_error *error) {
    retune_prefix prefix;
    RETUNE_TRY(open_prefix(b, &prefix, error));
    retune_status status =
        retune_bench_ops_measure(&b->stopwatch, "prefix", b->features, b->features->forward,
                                 prefix.executable, &b->peak, error);
    retune_prefix_close(&prefix);
    return status;
}

static retune_status measure_step_ops(bench *b, retune_error *error) {
    retune_trial trial;
    RETUNE_TRY(open_trial(b, b->training, NULL, &trial, error));
    retune_range step = {b->training->forward.begin, b->training->update.end};
    retune_status status = retune_bench_ops_measure(&b->stopwatch, "step", b->training, step,
                                                    trial.executable, &b->peak, error);
    retune_trial_close(&trial);
    return status;
}

static retune_status measure_ops(bench *b, retune_error *error) {
    retune_session *session = &b->session;
    if (!retune_bench_ops_possible(session->device))
        return retune_events_notice(session->events, error,
                                    "%s does not measure ops: there is no table of them",
                                    session->device->info.id);
    RETUNE_TRY(retune_bench_ops_open(session, error));
    if (b->features)
        RETUNE_TRY(measure_prefix_ops(b, error));
    return measure_step_ops(b, error);
}

/* ---- All of it ----------------------------------------------------------------------------- */

static retune_status run(bench *b, uint32_t wanted_classes, retune_error *error) {
    RETUNE_TRY(open(b, wanted_classes, error));
    /* Three figures of steps, two peaks, the ops of a step; prefix and uncached steps add four. */
    b->stopwatch.total = b->features ? 10 : 6;
    b->stopwatch.began = retune_clock_seconds();
    if (b->features)
        RETUNE_TRY(measure_prefix(b, error));
    RETUNE_TRY(measure_steps(b, error));
    if (b->features)
        RETUNE_TRY(measure_uncached(b, error));
    RETUNE_TRY(measure_peak(b, error));
    return measure_ops(b, error);
}

retune_status retune_bench_job(const retune_config *config, const retune_bench_options *options,
                               retune_event_callback callback, void *user, retune_error *error) {
    retune_bench_options wanted = {0};
    if (options && options->struct_size < sizeof options->struct_size)
        return retune_fail(error, RETUNE_INVALID, "retune_bench_options: struct_size is not set");
    if (options) /* what an older caller does not know is 0 */
        memcpy(&wanted, options,
               options->struct_size < sizeof wanted ? options->struct_size : sizeof wanted);
    if (!(wanted.seconds >= 0.0) || !isfinite(wanted.seconds))
        return retune_fail(error, RETUNE_INVALID, "bench: a figure cannot be measured for %g s",
                           wanted.seconds);
    if (wanted.class_count == 1)
        return retune_fail(error, RETUNE_INVALID, "bench: a single class; at least two are needed");
    retune_events events = {.callback = callback, .user = user};
    bench b = {
        .session = {.config = config, .events = &events},
        .stopwatch = {.events = &events,
                      .least_seconds = wanted.seconds > 0.0 ? wanted.seconds : DEFAULT_SECONDS}};
    retune_status status = run(&b, wanted.class_count, error);
    close(&b);
    return status;
}
