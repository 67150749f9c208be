/* A plan on a device with made-up input, to be timed. */
#ifndef RETUNE_TRIAL_H
#define RETUNE_TRIAL_H

#include "train/prefix.h"

/* Random content for elements of a dtype: pixels (U8), features in [0, 1) (F32, F16), indices and
 * labels below `bound` (I32). */
void retune_trial_make_up(retune_dtype dtype, uint32_t bound, size_t elements, void *content);

/* The same for a value on the device that holds pixels or features. */
retune_status retune_trial_fill(retune_executable *executable, const retune_graph *graph,
                                int32_t value, retune_error *error);

/* A training plan, and what the host writes and reads for each run, as the trainer does. */
typedef struct retune_trial {
    const retune_plan *plan;
    retune_executable *executable;
    retune_prefix *prefix; /* computes the features of each run; NULL: they are cached, or none */
    size_t pieces;         /* runs an update */
    unsigned char *images; /* of a run, when the plan sees images */
    int32_t *index, *label;
    float *weight, *probability, *loss;
    float total_weight;
} retune_trial;

/* Puts the plan on the device and fills every input. The arguments outlive the trial. Close it
 * with retune_trial_close, which takes one that is all zero. */
retune_status retune_trial_open(const retune_device *device, const retune_model *model,
                                const retune_plan *plan, size_t pieces, retune_prefix *prefix,
                                retune_trial *out_trial, retune_error *error);
void retune_trial_close(retune_trial *trial);

/* Forward, gradient and update: with what the host writes and reads, or as ranges alone. The
 * learning rate is 0, so that weights stay what they are however long it is measured. `trial` is a
 * retune_trial. */
retune_status retune_trial_step(void *trial, retune_error *error);
retune_status retune_trial_step_on_device(void *trial, retune_error *error);

/* The evaluation range alone. */
retune_status retune_trial_evaluate(void *trial, retune_error *error);

#endif
