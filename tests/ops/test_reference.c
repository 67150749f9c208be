/* The reference itself: against finite differences, and against answers worked out by hand. */
#include "cases.h"
#include "element.h"
#include "gradient_check.h"
#include "reference.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <string.h>

/* ---- Finite differences -------------------------------------------------------------------- */

static bool slope_agrees(const gradient_slope *slope) {
    return fabs(slope->analytic - slope->numeric) <= 1e-6 * slope->magnitude + 1e-7;
}

static size_t check_gradients_of(uint32_t kind) {
    case_list list = {0};
    char line[OP_CASE_TEXT_MAX];
    size_t checked = 0;
    cases_of(kind, false, &list);
    for (size_t i = 0; i < list.count; i++) {
        gradient_slope slopes[RETUNE_OP_TENSORS_MAX];
        if (op_case_dtype(&list.items[i]) != RETUNE_F32)
            continue;
        const size_t count = gradient_check(&list.items[i], slopes);
        for (size_t s = 0; s < count; s++, checked++)
            cr_expect(slope_agrees(&slopes[s]),
                      "%s: %s is %.12g along a line, differences say %.12g",
                      op_case_format(&list.items[i], line), slopes[s].name, slopes[s].analytic,
                      slopes[s].numeric);
    }
    case_list_free(&list);
    return checked;
}

static uint32_t gradients[] = {RETUNE_OP_CONV2D_GRAD_INPUT,
                               RETUNE_OP_CONV2D_GRAD_WEIGHT,
                               RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT,
                               RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT,
                               RETUNE_OP_ACTIVATION_GRAD,
                               RETUNE_OP_BATCH_NORM_GRAD,
                               RETUNE_OP_POOL_GRAD,
                               RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD};

ParameterizedTestParameters(reference, gradients_are_derivatives) {
    return cr_make_param_array(uint32_t, gradients, sizeof gradients / sizeof gradients[0], NULL);
}

ParameterizedTest(uint32_t *kind, reference, gradients_are_derivatives) {
    cr_expect(check_gradients_of(*kind) > 10, "%s has next to no cases", op_info_of(*kind)->name);
}

Test(reference, every_gradient_op_is_differenced) {
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        bool listed = false;
        for (size_t g = 0; g < sizeof gradients / sizeof gradients[0]; g++)
            listed = listed || gradients[g] == kind;
        cr_expect_eq(strstr(op_info_of(kind)->name, "_grad") != NULL, listed, "%s",
                     op_info_of(kind)->name);
    }
}

/* ---- By hand ------------------------------------------------------------------------------- */

/* Runs the op of a case's line. */
static void run(const char *line, const double *const inputs[], double *const outputs[]) {
    op_case op;
    retune_error error = RETUNE_ERROR_INIT;
    const double *in[RETUNE_OP_TENSORS_MAX] = {NULL};
    double *out[RETUNE_OP_TENSORS_MAX] = {NULL};
    cr_assert_eq(op_case_parse(line, &op, &error), RETUNE_OK, "%s", error.message);
    const retune_op_desc desc = op_case_describe(&op);
    const retune_run_args args = {
        .struct_size = sizeof args, .learning_rate = op.learning_rate, .step = op.step};
    for (uint32_t s = 0; desc.inputs[s]; s++)
        in[s] = inputs[s];
    for (uint32_t s = 0; desc.outputs[s]; s++)
        out[s] = outputs[s];
    reference_run(&desc, in, out, &args);
}

static void expect_values(const double *got, size_t count, const double *expected) {
    for (size_t i = 0; i < count; i++)
        cr_expect_float_eq(got[i], expected[i], 1e-9, "element %zu: expected %.9g, got %.9g", i,
                           expected[i], got[i]);
}

/* A 4x4 map of 0..15 under ones: TensorFlow's SAME at stride 2 pads below and to the right. */
Test(reference, convolution_pads_where_it_says) {
    double x[16], y[4];
    const double ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (int i = 0; i < 16; i++)
        x[i] = i;
    run("conv2d x=f32[1,4,4,1] weight=f32[1,3,3,1] -> y=f32[1,2,2,1] stride_height=2 "
        "stride_width=2 dilation_height=1 dilation_width=1 pad_bottom=1 pad_right=1",
        (const double *[]){x, ones}, (double *[]){y});
    expect_values(y, 4,
                  (const double[]){45, 2 + 3 + 6 + 7 + 10 + 11, 8 + 9 + 10 + 12 + 13 + 14,
                                   10 + 11 + 14 + 15});
}

