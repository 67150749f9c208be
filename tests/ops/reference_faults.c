/* Mistakes that kernels really have, one function each. Most are the right op with one attribute or
 * tensor misread; the others touch up the right result. */
#include "reference_backend.h"

#include "op_case.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

#define PARAMETERS                                                                                 \
    const retune_op_desc *op, const double *const inputs[RETUNE_OP_TENSORS_MAX],                   \
        double *const outputs[RETUNE_OP_TENSORS_MAX], const retune_run_args *args

/* Runs the op after a change to a copy of its attributes, `a`. */
#define WITH_ATTRIBUTES(name, member, change)                                                      \
    static void name(PARAMETERS) {                                                                 \
        retune_op_desc misread = *op;                                                              \
        __typeof__(misread.attributes.member) *a = &misread.attributes.member;                     \
        change;                                                                                    \
        reference_run(&misread, inputs, outputs, args);                                            \
    }

/* Runs the op with one input missing. */
#define WITHOUT_INPUT(name, slot)                                                                  \
    static void name(PARAMETERS) {                                                                 \
        const double *present[RETUNE_OP_TENSORS_MAX];                                              \
        for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)                                       \
            present[s] = s == (slot) ? NULL : inputs[s];                                           \
        reference_run(op, present, outputs, args);                                                 \
    }

/* ---- Convolution --------------------------------------------------------------------------- */

WITH_ATTRIBUTES(no_dilation, convolution, a->dilation_height = a->dilation_width = 1)
WITH_ATTRIBUTES(strides_swapped, convolution, uint32_t height = a->stride_height;
                a->stride_height = a->stride_width; a->stride_width = height)
WITH_ATTRIBUTES(pad_top_is_bottom, convolution, a->pad_top = a->pad_bottom)
WITH_ATTRIBUTES(pad_left_is_right, convolution, a->pad_left = a->pad_right)
WITH_ATTRIBUTES(no_activation, convolution, a->activation = RETUNE_ACTIVATION_NONE)
WITH_ATTRIBUTES(relu6_is_relu, convolution,
                if (a->activation) a->activation = RETUNE_ACTIVATION_RELU)
WITHOUT_INPUT(no_scale, 2)
WITHOUT_INPUT(no_bias, 3)

/* Leaves the last element of the first output as it was. */
static void last_element_left(PARAMETERS) {
    const size_t last = desc_count(op->outputs[0]) - 1;
    const double before = outputs[0][last];
    reference_run(op, inputs, outputs, args);
    outputs[0][last] = before;
}

static void last_bias_gradient_left(PARAMETERS) {
    const size_t last = op->outputs[1] ? desc_count(op->outputs[1]) - 1 : 0;
    reference_run(op, inputs, outputs, args);
    if (op->outputs[1])
        outputs[1][last] = NAN;
}

/* Sums in half precision would look like this. */
static void one_part_in_a_thousand(PARAMETERS) {
    reference_run(op, inputs, outputs, args);
    for (size_t i = 0; i < desc_count(op->outputs[0]); i++)
        outputs[0][i] *= 1.001;
}

/* Adds to what was there instead of overwriting it. */
static void not_cleared(PARAMETERS) {
    const size_t count = desc_count(op->outputs[0]);
    double *before = malloc(count * sizeof *before);
    for (size_t i = 0; before && i < count; i++)
        before[i] = outputs[0][i];
    reference_run(op, inputs, outputs, args);
    for (size_t i = 0; before && i < count; i++)
        outputs[0][i] += before[i];
    free(before);
}

static void input_overwritten(PARAMETERS) {
    reference_run(op, inputs, outputs, args);
    ((double *)inputs[0])[desc_count(op->inputs[0]) - 1] = 0.25;
}

/* A difference within the tolerance, but not the same one every time. */
static void unsteady(PARAMETERS) {
    static unsigned runs;
    reference_run(op, inputs, outputs, args);
    outputs[0][0] += (runs++ % 2) * 0x1p-22;
}

/* ---- The other ops ------------------------------------------------------------------------- */

