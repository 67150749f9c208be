#include "train/run.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "model/delta.h"
#include "model/model_file.h"
#include "report/run_report.h"
#include "train/checkpoint.h"
#include "train/summary.h"
#include "train/trainer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct run {
    const retune_config *config;
    retune_run_mode mode;
    retune_events events;
    retune_session session;
    retune_trainer trainer;
    retune_run_folder *folder;
    retune_checkpoint *checkpoint; /* that is resumed from, or NULL */
    retune_progress progress;
    retune_learned learned; /* at the last good step; a lost device takes nothing of it along */
    bool *changed;          /* a parameter: the delta holds it; NULL until needed */
    retune_hash base;       /* of the weights before training, which the delta belongs to */
    double began;           /* this process */
    double seconds_before;  /* earlier ones */
    double phases_before[RETUNE_PHASE_COUNT];
    retune_metrics test;            /* of the last evaluation */
    retune_prediction *predictions; /* of the last evaluation, for each test image */
} run;

static double seconds(const run *r) {
    return r->seconds_before + retune_clock_seconds() - r->began;
}

/* Of each phase, over all processes. */
static void add_phases(const run *r, double out_seconds[RETUNE_PHASE_COUNT]) {
    for (int p = 0; p < RETUNE_PHASE_COUNT; p++)
        out_seconds[p] = r->phases_before[p] + r->events.seconds[p];
}

/* ---- Beginning ----------------------------------------------------------------------------- */

static retune_status open_checkpoint(run *r, retune_error *error) {
    if (r->mode != RETUNE_RUN_RESUME)
        return RETUNE_OK;
    RETUNE_TRY(retune_checkpoint_open(r->config->output_folder, &r->checkpoint, error));
    if (!r->checkpoint)
        return retune_events_notice(&r->events, error,
                                    "%s: the run ended before its first checkpoint; it begins "
                                    "anew",
                                    r->config->output_folder);
    const char *damage = retune_checkpoint_damage(r->checkpoint);
    if (damage)
        return retune_events_notice(&r->events, error, "%s; going on from the checkpoint before",
                                    damage);
    return RETUNE_OK;
}

/* After the model has its weights: those of the checkpoint replace them. */
static retune_status load_checkpoint(run *r, retune_error *error) {
    r->base = retune_delta_base(r->session.model);
    r->progress.settings = retune_config_fingerprint(r->config);
    r->progress.data = retune_checkpoint_data_hash(r->session.dataset);
    if (!r->checkpoint)
        return RETUNE_OK;
    RETUNE_TRY(retune_checkpoint_check(r->checkpoint, r->config, r->session.dataset,
                                       r->config->output_folder, "--resume", error));
    r->progress = *retune_checkpoint_progress(r->checkpoint);
    r->seconds_before = r->progress.seconds;
    memcpy(r->phases_before, r->progress.phase_seconds, sizeof r->phases_before);
    return retune_checkpoint_load_model(r->checkpoint, r->session.model, error);
}

static retune_status open_folder(run *r, retune_error *error) {
    char *settings = NULL;
    RETUNE_TRY(retune_config_write(r->config, &settings, error));
    retune_status status =
        retune_run_folder_open(r->config->output_folder, r->mode, settings, &r->folder, error);
    free(settings);
    /* Without a checkpoint, what a run that died wrote goes: its epochs come again. */
    if (status == RETUNE_OK && r->mode == RETUNE_RUN_RESUME)
        status = retune_run_folder_rewind(r->folder, r->progress.mark, error);
    /* A damaged checkpoint must not take the place of the good one before it. */
    if (status == RETUNE_OK && r->checkpoint && retune_checkpoint_damage(r->checkpoint))
        (void)unlink(retune_run_folder_file(r->folder, RETUNE_RUN_LAST));
    if (status == RETUNE_OK)
        status = retune_events_attach(&r->events, r->folder, error);
    return status;
}