Test(reference, convolution_takes_channels_in_order) {
    double y[2];
    run("conv2d x=f32[1,1,1,3] weight=f32[2,1,1,3] scale=f32[2] bias=f32[2] -> y=f32[1,1,1,2] "
        "stride_height=1 stride_width=1 dilation_height=1 dilation_width=1 activation=2",
        (const double *[]){(double[]){1, 2, 3}, (double[]){1, 10, 100, -1, 0, 0},
                           (double[]){0.01, 2}, (double[]){1, -1}},
        (double *[]){y});
    expect_values(y, 2, (const double[]){0.01 * 321 + 1, 0});
}

Test(reference, batch_norm_uses_the_biased_variance) {
    double y[2], mean[1], inverse_std[1], running_mean[1], running_variance[1];
    run("batch_norm x=f32[2,1,1,1] gamma=f32[1] beta=f32[1] running_mean=f32[1] "
        "running_variance=f32[1] -> y=f32[2,1,1,1] saved_mean=f32[1] saved_inverse_std=f32[1] "
        "running_mean=f32[1] running_variance=f32[1] training=1 momentum=0.75 epsilon=0",
        (const double *[]){(double[]){1, 5}, (double[]){3}, (double[]){10}, (double[]){-1},
                           (double[]){8}},
        (double *[]){y, mean, inverse_std, running_mean, running_variance});
    expect_values(y, 2, (const double[]){7, 13});
    expect_values(mean, 1, (const double[]){3});
    expect_values(inverse_std, 1, (const double[]){0.5});
    expect_values(running_mean, 1, (const double[]){0.75 * -1 + 0.25 * 3});
    expect_values(running_variance, 1, (const double[]){0.75 * 8 + 0.25 * 4});
}

Test(reference, average_leaves_padding_out) {
    double y[4];
    run("pool x=f32[1,2,2,1] -> y=f32[1,2,2,1] window_height=2 window_width=2 stride_height=1 "
        "stride_width=1 pad_top=1 pad_right=1",
        (const double *[]){(double[]){1, 2, 3, 4}}, (double *[]){y});
    expect_values(y, 4, (const double[]){1.5, 2, 2.5, 3});
}

Test(reference, maximum_is_the_first_of_equals) {
    double y[1], argmax[1];
    run("pool x=f32[1,2,2,1] -> y=f32[1,1,1,1] argmax=i32[1,1,1,1] kind=1 window_height=2 "
        "window_width=2 stride_height=1 stride_width=1",
        (const double *[]){(double[]){-7, -2, -2, -2}}, (double *[]){y, argmax});
    expect_values(y, 1, (const double[]){-2});
    expect_values(argmax, 1, (const double[]){1});
}

Test(reference, gradient_is_zero_at_the_kinks) {
    double dz[4];
    run("activation_grad dy=f32[4] y=f32[4] -> dz=f32[4] activation=2",
        (const double *[]){(double[]){1, 1, 1, 1}, (double[]){0, 6, 3, 5.999}}, (double *[]){dz});
    expect_values(dz, 4, (const double[]){0, 0, 1, 1});
}

Test(reference, loss_smooths_the_label) {
    double p[2], loss[1];
    run("softmax_cross_entropy logits=f32[1,2] label=i32[1] weight=f32[1] -> "
        "probability=f32[1,2] loss=f32[1] label_smoothing=0.5",
        (const double *[]){(double[]){0, log(3)}, (double[]){1}, (double[]){2}},
        (double *[]){p, loss});
    expect_values(p, 2, (const double[]){0.25, 0.75});
    expect_values(loss, 1, (const double[]){-2 * (0.25 * log(0.25) + 0.75 * log(0.75))});
}

