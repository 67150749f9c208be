/* Batch norm: its ops one by one, and the whole chain, against plain loops in double. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(batch_norm, .init = scene_open, .fini = scene_close);

enum { N = 3, C = 5, H = 4, W = 3, MAP = H * W, COUNT = N * C * MAP, M = N * MAP };

static const double epsilon = 0.001f;

/* Property 2, and epsilon in the low half of a value whose high half is garbage. */
static const intptr_t *properties(void) {
    static intptr_t list[5] = {EMU_PROPERTY_TRAINING, 1, EMU_PROPERTY_EPSILON};
    const float value = (float)epsilon;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    list[3] = (intptr_t)((uint64_t)0xdead << 32 | bits);
    return list;
}

typedef struct norm {
    emu_batch_norm desc;
    box *x, *y, *gy, *gx, *mean, *variance, *scale, *bias, *g_mean, *g_variance, *g_scale, *g_bias;
} norm;

static norm norm_new(void) {
    norm t = {.desc = {0, arithmetic()}};
    box **maps[] = {&t.x, &t.y, &t.gy, &t.gx};
    box **vectors[] = {&t.mean,   &t.variance,   &t.scale,   &t.bias,
                       &t.g_mean, &t.g_variance, &t.g_scale, &t.g_bias};
    for (size_t n = 0; n < 4; n++)
        *maps[n] = box_new(N, C, H, W);
    for (size_t n = 0; n < 8; n++)
        *vectors[n] = box_new(1, C, 1, 1);
    for (size_t c = 0; c < C; c++)
        t.variance->values[c] = 0.5 + 0.25 * (double)c;
    return t;
}

static size_t channel(size_t i) {
    return i / MAP % C;
}

static double spread(const norm *t, size_t c) {
    return sqrt(t->variance->values[c] + epsilon);
}

#define T(name) t.name->tensor

static void forward(void) {
    emu_op *op = NULL;
    norm t = norm_new();
    double expected[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        const size_t c = channel(i);
        expected[i] = t.scale->values[c] * (t.x->values[i] - t.mean->values[c]) / spread(&t, c) +
                      t.bias->values[c];
    }
    t.gy->count = t.gx->count = t.g_mean->count = t.g_variance->count = t.g_scale->count =
        t.g_bias->count = 0;
    expect_ok(s.api->batch_norm_forward(s.context, properties(), &t.desc, T(x), T(mean),
                                        T(variance), T(scale), T(bias), T(y), &op, NULL));
    run(op);
    expect_values(t.y, expected, 4);
}

Test(batch_norm, forward) {
    for_each_form(forward);
}

/* Mean and variance of x, from zero-filled tensors; `m` divides the squared differences. */
static void statistics(double m) {
    emu_op *accumulate = NULL, *finalize = NULL;
    norm t = norm_new();
    double mean[C] = {0}, variance[C] = {0};
    for (size_t i = 0; i < COUNT; i++)
        mean[channel(i)] += t.x->values[i] / M;
    for (size_t i = 0; i < COUNT; i++)
        variance[channel(i)] += pow(t.x->values[i] - mean[channel(i)], 2) / m;
    for (size_t c = 0; c < C; c++)
        t.mean->values[c] = t.variance->values[c] = 0;
    expect_ok(s.api->batch_norm_accumulate_statistics(s.context, properties(), &t.desc, N, T(x),
                                                      T(mean), T(variance), &accumulate, NULL));
    expect_ok(s.api->batch_norm_finalize_statistics(s.context, properties(), &t.desc, N, T(x),
                                                    T(mean), T(variance), &finalize, NULL));
    t.y->count = t.gy->count = t.gx->count = t.scale->count = t.bias->count = 0;
    t.g_mean->count = t.g_variance->count = t.g_scale->count = t.g_bias->count = 0;
    run(accumulate);
    run(finalize);
    expect_values(t.mean, mean, M);
    expect_values(t.variance, variance, 3 * M);
}

static void biased_statistics(void) {
    statistics(M);
}

static void unbiased_statistics(void) {
    statistics(M - 1);
}