/* A run may go on on another device than it began on; it says so. */
static retune_status announce_seam(run *r, retune_error *error) {
    const retune_progress *before =
        r->checkpoint ? retune_checkpoint_progress(r->checkpoint) : NULL;
    const char *now = r->session.device->info.id;
    if (!before || strcmp(before->device, now) == 0)
        return RETUNE_OK;
    return retune_events_notice(
        &r->events, error,
        "goes on after step %llu (%u whole epochs) on %s; until here it was "
        "trained on %s",
        (unsigned long long)before->step, before->epoch, now, before->device);
}

static retune_status load_learned(run *r, retune_error *error) {
    if (!r->checkpoint)
        return RETUNE_OK;
    const retune_progress *before = retune_checkpoint_progress(r->checkpoint);
    if (before->steps_per_epoch != r->trainer.steps_per_epoch)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: the checkpoint has %llu steps an epoch, this run %llu",
                           r->config->output_folder, (unsigned long long)before->steps_per_epoch,
                           (unsigned long long)r->trainer.steps_per_epoch);
    r->learned.step = before->step;
    r->learned.metrics = before->metrics;
    return retune_checkpoint_load_state(r->checkpoint, &r->learned, error);
}

/* Everything on the device, as of the last good step: of this run, of the checkpoint, or before the
 * first one. */
static retune_status prepare_trainer(run *r, retune_error *error) {
    RETUNE_TRY(retune_trainer_prepare(&r->trainer, error));
    r->progress.steps_per_epoch = r->trainer.steps_per_epoch;
    snprintf(r->progress.device, sizeof r->progress.device, "%s", r->session.device->info.id);
    if (!r->learned.tensors) {
        RETUNE_TRY(retune_learned_open(r->trainer.plan, r->session.model, &r->learned, error));
        RETUNE_TRY(load_learned(r, error));
    }
    return retune_trainer_restore(&r->trainer, &r->learned, error);
}

/* ---- Saving -------------------------------------------------------------------------------- */

/* Parameters that training changes: trained ones, and the statistics of full batch norms. */
static retune_status list_changed(run *r, retune_error *error) {
    RETUNE_TRY(retune_allocate(r->session.model->parameter_count, sizeof *r->changed, "a delta",
                               &r->changed, error));
    for (size_t t = 0; t < r->learned.count; t++)
        if (r->learned.tensors[t].parameter >= 0)
            r->changed[r->learned.tensors[t].parameter] = true;
    return RETUNE_OK;
}

static retune_status write_model(const run *r, retune_error *error) {
    const char *path = retune_run_folder_file(r->folder, RETUNE_RUN_MODEL);
    if (r->config->output_precision == RETUNE_OUTPUT_FP16)
        return retune_model_file_write_half(path, r->session.model, error);
    return retune_model_file_write(path, r->session.model, NULL, 0, NULL, 0, error);
}

/* The best model so far, what training changed in it, and what it said about the test images. */
static retune_status save_best(run *r, retune_error *error) {
    if (!r->changed)
        RETUNE_TRY(list_changed(r, error));
    retune_learned_to_model(&r->learned, r->session.model);
    RETUNE_TRY(write_model(r, error));
    RETUNE_TRY(retune_delta_write(retune_run_folder_file(r->folder, RETUNE_RUN_DELTA),
                                  r->session.model, r->changed, r->base, error));
    if (r->session.dataset->test_count == 0)
        return RETUNE_OK;
    return retune_predictions_write(retune_run_folder_file(r->folder, RETUNE_RUN_PREDICTIONS),
                                    r->session.dataset, r->predictions, error);
}

static retune_status save_checkpoint(run *r, retune_error *error) {
    r->progress.step = r->learned.step;
    r->progress.metrics = r->learned.metrics;
    r->progress.seconds = seconds(r);
    add_phases(r, r->progress.phase_seconds);
    RETUNE_TRY(retune_run_folder_mark(r->folder, &r->progress.mark, error));
    return retune_checkpoint_write(&r->learned, r->session.model, r->folder, &r->progress, error);
}

/* ---- Losing a device ----------------------------------------------------------------------- */

