/* Activations, binary ops and updates against plain loops in double. */
#include "scene.h"

#include <math.h>
#include <string.h>

TestSuite(elementwise, .init = scene_open, .fini = scene_close);

/* ---- Activations ---------------------------------------------------------------------------- */

static double activation(cl_uint function, double x, double a) {
    switch (function) {
    case EMU_RELU:
        return x > 0 ? x : 0;
    case EMU_TANH:
        return tanh(x);
    case EMU_SIGMOID:
        return 1 / (1 + exp(-x));
    case EMU_RELU6:
        return fmin(fmax(x, 0), 6);
    case EMU_ELU:
        return x > 0 ? x : a * expm1(x);
    default:
        return x > 0 ? x : a * x;
    }
}

static double activation_slope(cl_uint function, double x, double a) {
    switch (function) {
    case EMU_RELU:
        return x > 0;
    case EMU_TANH:
        return 1 - pow(tanh(x), 2);
    case EMU_SIGMOID:
        return 1 / (1 + exp(-x)) / (1 + exp(x));
    case EMU_RELU6:
        return x > 0 && x < 6;
    case EMU_ELU:
        return x > 0 ? 1 : a * exp(x);
    default:
        return x > 0 ? 1 : a;
    }
}

/* Values on both sides of the kinks, and, of ReLU and ReLU6, on them. */
static void spread(box *x) {
    for (size_t i = 0; i < x->count; i++)
        x->values[i] *= 8;
    x->values[0] = 0;
    x->values[1] = 6;
}

/* The constant of the function at channel c: given, or the default. */
static double constant(cl_uint function, const box *param, cl_uint c) {
    return param->count ? param->values[c] : function == EMU_ELU ? 1 : 0.01;
}

static void activations(void) {
    for (cl_uint function = EMU_RELU; function <= EMU_LEAKY_RELU; function++) {
        emu_op *forward = NULL, *backward = NULL;
        const emu_activation desc = {function, EMU_NAN_PROPAGATED, arithmetic()};
        box *x = box_new(2, 5, 3, 4), *y = box_new(2, 5, 3, 4), *gy = box_new(2, 5, 3, 4);
        box *gx = box_new(2, 5, 3, 4);
        box *param = function == EMU_PRELU ? box_new(1, 5, 1, 1) : box_unused();
        double output[120], gradient[120];
        spread(x);
        for (size_t i = 0; i < 120; i++) {
            const double a = constant(function, param, (cl_uint)i / 12 % 5);
            output[i] = activation(function, x->values[i], a);
            gradient[i] = gy->values[i] * activation_slope(function, x->values[i], a);
        }
        expect_ok(s.api->activation_forward(s.context, training, &desc, x->tensor, param->tensor,
                                            y->tensor, &forward, NULL));
        expect_ok(s.api->activation_backward(s.context, training, &desc, x->tensor, gy->tensor,
                                             param->tensor, gx->tensor, &backward, NULL));
        run(forward);
        expect_values(y, output, 8);
        run(backward);
        expect_values(gx, gradient, 8);
    }
}

Test(elementwise, activations) {
    for_each_form(activations);
}

static void param_gradient(void) {
    emu_op *op = NULL;
    const emu_activation desc = {EMU_PRELU, EMU_NAN_PROPAGATED, arithmetic()};
    box *x = box_new(2, 5, 3, 4), *gy = box_new(2, 5, 3, 4), *ga = box_new(1, 5, 1, 1);
    box *a = box_new(1, 5, 1, 1);
    double expected[5] = {0};
    for (size_t i = 0; i < x->count; i++)
        expected[i / 12 % 5] += x->values[i] < 0 ? x->values[i] * gy->values[i] : 0;
    expect_ok(s.api->activation_param_gradient(s.context, training, &desc, x->tensor, gy->tensor,
                                               ga->tensor, a->tensor, &op, NULL));
    run(op);
    expect_values(ga, expected, 24);
}

