#include "train/check.h"

#include "base/clock.h"
#include "base/memory.h"
#include "data/loader.h"
#include "train/estimate.h"
#include "train/session.h"

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

static retune_status check_plan(check *c, retune_error *error) {
    retune_event event;
    RETUNE_TRY(retune_estimate_job(&c->session, &event, error));
    return retune_events_send(c->session.events, &event, error);
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
        passes(&c, check_plan(&c, &fault), &fault);
    retune_session_close(&c.session);
    if (c.status != RETUNE_OK && error)
        return retune_fail(error, c.status, "%s", c.first.message);
    return c.status;
}
