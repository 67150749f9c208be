/* The training loop: epochs of steps on one device. Knows nothing of files. */
#ifndef RETUNE_TRAINER_H
#define RETUNE_TRAINER_H

#include "train/feeder.h"
#include "train/learned.h"
#include "train/metrics.h"
#include "train/schedule.h"

typedef struct retune_trainer {
    retune_session *session;
    retune_plan *features; /* plan of the frozen prefix; NULL when there is none */
    retune_plan *plan;
    retune_executable *executable;
    retune_feature_cache cache;
    int place; /* where features go: RETUNE_FEATURES_MEMORY, _DISK or _OFF */
    bool cached;
    bool resident; /* the device has the whole table of the cache, not the rows of a batch */
    retune_prefix prefix;
    retune_feeder feeder;
    retune_schedule schedule;
    uint32_t batch; /* images an update */
    uint64_t steps_per_epoch;
    bool whole_batches;     /* the rest of an epoch that fills no batch is left out */
    uint64_t step;          /* updates done so far */
    retune_metrics metrics; /* of the current epoch so far */
    float learning_rate;    /* of the last one */
    uint32_t epoch;         /* under way, counted from 1 */
    size_t listed;          /* images of it */
    uint32_t *order;        /* of an epoch, into the training images */
    retune_loader_item *items;
    retune_prediction *predictions; /* for the test images that are good; whole batches */
    float *probability, *loss;      /* of a run */
    /* Kept up to date in epochs longer than keep_seconds; NULL: nobody asked. Not owned. */
    retune_learned *learned;
    double keep_seconds, keep_cost; /* the latter: what the last time took */
    double kept_at;                 /* retune_clock_seconds */
} retune_trainer;

/* Plans and chooses the device; touches no file. The session has its data and model. Close with
 * retune_trainer_close, which takes one that is all zero. */
retune_status retune_trainer_open(retune_session *session, retune_trainer *out_trainer,
                                  retune_error *error);
/* Fills the feature cache and makes the program: everything else an epoch needs. On failure the
 * trainer is closed. */
retune_status retune_trainer_prepare(retune_trainer *trainer, retune_error *error);
void retune_trainer_close(retune_trainer *trainer);

/* Trains one epoch, counted from 1, with PROGRESS a step; trainer->metrics has its result. An epoch
 * that was interrupted goes on where trainer->step and trainer->metrics say it was. INVALID: the
 * loss is not finite any more. CANCELLED: the caller asked to stop; the step is finished, the epoch
 * is not. */
retune_status retune_trainer_epoch(retune_trainer *trainer, uint32_t epoch, retune_error *error);

/* The same a step at a time: begin, step until it is over, end. A step that was begun is finished.
 */
retune_status retune_trainer_begin(retune_trainer *trainer, uint32_t epoch, retune_error *error);
bool retune_trainer_is_over(const retune_trainer *trainer);
retune_status retune_trainer_step(retune_trainer *trainer, retune_error *error);
void retune_trainer_end(retune_trainer *trainer);

/* Runs over `count` test images, named by their samples in the order of the data set's `test`;
 * `out_predictions` has room for all of them. An image that is bad has none. */
retune_status retune_trainer_predict(retune_trainer *trainer, uint32_t epoch,
                                     const uint32_t *samples, uint32_t count,
                                     retune_metrics *out_metrics,
                                     retune_prediction *out_predictions, retune_error *error);

/* The same for all test images. */
retune_status retune_trainer_evaluate(retune_trainer *trainer, uint32_t epoch,
                                      retune_metrics *out_metrics,
                                      retune_prediction *out_predictions, retune_error *error);

/* Takes what was learned up to the last step, which the trainer was restored from before. On
 * failure it is as it was. */
retune_status retune_trainer_keep(retune_trainer *trainer, retune_error *error);

/* Goes on from what was learned, which outlives the trainer. The model had its parameters when the
 * trainer was prepared. */
retune_status retune_trainer_restore(retune_trainer *trainer, retune_learned *learned,
                                     retune_error *error);

#endif