Test(elementwise, gradient_of_prelu_slopes) {
    for_each_form(param_gradient);
}

Test(elementwise, nan_is_propagated_or_not) {
    for (cl_uint nan = EMU_NAN_IGNORED; nan <= EMU_NAN_PROPAGATED; nan++) {
        emu_op *op = NULL;
        const emu_activation desc = {EMU_RELU, nan, EMU_FP32};
        box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
        expect_ok(s.api->activation_forward(s.context, NULL, &desc, x->tensor, box_unused()->tensor,
                                            y->tensor, &op, NULL));
        x->values[0] = NAN;
        x->values[1] = 1;
        run(op);
        expect_values(y, (double[]){nan ? NAN : 0, 1}, 1);
    }
}

/* ---- Binary --------------------------------------------------------------------------------- */

static double operation(cl_uint op, double a, double b) {
    const double results[] = {a + b, a - b, a * b, fmin(a, b), fmax(a, b), a / b};
    return results[op];
}

static void binaries(void) {
    for (cl_uint kind = EMU_ADD; kind <= EMU_DIV; kind++) {
        emu_op *op = NULL;
        const emu_binary desc = {kind, number(0.5f), number(-2), number(kind % 2 ? 0 : 0.75f),
                                 arithmetic()};
        box *a = box_new(2, 5, 3, 2), *b = box_new(2, 5, 3, 2), *c = box_new(2, 5, 3, 2);
        double expected[60];
        for (size_t i = 0; i < 60; i++) {
            b->values[i] += b->values[i] < 0 ? -0.5 : 0.5;
            expected[i] = operation(kind, 0.5 * a->values[i], -2 * b->values[i]) +
                          (kind % 2 ? 0 : 0.75 * c->values[i]);
        }
        expect_ok(
            s.api->binary(s.context, NULL, &desc, a->tensor, b->tensor, c->tensor, &op, NULL));
        run(op);
        expect_values(c, expected, 2);
    }
}

Test(elementwise, binaries) {
    for_each_form(binaries);
}

/* c = a + c: how gradients and biases are added up. */
static void accumulation(void) {
    emu_op *op = NULL;
    const emu_binary desc = {EMU_ADD, number(1), number(1), number(1), arithmetic()};
    box *a = box_new(1, 6, 3, 2), *c = box_new(1, 6, 3, 2);
    double expected[36];
    for (size_t i = 0; i < 36; i++)
        expected[i] = a->values[i] + c->values[i];
    expect_ok(s.api->binary(s.context, NULL, &desc, a->tensor, box_unused()->tensor, c->tensor, &op,
                            NULL));
    run(op);
    expect_values(c, expected, 1);
}

Test(elementwise, accumulation_without_b) {
    for_each_form(accumulation);
}

/* With a gamma of 0, c is not read: what was there, be it NaN, does not matter. */
Test(elementwise, nothing_is_read_that_is_multiplied_by_zero) {
    emu_op *op = NULL;
    const emu_binary desc = {EMU_SUB, number(1), number(1), number(0), EMU_FP32};
    box *a = box_new(1, 1, 1, 1), *b = box_new(1, 1, 1, 1), *c = box_new(1, 1, 1, 1);
    const double expected = a->values[0] - b->values[0];
    c->values[0] = NAN;
    expect_ok(s.api->binary(s.context, NULL, &desc, a->tensor, b->tensor, c->tensor, &op, NULL));
    run(op);
    expect_values(c, &expected, 1);
}

/* ---- Updates -------------------------------------------------------------------------------- */

