#include "train/schedule.h"

#include <math.h>

retune_schedule retune_schedule_make(const retune_config *config) {
    return (retune_schedule){.kind = config->train_schedule,
                             .learning_rate = config->train_learning_rate,
                             .minimum = config->train_min_lr,
                             .warmup_epochs = config->train_warmup_epochs,
                             .epochs = (double)config->train_epochs,
                             .step_epochs = (double)config->train_step_epochs,
                             .step_factor = config->train_step_factor};
}

double retune_schedule_rate(const retune_schedule *schedule, uint64_t step,
                            uint64_t steps_per_epoch) {
    static const double pi = 3.14159265358979323846;
    double rate = schedule->learning_rate;
    double warmup_steps = schedule->warmup_epochs * (double)steps_per_epoch;
    if ((double)step < warmup_steps) {
        double share = ((double)step + 1.0) / warmup_steps;
        return rate * (share < 1.0 ? share : 1.0);
    }
    double epoch = (double)step / (double)steps_per_epoch;
    double length = schedule->epochs - schedule->warmup_epochs;
    double progress = length > 0.0 ? (epoch - schedule->warmup_epochs) / length : 1.0;
    switch (schedule->kind) {
    case RETUNE_SCHEDULE_COSINE:
        rate = schedule->minimum +
               (rate - schedule->minimum) * 0.5 * (1.0 + cos(pi * fmin(progress, 1.0)));
        break;
    case RETUNE_SCHEDULE_STEP:
        rate *= pow(schedule->step_factor, floor(epoch / schedule->step_epochs));
        break;
    default:
        break;
    }
    return fmax(rate, schedule->minimum);
}