WITH_ATTRIBUTES(gradient_at_six, activation,
                a->activation = a->activation ? RETUNE_ACTIVATION_RELU : 0)

static void gradient_at_zero(PARAMETERS) {
    reference_run(op, inputs, outputs, args);
    for (size_t i = 0; i < desc_count(op->outputs[0]); i++)
        if (inputs[1][i] == 0)
            outputs[0][i] = inputs[0][i];
}

WITH_ATTRIBUTES(always_training, batch_norm, a->training = 1)
WITH_ATTRIBUTES(momentum_swapped, batch_norm, a->momentum = 1 - a->momentum)
WITH_ATTRIBUTES(no_epsilon, batch_norm, a->epsilon = 0)

/* The unbiased variance in the running statistics. */
static void unbiased_variance(PARAMETERS) {
    const double m = op_case_reduction(&(op_case){.kind = op->kind, .inputs = {*op->inputs[0]}});
    reference_run(op, inputs, outputs, args);
    for (size_t c = 0; m > 1 && c < desc_count(op->outputs[4]); c++)
        outputs[4][c] *= m / (m - 1);
}

WITH_ATTRIBUTES(statistics_are_constant, batch_norm, a->training = 0)

/* Counts the padding in the average. */
static void padding_counted(PARAMETERS) {
    const retune_pooling_attributes *a = &op->attributes.pooling;
    reference_run(op, inputs, outputs, args);
    const int64_t *shape = op->outputs[0]->shape;
    for (int64_t i = 0; a->kind == RETUNE_POOL_AVERAGE && i < (int64_t)desc_count(op->outputs[0]);
         i++) {
        const int64_t top = i / shape[3] / shape[2] % shape[1] * a->stride_height - a->pad_top;
        if (top < 0)
            outputs[0][i] *= (double)(a->window_height + top) / a->window_height;
    }
}

WITH_ATTRIBUTES(pool_pad_top_is_bottom, pooling, a->pad_top = a->pad_bottom)

/* Starts the maximum from a finite number. */
static void finite_maximum(PARAMETERS) {
    reference_run(op, inputs, outputs, args);
    for (size_t i = 0; i < desc_count(op->outputs[0]); i++)
        outputs[0][i] = fmax(outputs[0][i], -3.4028234663852886e38);
}

/* A later one of equal maxima. */
static void last_maximum(PARAMETERS) {
    const int64_t *shape = op->inputs[0]->shape;
    const int64_t row = shape[2] * shape[3];
    reference_run(op, inputs, outputs, args);
    for (size_t i = 0; op->outputs[1] && i < desc_count(op->outputs[1]); i++) {
        const int64_t n =
            (int64_t)i / (op->outputs[0]->shape[1] * op->outputs[0]->shape[2] * shape[3]);
        const int64_t place = (int64_t)outputs[1][i], next = place + 1;
        const double *map = inputs[0] + n * shape[1] * row + (int64_t)i % shape[3];
        if (next % shape[2] != 0 && map[next * shape[3]] == map[place * shape[3]])
            outputs[1][i] = (double)next;
    }
}

WITH_ATTRIBUTES(no_smoothing, loss, a->label_smoothing = 0)

/* The logarithm of a probability that has become 0. */
static void logarithm_of_zero(PARAMETERS) {
    const size_t classes = (size_t)op->inputs[0]->shape[op->inputs[0]->rank - 1];
    reference_run(op, inputs, outputs, args);
    for (size_t n = 0; n < desc_count(op->outputs[1]); n++)
        if (outputs[0][n * classes + (size_t)inputs[1][n]] < 0x1p-149)
            outputs[1][n] = INFINITY;
}

/* The mean over all samples, padded ones too. */
static void padding_in_mean(PARAMETERS) {
    const double total = (double)desc_count(op->inputs[2]);
    const double *counted[RETUNE_OP_TENSORS_MAX] = {inputs[0], inputs[1], inputs[2], &total};
    reference_run(op, counted, outputs, args);
}

