/* The values a model begins with. */
#include "network.h"

#include <math.h>

/* Glorot's limit, with the fans counted by hand. */
static const struct {
    const char *name;
    double fan_in, fan_out;
} kernels[] = {{"conv1/kernel", 3 * 3 * 3, 3 * 3 * 16},
               {"conv_pw_1/kernel", 16, 32},
               {"conv_dw_6/kernel", 9, 9},
               {"conv_pw_13/kernel", 512, 512},
               {"dense/kernel", 512, 3}};

static retune_model *filled(uint64_t seed) {
    retune_model *model = network_make(0.5, 32, 3);
    assert_ok(retune_model_allocate(model, seed, &error));
    return model;
}

Test(values, kernels_are_glorot_uniform) {
    retune_model *model = filled(1);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        const retune_parameter *p = network_parameter(model, kernels[k].name);
        double limit = sqrt(6.0 / (kernels[k].fan_in + kernels[k].fan_out));
        double sum = 0.0, squares = 0.0, most = 0.0;
        for (size_t i = 0; i < p->elements; i++) {
            sum += (double)p->values[i];
            squares += (double)p->values[i] * (double)p->values[i];
            most = fmax(most, fabs((double)p->values[i]));
        }
        double n = (double)p->elements, deviation = limit / sqrt(3.0);
        cr_expect_leq(most, limit * (1.0 + 1e-6), "%s", p->name);
        cr_expect_gt(most, 0.97 * limit, "%s", p->name);
        cr_expect_lt(fabs(sum / n), 4.0 * deviation / sqrt(n), "%s: mean %g", p->name, sum / n);
        cr_expect_float_eq(sqrt(squares / n), deviation, 0.1 * deviation, "%s", p->name);
    }
    retune_model_destroy(model);
}

Test(values, the_rest_is_one_or_zero) {
    retune_model *model = filled(1);
    for (size_t p = 0; p < model->parameter_count; p++) {
        const retune_parameter *parameter = &model->parameters[p];
        float expected =
            parameter->role == RETUNE_ROLE_GAMMA || parameter->role == RETUNE_ROLE_MOVING_VARIANCE
                ? 1.0f
                : 0.0f;
        cr_expect_eq((uintptr_t)parameter->values % 64, 0);
        for (size_t i = 0; parameter->role != RETUNE_ROLE_KERNEL && i < parameter->elements; i++)
            cr_assert_eq(parameter->values[i], expected, "%s", parameter->name);
    }
    retune_model_destroy(model);
}

Test(values, a_seed_gives_the_same_values_again) {
    retune_model *a = filled(42), *b = filled(42), *c = filled(43);
    for (size_t p = 0; p < a->parameter_count; p++) {
        const char *name = a->parameters[p].name;
        cr_expect(network_same_values(a, b, name), "%s", name);
        bool kernel = a->parameters[p].role == RETUNE_ROLE_KERNEL;
        cr_expect_eq(network_same_values(a, c, name), !kernel, "%s", name);
    }
    cr_expect_neq(network_parameter(a, "conv_pw_8/kernel")->values[0],
                  network_parameter(a, "conv_pw_9/kernel")->values[0]);
    retune_model_destroy(a);
    retune_model_destroy(b);
    retune_model_destroy(c);
}

Test(values, filling_again_starts_over) {
    retune_model *a = filled(1), *b = filled(1);
    retune_parameter *kernel = network_parameter(a, "dense/kernel");
    float *values = kernel->values;
    network_parameter(a, "conv1_bn/beta")->values[0] = 5.0f;
    kernel->values[0] = 5.0f;
    assert_ok(retune_model_allocate(a, 1, &error));
    cr_expect_eq(kernel->values, values, "the memory stays where it is");
    cr_expect(network_same_values(a, b, "dense/kernel"));
    cr_expect(network_same_values(a, b, "conv1_bn/beta"));
    retune_model_destroy(a);
    retune_model_destroy(b);
}
