/* Ops that treat elements or channels one by one. */
#include "trial.h"

#include <math.h>

/* From less than a vector to more than one thread starts for. */
static const int64_t counts[] = {1, 3, 15, 16, 17, 33, 100, 4097, 20011, 40000};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static const int64_t maps[][5] = {{1, 1, 1, 1},   {1, 1, 1, 5},    {3, 2, 1, 16},  {2, 3, 5, 17},
                                  {1, 7, 7, 130}, {5, 13, 11, 30}, {2, 16, 17, 40}};
enum { MAPS = sizeof maps / sizeof maps[0] };

static float *floats(trial *t, uint32_t slot) {
    return (float *)(void *)t->inputs[slot].data;
}

/* Multiplies an input by 8, so that activations meet both kinks. */
static void widen(trial *t, uint32_t slot, int64_t count) {
    for (int64_t n = 0; n < count; n++)
        floats(t, slot)[n] *= 8.0f;
}

static int64_t elements(const int64_t *map) {
    return map[0] * map[1] * map[2] * map[3];
}

static void try_activation(int64_t count, uint32_t activation, int poison) {
    trial t = trial_begin(RETUNE_OP_ACTIVATION);
    t.op.attributes.activation.activation = activation;
    trial_input(&t, 0, RETUNE_F32, 0, DIMS(count));
    widen(&t, 0, count);
    if (poison)
        trial_poison(&t, 0);
    trial_output(&t, 0, RETUNE_F32, DIMS(count));
    trial_end(&t);
}

Test(activation, forward) {
    for (int n = 0; n < 3 * COUNTS; n++)
        try_activation(counts[n / 3], (uint32_t)n % 3, 0);
}

Test(activation, values_that_are_not_numbers_stay) {
    for (int n = 0; n < 3 * COUNTS; n++)
        try_activation(counts[n / 3], (uint32_t)n % 3, 1);
}

static void try_activation_grad(const int64_t *map, uint32_t activation, int scale, int poison) {
    trial t = trial_begin(RETUNE_OP_ACTIVATION_GRAD);
    t.op.attributes.activation.activation = activation;
    trial_input(&t, 0, RETUNE_F32, 0, map);
    trial_input(&t, 1, RETUNE_F32, 0, map);
    widen(&t, 1, elements(map));
    if (scale)
        trial_input(&t, 2, RETUNE_F32, 0, DIMS(map[3]));
    if (poison) {
        trial_poison(&t, 0);
        trial_poison(&t, 1);
    }
    trial_output(&t, 0, RETUNE_F32, map);
    trial_end(&t);
}

Test(activation, gradient) {
    for (int n = 0; n < 6 * MAPS; n++)
        try_activation_grad(maps[n / 6], (uint32_t)n % 3, n % 2, 0);
}

Test(activation, gradient_is_zero_at_kinks_and_where_the_output_is_not_a_number) {
    for (int n = 0; n < 6 * MAPS; n++)
        try_activation_grad(maps[n / 6], (uint32_t)n % 3, n % 2, 1);
}

Test(elementwise, add_accumulate_fill) {
    for (int n = 0; n < COUNTS; n++) {
        trial add = trial_begin(RETUNE_OP_ADD);
        trial_input(&add, 0, RETUNE_F32, 0, DIMS(counts[n]));
        trial_input(&add, 1, RETUNE_F32, 0, DIMS(counts[n]));
        trial_poison(&add, n % 2);
        trial_output(&add, 0, RETUNE_F32, DIMS(counts[n]));
        trial_end(&add);

        trial accumulate = trial_begin(RETUNE_OP_ACCUMULATE);
        trial_input(&accumulate, 0, RETUNE_F32, 0, DIMS(counts[n]));
        trial_input(&accumulate, 1, RETUNE_F32, 0, DIMS(counts[n]));
        trial_end(&accumulate);

        trial fill = trial_begin(RETUNE_OP_FILL);
        fill.op.attributes.fill.value = -2.5f;
        trial_output(&fill, 0, RETUNE_F32, DIMS(counts[n]));
        trial_end(&fill);
    }
}

