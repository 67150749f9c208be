/* Everything but training: finding faults before they cost time. */
#ifndef RETUNE_CHECK_H
#define RETUNE_CHECK_H

#include "retune/retune.h"

#include "config/config.h"

/* What retune_job_check promises (retune.h). */
retune_status retune_check_job(const retune_config *config, retune_event_callback callback,
                               void *user, retune_error *error);

#endif
