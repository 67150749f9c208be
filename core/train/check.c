#include "train/check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"
#include "train/feature_cache.h"
#include "train/session.h"

#include <string.h>

/* A check that goes on after a fault; `first` is the first one. */
typedef struct check {
    retune_session session;
    retune_status status;
    retune_error first;
} check;

/* Notes the outcome of a step. True when it went well. */
static bool passes(check *c, retune_status status, const retune_error *fault) {
    if (status == RETUNE_OK)
        return true;
    if (c->status == RETUNE_OK) {
        c->status = status;
        c->first = *fault;
    }
    if (status != RETUNE_CANCELLED)
        (void)retune_events_problem(c->session.events, status, fault->message, NULL);
    return false;
}

/* Decodes every image, as training would. */
static retune_status decode_all(check *c, retune_error *error) {
    retune_session *session = &c->session;
    const retune_dataset *data = session->dataset;
    size_t side = session->model->input_size;
    retune_loader_options options = {.width = session->model->input_size,
                                     .height = session->model->input_size,
                                     .view = retune_session_view_rule(session, false),
                                     .max_megapixels =
                                         (uint32_t)session->config->data_max_megapixels,
                                     .threads = (uint32_t)session->config->data_threads};
    retune_loader *loader = NULL;
    retune_loader_item *items = NULL;
    unsigned char *pixels = NULL;
    double began = retune_clock_seconds();
    retune_status status =
        retune_allocate(data->sample_count, sizeof *items, "the images", &items, error);
    if (status == RETUNE_OK)
        status = retune_allocate(side * side, 3, "an image", &pixels, error);
    if (status == RETUNE_OK)
        status = retune_loader_open(data, &options, &loader, error);
    for (uint32_t s = 0; s < data->sample_count && status == RETUNE_OK; s++)
        items[s] = (retune_loader_item){.sample = s};
    if (status == RETUNE_OK)
        status = retune_loader_start(loader, items, data->sample_count, error);
    for (uint32_t s = 0; s < data->sample_count && status == RETUNE_OK; s++) {
        retune_status image = RETUNE_OK;
        retune_error cause = RETUNE_ERROR_INIT;
        status = retune_loader_next(loader, pixels, &image, &cause);
        if (status == RETUNE_OK && image != RETUNE_OK &&
            retune_session_bad_image(session, s, &cause, NULL) != RETUNE_OK)
            passes(c, image, &cause);
        if (status == RETUNE_OK)
            status = retune_events_progress(session->events, RETUNE_PHASE_SCAN, 0, s + 1,
                                            data->sample_count, "images", began, error);
    }
    retune_loader_close(loader);
    free(items);
    free(pixels);
    return status;
}

static double plan_flops(const retune_plan *plan) {
    double flops = 0.0;
    for (size_t n = 0; n < plan->graph->node_count; n++) {
        retune_op_desc op = retune_graph_describe(plan->graph, &plan->graph->nodes[n]);
        bool counts = n < plan->update.end; /* not the evaluation pass */
        flops += counts ? retune_op_cost(&op).flops : 0.0;
    }
    return flops;
}

/* What the plans need: sizes and operations, as training would find them. */
static retune_status describe_plan(check *c, const retune_plan *features,
                                   const retune_plan *training, uint64_t table_bytes,
                                   retune_error *error) {
    retune_session *session = &c->session;
    uint64_t training_bytes = 0, feature_bytes = 0;
    RETUNE_TRY(retune_graph_bytes(training->graph, &training_bytes, error));
    if (features)
        RETUNE_TRY(retune_graph_bytes(features->graph, &feature_bytes, error));
    int place = features ? retune_feature_cache_place(session->config, table_bytes,
                                                      retune_available_memory())
                         : RETUNE_FEATURES_OFF;
    bool shared = session->device->info.features & RETUNE_FEATURE_HOST_MEMORY;
    uint64_t table = place == RETUNE_FEATURES_MEMORY ? table_bytes : 0;
    /* The plans run one after the other; the table's value is counted with the training plan. */
    training_bytes -= table_bytes;
    uint64_t device = training_bytes > feature_bytes ? training_bytes : feature_bytes;
    uint64_t host = retune_model_parameter_total(session->model) * sizeof(float) + table;
    retune_event event = {
        .kind = RETUNE_EVENT_PLAN,
        .of.plan = {host + (shared ? device : 0), device + (shared ? 0 : table_bytes),
                    place == RETUNE_FEATURES_OFF ? 0 : table_bytes,
                    (session->dataset->train_count + (uint64_t)training->batch - 1) /
                        (uint64_t)training->batch,
                    plan_flops(training),
                    features ? plan_flops(features) / (double)features->batch : 0.0}};
    return retune_events_send(session->events, &event, error);
}

static retune_status check_plans(check *c, retune_error *error) {
    retune_session *session = &c->session;
    retune_plan *features = NULL, *training = NULL;
    retune_tensor_desc table;
    size_t table_bytes = 0;
    int64_t batch = session->config->train_batch;
    if (batch > session->dataset->train_count)
        batch = session->dataset->train_count;
    retune_status status = RETUNE_OK;
    if (session->freeze.frontier > 0) {
        status = retune_plan_features(session->model, &session->freeze, RETUNE_PREFIX_BATCH,
                                      &features, error);
        if (status == RETUNE_OK) {
            table = retune_feature_cache_row(session, features);
            table.shape[0] = (int64_t)retune_feature_cache_rows(session);
            status = retune_desc_bytes(&table, &table_bytes, error);
        }
    }
    retune_training_options options = {.batch = batch,
                                       .table = features ? &table : NULL,
                                       .label_smoothing =
                                           (float)session->config->train_label_smoothing,
                                       .optimizer = retune_session_optimizer(session->config)};
    if (status == RETUNE_OK)
        status = retune_plan_training(session->model, &session->freeze, &options, &training, error);
    const retune_plan *plans[] = {features, training};
    if (status == RETUNE_OK)
        status = retune_session_open_device(session, plans, 2, error);
    if (status == RETUNE_OK)
        status = describe_plan(c, features, training, table_bytes, error);
    retune_plan_destroy(features);
    retune_plan_destroy(training);
    return status;
}

retune_status retune_check_job(const retune_config *config, retune_event_callback callback,
                               void *user, retune_error *error) {
    retune_events events = {.callback = callback, .user = user};
    check c = {.session = {.config = config, .events = &events}, .first = RETUNE_ERROR_INIT};
    retune_error fault = RETUNE_ERROR_INIT;
    bool data = passes(&c, retune_session_open_data(&c.session, &fault), &fault);
    bool model = data && passes(&c, retune_session_open_model(&c.session, &fault), &fault);
    if (data)
        passes(&c, retune_session_announce_data(&c.session, &fault), &fault);
    if (data && c.session.model)
        passes(&c, decode_all(&c, &fault), &fault);
    if (model)
        passes(&c, check_plans(&c, &fault), &fault);
    retune_session_close(&c.session);
    if (c.status != RETUNE_OK && error)
        return retune_fail(error, c.status, "%s", c.first.message);
    return c.status;
}
