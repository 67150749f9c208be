/* Gradients of whole networks against central differences of the loss.
 *
 * A step of plain SGD at rate 1 moves a parameter by its gradient. The slope of the loss along a
 * direction, measured on the same device, must be what that gradient says: along the gradient
 * itself its length, which finds anything in it that does not belong there, and along random signs
 * its product with them, which finds what is missing. */
#include "learner.h"

#include "base/random.h"

#include <math.h>

enum { RANDOM_DIRECTIONS = 2, MOST_PARAMETERS = 10 };

/* How far a parameter is moved: a share of its size, or until the loss changes by so much. Further,
 * more of ReLU6 passes a kink; less, and the rounding of fp32 drowns the difference. Both errors
 * are shares of the gradient's length, and this is what they may amount to. */
static const double step_share = 2e-5, least_change = 1e-4, tolerance = 0.05;

typedef struct trial {
    const char *name;
    learner_options options;
    const char *checked[MOST_PARAMETERS];
} trial;

static double length_of(const float *values, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* How much the loss changes between w - h * direction and w + h * direction, in what the gradient
 * says of the two points (they are rounded, so it is asked about them) and in truth. */
static void change(learner *l, size_t i, const float *w, const float *gradient,
                   const float *direction, double h, double *out_expected, double *out_measured) {
    size_t count = learner_elements(l, i);
    float *low = malloc(2 * count * sizeof *low), *high = low + count;
    *out_expected = 0.0;
    for (size_t e = 0; e < count; e++) {
        low[e] = (float)((double)w[e] - h * (double)direction[e]);
        high[e] = (float)((double)w[e] + h * (double)direction[e]);
        *out_expected += (double)gradient[e] * ((double)high[e] - (double)low[e]);
    }
    learner_write(l, i, high);
    *out_measured = learner_loss(l);
    learner_write(l, i, low);
    *out_measured -= learner_loss(l);
    learner_write(l, i, w);
    free(low);
}

/* What a step of rate 1 takes off the parameter. */
static void gradient_of(learner *l, size_t i, const float *w, float *out_gradient) {
    float *after = malloc(learner_elements(l, i) * sizeof *after);
    learner_gradient(l);
    learner_update(l, 1.0f);
    learner_read(l, i, after);
    for (size_t e = 0; e < learner_elements(l, i); e++)
        out_gradient[e] = w[e] - after[e];
    free(after);
}

static void check_parameter(const trial *t, learner *l, size_t i) {
    size_t count = learner_elements(l, i), all = 0;
    float *w = malloc(count * sizeof *w), *gradient = malloc(count * sizeof *gradient);
    float *direction = malloc(count * sizeof *direction), *start = learner_snapshot(l, &all);
    learner_read(l, i, w);
    gradient_of(l, i, w, gradient);
    size_t offset = 0;
    for (size_t p = 0; p < l->plan->parameter_count; offset += learner_elements(l, p++))
        learner_write(l, p, start + offset);

    double length = length_of(gradient, count), h = step_share * length_of(w, count);
    cr_expect_gt(length, 1e-3, "%s: %s has hardly any gradient", t->name, learner_name(l, i));
    h = fmax(h, least_change / length);
    for (int d = 0; d <= RANDOM_DIRECTIONS; d++) {
        retune_random random = retune_random_make((uint64_t)d, i);
        for (size_t e = 0; e < count; e++) {
            float sign = retune_random_next(&random) >> 63 ? 1.0f : -1.0f;
            direction[e] = d == 0 ? (float)((double)gradient[e] / length) : sign;
        }
        double expected, measured, step = d == 0 ? h : h / sqrt((double)count);
        change(l, i, w, gradient, direction, step, &expected, &measured);
        double off = fabs(measured - expected) / (2.0 * step * length);
        cr_expect_leq(
            off, tolerance,
            "%s: %s, direction %d: the loss changes by %g, by its gradient %g (off by %g)", t->name,
            learner_name(l, i), d, measured, expected, off);
    }
    free(w);
    free(gradient);
    free(direction);
    free(start);
}

static void run_trial(const trial *t) {
    learner l = learner_open(&t->options);
    learner_feed(&l, 0, l.plan->batch, 0.0f);
    for (size_t c = 0; c < MOST_PARAMETERS && t->checked[c]; c++) {
        size_t i = 0;
        while (i < l.plan->parameter_count && strcmp(learner_name(&l, i), t->checked[c]) != 0)
            i++;
        cr_assert_lt(i, l.plan->parameter_count, "%s does not train %s", t->name, t->checked[c]);
        check_parameter(t, &l, i);
    }
    learner_close(&l);
}

Test(gradient, frozen_norms_and_every_kernel) {
    static const trial t = {"frozen",
                            {.globs = {"*"}, .norms = RETUNE_NORM_FROZEN, .batch = 6},
                            {"conv1/kernel", "conv_dw_1/kernel", "conv_pw_1/kernel",
                             "conv_dw_6/kernel", "conv_pw_13/kernel", "dense/kernel",
                             "dense/bias"}};
    run_trial(&t);
}

Test(gradient, affine_norms) {
    static const trial t = {
        "affine",
        {.globs = {"*"}, .norms = RETUNE_NORM_AFFINE, .batch = 6, .label_smoothing = 0.2f},
        {"conv1/kernel", "conv1_bn/gamma", "conv1_bn/beta", "conv_dw_2/kernel", "conv_dw_2_bn/beta",
         "conv_pw_7/kernel", "conv_pw_13_bn/gamma", "dense/kernel"}};
    run_trial(&t);
}

Test(gradient, full_norms) {
    static const trial t = {"full",
                            {.globs = {"*"}, .norms = RETUNE_NORM_FULL, .batch = 8, .input = 64},
                            {"conv1/kernel", "conv1_bn/gamma", "conv_dw_3/kernel",
                             "conv_dw_3_bn/beta", "conv_pw_10/kernel", "conv_pw_13_bn/gamma",
                             "conv_pw_13_bn/beta", "dense/bias"}};
    run_trial(&t);
}

/* Frozen layers lie between trained ones, and one batch norm is trained without its convolution. */
Test(gradient, some_layers_and_a_max_pool) {
    static const trial t = {"some layers",
                            {.globs = {"conv_pw_9", "conv_dw_11_bn", "conv_dw_13", "dense"},
                             .norms = RETUNE_NORM_FULL,
                             .head = {"max_pool", "flatten", "dense", "softmax"},
                             .batch = 8,
                             .input = 64},
                            {"conv_pw_9/kernel", "conv_pw_9_bn/gamma", "conv_dw_11_bn/gamma",
                             "conv_dw_11_bn/beta", "conv_dw_13/kernel", "dense/kernel"}};
    run_trial(&t);
}

Test(gradient, a_norm_alone_and_a_dense_layer_on_a_map) {
    static const trial t = {"on a map",
                            {.globs = {"conv_pw_11_bn", "conv_pw_13", "conv_dw_13", "dense"},
                             .norms = RETUNE_NORM_AFFINE,
                             .head = {"flatten", "dense", "softmax"},
                             .batch = 4,
                             .input = 64},
                            {"conv_pw_11_bn/gamma", "conv_pw_11_bn/beta", "conv_dw_13/kernel",
                             "conv_pw_13/kernel", "dense/kernel", "dense/bias"}};
    run_trial(&t);
}

/* ---- Narrow maps --------------------------------------------------------------------------- */

/* All gradients of one step, one after the other. */
static float *all_gradients(const learner_options *options, size_t *out_count) {
    learner l = learner_open(options);
    size_t count = 0;
    float *before = learner_snapshot(&l, &count);
    learner_feed(&l, 0, l.plan->batch, 0.0f);
    learner_gradient(&l);
    learner_update(&l, 1.0f);
    float *after = learner_snapshot(&l, &count);
    for (size_t e = 0; e < count; e++)
        before[e] -= after[e];
    free(after);
    learner_close(&l);
    *out_count = count;
    return before;
}

/* Rounding the maps moves some of them across a kink of ReLU6, which bends the gradient, more for
 * the coarser type; a wrong one would be off by its own length. */
Test(gradient, narrow_maps_bend_the_gradient_a_little) {
    static const double most[] = {[RETUNE_F16] = 0.1, [RETUNE_BF16] = 0.5};
    static const retune_norm_mode norms[] = {RETUNE_NORM_FROZEN, RETUNE_NORM_FULL};
    for (int n = 0; n < 2; n++) {
        learner_options options = {
            .globs = {"conv_pw_1[123]*", "dense"}, .norms = norms[n], .batch = 6};
        size_t count = 0;
        float *exact = all_gradients(&options, &count);
        for (retune_dtype dtype = RETUNE_F16; dtype <= RETUNE_BF16; dtype++) {
            options.map_dtype = dtype;
            float *rounded = all_gradients(&options, &count);
            for (size_t e = 0; e < count; e++)
                rounded[e] -= exact[e];
            double off = length_of(rounded, count) / length_of(exact, count);
            cr_expect(off > 0.0 && off < most[dtype], "norms %d, dtype %d: off by %g", n,
                      (int)dtype, off);
            free(rounded);
        }
        free(exact);
    }
}
