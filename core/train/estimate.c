#include "train/estimate.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"
#include "train/budget.h"
#include "train/feature_cache.h"
#include "train/learned.h"
#include "train/prefix.h"

#include <string.h>

/* The plans of a job, those training would make. */
typedef struct estimate {
    retune_session *session;
    retune_plan *features; /* NULL when nothing is frozen below */
    retune_plan *training; /* on a table of one batch */
    uint64_t rows;         /* of the feature table */
    size_t table_bytes;
    int place; /* RETUNE_FEATURES_* */
} estimate;

static retune_status make_training(estimate *e, retune_error *error) {
    const retune_config *config = e->session->config;
    int64_t images = e->session->dataset->train_count;
    retune_tensor_desc table;
    retune_training_options options = {.batch = config->train_batch < images ? config->train_batch
                                                                             : images,
                                       .map_dtype = retune_session_map_dtype(config),
                                       .label_smoothing = (float)config->train_label_smoothing,
                                       .optimizer = retune_session_optimizer(config)};
    if (e->features) {
        table = retune_feature_cache_row(e->session, e->features);
        table.shape[0] = options.batch;
        options.table = &table;
    }
    return retune_plan_training(e->session->model, &e->session->freeze, &options, &e->training,
                                error);
}

static retune_status make_plans(estimate *e, retune_error *error) {
    retune_session *session = e->session;
    e->place = RETUNE_FEATURES_OFF;
    if (session->freeze.frontier > 0) {
        RETUNE_TRY(retune_session_plan_features(session, &e->features, error));
        e->rows = retune_feature_cache_rows(session);
        retune_tensor_desc table = retune_feature_cache_row(session, e->features);
        table.shape[0] = (int64_t)e->rows;
        RETUNE_TRY(retune_desc_bytes(&table, &e->table_bytes, error));
        e->place =
            retune_feature_cache_place(session->config, e->table_bytes, retune_available_memory());
    }
    return make_training(e, error);
}

/* ---- Time ---------------------------------------------------------------------------------- */

/* Seconds of the second of two runs: the first one pays for memory that is touched for the first
 * time. */
static retune_status time_run(retune_executable *executable, retune_range range,
                              double *out_seconds, retune_error *error) {
    for (int run = 0; run < 2; run++) {
        double began = retune_clock_seconds();
        RETUNE_TRY(retune_executable_run(executable, range, 0.0f, 1, error));
        RETUNE_TRY(retune_executable_wait(executable, error));
        *out_seconds = retune_clock_seconds() - began;
    }
    return RETUNE_OK;
}

static retune_status time_prefix(const estimate *e, double *out_seconds_per_image,
                                 retune_error *error) {
    *out_seconds_per_image = 0.0;
    if (!e->features)
        return RETUNE_OK;
    retune_prefix prefix;
    double seconds = 0.0;
    RETUNE_TRY(
        retune_prefix_open(e->session->device, e->session->model, e->features, &prefix, error));
    retune_status status =
        retune_executable_write_all(prefix.executable, e->features->images, prefix.images, error);
    if (status == RETUNE_OK)
        status = time_run(prefix.executable, e->features->forward, &seconds, error);
    retune_prefix_close(&prefix);
    *out_seconds_per_image = seconds / (double)e->features->batch;
    return status;
}

/* Fills every input of the training plan with zeros, which are valid as bytes, labels and indices.
 */
static retune_status write_inputs(const estimate *e, retune_executable *executable,
                                  retune_error *error) {
    const retune_plan *plan = e->training;
    const int32_t inputs[] = {plan->images, plan->table,  plan->index,
                              plan->label,  plan->weight, plan->total_weight};
    float one = 1.0f;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (inputs[i] == RETUNE_NO_VALUE)
            continue;
        size_t bytes = 0;
        void *zeros = NULL;
        RETUNE_TRY(retune_desc_bytes(&plan->graph->values[inputs[i]].desc, &bytes, error));
        RETUNE_TRY(retune_allocate(bytes, 1, "a trial", &zeros, error));
        retune_status status = retune_executable_write_all(executable, inputs[i], zeros, error);
        free(zeros);
        if (status != RETUNE_OK)
            return status;
    }
    return retune_executable_write_all(executable, plan->total_weight, &one, error);
}