static void sgd(void) {
    for (cl_uint function = EMU_SGD; function <= EMU_SGD_MOMENTUM; function++) {
        emu_op *op = NULL;
        const emu_sgd desc = {number(0.25f), number(0.125f), number(0.5f), function, arithmetic()};
        const bool momentum = function == EMU_SGD_MOMENTUM;
        box *p = box_new(4, 5, 3, 3), *g = box_new(4, 5, 3, 3);
        box *v = momentum ? box_new(4, 5, 3, 3) : box_unused();
        double param[180], state[180];
        for (size_t i = 0; i < 180; i++) {
            const double slope = g->values[i] + (function == EMU_SGD ? 0 : 0.125 * p->values[i]);
            state[i] = momentum ? 0.5 * v->values[i] + slope : slope;
            param[i] = p->values[i] - 0.25 * state[i];
        }
        expect_ok(s.api->update_sgd(s.context, training, &desc, p->tensor, g->tensor, v->tensor,
                                    &op, NULL));
        run(op);
        expect_values(p, param, 2);
        if (momentum)
            expect_values(v, state, 2);
    }
}

Test(elementwise, sgd) {
    for_each_form(sgd);
}

/* Two steps of momentum, plain and dampened. */
static void two_momentum_steps(double share) {
    const emu_sgd desc = {number(0.25f), number(0), number(0.5f), EMU_SGD_MOMENTUM, EMU_FP32};
    box *p = box_new(1, 5, 1, 1), *g = box_new(1, 5, 1, 1), *v = box_new(1, 5, 1, 1);
    double param[5], state[5];
    memcpy(param, p->values, sizeof param);
    memcpy(state, v->values, sizeof state);
    for (size_t i = 0; i < 10; i++) {
        state[i % 5] = 0.5 * state[i % 5] + share * g->values[i % 5];
        param[i % 5] -= 0.25 * state[i % 5];
    }
    for (int step = 0; step < 2; step++) {
        emu_op *op = NULL;
        expect_ok(s.api->update_sgd(s.context, training, &desc, p->tensor, g->tensor, v->tensor,
                                    &op, NULL));
        run(op);
    }
    expect_values(p, param, 4);
    expect_values(v, state, 4);
}

Test(elementwise, momentum) {
    two_momentum_steps(1);
}

Test(elementwise, dampened_momentum) {
    scene_configure("CLML_EMULATOR_VARIANT", "dampened");
    two_momentum_steps(0.5);
}

static void adam_steps(cl_uint time_type) {
    const emu_adam desc = {
        number(0.01f), number(0.9f), number(0.99f), number(1e-3f), number(0.1f), 0, arithmetic()};
    box *p = box_new(3, 5, 1, 2), *g = box_new(3, 5, 1, 2), *m = box_new(3, 5, 1, 2);
    box *v = box_new(3, 5, 1, 2), *t = box_typed(time_type, 1, 1, 1, 1);
    double param[30], mean[30] = {0}, square[30] = {0};
    memcpy(param, p->values, sizeof param);
    memset(m->values, 0, sizeof mean);
    memset(v->values, 0, sizeof square);
    for (int step = 1; step <= 3; step++) {
        emu_op *op = NULL;
        t->values[0] = step;
        for (size_t i = 0; i < 30; i++) {
            const double slope = g->values[i] + 0.1f * param[i];
            mean[i] = 0.9f * mean[i] + (1 - 0.9f) * slope;
            square[i] = 0.99f * square[i] + (1 - 0.99f) * slope * slope;
            param[i] -= 0.01f * (mean[i] / (1 - pow(0.9f, step))) /
                        (sqrt(square[i] / (1 - pow(0.99f, step))) + 1e-3);
        }
        expect_ok(s.api->update_adam(s.context, training, &desc, t->tensor, p->tensor, g->tensor,
                                     m->tensor, v->tensor, &op, NULL));
        run(op);
        cr_assert_eq(t->values[0], step, "the time step changed");
    }
    expect_values(p, param, 30);
    expect_values(m, mean, 10);
    expect_values(v, square, 10);
}

static void adam(void) {
    adam_steps(s.type);
}

Test(elementwise, adam) {
    for_each_form(adam);
}

Test(elementwise, adam_with_integer_time) {
    scene_configure("CLML_EMULATOR_VARIANT", "int_time");
    adam_steps(CL_SIGNED_INT32);
}