/* No device is left, or none may take its place: what is known of the last good step is saved. */
static retune_status give_up(run *r, retune_status failure, const char *reason, const char *refused,
                             retune_error *error) {
    const char *between = refused[0] ? "; " : "";
    retune_error fault = RETUNE_ERROR_INIT;
    if (!r->learned.tensors)
        return retune_fail(error, failure, "%s%s%s", reason, between, refused);
    if (save_checkpoint(r, &fault) != RETUNE_OK)
        return retune_fail(error, failure, "%.400s%s%.300s; nor can it be saved: %.200s", reason,
                           between, refused, fault.message);
    return retune_fail(error, failure,
                       "%.400s%s%.400s; step %llu is saved, --resume goes on from there", reason,
                       between, refused, (unsigned long long)r->learned.step);
}

/* The next device of the order, with everything as of the last good step on it. */
static retune_status open_next_device(run *r, retune_error *error) {
    if (r->learned.tensors)
        retune_learned_to_model(&r->learned, r->session.model);
    RETUNE_TRY(retune_trainer_open(&r->session, &r->trainer, error));
    return prepare_trainer(r, error);
}

/* A device that is lost, or does not keep what op_query promised, is left for another one. */
static bool leaves_device(retune_status status) {
    return status == RETUNE_DEVICE_LOST || status == RETUNE_UNSUPPORTED;
}

/* After a call has answered `failure`, for which one leaves a device, with the message in `error`:
 * goes on with the next device, from the last good step. The same failure: there is none; the run
 * can be resumed. */
static retune_status go_on_elsewhere(run *r, retune_status failure, retune_error *error) {
    for (;;) {
        char reason[RETUNE_ERROR_MESSAGE_MAX];
        retune_error refused = RETUNE_ERROR_INIT;
        snprintf(reason, sizeof reason, "%s", error->message);
        retune_trainer_close(&r->trainer);
        RETUNE_TRY(retune_session_lose_device(&r->session, failure, reason, error));
        if (r->config->backend_fallback == RETUNE_FALLBACK_NONE)
            return give_up(r, failure, reason, "[backend] fallback = none", error);
        RETUNE_TRY(retune_events_notice(
            &r->events, error, "the device is %s (%.700s): another one is to go on from step %llu",
            failure == RETUNE_DEVICE_LOST ? "lost" : "left", reason,
            (unsigned long long)r->learned.step));
        retune_status status = open_next_device(r, &refused);
        if (status == RETUNE_UNAVAILABLE)
            return give_up(r, failure, reason, refused.message, error);
        if (status != RETUNE_OK)
            retune_fail(error, status, "%s", refused.message);
        if (!leaves_device(status))
            return status;
        failure = status;
    }
}

/* ---- Beginning it ------------------------------------------------------------------------- */

static retune_status begin(run *r, retune_error *error) {
    RETUNE_TRY(retune_run_folder_check(r->config->output_folder, r->mode, error));
    RETUNE_TRY(open_checkpoint(r, error));
    RETUNE_TRY(retune_session_open_data(&r->session, error));
    RETUNE_TRY(retune_session_open_model(&r->session, error));
    RETUNE_TRY(retune_session_announce_data(&r->session, error));
    RETUNE_TRY(load_checkpoint(r, error));
    RETUNE_TRY(retune_trainer_open(&r->session, &r->trainer, error));
    RETUNE_TRY(retune_allocate(r->session.dataset->test_count, sizeof *r->predictions,
                               "predictions", &r->predictions, error));
    RETUNE_TRY(open_folder(r, error)); /* from here on the run leaves traces */
    RETUNE_TRY(announce_seam(r, error));
    retune_status status = prepare_trainer(r, error);
    return leaves_device(status) ? go_on_elsewhere(r, status, error) : status;
}

/* ---- Running ------------------------------------------------------------------------------- */

static retune_status report_epoch(run *r, uint32_t epoch, retune_error *error) {
    const retune_metrics *metrics = &r->trainer.metrics;
    double taken = r->progress.epoch_seconds;
    retune_event event = {.kind = RETUNE_EVENT_EPOCH,
                          .of.epoch = {epoch, (uint32_t)r->config->train_epochs,
                                       retune_metrics_loss(metrics),
                                       retune_metrics_accuracy(metrics), taken,
                                       taken > 0.0 ? metrics->weight / taken : 0.0,
                                       (double)r->trainer.learning_rate}};
    return retune_events_send(&r->events, &event, error);
}

