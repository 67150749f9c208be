/* What a step changes: the same with and without accumulation, nothing from padding, decay for
 * kernels alone. */
#include "learner.h"

#include <math.h>

static const learner_options base = {
    .globs = {"conv_pw_12", "conv_dw_13", "dense"}, .norms = RETUNE_NORM_AFFINE, .batch = 8};

/* The length of a - b, as a share of that of a's distance from `start`. */
static double relative_error(const float *a, const float *b, const float *start, size_t count) {
    double error = 0.0, moved = 0.0;
    for (size_t i = 0; i < count; i++) {
        error += pow((double)a[i] - (double)b[i], 2.0);
        moved += pow((double)a[i] - (double)start[i], 2.0);
    }
    cr_assert_gt(moved, 0.0);
    return sqrt(error / moved);
}

/* One update of `count` images from image 0 in runs of the options' batch. */
static float *updated(const learner_options *options, int64_t count, float rate,
                      size_t *out_elements) {
    learner l = learner_open(options);
    assert_ok(retune_executable_run(l.executable, l.plan->clear, rate, 1, &error));
    for (int64_t done = 0; done < count; done += options->batch) {
        int64_t piece = count - done < options->batch ? count - done : options->batch;
        learner_feed(&l, (uint32_t)done, piece, (float)count);
        learner_gradient(&l);
    }
    learner_update(&l, rate);
    float *values = learner_snapshot(&l, out_elements);
    learner_close(&l);
    return values;
}

static float *initial(const learner_options *options) {
    learner l = learner_open(options);
    size_t elements;
    float *values = learner_snapshot(&l, &elements);
    learner_close(&l);
    return values;
}

static void check_accumulation(learner_options whole, float rate, double tolerance) {
    static const int64_t pieces[] = {1, 3, 4, 8};
    size_t elements, same;
    float *start = initial(&whole), *expected = updated(&whole, 8, rate, &elements);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        learner_options parts = whole;
        parts.batch = pieces[i];
        parts.accumulate = true;
        float *values = updated(&parts, 8, rate, &same);
        cr_assert_eq(elements, same);
        double off = relative_error(expected, values, start, elements);
        cr_expect_leq(off, tolerance, "in pieces of %d: off by %g", (int)pieces[i], off);
        free(values);
    }
    free(expected);
    free(start);
}

Test(update, accumulation_over_pieces_is_one_batch) {
    check_accumulation(base, 0.1f, 1e-5);
}

Test(update, accumulation_with_momentum_and_decay) {
    learner_options options = base;
    options.optimizer =
        (retune_optimizer){.kind = RETUNE_OP_SGD, .velocity = true, .update.sgd = {0.9f, 0.01f}};
    options.label_smoothing = 0.1f;
    check_accumulation(options, 0.1f, 1e-5);
}

/* A run leaves its sum behind; the next batch begins with an empty one. */
Test(update, a_batch_begins_with_empty_sums) {
    learner_options options = base;
    options.accumulate = true;
    learner l = learner_open(&options);
    size_t elements;
    float *start = learner_snapshot(&l, &elements), *after[2];
    for (int round = 0; round < 2; round++) {
        size_t offset = 0;
        for (size_t p = 0; p < l.plan->parameter_count; offset += learner_elements(&l, p++))
            learner_write(&l, p, start + offset);
        assert_ok(retune_executable_run(l.executable, l.plan->clear, 0.1f, 1, &error));
        learner_feed(&l, 0, 8, 0.0f);
        learner_gradient(&l);
        learner_update(&l, 0.1f);
        after[round] = learner_snapshot(&l, &elements);
    }
    cr_expect_arr_eq(after[0], after[1], elements * sizeof(float));
    cr_expect_neq(memcmp(after[0], start, elements * sizeof(float)), 0);
    free(start);
    free(after[0]);
    free(after[1]);
    learner_close(&l);
}

/* ---- Padding ------------------------------------------------------------------------------- */

Test(update, padding_changes_no_parameter) {
    learner_options exact = base, padded = base;
    size_t elements, same;
    exact.batch = 5;
    float *start = initial(&exact), *expected = updated(&exact, 5, 0.1f, &elements);
    float *values = updated(&padded, 5, 0.1f, &same);
    cr_assert_eq(elements, same);
    double off = relative_error(expected, values, start, elements);
    cr_expect_leq(off, 1e-6, "off by %g", off);
    free(start);
    free(expected);
    free(values);
}

Test(update, padding_has_no_loss_and_no_gradient) {
    learner l = learner_open(&base);
    float losses[8];
    learner_feed(&l, 0, 5, 0.0f);
    learner_loss(&l);
    assert_ok(retune_executable_read_all(l.executable, l.plan->loss, losses, &error));
    for (int i = 0; i < 8; i++)
        cr_expect(i < 5 ? losses[i] > 0.0f : losses[i] == 0.0f, "%d: %g", i, (double)losses[i]);

    size_t elements;
    float *before = learner_snapshot(&l, &elements);
    learner_feed(&l, 0, 0, 1.0f);
    learner_gradient(&l);
    learner_update(&l, 1.0f);
    float *after = learner_snapshot(&l, &elements);
    cr_expect_arr_eq(before, after, elements * sizeof(float));
    free(before);
    free(after);
    learner_close(&l);
}

