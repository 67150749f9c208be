/* Learning rates, step by step. */
#include "train/schedule.h"

#include "expect.h"

#include <math.h>

enum { STEPS = 10 };

static double rate(const retune_schedule *schedule, uint64_t step) {
    return retune_schedule_rate(schedule, step, STEPS);
}

static void expect_rate(const retune_schedule *schedule, uint64_t step, double expected) {
    cr_expect_float_eq(rate(schedule, step), expected, 1e-12, "step %d: %g instead of %g",
                       (int)step, rate(schedule, step), expected);
}

Test(schedule, constant) {
    retune_schedule s = {.kind = RETUNE_SCHEDULE_CONSTANT, .learning_rate = 0.003, .epochs = 100};
    expect_rate(&s, 0, 0.003);
    expect_rate(&s, 999, 0.003);
    expect_rate(&s, 123456789, 0.003);
}

Test(schedule, cosine) {
    retune_schedule s = {
        .kind = RETUNE_SCHEDULE_COSINE, .learning_rate = 0.5, .minimum = 0.1, .epochs = 8};
    expect_rate(&s, 0, 0.5);
    expect_rate(&s, 20, 0.3 + 0.2 * cos(0.25 * M_PI));
    expect_rate(&s, 40, 0.3);
    expect_rate(&s, 80, 0.1);
    expect_rate(&s, 200, 0.1);
    for (uint64_t step = 0; step < 80; step++)
        cr_expect_gt(rate(&s, step), rate(&s, step + 1), "it falls at every step");
}

Test(schedule, steps) {
    retune_schedule s = {.kind = RETUNE_SCHEDULE_STEP,
                         .learning_rate = 1.0,
                         .epochs = 100,
                         .step_epochs = 3,
                         .step_factor = 0.5};
    expect_rate(&s, 0, 1.0);
    expect_rate(&s, 29, 1.0);
    expect_rate(&s, 30, 0.5);
    expect_rate(&s, 59, 0.5);
    expect_rate(&s, 60, 0.25);
    s.minimum = 0.3;
    expect_rate(&s, 30, 0.5);
    expect_rate(&s, 60, 0.3);
    expect_rate(&s, 900, 0.3);
    s.step_factor = 0.0;
    expect_rate(&s, 29, 1.0);
    expect_rate(&s, 30, 0.3);
}

/* ---- Warm-up ------------------------------------------------------------------------------- */

Test(schedule, a_warm_up_rises_in_a_line_to_its_last_step) {
    static const int kinds[] = {RETUNE_SCHEDULE_CONSTANT, RETUNE_SCHEDULE_COSINE,
                                RETUNE_SCHEDULE_STEP};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        retune_schedule s = {.kind = kinds[k],
                             .learning_rate = 0.4,
                             .warmup_epochs = 2,
                             .epochs = 12,
                             .step_epochs = 6,
                             .step_factor = 0.1};
        for (uint64_t step = 0; step < 20; step++)
            expect_rate(&s, step, 0.4 * (double)(step + 1) / 20.0);
        expect_rate(&s, 20, 0.4);
    }
}

Test(schedule, the_cosine_begins_after_the_warm_up) {
    retune_schedule s = {
        .kind = RETUNE_SCHEDULE_COSINE, .learning_rate = 1.0, .warmup_epochs = 2, .epochs = 12};
    expect_rate(&s, 20, 1.0);
    expect_rate(&s, 70, 0.5);
    expect_rate(&s, 120, 0.0);
    cr_expect_gt(rate(&s, 119), 0.0);
}

Test(schedule, a_warm_up_of_part_of_an_epoch) {
    retune_schedule s = {
        .kind = RETUNE_SCHEDULE_CONSTANT, .learning_rate = 1.0, .warmup_epochs = 0.25, .epochs = 1};
    expect_rate(&s, 0, 0.4);
    expect_rate(&s, 1, 0.8);
    expect_rate(&s, 2, 1.0);
    expect_rate(&s, 3, 1.0);
    s.warmup_epochs = 1e-9;
    expect_rate(&s, 0, 1.0);
}

Test(schedule, a_warm_up_longer_than_the_training) {
    retune_schedule s = {.kind = RETUNE_SCHEDULE_COSINE,
                         .learning_rate = 1.0,
                         .minimum = 0.05,
                         .warmup_epochs = 10,
                         .epochs = 5};
    expect_rate(&s, 49, 0.5);
    expect_rate(&s, 99, 1.0);
    expect_rate(&s, 100, 0.05);
    s.epochs = 10;
    expect_rate(&s, 100, 0.05);
}

Test(schedule, nothing_falls_below_the_minimum) {
    retune_schedule s = {.kind = RETUNE_SCHEDULE_CONSTANT,
                         .learning_rate = 0.01,
                         .minimum = 0.1,
                         .epochs = 4,
                         .step_epochs = 1,
                         .step_factor = 0.1};
    expect_rate(&s, 5, 0.1);
    s.kind = RETUNE_SCHEDULE_COSINE;
    for (uint64_t step = 0; step <= 40; step++)
        cr_expect_geq(rate(&s, step), 0.1 - 1e-12);
    s.kind = RETUNE_SCHEDULE_STEP;
    for (uint64_t step = 0; step <= 40; step++)
        cr_expect_geq(rate(&s, step), 0.1 - 1e-12);
}

Test(schedule, no_epochs_and_no_rate) {
    retune_schedule s = {.kind = RETUNE_SCHEDULE_COSINE, .learning_rate = 1.0};
    cr_expect(isfinite(rate(&s, 0)));
    s.learning_rate = 0.0;
    expect_rate(&s, 0, 0.0);
}

Test(schedule, comes_from_the_config) {
    retune_option settings[] = {{"train.schedule", "step"},   {"train.learning_rate", "0.25"},
                                {"train.min_lr", "0.125"},    {"train.warmup_epochs", "1.5"},
                                {"train.epochs", "7"},        {"train.step_epochs", "2"},
                                {"train.step_factor", "0.75"}};
    retune_config *config = NULL;
    assert_ok(retune_config_open(NULL, settings, 7, &config, &error));
    retune_schedule s = retune_schedule_make(config);
    cr_expect_eq(s.kind, RETUNE_SCHEDULE_STEP);
    cr_expect_eq(s.learning_rate, 0.25);
    cr_expect_eq(s.minimum, 0.125);
    cr_expect_eq(s.warmup_epochs, 1.5);
    cr_expect_eq(s.epochs, 7.0);
    cr_expect_eq(s.step_epochs, 2.0);
    cr_expect_eq(s.step_factor, 0.75);
    retune_config_close(config);
}
