/* The learning rate of each step: a pure function. */
#ifndef RETUNE_SCHEDULE_H
#define RETUNE_SCHEDULE_H

#include "config/config.h"

typedef struct retune_schedule {
    int kind; /* RETUNE_SCHEDULE_* */
    double learning_rate, minimum;
    double warmup_epochs, epochs;
    double step_epochs, step_factor; /* of RETUNE_SCHEDULE_STEP */
} retune_schedule;

/* The schedule a config asks for. */
retune_schedule retune_schedule_make(const retune_config *config);

/* Rate of step `step`, counted from 0 over the whole training, with `steps_per_epoch` of them in an
 * epoch. warm-up   rises in a line and reaches the full rate at its last step constant  the full
 * rate cosine    from the full rate to `minimum` along half a cosine (Loshchilov and Hutter 2017)
 *   step      times step_factor every step_epochs */
double retune_schedule_rate(const retune_schedule *schedule, uint64_t step,
                            uint64_t steps_per_epoch);

#endif