Test(batch_norm, statistics) {
    for_each_form(biased_statistics);
}

Test(batch_norm, unbiased_statistics) {
    scene_configure("CLML_EMULATOR_VARIANT", "unbiased");
    for_each_form(unbiased_statistics);
}

Test(batch_norm, statistics_as_running_averages) {
    scene_configure("CLML_EMULATOR_VARIANT", "running_average");
    for_each_form(biased_statistics);
}

/* What lies in the tensors between the two ops tells the readings apart. */
Test(batch_norm, sums_and_averages_differ_in_between) {
    for (int average = 0; average < 2; average++) {
        emu_op *op = NULL;
        scene_configure("CLML_EMULATOR_VARIANT", average ? "running_average" : "");
        const emu_batch_norm desc = {0, EMU_FP32};
        box *x = box_new(2, 1, 1, 2), *mean = box_new(1, 1, 1, 1), *variance = box_new(1, 1, 1, 1);
        memcpy(x->values, (double[]){1, 2, 3, 4}, 4 * sizeof(double));
        mean->values[0] = 100;
        variance->values[0] = 0;
        expect_ok(s.api->batch_norm_accumulate_statistics(s.context, properties(), &desc, 2,
                                                          x->tensor, mean->tensor, variance->tensor,
                                                          &op, NULL));
        run(op);
        expect_values(mean, (double[]){average ? 105 : 110}, 1);
        expect_values(variance, (double[]){average ? 15 : 30}, 1);
    }
}

/* The chain of gradients. Each op is given what the one before computed, so each is expected of
 * that. */
static void gradients(void) {
    emu_op *ops[4];
    norm t = norm_new();
    double g_variance[C] = {0}, g_mean[C] = {0}, g_scale[C] = {0}, g_bias[C] = {0}, gx[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        const size_t c = channel(i);
        const double offset = t.x->values[i] - t.mean->values[c], g = t.gy->values[i];
        g_variance[c] += g * t.scale->values[c] * offset * -0.5 / pow(spread(&t, c), 3);
        g_mean[c] -= g * t.scale->values[c] / spread(&t, c);
        g_scale[c] += g * offset / spread(&t, c);
        g_bias[c] += g;
    }
    expect_ok(s.api->batch_norm_variance_gradient(s.context, properties(), &t.desc, T(x), T(gy),
                                                  T(mean), T(variance), T(scale), T(g_variance),
                                                  &ops[0], NULL));
    expect_ok(s.api->batch_norm_mean_gradient(s.context, properties(), &t.desc, N, T(x), T(gy),
                                              T(mean), T(variance), T(scale), T(g_variance),
                                              T(g_mean), &ops[1], NULL));
    expect_ok(s.api->batch_norm_backward(s.context, properties(), &t.desc, N, T(x), T(gy), T(mean),
                                         T(variance), T(scale), T(g_variance), T(g_mean), T(gx),
                                         &ops[2], NULL));
    expect_ok(s.api->batch_norm_param_gradients(s.context, properties(), &t.desc, T(x), T(gy),
                                                T(mean), T(variance), T(g_scale), T(g_bias),
                                                T(scale), T(bias), &ops[3], NULL));
    t.y->count = 0;
    run(ops[0]);
    expect_values(t.g_variance, g_variance, 4 * M);
    for (size_t i = 0; i < COUNT; i++)
        g_mean[channel(i)] += t.g_variance->values[channel(i)] * -2 *
                              (t.x->values[i] - t.mean->values[channel(i)]) / M;
    run(ops[1]);
    expect_values(t.g_mean, g_mean, 4 * M);
    for (size_t i = 0; i < COUNT; i++) {
        const size_t c = channel(i);
        gx[i] = t.gy->values[i] * t.scale->values[c] / spread(&t, c) +
                t.g_variance->values[c] * 2 * (t.x->values[i] - t.mean->values[c]) / M +
                t.g_mean->values[c] / M;
    }
    run(ops[2]);
    expect_values(t.gx, gx, 8);
    run(ops[3]);
    expect_values(t.g_scale, g_scale, 4 * M);
    expect_values(t.g_bias, g_bias, M);
}

