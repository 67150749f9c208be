/* Predicting the class of one image after another. */
#include "retune/retune.h"

#include "base/memory.h"
#include "config/config.h"
#include "data/view.h"
#include "device/executable.h"
#include "image/image.h"
#include "image/resize.h"
#include "model/model_file.h"
#include "train/session.h"

#include <math.h>

struct retune_predictor {
    retune_config *config;
    retune_events events;
    retune_session session;
    retune_plan *plan;
    retune_executable *executable;
    unsigned char *pixels; /* [1,S,S,3] */
};

void retune_predictor_close(retune_predictor *predictor) {
    if (!predictor)
        return;
    retune_executable_destroy(predictor->executable);
    retune_plan_destroy(predictor->plan);
    retune_session_close(&predictor->session);
    retune_config_close(predictor->config);
    free(predictor->pixels);
    free(predictor);
}

static retune_status open(retune_predictor *p, const char *model_path,
                          const retune_option *settings, size_t setting_count,
                          retune_error *error) {
    RETUNE_TRY(retune_config_open(NULL, settings, setting_count, &p->config, error));
    p->session.config = p->config;
    p->session.events = &p->events;
    RETUNE_TRY(retune_model_file_read(model_path, &p->session.model, error));
    RETUNE_TRY(retune_plan_inference(p->session.model, 1, retune_session_map_dtype(p->config),
                                     &p->plan, error));
    RETUNE_TRY(
        retune_session_open_device(&p->session, (const retune_plan *const *)&p->plan, 1, error));
    RETUNE_TRY(retune_executable_create(p->session.device, p->plan->graph, p->session.model,
                                        RETUNE_NO_VALUE, NULL, &p->executable, error));
    int32_t label = 0;
    float weight = 0.0f; /* nothing is learned from the label */
    RETUNE_TRY(retune_executable_write_all(p->executable, p->plan->label, &label, error));
    RETUNE_TRY(retune_executable_write_all(p->executable, p->plan->weight, &weight, error));
    size_t side = p->session.model->input_size;
    return retune_allocate(side * side, 3, "an image", &p->pixels, error);
}

retune_status retune_predictor_open(const char *model_path, const retune_option *settings,
                                    size_t setting_count, retune_predictor **out_predictor,
                                    retune_error *error) {
    *out_predictor = NULL;
    retune_predictor *predictor = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *predictor, "a predictor", &predictor, error));
    retune_status status = open(predictor, model_path, settings, setting_count, error);
    if (status == RETUNE_OK)
        *out_predictor = predictor;
    else
        retune_predictor_close(predictor);
    return status;
}

size_t retune_predictor_class_count(const retune_predictor *predictor) {
    return predictor->session.model->class_count;
}

const char *retune_predictor_class(const retune_predictor *predictor, size_t index) {
    const retune_model *model = predictor->session.model;
    return index < model->class_count ? model->classes[index] : NULL;
}

static retune_status load(retune_predictor *p, const char *path, retune_error *error) {
    retune_image image;
    uint32_t side = p->session.model->input_size;
    RETUNE_TRY(retune_image_read(path, (uint32_t)p->config->data_max_megapixels, &image, error));
    retune_view_rule rule = retune_session_view_rule(&p->session, false);
    retune_view view = retune_view_make(&rule, 0, 0, image.width, image.height);
    retune_status status = retune_image_resize(&image, view, side, side, p->pixels, error);
    retune_image_free(&image);
    return status;
}

retune_status retune_predictor_run(retune_predictor *predictor, const char *image_path,
                                   float *out_probabilities, size_t count, retune_error *error) {
    for (size_t c = 0; c < count; c++)
        out_probabilities[c] = 0.0f;
    if (count != predictor->session.model->class_count)
        return retune_fail(error, RETUNE_INVALID, "room for %zu probabilities, but %zu classes",
                           count, predictor->session.model->class_count);
    const retune_plan *plan = predictor->plan;
    RETUNE_TRY(load(predictor, image_path, error));
    RETUNE_TRY(
        retune_executable_write_all(predictor->executable, plan->images, predictor->pixels, error));
    RETUNE_TRY(retune_executable_run(predictor->executable, plan->evaluate, 0.0f, 0, error));
    RETUNE_TRY(retune_executable_read_all(predictor->executable, plan->eval_probability,
                                          out_probabilities, error));
    for (size_t c = 0; c < count; c++)
        if (!isfinite(out_probabilities[c]))
            return retune_fail(error, RETUNE_CORRUPT,
                               "%s: the model gives a probability that is not a number",
                               image_path);
    return RETUNE_OK;
}
