#include "train/evaluate.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/model_file.h"
#include "train/feeder.h"
#include "train/metrics.h"
#include "train/session.h"

#include <math.h>
#include <string.h>

#define EVALUATE_BATCH 32

/* The public struct and what its pointers lead to, freed together. */
typedef struct evaluation {
    retune_evaluation public;
    char **classes;
    size_t class_count;
    double *precision, *recall;
    uint64_t *confusion;
} evaluation;

void retune_evaluation_free(retune_evaluation *public) {
    evaluation *e = (evaluation *)(void *)public;
    if (!e)
        return;
    for (size_t c = 0; e->classes && c < e->class_count; c++)
        free(e->classes[c]);
    free(e->classes);
    free(e->precision);
    free(e->recall);
    free(e->confusion);
    free(e);
}

static retune_status evaluation_create(const retune_model *model, evaluation **out_evaluation,
                                       retune_error *error) {
    size_t classes = model->class_count;
    RETUNE_TRY(retune_allocate(1, sizeof **out_evaluation, "an evaluation", out_evaluation, error));
    evaluation *e = *out_evaluation;
    e->class_count = classes;
    RETUNE_TRY(retune_allocate(classes, sizeof *e->classes, "an evaluation", &e->classes, error));
    RETUNE_TRY(
        retune_allocate(classes, sizeof *e->precision, "an evaluation", &e->precision, error));
    RETUNE_TRY(retune_allocate(classes, sizeof *e->recall, "an evaluation", &e->recall, error));
    RETUNE_TRY(retune_allocate(classes * classes, sizeof *e->confusion, "an evaluation",
                               &e->confusion, error));
    for (size_t c = 0; c < classes; c++)
        RETUNE_TRY(retune_copy_text(model->classes[c], &e->classes[c], error));
    return RETUNE_OK;
}

static double ratio(uint64_t part, uint64_t whole) {
    return whole > 0 ? (double)part / (double)whole : NAN;
}

static void evaluation_finish(evaluation *e, const retune_metrics *metrics) {
    size_t classes = e->class_count;
    for (size_t c = 0; c < classes; c++) {
        uint64_t present = 0, predicted = 0, right = e->confusion[c * classes + c];
        for (size_t o = 0; o < classes; o++) {
            present += e->confusion[c * classes + o];
            predicted += e->confusion[o * classes + c];
        }
        e->precision[c] = ratio(right, predicted);
        e->recall[c] = ratio(right, present);
    }
    e->public = (retune_evaluation){.struct_size = (uint32_t)sizeof e->public,
                                    .class_count = (uint32_t)classes,
                                    .classes = (const char *const *)e->classes,
                                    .total = (uint64_t)metrics->weight,
                                    .correct = metrics->correct,
                                    .accuracy = retune_metrics_accuracy(metrics),
                                    .loss = retune_metrics_loss(metrics),
                                    .precision = e->precision,
                                    .recall = e->recall,
                                    .confusion = e->confusion};
}

static retune_status check_classes(const retune_session *session, const char *path,
                                   retune_error *error) {
    const retune_dataset *data = session->dataset;
    const retune_model *model = session->model;
    bool same = data->class_count == model->class_count;
    for (uint32_t c = 0; same && c < data->class_count; c++)
        same = strcmp(data->classes[c], model->classes[c]) == 0;
    if (same)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_CORRUPT,
                       "%s: was trained for %zu classes (%s, %s, ...), the data set has %u (%s, "
                       "%s, ...)",
                       path, model->class_count, model->classes[0], model->classes[1],
                       data->class_count, data->classes[0], data->classes[1]);
}

/* Counts a batch in the matrix [true][predicted]. */
static void count_confusion(const retune_prediction *predictions, const int32_t *label,
                            size_t classes, uint64_t *confusion) {
    for (size_t i = 0; i < EVALUATE_BATCH; i++)
        if (predictions[i].predicted != RETUNE_NOT_PREDICTED)
            confusion[(size_t)label[i] * classes + predictions[i].predicted]++;
}