Test(reference, loss_stays_finite) {
    double p[2], loss[1];
    run("softmax_cross_entropy logits=f32[1,2] label=i32[1] weight=f32[1] -> "
        "probability=f32[1,2] loss=f32[1]",
        (const double *[]){(double[]){1e4, -1e4}, (double[]){1}, (double[]){1}},
        (double *[]){p, loss});
    expect_values(p, 2, (const double[]){1, 0});
    expect_values(loss, 1, (const double[]){2e4});
}

/* Whatever the gradient's size, Adam's first step is the learning rate. */
Test(reference, adam_begins_with_the_learning_rate) {
    double w[2], m[2], v[2];
    run("adam weight=f32[2] gradient=f32[2] m=f32[2] v=f32[2] -> weight=f32[2] m=f32[2] v=f32[2] "
        "beta1=0.5 beta2=0.75 learning_rate=0.125 step=1",
        (const double *[]){(double[]){1, 1}, (double[]){8, -0.5}, (double[]){0, 0},
                           (double[]){0, 0}},
        (double *[]){w, m, v});
    expect_values(w, 2, (const double[]){0.875, 1.125});
    expect_values(m, 2, (const double[]){4, -0.25});
    expect_values(v, 2, (const double[]){16, 0.0625});
}

/* Without a gradient, decoupled decay shrinks the weight and leaves the moments alone. */
Test(reference, decoupled_decay_leaves_the_moments_alone) {
    double w[1], m[1], v[1];
    run("adam weight=f32[1] gradient=f32[1] m=f32[1] v=f32[1] -> weight=f32[1] m=f32[1] v=f32[1] "
        "beta1=0.5 beta2=0.5 epsilon=1 weight_decay=0.5 decoupled=1 learning_rate=0.5 step=3",
        (const double *[]){(double[]){4}, (double[]){0}, (double[]){0}, (double[]){0}},
        (double *[]){w, m, v});
    expect_values(w, 1, (const double[]){3});
    expect_values(m, 1, (const double[]){0});
    expect_values(v, 1, (const double[]){0});
}

Test(reference, velocity_remembers) {
    double w[1], velocity[1];
    run("sgd weight=f32[1] gradient=f32[1] velocity=f32[1] -> weight=f32[1] velocity=f32[1] "
        "momentum=0.5 weight_decay=0.25 learning_rate=0.5 step=1",
        (const double *[]){(double[]){4}, (double[]){3}, (double[]){2}}, (double *[]){w, velocity});
    expect_values(velocity, 1, (const double[]){5});
    expect_values(w, 1, (const double[]){1.5});
}

/* ---- Elements ------------------------------------------------------------------------------ */

Test(reference, elements_round_to_nearest_even) {
    static const struct {
        uint32_t dtype;
        double value, rounded;
    } rows[] = {{RETUNE_F16, 0x1.002p0, 1},
                {RETUNE_F16, 0x1.006p0, 0x1.008p0},
                {RETUNE_F16, 0x1.00201p0, 0x1.004p0},
                {RETUNE_F16, 65519, 65504},
                {RETUNE_F16, 65520, INFINITY},
                {RETUNE_F16, -1e9, -INFINITY},
                {RETUNE_F16, 0x1p-24, 0x1p-24},
                {RETUNE_F16, 0x1p-25, 0},
                {RETUNE_F16, 0x1.8p-24, 0x1p-23},
                {RETUNE_F16, 0x1.ffep-15, 0x1p-14},
                {RETUNE_BF16, 0x1.01p0, 1},
                {RETUNE_BF16, 0x1.03p0, 0x1.04p0},
                {RETUNE_BF16, 0x1.fep127, 0x1.fep127},
                {RETUNE_BF16, 0x1.ffp127, INFINITY},
                {RETUNE_F32, 0x1.000001p0, 1},
                {RETUNE_F32, 0x1.000003p0, 0x1.000004p0}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        cr_expect(element_round(rows[r].dtype, rows[r].value) == rows[r].rounded,
                  "row %zu: %a became %a", r, rows[r].value,
                  element_round(rows[r].dtype, rows[r].value));
    cr_expect(isnan(element_round(RETUNE_F16, NAN)));
    cr_expect(isnan(element_round(RETUNE_BF16, NAN)));
}