Test(batch_norm, gradients) {
    for_each_form(gradients);
}

/* Without property 4 epsilon is 1e-5, or, strictly, an error. */
Test(batch_norm, default_epsilon) {
    emu_op *op = NULL;
    norm t = norm_new();
    double expected[COUNT];
    for (size_t c = 0; c < C; c++)
        t.variance->values[c] = 0;
    for (size_t i = 0; i < COUNT; i++)
        expected[i] = t.scale->values[channel(i)] * (t.x->values[i] - t.mean->values[channel(i)]) /
                          sqrt(1e-5) +
                      t.bias->values[channel(i)];
    t.gy->count = t.gx->count = t.g_mean->count = t.g_variance->count = t.g_scale->count =
        t.g_bias->count = 0;
    expect_ok(s.api->batch_norm_forward(s.context, training, &t.desc, T(x), T(mean), T(variance),
                                        T(scale), T(bias), T(y), &op, NULL));
    run(op);
    expect_values(t.y, expected, 512);
    scene_configure("CLML_EMULATOR_STRICT", "defaults");
    expect_code(CL_INVALID_VALUE,
                s.api->batch_norm_forward(s.context, training, &t.desc, T(x), T(mean), T(variance),
                                          T(scale), T(bias), T(y), &op, NULL));
}

Test(batch_norm, bad_ops) {
    emu_op *op = NULL;
    norm t = norm_new();
    const emu_batch_norm bad_mode = {1, EMU_FP32}, bad_arithmetic = {0, EMU_FP16};
    box *flat = box_new(1, C + 1, 1, 1), *wide = box_new(C, 1, 1, 1), *other = box_new(N, C, W, H);
#define FORWARD(desc, mean, bias, y)                                                               \
    s.api->batch_norm_forward(s.context, properties(), desc, T(x), mean, T(variance), T(scale),    \
                              bias, y, &op, NULL)
    expect_code(CL_INVALID_VALUE, FORWARD(NULL, T(mean), T(bias), T(y)));
    expect_code(CL_INVALID_VALUE, FORWARD(&bad_mode, T(mean), T(bias), T(y)));
    expect_code(CL_INVALID_VALUE, FORWARD(&bad_arithmetic, T(mean), T(bias), T(y)));
    expect_code(CL_INVALID_VALUE, FORWARD(&t.desc, flat->tensor, T(bias), T(y)));
    expect_code(CL_INVALID_VALUE, FORWARD(&t.desc, wide->tensor, T(bias), T(y)));
    expect_code(CL_INVALID_VALUE, FORWARD(&t.desc, T(mean), box_unused()->tensor, T(y)));
    expect_code(CL_INVALID_VALUE, FORWARD(&t.desc, T(mean), T(bias), other->tensor));
    expect_code(CL_INVALID_VALUE, FORWARD(&t.desc, T(mean), T(bias), T(x)));
#undef FORWARD
    expect_code(CL_INVALID_VALUE,
                s.api->batch_norm_accumulate_statistics(s.context, properties(), &t.desc, N + 1,
                                                        T(x), T(mean), T(variance), &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->batch_norm_finalize_statistics(s.context, properties(), &t.desc, 0, T(x),
                                                      T(mean), T(variance), &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->batch_norm_variance_gradient(
                                      s.context, properties(), &t.desc, T(x), other->tensor,
                                      T(mean), T(variance), T(scale), T(g_variance), &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->batch_norm_mean_gradient(
                                      s.context, properties(), &t.desc, N - 1, T(x), T(gy), T(mean),
                                      T(variance), T(scale), T(g_variance), T(g_mean), &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->batch_norm_backward(s.context, properties(), &t.desc, N, T(x), T(gy),
                                           T(mean), T(variance), T(scale), flat->tensor, T(g_mean),
                                           T(gx), &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->batch_norm_param_gradients(s.context, properties(), &t.desc, T(x), T(gy),
                                                  T(mean), T(variance), flat->tensor, T(g_bias),
                                                  T(scale), T(bias), &op, NULL));
}
