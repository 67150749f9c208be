/* Measuring what a job takes on a device, without its images and weights. */
#ifndef RETUNE_BENCH_H
#define RETUNE_BENCH_H

#include "retune/retune.h"

#include "config/config.h"

/* What retune_job_bench promises (retune.h). */
retune_status retune_bench_job(const retune_config *config, const retune_bench_options *options,
                               retune_event_callback callback, void *user, retune_error *error);

#endif