/* One pass over the test images. */
static retune_status run_pass(retune_session *session, const retune_plan *plan,
                              retune_executable *executable, retune_feeder *feeder,
                              const retune_loader_item *items, retune_metrics *metrics,
                              uint64_t *confusion, retune_error *error) {
    size_t classes = session->model->class_count, count = session->dataset->test_count;
    float loss[EVALUATE_BATCH], *probability = NULL;
    retune_prediction predictions[EVALUATE_BATCH];
    double began = retune_clock_seconds();
    RETUNE_TRY(retune_feeder_begin(feeder, items, count, false, error));
    RETUNE_TRY(retune_allocate(EVALUATE_BATCH * classes, sizeof *probability, "probabilities",
                               &probability, error));
    retune_status status = RETUNE_OK;
    for (size_t done = 0; done < count && status == RETUNE_OK; done += EVALUATE_BATCH) {
        size_t piece = count - done < EVALUATE_BATCH ? count - done : EVALUATE_BATCH;
        status = retune_feeder_next(feeder, piece, error);
        if (status == RETUNE_OK)
            status = retune_executable_run(executable, plan->evaluate, 0.0f, 0, error);
        if (status == RETUNE_OK)
            status =
                retune_executable_read_all(executable, plan->eval_probability, probability, error);
        if (status == RETUNE_OK)
            status = retune_executable_read_all(executable, plan->eval_loss, loss, error);
        if (status == RETUNE_OK &&
            !retune_metrics_add(metrics, probability, loss, feeder->label, feeder->weight,
                                EVALUATE_BATCH, classes, predictions))
            status = retune_fail(error, RETUNE_CORRUPT,
                                 "the model gives a probability that is not a number");
        if (status == RETUNE_OK)
            count_confusion(predictions, feeder->label, classes, confusion);
        if (status == RETUNE_OK)
            status = retune_events_progress(session->events, RETUNE_PHASE_EVALUATE, 0, done + piece,
                                            count, "images", began, error);
    }
    free(probability);
    return status;
}

static retune_status run(retune_session *session, const retune_plan *plan, evaluation *e,
                         retune_error *error) {
    const retune_dataset *data = session->dataset;
    retune_metrics metrics = {0};
    retune_executable *executable = NULL;
    retune_feeder feeder = {0};
    retune_loader_item *items = NULL;
    retune_status status =
        retune_allocate(data->test_count, sizeof *items, "the test images", &items, error);
    for (uint32_t i = 0; i < data->test_count && status == RETUNE_OK; i++)
        items[i] = (retune_loader_item){.sample = data->test[i]};
    if (status == RETUNE_OK)
        status = retune_executable_create(session->device, plan->graph, session->model,
                                          RETUNE_NO_VALUE, NULL, &executable, error);
    if (status == RETUNE_OK)
        status = retune_feeder_open(session, plan, executable, NULL, false, NULL, &feeder, error);
    if (status == RETUNE_OK)
        status = run_pass(session, plan, executable, &feeder, items, &metrics, e->confusion, error);
    if (status == RETUNE_OK) {
        evaluation_finish(e, &metrics);
        retune_event event = {.kind = RETUNE_EVENT_EVAL,
                              .of.eval = {0, metrics.correct, (uint64_t)metrics.weight,
                                          e->public.accuracy, e->public.loss}};
        status = retune_events_send(session->events, &event, error);
    }
    retune_feeder_close(&feeder);
    retune_executable_destroy(executable);
    free(items);
    return status;
}

/* The model file, by default the best model of the run. */
static retune_status find_model(const retune_config *config, const char *model_path,
                                char **out_path, retune_error *error) {
    if (model_path)
        return retune_copy_text(model_path, out_path, error);
    RETUNE_TRY(retune_run_folder_path(config->output_folder, RETUNE_RUN_MODEL, out_path, error));
    if (retune_file_exists(*out_path))
        return RETUNE_OK;
    return retune_fail(error, RETUNE_IO, "%s: there is no trained model yet; run `retune train`",
                       *out_path);
}

retune_status retune_evaluate_file(const retune_config *config, const char *model_path,
                                   retune_event_callback callback, void *user,
                                   retune_evaluation **out_evaluation, retune_error *error) {
    *out_evaluation = NULL;
    retune_events events = {.callback = callback, .user = user};
    retune_session session = {.config = config, .events = &events};
    retune_plan *plan = NULL;
    evaluation *e = NULL;
    char *path = NULL;
    retune_status status = find_model(config, model_path, &path, error);
    if (status == RETUNE_OK)
        status = retune_model_file_read(path, &session.model, error);
    if (status == RETUNE_OK)
        status = retune_session_open_data(&session, error);
    if (status == RETUNE_OK)
        status = retune_session_announce_data(&session, error);
    if (status == RETUNE_OK)
        status = check_classes(&session, path, error);
    if (status == RETUNE_OK && session.dataset->test_count == 0)
        status =
            retune_fail(error, RETUNE_CORRUPT, "%s: there are no test images", config->data_root);
    if (status == RETUNE_OK)
        status = retune_plan_inference(session.model, EVALUATE_BATCH,
                                       retune_session_map_dtype(config), &plan, error);
    if (status == RETUNE_OK)
        status = retune_session_open_device(&session, (const retune_plan *const *)&plan, 1, error);
    if (status == RETUNE_OK)
        status = evaluation_create(session.model, &e, error);
    if (status == RETUNE_OK)
        status = run(&session, plan, e, error);
    retune_plan_destroy(plan);
    retune_session_close(&session);
    free(path);
    if (status == RETUNE_OK)
        *out_evaluation = &e->public;
    else
        retune_evaluation_free(e ? &e->public : NULL);
    return status;
}
