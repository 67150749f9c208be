/* Checkpoints: a model file with the optimiser's state and where training was. Resuming from one
 * gives the bits an uninterrupted run gives. It holds no device's layout. */
#ifndef RETUNE_CHECKPOINT_H
#define RETUNE_CHECKPOINT_H

#include "config/config.h"
#include "data/dataset.h"
#include "report/events.h"
#include "train/learned.h"

#define RETUNE_PROGRESS_DEVICE_MAX 64

/* Where training was, beside the tensors. */
typedef struct retune_progress {
    uint32_t epoch;         /* epochs completed, evaluation included */
    uint64_t step;          /* updates done; beyond epoch * steps an epoch is under way */
    retune_metrics metrics; /* of that epoch so far */
    double accuracy;        /* on the test images, after the last completed epoch */
    double best_accuracy;
    uint32_t best_epoch;
    double seconds;                           /* of the whole run so far */
    double epoch_seconds;                     /* of training in the epoch that is under way */
    double phase_seconds[RETUNE_PHASE_COUNT]; /* of the whole run so far */
    retune_run_mark mark;                     /* of the growing files */
    uint64_t settings;                        /* retune_config_fingerprint */
    retune_hash data;                         /* retune_checkpoint_data_hash */
    uint64_t steps_per_epoch;
    char device[RETUNE_PROGRESS_DEVICE_MAX]; /* id of the one that trained last */
} retune_progress;

/* Hash of the images, their classes and their split. */
retune_hash retune_checkpoint_data_hash(const retune_dataset *dataset);

/* Writes what was learned to last.safetensors; the one before becomes last.previous.safetensors.
 * The model gets its parameters first. */
retune_status retune_checkpoint_write(const retune_learned *learned, retune_model *model,
                                      const retune_run_folder *folder,
                                      const retune_progress *progress, retune_error *error);

typedef struct retune_checkpoint retune_checkpoint;

/* Opens the newest checkpoint of the folder that can be read. `*out_checkpoint` is NULL with
 * RETUNE_OK when there is none. CORRUPT: there are some, and none can be read; the message is about
 * the newest. Close with retune_checkpoint_close, which takes NULL. */
retune_status retune_checkpoint_open(const char *folder, retune_checkpoint **out_checkpoint,
                                     retune_error *error);
void retune_checkpoint_close(retune_checkpoint *checkpoint);

/* What is wrong with the newest checkpoint when an older one was opened because of that, as a
 * sentence for people; NULL otherwise. Owned by the checkpoint. */
const char *retune_checkpoint_damage(const retune_checkpoint *checkpoint);

const retune_progress *retune_checkpoint_progress(const retune_checkpoint *checkpoint);

/* A checkpoint continues only what it was made from: INVALID when settings it depends on or the
 * images are others. `folder` and `option` ("--resume") are for the message. */
retune_status retune_checkpoint_check(const retune_checkpoint *checkpoint,
                                      const retune_config *config, const retune_dataset *dataset,
                                      const char *folder, const char *option, retune_error *error);

/* Fills the model, and the optimiser's state of what was learned. */
retune_status retune_checkpoint_load_model(const retune_checkpoint *checkpoint, retune_model *model,
                                           retune_error *error);
retune_status retune_checkpoint_load_state(const retune_checkpoint *checkpoint,
                                           retune_learned *learned, retune_error *error);

#endif
