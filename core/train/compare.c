#include "train/compare.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "device/snapshot.h"
#include "train/compare_lockstep.h"
#include "train/compare_ops.h"
#include "train/compare_page.h"

#include <math.h>
#include <string.h>

/* What is compared when nobody says how much: some seconds on a GPU, a minute or two on a slow CPU.
 */
enum { DEFAULT_STEPS = 3, DEFAULT_BATCH = 32, DEFAULT_TEST = 64 };

/* Images of the op-by-op part. */
#define OP_BATCH 16

/* Counts beyond this are a slip of the hand. */
#define COUNT_MAX 1000000u

typedef struct compare {
    const retune_config *config;
    retune_compare_options options; /* the caller's, with defaults filled in */
    retune_events events;
    retune_compare_side sides[2];
    retune_checkpoint *from;
    retune_comparison comparison;
} compare;

static void close(compare *c) {
    /* b first: it borrows from a */
    retune_compare_side_close(&c->sides[1]);
    retune_compare_side_close(&c->sides[0]);
    retune_checkpoint_close(c->from);
    retune_comparison_free(&c->comparison);
}

/* ---- Options ------------------------------------------------------------------------------- */

static retune_status check_name(const char *option, const char *name, retune_error *error) {
    if (!name || name[0] == '\0')
        return retune_fail(error, RETUNE_INVALID, "compare: device %s is not named", option);
    if (strcmp(name, "auto") == 0 || !retune_snapshot_name_valid(name))
        return retune_fail(error, RETUNE_INVALID,
                           "compare: device %s: '%s' is not <backend> or <backend>/<device>",
                           option, name);
    return RETUNE_OK;
}

static retune_status check_count(const char *what, uint64_t count, retune_error *error) {
    if (count <= COUNT_MAX)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_INVALID, "compare: %llu %s: at most %u",
                       (unsigned long long)count, what, COUNT_MAX);
}

static retune_status read_options(const retune_compare_options *given,
                                  retune_compare_options *out_options, retune_error *error) {
    memset(out_options, 0, sizeof *out_options);
    if (!given || given->struct_size < sizeof given->struct_size)
        return retune_fail(error, RETUNE_INVALID, "retune_compare_options: %s",
                           given ? "struct_size is not set" : "are missing");
    memcpy(out_options, given, /* what an older caller does not know is 0 */
           given->struct_size < sizeof *given ? given->struct_size : sizeof *given);
    RETUNE_TRY(check_name("a", out_options->a, error));
    RETUNE_TRY(check_name("b", out_options->b, error));
    RETUNE_TRY(check_count("steps", out_options->steps, error));
    RETUNE_TRY(check_count("epochs", out_options->epochs, error));
    RETUNE_TRY(check_count("images a step", out_options->batch, error));
    RETUNE_TRY(check_count("test images", out_options->test, error));
    if (out_options->steps > 0 && out_options->epochs > 0)
        return retune_fail(error, RETUNE_INVALID,
                           "compare: so many steps or so many epochs, not both");
    if (out_options->from && out_options->batch > 0)
        return retune_fail(error, RETUNE_INVALID,
                           "compare: a run that is gone on with keeps its batch");
    return RETUNE_OK;
}

/* Comparing takes a while: what it could not write in the end is found before. */
static retune_status check_paths(const retune_compare_options *options, retune_error *error) {
    char *folder = NULL;
    if (options->save && retune_file_exists(options->save) && !retune_folder_exists(options->save))
        return retune_fail(error, RETUNE_IO, "%s: is no folder, tensors cannot be saved there",
                           options->save);
    if (!options->report)
        return RETUNE_OK;
    RETUNE_TRY(retune_path_folder(options->report, &folder, error));
    bool there = retune_folder_exists(folder) && !retune_folder_exists(options->report);
    free(folder);
    return there
               ? RETUNE_OK
               : retune_fail(error, RETUNE_IO, "%s: no page can be written there", options->report);
}

/* Whole epochs are run as the job runs them; a few steps without a feature cache, which would see
 * every image first. */
static void fill_in(compare *c) {
    retune_compare_options *options = &c->options;
    bool whole = options->epochs > 0;
    uint64_t batch = (uint64_t)c->config->train_batch;
    if (!whole && options->steps == 0)
        options->steps = DEFAULT_STEPS;
    if (options->batch == 0)
        options->batch = whole || options->from || batch < DEFAULT_BATCH ? batch : DEFAULT_BATCH;
    if (options->test == 0)
        options->test = whole ? COUNT_MAX : DEFAULT_TEST;
}

/* ---- Beginning ----------------------------------------------------------------------------- */

static void make_sides(compare *c) {
    const char *const names[] = {c->options.a, c->options.b};
    for (int s = 0; s < 2; s++) {
        retune_compare_side *side = &c->sides[s];
        retune_compare_side_make(c->config, "ab"[s], names[s], &c -> events, side);
        side->config.train_batch = (int64_t)c->options.batch;
        if (c->options.epochs == 0)
            side->config.cache_features = RETUNE_FEATURES_OFF;
    }
    c->sides[0].announces = true;
}