/* Counts padded samples like the others. */
static void sample_weights_ignored(PARAMETERS) {
    const size_t count = desc_count(op->inputs[2]);
    double *ones = malloc(count * sizeof *ones);
    for (size_t n = 0; ones && n < count; n++)
        ones[n] = 1;
    const double *weighted[RETUNE_OP_TENSORS_MAX] = {inputs[0], inputs[1], ones, inputs[3]};
    if (ones)
        reference_run(op, weighted, outputs, args);
    free(ones);
}

WITH_ATTRIBUTES(no_decay, sgd, a->weight_decay = 0)
WITH_ATTRIBUTES(no_momentum, sgd, a->momentum = 0)
WITH_ATTRIBUTES(decay_joins_gradient, adam, a->decoupled = 0)
WITH_ATTRIBUTES(decay_decoupled, adam, a->decoupled = 1)

static void step_from_zero(PARAMETERS) {
    retune_run_args late = *args;
    late.step++;
    reference_run(op, inputs, outputs, &late);
}

/* Epsilon under the root. */
static void epsilon_inside(PARAMETERS) {
    const float epsilon = op->attributes.adam.epsilon;
    retune_op_desc misread = *op;
    misread.attributes.adam.epsilon = sqrtf(epsilon);
    reference_run(&misread, inputs, outputs, args);
}

/* Cuts off instead of rounding, to 8 bits as for bf16. */
static void truncated(PARAMETERS) {
    reference_run(op, inputs, outputs, args);
    for (size_t i = 0; op->outputs[0]->dtype == RETUNE_BF16 && i < desc_count(op->outputs[0]);
         i++) {
        int exponent;
        const double fraction = frexp(inputs[0][i], &exponent);
        if (isfinite(inputs[0][i]))
            outputs[0][i] = ldexp(trunc(fraction * 256) / 256, exponent);
    }
}

static void scale_and_offset_swapped(PARAMETERS) {
    const double *swapped[RETUNE_OP_TENSORS_MAX] = {inputs[0], inputs[2], inputs[1]};
    reference_run(op, swapped, outputs, args);
}

/* Row i instead of row index[i], where there is one. */
static void index_ignored(PARAMETERS) {
    const size_t count = desc_count(op->inputs[1]);
    double *rows = malloc(count * sizeof *rows);
    for (size_t i = 0; rows && i < count; i++)
        rows[i] = (double)(i % (size_t)op->inputs[0]->shape[0]);
    const double *in_order[RETUNE_OP_TENSORS_MAX] = {inputs[0], rows};
    if (rows)
        reference_run(op, in_order, outputs, args);
    free(rows);
}

