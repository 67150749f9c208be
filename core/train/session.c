#include "train/session.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "device/executable.h"
#include "device/plugin.h"
#include "graph/op_rule.h"
#include "model/import.h"
#include "train/budget.h"
#include "train/crossings.h"
#include "train/prefix.h"

#include <stdio.h>
#include <string.h>

void retune_session_close(retune_session *session) {
    retune_refusals_free(&session->refusals);
    retune_refusals_free(&session->lost);
    retune_device_close(session->device);
    retune_freeze_release(&session->freeze);
    retune_model_destroy(session->model);
    retune_dataset_close(session->dataset);
    free(session->bad);
    session->device = NULL;
    session->model = NULL;
    session->dataset = NULL;
    session->bad = NULL;
}

/* ---- Data ---------------------------------------------------------------------------------- */

typedef struct scan {
    retune_events *events;
    double began;
} scan;

static int scan_progress(void *user, uint64_t done, uint64_t total) {
    const scan *s = user;
    return retune_events_progress(s->events, RETUNE_PHASE_SCAN, 0, done, total, "images", s->began,
                                  NULL) != RETUNE_OK;
}

retune_status retune_session_open_data(retune_session *session, retune_error *error) {
    const retune_config *config = session->config;
    if (config->data_root[0] == '\0')
        return retune_fail(error, RETUNE_INVALID,
                           "%s: [data] root: is not set; name the folder with the images",
                           retune_config_path(config) ? retune_config_path(config) : "the job");
    bool fail = config->data_bad_images == RETUNE_BAD_IMAGES_FAIL && !session->lists_faults;
    scan progress = {session->events, retune_clock_seconds()};
    retune_dataset_options options = {.root = config->data_root,
                                      .test = config->data_test,
                                      .test_list = config->data_test_list,
                                      .seed = (uint64_t)config->data_seed,
                                      .fail_on_bad = fail,
                                      .max_megapixels = (uint32_t)config->data_max_megapixels,
                                      .threads = (uint32_t)config->data_threads,
                                      .on_progress = scan_progress,
                                      .user = &progress};
    RETUNE_TRY(retune_dataset_open(&options, &session->dataset, error));
    return retune_allocate(session->dataset->sample_count, sizeof *session->bad, "the data set",
                           &session->bad, error);
}

retune_status retune_session_announce_data(retune_session *session, retune_error *error) {
    const retune_dataset *data = session->dataset;
    bool noted = session->config->data_bad_images == RETUNE_BAD_IMAGES_SKIP;
    for (size_t s = 0; noted && s < data->skipped_count; s++)
        RETUNE_TRY(retune_events_notice(session->events, error, "skipped %s: %s",
                                        data->skipped[s].path, data->skipped[s].reason));
    retune_event event = {
        .kind = RETUNE_EVENT_DATA,
        .of.data = {data->class_count, data->train_count, data->test_count, data->skipped_count}};
    return retune_events_send(session->events, &event, error);
}

retune_view_rule retune_session_view_rule(const retune_session *session, bool augmented) {
    return (retune_view_rule){.fit = (retune_view_fit)session->model->resize,
                              .kind = augmented ? (retune_view_kind)session->config->train_augment
                                                : RETUNE_VIEW_PLAIN,
                              .seed = (uint64_t)session->config->train_seed};
}

retune_status retune_session_bad_image(retune_session *session, uint32_t sample,
                                       const retune_error *cause, retune_error *error) {
    if (session->config->data_bad_images == RETUNE_BAD_IMAGES_FAIL)
        return retune_fail(error, RETUNE_CORRUPT, "%s", cause->message);
    if (session->bad[sample])
        return RETUNE_OK;
    session->bad[sample] = true;
    return retune_events_notice(session->events, error, "skipped %s", cause->message);
}

/* ---- Model --------------------------------------------------------------------------------- */

retune_status retune_session_build_base(retune_session *session, retune_error *error) {
    /* The names of the choices are the names of the architectures. */
    static const char *const architectures[] = {"mobilenet_v1"};
    const retune_config *config = session->config;
    RETUNE_TRY(retune_model_create(architectures[config->model_architecture], config->model_alpha,
                                   (uint32_t)config->model_input, &session->model, error));
    session->model->resize = (uint32_t)config->data_resize;
    return retune_model_add_architecture(session->model, error);
}

