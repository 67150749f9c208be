/* Evaluating a trained model file on a job's test images. */
#ifndef RETUNE_EVALUATE_H
#define RETUNE_EVALUATE_H

#include "retune/retune.h"

#include "config/config.h"

/* What retune_job_evaluate promises (retune.h). */
retune_status retune_evaluate_file(const retune_config *config, const char *model_path,
                                   retune_event_callback callback, void *user,
                                   retune_evaluation **out_evaluation, retune_error *error);

#endif
