/* What it costs that a plan runs on several devices, measured and announced. */
#ifndef RETUNE_CROSSINGS_H
#define RETUNE_CROSSINGS_H

#include "train/session.h"

/* Sends PLACEMENT for a plan on the session's chain of devices: who runs what, what crosses in a
 * run or step, and how long that takes, measured on tensors of the same sizes. */
retune_status retune_crossings_announce(retune_session *session, const retune_plan *plan,
                                        retune_error *error);

#endif