retune_status retune_session_build_head(retune_session *session, uint32_t class_count,
                                        retune_error *error) {
    const retune_config *config = session->config;
    RETUNE_TRY(retune_model_add_head(session->model, config->model_head.items,
                                     config->model_head.count, class_count, error));
    return retune_freeze_make(session->model, config->freeze_train.items,
                              config->freeze_train.count,
                              (retune_norm_mode)config->freeze_batch_norm, &session->freeze, error);
}

retune_status retune_session_build_model(retune_session *session, uint32_t class_count,
                                         retune_error *error) {
    RETUNE_TRY(retune_session_build_base(session, error));
    return retune_session_build_head(session, class_count, error);
}

static retune_pins pins_of(const retune_config *config) {
    return (retune_pins){config->backend_plugin_sha256.items, config->backend_plugin_sha256.count};
}

retune_status retune_session_load_weights(retune_session *session, retune_error *error) {
    const char *path = session->config->model_weights;
    retune_import_report report;
    if (path[0] == '\0')
        return retune_events_notice(session->events, error,
                                    "[model] weights is not set: the network starts from random "
                                    "weights");
    if (retune_path_has_extension(path, ".safetensors"))
        return retune_model_import_safetensors(session->model, path, &report, error);
    const retune_format *format = NULL;
    if (!retune_file_exists(path))
        return retune_fail(error, RETUNE_IO, "%s: [model] weights: there is no such file", path);
    const retune_config *config = session->config;
    const char *folder = config->backend_plugin_path;
    const retune_pins pins = pins_of(config);
    RETUNE_TRY(retune_format_find(path, folder[0] ? folder : NULL, &pins, &format, error));
    return retune_model_import(session->model, format, path, &report, error);
}

retune_status retune_session_announce_model(retune_session *session, retune_error *error) {
    uint64_t total = retune_model_parameter_total(session->model);
    retune_event event = {
        .kind = RETUNE_EVENT_MODEL,
        .of.model = {total, session->freeze.trained_total, total - session->freeze.trained_total}};
    return retune_events_send(session->events, &event, error);
}

retune_status retune_session_open_model(retune_session *session, retune_error *error) {
    const retune_dataset *data = session->dataset;
    RETUNE_TRY(retune_session_build_model(session, data->class_count, error));
    RETUNE_TRY(retune_model_set_classes(session->model, data->classes, data->class_count, error));
    RETUNE_TRY(retune_model_allocate(session->model, (uint64_t)session->config->train_seed, error));
    RETUNE_TRY(retune_session_load_weights(session, error));
    return retune_session_announce_model(session, error);
}

/* ---- Device -------------------------------------------------------------------------------- */

static const retune_option *backend_options(void *user, const char *backend, size_t *out_count) {
    const retune_config *config = user;
    return retune_config_backend_options(config, backend, out_count);
}

retune_ladder_options retune_session_ladder(const retune_config *config) {
    return (retune_ladder_options){
        .order = config->backend_order.items,
        .order_count = config->backend_order.count,
        .fallback = (retune_ladder_fallback)config->backend_fallback,
        .look.contact.self_test = config->backend_self_test == RETUNE_SELF_TEST_OFF
                                      ? RETUNE_SELF_TEST_SKIP
                                      : RETUNE_SELF_TEST_ONCE,
        .look.folder = config->backend_plugin_path[0] ? config->backend_plugin_path : NULL,
        .look.pins = pins_of(config),
        .backend_options = backend_options,
        .user = (void *)(uintptr_t)config};
}

/* What each [backend] precision takes. */
static const struct {
    const char *name;
    retune_dtype map_dtype;
    uint32_t features; /* of a device */
} precisions[] = {
    [RETUNE_PRECISION_FP32] = {"fp32", RETUNE_F32, 0},
    [RETUNE_PRECISION_FP16] = {"fp16", RETUNE_F16, RETUNE_FEATURE_F16_STORAGE},
    [RETUNE_PRECISION_BF16] = {"bf16", RETUNE_BF16, RETUNE_FEATURE_BF16_STORAGE},
};

retune_dtype retune_session_map_dtype(const retune_config *config) {
    return precisions[config->backend_precision].map_dtype;
}

/* What a device must be able to do, or several together. */
typedef struct demand {
    const retune_config *config;
    const retune_plan *const *plans;
    size_t plan_count;
    bool shared;    /* by several devices, op by op */
    bool **covered; /* by plan and node: an accepted device does it */
} demand;

static const retune_option *demand_options(void *user, const char *backend, size_t *out_count) {
    return backend_options((void *)(uintptr_t)((const demand *)user)->config, backend, out_count);
}