static retune_status open_checkpoint(compare *c, retune_error *error) {
    if (!c->options.from)
        return RETUNE_OK;
    RETUNE_TRY(retune_checkpoint_open(c->options.from, &c->from, error));
    if (!c->from)
        return retune_fail(error, RETUNE_INVALID, "%s: there is no checkpoint to go on from",
                           c->options.from);
    const char *damage = retune_checkpoint_damage(c->from);
    return damage
               ? retune_events_notice(&c->events, error, "%s; going on from the one before", damage)
               : RETUNE_OK;
}

/* The same data set and two copies of the model. */
static retune_status open_job(compare *c, retune_error *error) {
    retune_session *a = &c->sides[0].session, *b = &c->sides[1].session;
    RETUNE_TRY(retune_session_open_data(a, error));
    c->sides[1].borrows = true;
    b->dataset = a->dataset;
    b->bad = a->bad;
    RETUNE_TRY(retune_session_open_model(a, error));
    RETUNE_TRY(retune_session_announce_data(a, error));
    RETUNE_TRY(retune_session_open_model(b, error));
    if (!c->from)
        return RETUNE_OK;
    RETUNE_TRY(
        retune_checkpoint_check(c->from, c->config, a->dataset, c->options.from, "compare", error));
    RETUNE_TRY(retune_checkpoint_load_model(c->from, a->model, error));
    return retune_checkpoint_load_model(c->from, b->model, error);
}

/* What the COMPARE event says beside the devices, which are not known yet. */
static void describe(compare *c) {
    const retune_dataset *data = c->sides[0].session.dataset;
    uint64_t train = data->train_count, test = data->test_count;
    c->comparison.start = (retune_event){
        .kind = RETUNE_EVENT_COMPARE,
        .of.compare = {.batch = c->options.batch < train ? c->options.batch : train,
                       .steps = c->options.steps,
                       .epochs = c->options.epochs,
                       .test = c->options.test < test ? c->options.test : test,
                       .from = c->options.from,
                       .from_step = c->from ? retune_checkpoint_progress(c->from)->step : 0}};
    /* Runs of a network that learns are chaotic: a rounding grows. In narrow types it begins
     * larger. */
    double narrow = retune_dtype_epsilon(retune_session_map_dtype(c->config));
    c->comparison.loss_tolerance = fmax(0.01, 8.0 * narrow);
}

/* ---- Ending -------------------------------------------------------------------------------- */

static retune_status end(compare *c, retune_error *error) {
    retune_comparison *comparison = &c->comparison;
    size_t outside = 0;
    bool equivalent = false;
    char *text = NULL;
    const retune_compared_op *first = retune_comparison_first_outside(comparison, &outside);
    retune_status status = retune_comparison_verdict(comparison, &equivalent, &text, error);
    if (status == RETUNE_OK && c->options.report)
        status = retune_compare_page_write(comparison, equivalent, text, c->options.report, error);
    retune_event event = {.kind = RETUNE_EVENT_COMPARE_END,
                          .of.compare_end = {.equivalent = equivalent,
                                             .text = text,
                                             .layer = first ? first->layer : NULL,
                                             .op = first ? retune_op_name(first->kind) : NULL,
                                             .tensors = comparison->tensors,
                                             .ops = comparison->op_count,
                                             .ops_outside = outside,
                                             .peak_memory_bytes = {comparison->peak_memory[0],
                                                                   comparison->peak_memory[1]},
                                             .seconds = comparison->seconds}};
    if (status == RETUNE_OK)
        status = retune_events_send(&c->events, &event, error);
    free(text);
    return status;
}

static retune_status run(compare *c, retune_error *error) {
    double began = retune_clock_seconds();
    RETUNE_TRY(check_paths(&c->options, error));
    RETUNE_TRY(open_checkpoint(c, error));
    RETUNE_TRY(open_job(c, error));
    describe(c);
    retune_compare_ops_options ops = {
        .images = (int64_t)(c->options.batch < OP_BATCH ? c->options.batch : OP_BATCH),
        .from = c->from,
        .save = c->options.save,
        .half_features = c->config->cache_features != RETUNE_FEATURES_OFF &&
                         c->config->cache_precision == RETUNE_CACHE_FP16};
    RETUNE_TRY(retune_compare_ops(c->sides, &ops, &c->comparison, error));
    retune_compare_lockstep_options lockstep = {.steps = c->options.steps,
                                                .epochs = c->options.epochs,
                                                .test = (uint32_t)c->options.test,
                                                .from = c->from,
                                                .folder = c->options.from};
    RETUNE_TRY(retune_compare_lockstep(c->sides, &lockstep, &c->comparison, error));
    c->comparison.seconds = retune_clock_seconds() - began;
    return end(c, error);
}

retune_status retune_compare_job(const retune_config *config, const retune_compare_options *options,
                                 retune_event_callback callback, void *user, retune_error *error) {
    compare c = {.config = config, .events = {.callback = callback, .user = user}};
    RETUNE_TRY(read_options(options, &c.options, error));
    fill_in(&c);
    make_sides(&c);
    retune_status status = run(&c, error);
    close(&c);
    return status;
}