#define FAULT(kind, function)                                                                      \
    { #kind "." #function, RETUNE_OP_##kind, function }

const reference_fault reference_faults[] = {
    FAULT(NORMALIZE, scale_and_offset_swapped),
    FAULT(NORMALIZE, last_element_left),
    FAULT(GATHER, index_ignored),
    FAULT(GATHER, last_element_left),
    FAULT(CONV2D, no_dilation),
    FAULT(CONV2D, strides_swapped),
    FAULT(CONV2D, pad_top_is_bottom),
    FAULT(CONV2D, pad_left_is_right),
    FAULT(CONV2D, no_activation),
    FAULT(CONV2D, relu6_is_relu),
    FAULT(CONV2D, no_scale),
    FAULT(CONV2D, no_bias),
    FAULT(CONV2D, last_element_left),
    FAULT(CONV2D, one_part_in_a_thousand),
    FAULT(CONV2D, input_overwritten),
    FAULT(CONV2D, unsteady),
    FAULT(CONV2D_GRAD_INPUT, no_dilation),
    FAULT(CONV2D_GRAD_INPUT, strides_swapped),
    FAULT(CONV2D_GRAD_INPUT, pad_top_is_bottom),
    FAULT(CONV2D_GRAD_INPUT, pad_left_is_right),
    FAULT(CONV2D_GRAD_INPUT, not_cleared),
    FAULT(CONV2D_GRAD_INPUT, one_part_in_a_thousand),
    FAULT(CONV2D_GRAD_WEIGHT, no_dilation),
    FAULT(CONV2D_GRAD_WEIGHT, strides_swapped),
    FAULT(CONV2D_GRAD_WEIGHT, pad_top_is_bottom),
    FAULT(CONV2D_GRAD_WEIGHT, pad_left_is_right),
    FAULT(CONV2D_GRAD_WEIGHT, not_cleared),
    FAULT(CONV2D_GRAD_WEIGHT, last_bias_gradient_left),
    FAULT(DEPTHWISE_CONV2D, no_dilation),
    FAULT(DEPTHWISE_CONV2D, strides_swapped),
    FAULT(DEPTHWISE_CONV2D, pad_top_is_bottom),
    FAULT(DEPTHWISE_CONV2D, pad_left_is_right),
    FAULT(DEPTHWISE_CONV2D, no_activation),
    FAULT(DEPTHWISE_CONV2D, relu6_is_relu),
    FAULT(DEPTHWISE_CONV2D, no_scale),
    FAULT(DEPTHWISE_CONV2D, no_bias),
    FAULT(DEPTHWISE_CONV2D_GRAD_INPUT, no_dilation),
    FAULT(DEPTHWISE_CONV2D_GRAD_INPUT, strides_swapped),
    FAULT(DEPTHWISE_CONV2D_GRAD_INPUT, pad_top_is_bottom),
    FAULT(DEPTHWISE_CONV2D_GRAD_INPUT, not_cleared),
    FAULT(DEPTHWISE_CONV2D_GRAD_WEIGHT, no_dilation),
    FAULT(DEPTHWISE_CONV2D_GRAD_WEIGHT, pad_left_is_right),
    FAULT(DEPTHWISE_CONV2D_GRAD_WEIGHT, last_bias_gradient_left),
    FAULT(ACTIVATION, last_element_left),
    FAULT(ACTIVATION, gradient_at_six),
    FAULT(ACTIVATION_GRAD, gradient_at_six),
    FAULT(ACTIVATION_GRAD, gradient_at_zero),
    FAULT(ACTIVATION_GRAD, no_scale),
    FAULT(BATCH_NORM, always_training),
    FAULT(BATCH_NORM, momentum_swapped),
    FAULT(BATCH_NORM, no_epsilon),
    FAULT(BATCH_NORM, unbiased_variance),
    FAULT(BATCH_NORM, input_overwritten),
    FAULT(BATCH_NORM_GRAD, statistics_are_constant),
    FAULT(BATCH_NORM_GRAD, always_training),
    FAULT(POOL, padding_counted),
    FAULT(POOL, finite_maximum),
    FAULT(POOL, last_maximum),
    FAULT(POOL_GRAD, not_cleared),
    FAULT(POOL_GRAD, pool_pad_top_is_bottom),
    FAULT(ADD, last_element_left),
    FAULT(SOFTMAX_CROSS_ENTROPY, no_smoothing),
    FAULT(SOFTMAX_CROSS_ENTROPY, logarithm_of_zero),
    FAULT(SOFTMAX_CROSS_ENTROPY, sample_weights_ignored),
    FAULT(SOFTMAX_CROSS_ENTROPY_GRAD, no_smoothing),
    FAULT(SOFTMAX_CROSS_ENTROPY_GRAD, padding_in_mean),
    FAULT(SOFTMAX_CROSS_ENTROPY_GRAD, sample_weights_ignored),
    FAULT(SGD, no_decay),
    FAULT(SGD, no_momentum),
    FAULT(SGD, unsteady),
    FAULT(ADAM, decay_joins_gradient),
    FAULT(ADAM, decay_decoupled),
    FAULT(ADAM, step_from_zero),
    FAULT(ADAM, epsilon_inside),
    FAULT(FILL, last_element_left),
    FAULT(CAST, truncated),
    FAULT(CAST, last_element_left),
    FAULT(ACCUMULATE, last_element_left),
};
const size_t reference_fault_count = sizeof reference_faults / sizeof reference_faults[0];