static void demand_free(demand *wanted) {
    for (size_t p = 0; wanted->covered && p < wanted->plan_count; p++)
        free(wanted->covered[p]);
    free(wanted->covered);
}

static retune_status demand_open(demand *wanted, retune_error *error) {
    RETUNE_TRY(retune_allocate(wanted->plan_count, sizeof *wanted->covered, "a placement",
                               &wanted->covered, error));
    for (size_t p = 0; p < wanted->plan_count; p++)
        if (wanted->plans[p])
            RETUNE_TRY(retune_allocate(wanted->plans[p]->graph->node_count, sizeof(bool),
                                       "a placement", &wanted->covered[p], error));
    return RETUNE_OK;
}

/* Marks the nodes that a device does and nobody did before; false when there are none. `reason` is
 * why it does not do the first of the others. */
static bool cover(const demand *wanted, const retune_device *device, char reason[256]) {
    size_t left = 0, taken = 0;
    for (size_t p = 0; p < wanted->plan_count; p++)
        for (size_t n = 0; wanted->plans[p] && n < wanted->plans[p]->graph->node_count; n++) {
            const retune_graph *graph = wanted->plans[p]->graph;
            retune_op_desc op = retune_graph_describe(graph, &graph->nodes[n]);
            retune_op_support support;
            retune_error fault = RETUNE_ERROR_INIT;
            if (wanted->covered[p][n])
                continue;
            left++;
            if (retune_device_query(device, &op, graph->nodes[n].layer, &support, &fault) !=
                RETUNE_OK)
                snprintf(support.reason, sizeof support.reason, "%.255s", fault.message);
            else if (support.supported)
                wanted->covered[p][n] = true;
            taken += wanted->covered[p][n];
            if (!wanted->covered[p][n] && reason[0] == '\0')
                snprintf(reason, 256, "%s (%s): %.180s", retune_op_name(graph->nodes[n].kind),
                         graph->nodes[n].layer, support.reason);
        }
    return taken > 0 || left == 0;
}

/* Whether the accepted devices do everything between them. */
static bool demand_met(void *user, char reason[256]) {
    const demand *wanted = user;
    for (size_t p = 0; wanted->shared && p < wanted->plan_count; p++)
        for (size_t n = 0; wanted->plans[p] && n < wanted->plans[p]->graph->node_count; n++)
            if (!wanted->covered[p][n]) {
                const retune_node *node = &wanted->plans[p]->graph->nodes[n];
                snprintf(reason, 256, "neither this device nor another one does %s (%s)",
                         retune_op_name(node->kind), node->layer);
                return false;
            }
    return true;
}

static bool accept_device(const retune_device *device, void *user, char reason[256]) {
    const demand *wanted = user;
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t features = precisions[wanted->config->backend_precision].features;
    if ((device->info.features & features) != features) {
        snprintf(reason, 256, "stores no %s maps",
                 precisions[wanted->config->backend_precision].name);
        return false;
    }
    if (wanted->shared)
        return cover(wanted, device, reason);
    for (size_t p = 0; p < wanted->plan_count; p++)
        if (wanted->plans[p] &&
            retune_executable_check(device, wanted->plans[p]->graph, &error) != RETUNE_OK) {
            snprintf(reason, 256, "%.255s", error.message);
            return false;
        }
    return true;
}

static retune_status announce_device(retune_session *session, retune_error *error) {
    const retune_device *device = session->device;
    char self_test[RETUNE_ERROR_MESSAGE_MAX];
    retune_event event = {
        .kind = RETUNE_EVENT_DEVICE,
        .of.device = {device->backend->name, device->info.id, device->info.name,
                      device->info.driver, session->refusals.items, session->refusals.count,
                      retune_verdict_text(&device->verdict, self_test, sizeof self_test)}};
    return retune_events_send(session->events, &event, error);
}

/* A self-test of a device, under way. */
typedef struct test_progress {
    retune_events *events;
    double began;
} test_progress;

/* Cannot be stopped: who asked for that is heard at the next step. */
static void tell_test(void *user, retune_op_kind op) {
    test_progress *p = user;
    if (p->began == 0.0)
        p->began = retune_clock_seconds();
    (void)retune_events_progress(p->events, RETUNE_PHASE_SELF_TEST, 0, (uint64_t)op,
                                 RETUNE_OP_KIND_COUNT, "ops", p->began, NULL);
}

