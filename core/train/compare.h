/* The same job on two devices. */
#ifndef RETUNE_COMPARE_H
#define RETUNE_COMPARE_H

#include "retune/retune.h"

#include "config/config.h"

/* What retune_job_compare promises (retune.h). */
retune_status retune_compare_job(const retune_config *config, const retune_compare_options *options,
                                 retune_event_callback callback, void *user, retune_error *error);

#endif
