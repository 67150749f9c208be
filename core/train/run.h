/* A training run: a trainer, and the folder its results go to. */
#ifndef RETUNE_RUN_H
#define RETUNE_RUN_H

#include "retune/retune.h"

#include "config/config.h"

/* What retune_job_train promises (retune.h). */
retune_status retune_run_train(const retune_config *config, const retune_train_options *options,
                               retune_event_callback callback, void *user, retune_error *error);

#endif