retune_status retune_session_open_device(retune_session *session, const retune_plan *const *plans,
                                         size_t plan_count, retune_error *error) {
    test_progress testing = {.events = session->events};
    demand wanted = {.config = session->config,
                     .plans = plans,
                     .plan_count = plan_count,
                     .shared = session->config->backend_fallback == RETUNE_FALLBACK_OP};
    retune_ladder_options options = retune_session_ladder(session->config);
    options.backend_options = demand_options;
    options.accept = accept_device;
    options.enough = demand_met;
    options.look.contact.on_test = tell_test;
    options.look.contact.user = &testing;
    options.excluded = session->lost.items;
    options.excluded_count = session->lost.count;
    options.user = &wanted;
    retune_status status = demand_open(&wanted, error);
    if (status == RETUNE_OK)
        status = retune_ladder_choose(&options, &session->device, &session->refusals, error);
    demand_free(&wanted);
    if (status == RETUNE_OK)
        status = announce_device(session, error);
    for (size_t p = 0; p < plan_count && status == RETUNE_OK; p++)
        if (plans[p] && session->device->next)
            status = retune_crossings_announce(session, plans[p], error);
    return status;
}

/* The devices of a chain that failed, or with `all` every one. */
static retune_status list_failed(const retune_device *device, const char *reason, bool all,
                                 retune_refusals *lost, retune_error *error) {
    for (; device; device = device->next)
        if (all || *device->failed != RETUNE_OK)
            RETUNE_TRY(retune_refusals_add(lost, device->info.id, reason, error));
    return RETUNE_OK;
}

retune_status retune_session_lose_device(retune_session *session, retune_status failure,
                                         const char *reason, retune_error *error) {
    char text[RETUNE_ERROR_MESSAGE_MAX];
    size_t before = session->lost.count;
    snprintf(text, sizeof text, "%s: %.900s",
             failure == RETUNE_DEVICE_LOST ? "lost" : "refuses what it promised", reason);
    retune_refusals_free(&session->refusals);
    retune_status status = list_failed(session->device, text, false, &session->lost, error);
    if (status == RETUNE_OK && session->lost.count == before)
        status = list_failed(session->device, text, true, &session->lost, error);
    retune_device_close(session->device);
    session->device = NULL;
    return status;
}

retune_optimizer retune_session_optimizer(const retune_config *config) {
    retune_optimizer optimizer = {0};
    if (config->train_optimizer == RETUNE_OPTIMIZER_ADAM) {
        optimizer.kind = RETUNE_OP_ADAM;
        optimizer.update.adam =
            (retune_adam_attributes){.beta1 = (float)config->train_beta1,
                                     .beta2 = (float)config->train_beta2,
                                     .epsilon = (float)config->train_epsilon,
                                     .weight_decay = (float)config->train_weight_decay,
                                     .decoupled = 1};
        return optimizer;
    }
    optimizer.kind = RETUNE_OP_SGD;
    optimizer.velocity = config->train_optimizer == RETUNE_OPTIMIZER_MOMENTUM;
    optimizer.update.sgd = (retune_sgd_attributes){
        .momentum = optimizer.velocity ? (float)config->train_momentum : 0.0f,
        .weight_decay = (float)config->train_weight_decay};
    return optimizer;
}

/* ---- Features ------------------------------------------------------------------------------ */

static retune_status plan_features(const retune_session *session, int64_t batch, retune_plan **plan,
                                   uint64_t *out_bytes, retune_error *error) {
    retune_plan_destroy(*plan);
    *plan = NULL;
    RETUNE_TRY(retune_plan_features(session->model, &session->freeze, batch,
                                    retune_session_map_dtype(session->config), plan, error));
    return retune_graph_bytes((*plan)->graph, out_bytes, error);
}

retune_status retune_session_plan_features(const retune_session *session, retune_plan **plan,
                                           retune_error *error) {
    int64_t batch = RETUNE_PREFIX_BATCH, wanted = session->config->train_batch;
    uint64_t bytes = 0, budget = 0;
    if (session->device && session->device->info.type != RETUNE_DEVICE_CPU) {
        batch = wanted > batch ? wanted : batch;
        budget = retune_budget_bytes(&session->device->info);
    }
    RETUNE_TRY(plan_features(session, batch, plan, &bytes, error));
    while (budget > 0 && bytes > budget && batch > RETUNE_PREFIX_BATCH) {
        batch = batch / 2 > RETUNE_PREFIX_BATCH ? batch / 2 : RETUNE_PREFIX_BATCH;
        RETUNE_TRY(plan_features(session, batch, plan, &bytes, error));
    }
    return RETUNE_OK;
}