/* ---- Loss ---------------------------------------------------------------------------------- */

static void check_loss(float smoothing) {
    learner_options options = base;
    options.label_smoothing = smoothing;
    learner l = learner_open(&options);
    float losses[8], probabilities[8 * LEARNER_CLASSES];
    learner_feed(&l, 1, 8, 0.0f);
    learner_loss(&l);
    assert_ok(retune_executable_read_all(l.executable, l.plan->loss, losses, &error));
    assert_ok(retune_executable_read_all(l.executable, l.plan->probability, probabilities, &error));
    for (int i = 0; i < 8; i++) {
        double expected = 0.0, sum = 0.0;
        for (int c = 0; c < LEARNER_CLASSES; c++) {
            double p = (double)probabilities[i * LEARNER_CLASSES + c];
            double target = (double)smoothing / LEARNER_CLASSES +
                            ((i + 1) % LEARNER_CLASSES == c ? 1.0 - (double)smoothing : 0.0);
            expected -= target * log(p);
            sum += p;
        }
        cr_expect_float_eq((double)losses[i], expected, 1e-5 * (1.0 + expected),
                           "image %d: %g instead of %g", i, (double)losses[i], expected);
        cr_expect_float_eq(sum, 1.0, 1e-6);
    }
    learner_close(&l);
}

Test(update, the_loss_is_cross_entropy_with_smoothed_labels) {
    check_loss(0.0f);
    check_loss(0.3f);
}

/* ---- Decay --------------------------------------------------------------------------------- */

/* With decay, a kernel ends `share` of its size nearer to zero; nothing else does. */
static void check_decay(retune_optimizer plain, retune_optimizer decayed, float rate,
                        double share) {
    learner_options options = base;
    options.optimizer = plain;
    size_t elements, at = 0;
    float *start = initial(&options), *without = updated(&options, 8, rate, &elements);
    options.optimizer = decayed;
    float *with = updated(&options, 8, rate, &elements);
    learner l = learner_open(&options);
    for (size_t i = 0; i < l.plan->parameter_count; i++) {
        const retune_parameter *p = &l.model->parameters[l.plan->parameters[i].parameter];
        for (size_t e = 0; e < p->elements; e++, at++) {
            double pull = p->role == RETUNE_ROLE_KERNEL ? share * (double)start[at] : 0.0;
            cr_assert_float_eq((double)without[at] - (double)with[at], pull,
                               pull == 0.0 ? 0.0 : 1e-6, "%s, element %zu", p->name, e);
        }
    }
    cr_expect_eq(at, elements);
    learner_close(&l);
    free(start);
    free(without);
    free(with);
}

Test(update, sgd_decays_kernels_only) {
    check_decay((retune_optimizer){.kind = RETUNE_OP_SGD},
                (retune_optimizer){.kind = RETUNE_OP_SGD, .update.sgd = {0.0f, 0.1f}}, 0.5f, 0.05);
}

Test(update, adam_decays_kernels_only) {
    retune_optimizer plain = {.kind = RETUNE_OP_ADAM,
                              .update.adam = {0.9f, 0.999f, 1e-7f, 0.0f, 1}};
    retune_optimizer decayed = plain;
    decayed.update.adam.weight_decay = 0.1f;
    check_decay(plain, decayed, 0.01f, 0.001);
}

/* ---- Statistics ---------------------------------------------------------------------------- */

/* Only the forward pass of training moves running statistics, and only those of full norms. */
Test(update, statistics_follow_the_batch_in_training_only) {
    learner_options options = base;
    options.norms = RETUNE_NORM_FULL;
    learner l = learner_open(&options);
    cr_assert_eq(l.plan->statistic_count, 4);
    int32_t mean = l.plan->statistics[0];
    size_t bytes = (size_t)l.plan->graph->values[mean].desc.shape[0] * sizeof(float);
    float *before = malloc(bytes), *after = malloc(bytes);
    assert_ok(retune_executable_read_all(l.executable, mean, before, &error));
    learner_feed(&l, 20, 8, 0.0f);
    assert_ok(retune_executable_run(l.executable, l.plan->evaluate, 0.0f, 0, &error));
    assert_ok(retune_executable_read_all(l.executable, mean, after, &error));
    cr_expect_arr_eq(before, after, bytes);
    learner_loss(&l);
    assert_ok(retune_executable_read_all(l.executable, mean, after, &error));
    cr_expect_neq(memcmp(before, after, bytes), 0);
    free(before);
    free(after);
    learner_close(&l);
}
