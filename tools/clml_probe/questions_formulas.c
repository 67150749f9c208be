/* Formulas that the interface leaves open. */
#include "questions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const clml_property training[] = {CLML_PROPERTY_TRAINING, 1, 0};

bool near(double a, double b) {
    return fabs(a - b) <= 1e-4 * (1 + fabs(b));
}

const char *numbers_text(const float *values, size_t count, char text[256]) {
    size_t used = 0;
    text[0] = '\0';
    for (size_t n = 0; n < count && used < 240; n++)
        used += (size_t)snprintf(text + used, 256 - used, "%s%g", n ? ", " : "", (double)values[n]);
    return text;
}

clml_value number(float value) {
    return (clml_value){.u.f32 = value, .type = CL_FLOAT};
}

clml_convolution_desc convolution_desc(cl_uint mode, cl_uint stride) {
    return (clml_convolution_desc){.mode = mode,
                                   .group_count = 1,
                                   .dimensions = 4,
                                   .stride = {stride, stride, 1},
                                   .dilation = {1, 1, 1},
                                   .arithmetic = CLML_FP32};
}

/* ---- Statistics of batch norm --------------------------------------------------------------- */

static const char *accumulated_text(const float mean, const float variance) {
    if (near(mean, 16) && near(variance, 84))
        return "sums of x and x^2";
    if (near(mean, 4) && near(variance, 21))
        return "averages of x and x^2";
    return "neither sums nor averages";
}

static const char *finalized_text(const float mean, const float variance) {
    if (near(mean, 4) && near(variance, 5))
        return "mean and biased variance";
    if (near(mean, 4) && near(variance, 20.0 / 3))
        return "mean and unbiased variance";
    return "neither variance";
}

/* x = 1, 3, 5, 7: sum 16, sum of squares 84; mean 4, variance 5 or 20/3. */
void ask_statistics(const probe *on) {
    const char *question = "batch norm accumulates";
    const clml_batch_norm_desc desc = {.arithmetic = CLML_FP32};
    const float epsilon = 1e-3f, x[4] = {1, 3, 5, 7}, zero = 0;
    clml_property properties[] = {CLML_PROPERTY_TRAINING, 1, CLML_PROPERTY_EPSILON, 0, 0};
    uint32_t bits;
    memcpy(&bits, &epsilon, sizeof bits);
    properties[3] = (clml_property)bits;
    float mean[2] = {0}, variance[2] = {0};
    clml_op_handle ops[2] = {NULL, NULL};
    trial t = trial_begin(on);
    size_t in = trial_tensor_make(&t, (clml_shape){1, 1, 2, 2});
    size_t m = trial_tensor_make(&t, (clml_shape){1, 1, 1, 1});
    size_t v = trial_tensor_make(&t, (clml_shape){1, 1, 1, 1});
    if (!on->ml->batch_norm_accumulate || !on->ml->batch_norm_finalize)
        trial_fail(&t, "empty slots");
    for (int n = 0; n < 2 && !t.failed[0]; n++) {
        clml_make_batch_norm_statistics *make =
            n ? on->ml->batch_norm_finalize : on->ml->batch_norm_accumulate;
        cl_int code = make(on->context, properties, &desc, 1, trial_handle(&t, in),
                           trial_handle(&t, m), trial_handle(&t, v), &ops[n], NULL);
        trial_op(&t, code, &ops[n], n ? "finalize statistics" : "accumulate statistics");
    }
    trial_ready(&t);
    trial_write(&t, in, x);
    trial_write(&t, m, &zero);
    trial_write(&t, v, &zero);
    for (int n = 0; n < 2; n++) {
        trial_run(&t, (size_t)n);
        trial_read(&t, m, &mean[n]);
        trial_read(&t, v, &variance[n]);
    }
    if (trial_answers(&t, question)) {
        printf("%-28s %s (%g and %g)\n", question, accumulated_text(mean[0], variance[0]),
               (double)mean[0], (double)variance[0]);
        printf("%-28s %s (%g and %g)\n", "batch norm finalizes to",
               finalized_text(mean[1], variance[1]), (double)mean[1], (double)variance[1]);
    }
    trial_end(&t);
}

/* ---- Loss ----------------------------------------------------------------------------------- */

static bool equals(const float *got, const double *expected, double factor) {
    return near(got[0], factor * expected[0]) && near(got[1], factor * expected[1]) &&
           near(got[2], factor * expected[2]);
}