/* Says how the evaluation after `epoch` went, and keeps the model when it is the best one. */
static retune_status take_evaluation(run *r, uint32_t epoch, retune_error *error) {
    double accuracy = retune_metrics_accuracy(&r->test);
    retune_event event = {.kind = RETUNE_EVENT_EVAL,
                          .of.eval = {epoch, r->test.correct, (uint64_t)r->test.weight, accuracy,
                                      retune_metrics_loss(&r->test)}};
    RETUNE_TRY(retune_events_send(&r->events, &event, error));
    r->progress.accuracy = accuracy;
    /* Without test images nobody can tell, and the last is taken for the best. */
    if (epoch > 0 && r->test.weight > 0.0 && accuracy <= r->progress.best_accuracy)
        return RETUNE_OK;
    r->progress.best_accuracy = accuracy;
    r->progress.best_epoch = epoch;
    return save_best(r, error);
}

/* The epoch may be the rest of one that was interrupted. Nothing is said of it before it can no
 * longer be interrupted: it would be said again. */
static retune_status train_epoch(run *r, uint32_t epoch, retune_error *error) {
    double epoch_began = retune_clock_seconds();
    retune_status status = retune_trainer_epoch(&r->trainer, epoch, error);
    r->progress.epoch_seconds += retune_clock_seconds() - epoch_began;
    if (status != RETUNE_OK)
        return status;
    RETUNE_TRY(retune_trainer_evaluate(&r->trainer, epoch, &r->test, r->predictions, error));
    /* From here on nothing more is asked of the device: it can no longer be lost. */
    RETUNE_TRY(retune_trainer_keep(&r->trainer, error));
    RETUNE_TRY(report_epoch(r, epoch, error));
    RETUNE_TRY(take_evaluation(r, epoch, error));
    retune_run_row row = {epoch,
                          retune_metrics_loss(&r->trainer.metrics),
                          retune_metrics_accuracy(&r->trainer.metrics),
                          retune_metrics_loss(&r->test),
                          retune_metrics_accuracy(&r->test),
                          (double)r->trainer.learning_rate,
                          r->progress.epoch_seconds};
    RETUNE_TRY(retune_run_folder_row(r->folder, &row, error));
    r->progress.epoch = epoch;
    r->progress.epoch_seconds = 0.0;
    return RETUNE_OK;
}

/* Before anything is learned. */
static retune_status evaluate_start(run *r, retune_error *error) {
    retune_status status;
    while (leaves_device(
        status = retune_trainer_evaluate(&r->trainer, 0, &r->test, r->predictions, error)))
        RETUNE_TRY(go_on_elsewhere(r, status, error));
    return status == RETUNE_OK ? take_evaluation(r, 0, error) : status;
}

/* Asked to stop: what was done so far is kept; on a device that is lost just now, what was done up
 * to the last good step. */
static retune_status save_interrupted(run *r, retune_error *error) {
    retune_status status =
        r->trainer.learned ? retune_trainer_keep(&r->trainer, error) : RETUNE_DEVICE_LOST;
    if (status != RETUNE_OK && status != RETUNE_DEVICE_LOST)
        return status;
    RETUNE_TRY(save_checkpoint(r, error));
    return retune_fail(error, RETUNE_CANCELLED,
                       "stopped on request after %u epochs; --resume goes on from here",
                       r->progress.epoch);
}

static bool stops_early(const run *r) {
    int64_t patience = r->config->train_early_stop;
    return patience > 0 && (int64_t)r->progress.epoch - (int64_t)r->progress.best_epoch >= patience;
}