Test(optimizer, sgd) {
    for (int n = 0; n < COUNTS; n++) {
        trial t = trial_begin(RETUNE_OP_SGD);
        t.learning_rate = 0.1f;
        t.op.attributes.sgd = (retune_sgd_attributes){.momentum = n % 2 ? 0.9f : 0.0f,
                                                      .weight_decay = n % 3 ? 0.01f : 0.0f};
        trial_input(&t, 0, RETUNE_F32, 0, DIMS(counts[n]));
        trial_input(&t, 1, RETUNE_F32, 0, DIMS(counts[n]));
        if (n % 2)
            trial_input(&t, 2, RETUNE_F32, 0, DIMS(counts[n]));
        trial_end(&t);
    }
}

Test(optimizer, adam) {
    for (int n = 0; n < 4 * COUNTS; n++) {
        int64_t count = counts[n / 4];
        trial t = trial_begin(RETUNE_OP_ADAM);
        t.learning_rate = 0.01f;
        t.step = (uint64_t)n + 1;
        t.op.attributes.adam = (retune_adam_attributes){.beta1 = 0.9f,
                                                        .beta2 = 0.999f,
                                                        .epsilon = 1e-7f,
                                                        .weight_decay = n % 2 ? 0.1f : 0.0f,
                                                        .decoupled = (uint32_t)n / 2 % 2};
        for (uint32_t slot = 0; slot < 4; slot++)
            trial_input(&t, slot, RETUNE_F32, 0, DIMS(count));
        for (int64_t e = 0; e < count; e++)
            floats(&t, 3)[e] = fabsf(floats(&t, 3)[e]);
        trial_end(&t);
    }
}

static void try_batch_norm(const int64_t *map, uint32_t training, float offset) {
    trial t = trial_begin(RETUNE_OP_BATCH_NORM);
    t.op.attributes.batch_norm =
        (retune_batch_norm_attributes){.training = training, .momentum = 0.99f, .epsilon = 1e-3f};
    t.terms = map[0] * map[1] * map[2] + 1000; /* 1 / sqrt(epsilon) enlarges what is rounded */
    trial_input(&t, 0, RETUNE_F32, 0, map);
    for (int64_t n = 0; n < elements(map); n++)
        floats(&t, 0)[n] += offset;
    for (uint32_t slot = 1; slot < 5; slot++)
        trial_input(&t, slot, RETUNE_F32, 0, DIMS(map[3]));
    for (int64_t c = 0; c < map[3]; c++)
        floats(&t, 4)[c] = fabsf(floats(&t, 4)[c]);
    trial_output(&t, 0, RETUNE_F32, map);
    trial_output(&t, 1, RETUNE_F32, DIMS(map[3]));
    trial_output(&t, 2, RETUNE_F32, DIMS(map[3]));
    trial_end(&t);
}

Test(batch_norm, forward) {
    for (int n = 0; n < 2 * MAPS; n++)
        try_batch_norm(maps[n / 2], (uint32_t)n % 2, 0.0f);
}

/* A mean far from zero must not cancel the variance. */
Test(batch_norm, offset) {
    for (int n = 0; n < MAPS; n++)
        try_batch_norm(maps[n], 1, 10.0f);
}

Test(batch_norm, gradient) {
    for (int n = 0; n < 2 * MAPS; n++) {
        const int64_t *map = maps[n / 2];
        trial t = trial_begin(RETUNE_OP_BATCH_NORM_GRAD);
        t.op.attributes.batch_norm = (retune_batch_norm_attributes){
            .training = (uint32_t)n % 2, .momentum = 0.99f, .epsilon = 1e-3f};
        t.terms = map[0] * map[1] * map[2];
        trial_input(&t, 0, RETUNE_F32, 0, map);
        trial_input(&t, 1, RETUNE_F32, 0, map);
        for (uint32_t slot = 2; slot < 5; slot++)
            trial_input(&t, slot, RETUNE_F32, 0, DIMS(map[3]));
        trial_output(&t, 0, RETUNE_F32, map);
        trial_output(&t, 1, RETUNE_F32, DIMS(map[3]));
        trial_output(&t, 2, RETUNE_F32, DIMS(map[3]));
        trial_end(&t);
    }
}