static retune_status time_step(const estimate *e, double *out_step, double *out_evaluation,
                               retune_error *error) {
    const retune_plan *plan = e->training;
    retune_executable *executable = NULL;
    retune_range step = {0, plan->update.end};
    RETUNE_TRY(retune_executable_create(e->session->device, plan->graph, e->session->model,
                                        RETUNE_NO_VALUE, NULL, &executable, error));
    retune_status status = write_inputs(e, executable, error);
    if (status == RETUNE_OK)
        status = time_run(executable, step, out_step, error);
    if (status == RETUNE_OK)
        status = time_run(executable, plan->evaluate, out_evaluation, error);
    retune_executable_destroy(executable);
    return status;
}

/* ---- Adding up ----------------------------------------------------------------------------- */

static double range_flops(const retune_plan *plan, retune_range range) {
    double flops = 0.0;
    for (size_t n = range.begin; n < range.end; n++) {
        retune_op_desc op = retune_graph_describe(plan->graph, &plan->graph->nodes[n]);
        flops += retune_op_cost(&op).flops;
    }
    return flops;
}

static retune_status add_up_memory(const estimate *e, retune_event *event, retune_error *error) {
    uint64_t training = 0, features = 0;
    RETUNE_TRY(retune_graph_bytes(e->training->graph, &training, error));
    if (e->features)
        RETUNE_TRY(retune_graph_bytes(e->features->graph, &features, error));
    const retune_device_info *info = &e->session->device->info;
    bool shared = info->features & RETUNE_FEATURE_HOST_MEMORY;
    bool copied = e->place != RETUNE_FEATURES_OFF && !shared &&
                  retune_budget_holds_table(info, e->table_bytes);
    uint64_t held = e->place == RETUNE_FEATURES_MEMORY ? e->table_bytes : 0;
    /* The plans run one after the other. */
    training += copied ? e->table_bytes : 0;
    uint64_t device = training > features ? training : features;
    uint64_t model = retune_model_parameter_total(e->session->model) * sizeof(float), learned = 0;
    RETUNE_TRY(retune_learned_bytes(e->training, &learned, error));
    event->of.plan.memory_bytes = model + learned + held + (shared ? device : 0);
    event->of.plan.device_bytes = device;
    event->of.plan.cache_bytes = e->place == RETUNE_FEATURES_OFF ? 0 : e->table_bytes;
    return RETUNE_OK;
}

static retune_status add_up_time(const estimate *e, retune_event *event, retune_error *error) {
    const retune_dataset *data = e->session->dataset;
    double image = 0.0, step = 0.0, evaluation = 0.0;
    RETUNE_TRY(time_prefix(e, &image, error));
    RETUNE_TRY(time_step(e, &step, &evaluation, error));
    uint64_t batch = (uint64_t)e->training->batch;
    uint64_t steps = (data->train_count + batch - 1) / batch;
    uint64_t test_runs = (data->test_count + batch - 1) / batch;
    double epoch = (double)steps * step + (double)test_runs * evaluation;
    bool every_time = e->features && e->place == RETUNE_FEATURES_OFF;
    if (every_time)
        epoch += (double)(data->train_count + data->test_count) * image;
    event->of.plan.steps_per_epoch = steps;
    event->of.plan.seconds_features = every_time ? 0.0 : (double)e->rows * image;
    event->of.plan.seconds_per_epoch = epoch;
    event->of.plan.flops_per_step =
        range_flops(e->training, (retune_range){0, e->training->update.end});
    event->of.plan.flops_per_image_prefix =
        e->features ? range_flops(e->features, e->features->forward) / (double)e->features->batch
                    : 0.0;
    return RETUNE_OK;
}

retune_status retune_estimate_job(retune_session *session, retune_event *out_event,
                                  retune_error *error) {
    *out_event =
        (retune_event){.struct_size = (uint32_t)sizeof *out_event, .kind = RETUNE_EVENT_PLAN};
    estimate e = {.session = session};
    retune_status status = make_plans(&e, error);
    const retune_plan *plans[] = {e.features, e.training};
    if (status == RETUNE_OK)
        status = retune_session_open_device(session, plans, 2, error);
    if (status == RETUNE_OK && e.features)
        status = retune_session_plan_features(session, &e.features, error);
    if (status == RETUNE_OK)
        status = add_up_memory(&e, out_event, error);
    if (status == RETUNE_OK)
        status = add_up_time(&e, out_event, error);
    retune_plan_destroy(e.features);
    retune_plan_destroy(e.training);
    return status;
}
