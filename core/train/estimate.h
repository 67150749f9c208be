/* What training will take, before it is begun. */
#ifndef RETUNE_ESTIMATE_H
#define RETUNE_ESTIMATE_H

#include "train/session.h"

/* Chooses the device and fills a PLAN event: memory from the plans, time from running each of them
 * for a moment with made-up input. The session has its data and model. */
retune_status retune_estimate_job(retune_session *session, retune_event *out_event,
                                  retune_error *error);

#endif