static retune_status train(run *r, retune_error *error) {
    uint32_t epochs = (uint32_t)r->config->train_epochs;
    if (!r->checkpoint)
        RETUNE_TRY(evaluate_start(r, error));
    while (r->progress.epoch < epochs && !stops_early(r)) {
        uint32_t epoch = r->progress.epoch + 1;
        retune_status status = train_epoch(r, epoch, error);
        bool left = leaves_device(status);
        if (left)
            status = go_on_elsewhere(r, status, error);
        if (status == RETUNE_CANCELLED)
            return save_interrupted(r, error);
        if (status != RETUNE_OK)
            return status;
        if (left)
            continue;
        bool last = epoch == epochs || stops_early(r);
        if (last || epoch % (uint32_t)r->config->output_checkpoint_epochs == 0)
            RETUNE_TRY(save_checkpoint(r, error));
    }
    return RETUNE_OK;
}

/* ---- The end ------------------------------------------------------------------------------- */

static retune_status make_report(const run *r, retune_status end, const char *message,
                                 retune_error *error) {
    double phase_seconds[RETUNE_PHASE_COUNT];
    retune_model_summary *model = NULL;
    add_phases(r, phase_seconds);
    RETUNE_TRY(retune_summary_make(r->session.model, &r->session.freeze, &model, error));
    retune_run_report report = {.config = r->config,
                                .dataset = r->session.dataset,
                                .model = model,
                                .folder = r->folder,
                                .epochs = r->progress.epoch,
                                .best_epoch = r->progress.best_epoch,
                                .accuracy = r->progress.accuracy,
                                .best_accuracy = r->progress.best_accuracy,
                                .seconds = seconds(r),
                                .phase_seconds = phase_seconds,
                                .peak_memory = retune_peak_memory(),
                                .status = end,
                                .message = message};
    retune_status status = retune_run_report_write(&report, error);
    retune_model_summary_free(model);
    return status;
}

/* Writes report.html: the path of it, or NULL and a NOTICE. No run is lost for want of a report. */
static const char *write_report(run *r, retune_status end, const char *message) {
    retune_error fault = RETUNE_ERROR_INIT;
    if (make_report(r, end, message, &fault) == RETUNE_OK)
        return retune_run_folder_file(r->folder, RETUNE_RUN_REPORT);
    (void)retune_events_notice(&r->events, NULL, "report.html was not written: %s", fault.message);
    return NULL;
}

static retune_status finish(run *r, retune_error *error) {
    const char *report = write_report(r, RETUNE_OK, "");
    retune_event event = {.kind = RETUNE_EVENT_DONE,
                          .of.done = {r->progress.accuracy, r->progress.best_accuracy,
                                      r->progress.epoch, r->progress.best_epoch, seconds(r),
                                      retune_peak_memory(),
                                      retune_run_folder_file(r->folder, RETUNE_RUN_MODEL), report}};
    return retune_events_send(&r->events, &event, error);
}

retune_status retune_run_train(const retune_config *config, const retune_train_options *options,
                               retune_event_callback callback, void *user, retune_error *error) {
    if (options && options->resume && options->fresh)
        return retune_fail(error, RETUNE_INVALID, "--resume and --fresh exclude each other");
    retune_error own =
        RETUNE_ERROR_INIT; /* what happened is told also to a caller who ignores it */
    if (!error)
        error = &own;
    run r = {.config = config,
             .mode = options && options->resume  ? RETUNE_RUN_RESUME
                     : options && options->fresh ? RETUNE_RUN_FRESH
                                                 : RETUNE_RUN_NEW,
             .events = {.callback = callback, .user = user, .keep = true},
             .began = retune_clock_seconds()};
    r.session.config = config;
    r.session.events = &r.events;
    retune_status status = begin(&r, error);
    if (status == RETUNE_OK)
        status = train(&r, error);
    if (status == RETUNE_OK)
        status = finish(&r, error);
    else if (r.folder)
        (void)write_report(&r, status, error->message);
    retune_trainer_close(&r.trainer);
    retune_learned_close(&r.learned);
    retune_checkpoint_close(r.checkpoint);
    retune_session_close(&r.session);
    retune_events_release(&r.events);
    retune_run_folder_close(r.folder);
    free(r.predictions);
    free(r.changed);
    return status;
}
