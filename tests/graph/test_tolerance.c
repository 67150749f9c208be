/* What an op's results may be off. */
#include "graph/tolerance.h"

#include "base/tensor_desc.h"

#include <criterion/criterion.h>

#include <math.h>

/* A 1x1 convolution of 64 channels, with an epilogue. */
static retune_tensor_desc x, weight, channels, y;

static retune_op_desc convolution(retune_dtype map_dtype) {
    x = retune_desc(map_dtype, 4, 2, 7, 7, 64);
    weight = retune_desc(RETUNE_F32, 4, 8, 1, 1, 64);
    channels = retune_desc_vector(RETUNE_F32, 8);
    y = retune_desc(map_dtype, 4, 2, 7, 7, 8);
    return (retune_op_desc){.struct_size = sizeof(retune_op_desc),
                            .kind = RETUNE_OP_CONV2D,
                            .inputs = {&x, &weight, &channels, &channels},
                            .outputs = {&y}};
}

Test(tolerance, grows_with_the_reduction) {
    retune_op_desc op = convolution(RETUNE_F32);
    double absolute = retune_tolerance_of(&op, 1.0).absolute;
    cr_expect(retune_op_reduction(&op) == 64.0);
    cr_expect(absolute == (16 + 64) * 0x1p-23, "%g", absolute);
    weight.shape[3] = x.shape[3] = 256;
    cr_expect(retune_tolerance_of(&op, 1.0).absolute == (16 + 256) * 0x1p-23);
}

Test(tolerance, grows_with_what_is_multiplied) {
    retune_op_desc op = convolution(RETUNE_F32);
    retune_op_magnitudes largest = {.inputs = {6.0, 0.5, 2.0, 3.0}, .outputs = {4.0}};
    double magnitude = retune_op_magnitude(&op, 0, &largest);
    cr_expect(magnitude == 6.0 * 0.5 * 2.0 + 3.0, "%g", magnitude);
    cr_expect(retune_tolerance_of(&op, magnitude).absolute ==
              magnitude * retune_tolerance_of(&op, 1.0).absolute);
    largest.outputs[0] = 20.0; /* terms of one sign */
    cr_expect(retune_op_magnitude(&op, 0, &largest) == 20.0);
    largest.outputs[0] = 0.0;
    op.inputs[2] = op.inputs[3] = NULL;
    largest.inputs[2] = largest.inputs[3] = 0.0;
    cr_expect(retune_op_magnitude(&op, 0, &largest) == 3.0);
}

Test(tolerance, of_zeros_is_no_division_by_zero) {
    retune_op_desc op = convolution(RETUNE_F32);
    retune_op_magnitudes largest = {.inputs = {0.0}};
    retune_tolerance tolerance = retune_tolerance_of(&op, retune_op_magnitude(&op, 0, &largest));
    cr_expect(retune_tolerance_share(&tolerance, 0.0, 0.0) == 0.0);
    cr_expect(retune_tolerance_share(&tolerance, 0.0, 1e-30) > 1.0);
}

Test(tolerance, is_wider_for_narrow_types) {
    retune_op_desc op = convolution(RETUNE_F32);
    double single = retune_tolerance_of(&op, 1.0).absolute;
    op = convolution(RETUNE_F16);
    double half = retune_tolerance_of(&op, 1.0).absolute;
    op = convolution(RETUNE_BF16);
    double brain = retune_tolerance_of(&op, 1.0).absolute;
    cr_expect(single < half && half < brain, "%g %g %g", single, half, brain);
}

/* Adam's step is bounded whatever the gradient. */
Test(tolerance, of_adam) {
    retune_tensor_desc vector = retune_desc_vector(RETUNE_F32, 8);
    retune_op_desc op = {.struct_size = sizeof op,
                         .kind = RETUNE_OP_ADAM,
                         .inputs = {&vector, &vector, &vector, &vector},
                         .outputs = {&vector, &vector, &vector},
                         .attributes.adam = {.beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-7f}};
    retune_op_magnitudes largest = {.inputs = {1.0, 1e6, 0.0, 0.0}, .learning_rate = 0.01};
    double weight_unit = retune_op_magnitude(&op, 0, &largest);
    cr_expect(fabs(weight_unit - 1.0316) < 1e-3, "%g", weight_unit);
    cr_expect(retune_op_magnitude(&op, 1, &largest) == 1e6);
    cr_expect(retune_op_magnitude(&op, 2, &largest) == 1e12);
}

Test(tolerance, shares) {
    static const retune_tolerance sum = {.absolute = 0.5, .relative = 0.25, .subnormal = 1e-3},
                                  exact = {.zero_is_exact = true}, open = {.nan_is_anything = true};
    cr_expect(retune_tolerance_share(&sum, 2.0, 2.5) == 0.5);
    cr_expect(retune_tolerance_share(&sum, -2.0, -4.0) == 2.0);
    cr_expect(retune_tolerance_share(&sum, 1e-4, 0.0) == 0.0);
    cr_expect(retune_tolerance_share(&sum, INFINITY, INFINITY) == 0.0);
    cr_expect(isinf(retune_tolerance_share(&sum, INFINITY, 1e30)));
    cr_expect(isinf(retune_tolerance_share(&sum, INFINITY, -INFINITY)));
    cr_expect(isinf(retune_tolerance_share(&sum, 1.0, NAN)));
    cr_expect(isinf(retune_tolerance_share(&sum, NAN, 1.0)));
    cr_expect(retune_tolerance_share(&sum, NAN, NAN) == 0.0);
    cr_expect(retune_tolerance_share(&open, NAN, 1.0) == 0.0);
    cr_expect(isinf(retune_tolerance_share(&exact, 0.0, 1e-30)));
    cr_expect(isinf(retune_tolerance_share(&exact, 1.0, 1.5)));
}
