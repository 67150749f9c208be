#include "train/check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "data/loader.h"
#include "train/estimate.h"
#include "train/session.h"

#include <stdio.h>

/* A check goes on after a fault with what can be checked without the part at fault. */
typedef struct check {
    retune_session session;
    retune_status status; /* of the gravest fault so far, with its message */
    retune_error gravest;
} check;

/* The order of faults: what the job says, then its files, then whatever would run it. */
static int rank(retune_status status) {
    switch (status) {
    case RETUNE_INVALID:
        return 0;
    case RETUNE_IO:
    case RETUNE_CORRUPT:
        return 1;
    default:
        return 2;
    }
}

static bool stopped(const check *c) {
    return c->session.events->stop;
}

static void report(check *c, retune_status status, const char *message) {
    if (c->status == RETUNE_OK || rank(status) < rank(c->status))
        c->status = retune_fail(&c->gravest, status, "%s", message);
    (void)retune_events_problem(c->session.events, status, message, NULL);
}

/* Reports the fault of a step. True when it went well. */
static bool passes(check *c, retune_status status, const retune_error *fault) {
    if (status != RETUNE_OK && status != RETUNE_CANCELLED)
        report(c, status, fault->message);
    return status == RETUNE_OK;
}

/* ---- Data ---------------------------------------------------------------------------------- */

/* Reports what the scan skipped and training would stop at. */
static void report_skipped(check *c) {
    const retune_dataset *data = c->session.dataset;
    char text[RETUNE_ERROR_MESSAGE_MAX];
    if (c->session.config->data_bad_images != RETUNE_BAD_IMAGES_FAIL)
        return;
    for (size_t s = 0; s < data->skipped_count; s++) {
        snprintf(text, sizeof text, "%s: %s", data->skipped[s].path, data->skipped[s].reason);
        report(c, RETUNE_CORRUPT, text);
    }
}

/* Decodes every image, as training would. */
static retune_status decode_all(check *c, retune_error *error) {
    retune_session *session = &c->session;
    const retune_dataset *data = session->dataset;
    const retune_config *config = session->config;
    uint32_t side = (uint32_t)config->model_input;
    retune_loader_options options = {.width = side,
                                     .height = side,
                                     .view = {.fit = (retune_view_fit)config->data_resize},
                                     .max_megapixels = (uint32_t)config->data_max_megapixels,
                                     .threads = (uint32_t)config->data_threads};
    retune_loader *loader = NULL;
    retune_loader_item *items = NULL;
    unsigned char *pixels = NULL;
    double began = retune_clock_seconds();
    retune_status status =
        retune_allocate(data->sample_count, sizeof *items, "the images", &items, error);
    if (status == RETUNE_OK)
        status = retune_allocate((size_t)side * side, 3, "an image", &pixels, error);
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

/* ---- Model --------------------------------------------------------------------------------- */

/* True when there is a whole network, with whatever weights: they do not decide what training
 * takes. */
static bool check_model(check *c) {
    retune_session *session = &c->session;
    const retune_dataset *data = session->dataset;
    uint32_t class_count = data ? data->class_count : 2; /* changes the size of the head only */
    uint64_t seed = (uint64_t)session->config->train_seed;
    retune_error fault = RETUNE_ERROR_INIT;
    if (!passes(c, retune_session_build_base(session, &fault), &fault))
        return false;
    bool whole = passes(c, retune_session_build_head(session, class_count, &fault), &fault);
    retune_status status = RETUNE_OK;
    if (whole && data)
        status = retune_model_set_classes(session->model, data->classes, class_count, &fault);
    if (status == RETUNE_OK)
        status = retune_model_allocate(session->model, seed, &fault);
    if (!passes(c, status, &fault))
        return false;
    passes(c, retune_session_load_weights(session, &fault), &fault);
    return whole;
}

/* ---- Device -------------------------------------------------------------------------------- */

/* Where training would run and what it would take. */
static retune_status check_plan(check *c, retune_error *error) {
    retune_event event;
    RETUNE_TRY(retune_estimate_job(&c->session, &event, error));
    return retune_events_send(c->session.events, &event, error);
}

/* Without knowing how much data there is, or without a network at all, a device can still be asked
 * for one step, or for nothing but to open. */
static retune_status check_device(check *c, bool model, retune_error *error) {
    const retune_config *config = c->session.config;
    retune_plan *step = NULL;
    retune_training_options options = {.batch = config->train_batch,
                                       .label_smoothing = (float)config->train_label_smoothing,
                                       .optimizer = retune_session_optimizer(config)};
    if (model)
        RETUNE_TRY(
            retune_plan_training(c->session.model, &c->session.freeze, &options, &step, error));
    retune_status status =
        retune_session_open_device(&c->session, (const retune_plan *const *)&step, 1, error);
    retune_plan_destroy(step);
    return status;
}

/* ---- All of it ----------------------------------------------------------------------------- */

static void check_all(check *c) {
    retune_session *session = &c->session;
    retune_error fault = RETUNE_ERROR_INIT;
    bool data = passes(c, retune_session_open_data(session, &fault), &fault);
    if (stopped(c))
        return;
    bool model = check_model(c);
    if (model && data)
        passes(c, retune_session_announce_model(session, &fault), &fault);
    if (data) {
        report_skipped(c);
        passes(c, retune_session_announce_data(session, &fault), &fault);
        passes(c, decode_all(c, &fault), &fault);
    }
    if (stopped(c))
        return;
    if (model && data)
        passes(c, check_plan(c, &fault), &fault);
    else
        passes(c, check_device(c, model, &fault), &fault);
}

retune_status retune_check_job(const retune_config *config, retune_event_callback callback,
                               void *user, retune_error *error) {
    retune_events events = {.callback = callback, .user = user};
    check c = {.session = {.config = config, .events = &events, .lists_faults = true},
               .gravest = RETUNE_ERROR_INIT};
    check_all(&c);
    retune_session_close(&c.session);
    if (events.stop)
        return retune_fail(error, RETUNE_CANCELLED, "stopped on request");
    if (c.status != RETUNE_OK)
        return retune_fail(error, c.status, "%s", c.gravest.message);
    return RETUNE_OK;
}