/* Given probabilities 0.2, 0.3, 0.5 and the second class. */
void ask_loss_gradient(const probe *on) {
    const char *question = "gradient of cross-entropy";
    const clml_loss_backward_desc desc = {.function = CLML_LOSS_SOFTMAX_CROSS_ENTROPY,
                                          .nan_mode = CLML_PROPAGATE_NAN,
                                          .scaling = number(1),
                                          .arithmetic = CLML_FP32};
    const float p[3] = {0.2f, 0.3f, 0.5f}, target[3] = {0, 1, 0};
    const double sum = exp(0.2) + exp(0.3) + exp(0.5);
    const double given[3] = {0.2, -0.7, 0.5};
    const double logits[3] = {exp(0.2) / sum, exp(0.3) / sum - 1, exp(0.5) / sum};
    const clml_shape shape = {1, 3, 1, 1};
    float got[3] = {0};
    char text[256];
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t x = trial_tensor_make(&t, shape), y = trial_tensor_make(&t, shape);
    size_t g = trial_tensor_make(&t, shape);
    if (!on->ml->loss_backward)
        trial_fail(&t, "an empty slot");
    else
        trial_op(&t,
                 on->ml->loss_backward(on->context, training, &desc, trial_handle(&t, x),
                                       trial_handle(&t, y), on->unused, trial_handle(&t, g), &op,
                                       NULL),
                 &op, "loss backward");
    trial_ready(&t);
    trial_write(&t, x, p);
    trial_write(&t, y, target);
    trial_run(&t, 0);
    trial_read(&t, g, got);
    if (trial_answers(&t, question))
        printf("%-28s %s (%s)\n", question,
               equals(got, given, 1)          ? "wants probabilities, gives p - t"
               : equals(got, logits, 1)       ? "wants logits, gives softmax - t"
               : equals(got, given, 1.0 / 3)  ? "wants probabilities, gives (p - t) / C"
               : equals(got, logits, 1.0 / 3) ? "wants logits, gives (softmax - t) / C"
                                              : "something else",
               numbers_text(got, 3, text));
    trial_end(&t);
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* Weight 10, gradient 1, rate 0.1, momentum 0.5, two steps: 9.9 and 9.75, dampened 9.95 and 9.875,
 * by Nesterov 9.85 and 9.675. */
void ask_momentum(const probe *on) {
    const char *question = "momentum of sgd";
    const clml_sgd_desc desc = {.learning_rate = number(0.1f),
                                .weight_decay = number(0),
                                .momentum = number(0.5f),
                                .function = CLML_SGD_MOMENTUM,
                                .arithmetic = CLML_FP32};
    const clml_shape one = {1, 1, 1, 1};
    const float ten = 10, gradient = 1, zero = 0;
    float after[2] = {0};
    char text[256];
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t w = trial_tensor_make(&t, one), g = trial_tensor_make(&t, one);
    size_t v = trial_tensor_make(&t, one);
    trial_op(&t,
             on->ml->sgd(on->context, training, &desc, trial_handle(&t, w), trial_handle(&t, g),
                         trial_handle(&t, v), &op, NULL),
             &op, "sgd with momentum");
    trial_ready(&t);
    trial_write(&t, w, &ten);
    trial_write(&t, g, &gradient);
    trial_write(&t, v, &zero);
    for (int n = 0; n < 2; n++) {
        trial_run(&t, 0);
        trial_read(&t, w, &after[n]);
    }
    if (trial_answers(&t, question))
        printf("%-28s %s (%s)\n", question,
               near(after[0], 9.9) && near(after[1], 9.75)     ? "v = m v + g"
               : near(after[0], 9.95) && near(after[1], 9.875) ? "v = m v + (1 - m) g"
               : near(after[0], 9.85) && near(after[1], 9.675) ? "by Nesterov"
                                                               : "something else",
               numbers_text(after, 2, text));
    trial_end(&t);
}

/* Weight 10, gradient 1, moments 0, rate 1, beta 0.5 and 0.75, at step 3, so that all readings
 * differ. */
static void adam_trial(trial *t, cl_channel_type time_type, float *out_weight, float *out_time,
                       cl_int *out_whole_time) {
    const clml_adam_desc desc = {.learning_rate = number(1),
                                 .beta_1 = number(0.5f),
                                 .beta_2 = number(0.75f),
                                 .epsilon = number(0.125f),
                                 .weight_decay = number(0),
                                 .arithmetic = CLML_FP32};
    const clml_shape one = {1, 1, 1, 1};
    const float ten = 10, gradient = 1, zero = 0, time = 3;
    const cl_int whole_time = 3;
    const clml_table *ml = t->on->ml;
    clml_op_handle op = NULL;
    size_t s = trial_tensor_make_type(t, one, time_type);
    size_t w = trial_tensor_make(t, one), g = trial_tensor_make(t, one);
    size_t m = trial_tensor_make(t, one), v = trial_tensor_make(t, one);
    trial_op(t,
             ml->adam(t->on->context, training, &desc, trial_handle(t, s), trial_handle(t, w),
                      trial_handle(t, g), trial_handle(t, m), trial_handle(t, v), &op, NULL),
             &op, "adam");
    trial_ready(t);
    trial_write(t, s, time_type == CL_FLOAT ? (const void *)&time : (const void *)&whole_time);
    trial_write(t, w, &ten);
    trial_write(t, g, &gradient);
    trial_write(t, m, &zero);
    trial_write(t, v, &zero);
    trial_run(t, 0);
    trial_read(t, w, out_weight);
    trial_read(t, s, time_type == CL_FLOAT ? (void *)out_time : (void *)out_whole_time);
}

static const char *adam_text(double weight) {
    const double m = 0.5, v = 0.25, m3 = m / (1 - pow(0.5, 3)), v3 = v / (1 - pow(0.75, 3));
    const double m4 = m / (1 - pow(0.5, 4)), v4 = v / (1 - pow(0.75, 4));
    if (near(10 - weight, m3 / (sqrt(v3) + 0.125)))
        return "bias-corrected, epsilon outside of the root";
    if (near(10 - weight, m3 / sqrt(v3 + 0.125)))
        return "bias-corrected, epsilon inside of the root";
    if (near(10 - weight, m4 / (sqrt(v4) + 0.125)))
        return "bias-corrected for the step after, epsilon outside of the root";
    if (near(10 - weight, m / (sqrt(v) + 0.125)))
        return "not bias-corrected, epsilon outside of the root";
    return "something else";
}

void ask_adam(const probe *on) {
    float weight = 0, time = 0;
    cl_int whole_time = 0;
    trial t = trial_begin(on);
    adam_trial(&t, CL_FLOAT, &weight, &time, &whole_time);
    bool is_float = !t.failed[0];
    if (!is_float) {
        trial_end(&t);
        t = trial_begin(on);
        adam_trial(&t, CL_SIGNED_INT32, &weight, &time, &whole_time);
    }
    if (trial_answers(&t, "adam")) {
        double after = is_float ? (double)time : (double)whole_time;
        printf("%-28s %s\n", "time step of adam", is_float ? "a float" : "an int32");
        printf("%-28s %s (%g)\n", "adam", adam_text((double)weight), (double)weight);
        printf("%-28s %s\n", "adam and its time step",
               near(after, 3)   ? "left as it was"
               : near(after, 4) ? "incremented"
                                : "something else");
    }
    trial_end(&t);
}

/* ---- Softmax -------------------------------------------------------------------------------- */

/* Two channels of two places: over the channels at each place, or over the places of each channel.
 */
static void ask_softmax_mode(const probe *on, const char *question, cl_uint mode) {
    const clml_softmax_desc desc = {CLML_SOFTMAX_ACCURATE, mode, CLML_FP32};
    const clml_shape shape = {1, 2, 1, 2};
    const float x[4] = {0, 0, 1, 0};
    const double e = exp(1);
    float y[4] = {0};
    char text[256];
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t in = trial_tensor_make(&t, shape), out = trial_tensor_make(&t, shape);
    trial_op(&t,
             on->ml->softmax(on->context, training, &desc, trial_handle(&t, in),
                             trial_handle(&t, out), &op, NULL),
             &op, "softmax");
    trial_ready(&t);
    trial_write(&t, in, x);
    trial_run(&t, 0);
    trial_read(&t, out, y);
    if (trial_answers(&t, question))
        printf("%-28s %s (%s)\n", question,
               near(y[2], e / (e + 1)) && near(y[0], 1 / (e + 1))   ? "over channels at a place"
               : near(y[2], e / (e + 1)) && near(y[3], 1 / (e + 1)) ? "over places of a channel"
               : near(y[2], e / (e + 3))                            ? "over everything"
                                                                    : "something else",
               numbers_text(y, 4, text));
    trial_end(&t);
}

void ask_softmax(const probe *on) {
    ask_softmax_mode(on, "softmax SPATIAL", CLML_SOFTMAX_SPATIAL);
    ask_softmax_mode(on, "softmax CHANNEL", CLML_SOFTMAX_CHANNEL);
}
