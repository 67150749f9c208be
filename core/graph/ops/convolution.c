/* conv2d, depthwise_conv2d and their gradients.
 *
 * With z = conv(x, weight) the op gives y = activation(scale * z + bias). Hence
 *   dz = activation'(y) * dy * scale, dx = conv_transposed(dz, weight), dw = x correlated with dz,
 * and, for a bias without a scale, dbias = the sum of dz. */
#include "graph/op_rule.h"

#include "base/tensor_desc.h"
#include "base/window.h"

#include <math.h>

enum { X, WEIGHT, SCALE, BIAS };
enum { DZ, GRAD_WEIGHT };

/* Output map for a kernel of [height, width] taps; channels are the caller's. */
static retune_status output_map(const char *name, const retune_tensor_desc *x,
                                const retune_convolution_attributes *a, int64_t kernel_height,
                                int64_t kernel_width, int64_t channels, retune_tensor_desc *out,
                                retune_error *error) {
    *out = *x;
    out->shape[1] = retune_window_output(x->shape[1], (uint32_t)kernel_height, a->stride_height,
                                         a->dilation_height, a->pad_top, a->pad_bottom);
    out->shape[2] = retune_window_output(x->shape[2], (uint32_t)kernel_width, a->stride_width,
                                         a->dilation_width, a->pad_left, a->pad_right);
    out->shape[3] = channels;
    if (out->shape[1] < 1 || out->shape[2] < 1)
        return retune_fail(error, RETUNE_INVALID, "%s: the kernel does not fit the padded map",
                           name);
    return RETUNE_OK;
}

static retune_status check_ranks(const char *name, const retune_tensor_desc *map,
                                 const retune_tensor_desc *weight, uint32_t weight_rank,
                                 retune_error *error) {
    if (map->rank == 4 && (!weight || weight->rank == weight_rank))
        return RETUNE_OK;
    return retune_fail(error, RETUNE_INVALID, "%s: a map of rank %u with a kernel of rank %u", name,
                       map->rank, weight ? weight->rank : 0);
}

static retune_status shape_conv2d(const retune_op_desc *op, retune_tensor_desc *out,
                                  retune_error *error) {
    const retune_tensor_desc *x = op->inputs[X], *w = op->inputs[WEIGHT];
    RETUNE_TRY(check_ranks("conv2d", x, w, 4, error));
    if (w->shape[3] != x->shape[3])
        return retune_fail(error, RETUNE_INVALID, "conv2d: %lld input channels, kernel for %lld",
                           (long long)x->shape[3], (long long)w->shape[3]);
    RETUNE_TRY(
        retune_shape_expect_vector("conv2d", "scale", op->inputs[SCALE], w->shape[0], error));
    RETUNE_TRY(retune_shape_expect_vector("conv2d", "bias", op->inputs[BIAS], w->shape[0], error));
    return output_map("conv2d", x, &op->attributes.convolution, w->shape[1], w->shape[2],
                      w->shape[0], out, error);
}

static retune_status shape_depthwise(const retune_op_desc *op, retune_tensor_desc *out,
                                     retune_error *error) {
    const char *name = "depthwise_conv2d";
    const retune_tensor_desc *x = op->inputs[X], *w = op->inputs[WEIGHT];
    RETUNE_TRY(check_ranks(name, x, w, 3, error));
    if (w->shape[2] != x->shape[3])
        return retune_fail(error, RETUNE_INVALID, "%s: %lld channels, kernel for %lld", name,
                           (long long)x->shape[3], (long long)w->shape[2]);
    RETUNE_TRY(retune_shape_expect_vector(name, "scale", op->inputs[SCALE], w->shape[2], error));
    RETUNE_TRY(retune_shape_expect_vector(name, "bias", op->inputs[BIAS], w->shape[2], error));
    return output_map(name, x, &op->attributes.convolution, w->shape[0], w->shape[1], w->shape[2],
                      out, error);
}

/* The gradients' shapes are those of the forward tensors, which the gradient rule supplies: several
 * input sizes give one output size when the stride is above 1. */
static retune_status shape_given(const retune_op_desc *op, retune_tensor_desc *out,
                                 retune_error *error) {
    if (!op->outputs[0])
        return retune_fail(error, RETUNE_INVALID, "a convolution gradient without a given shape");
    out[0] = *op->outputs[0];
    if (op->kind == RETUNE_OP_CONV2D_GRAD_WEIGHT)
        out[1] = retune_desc_vector(RETUNE_F32, out[0].shape[0]);
    if (op->kind == RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT)
        out[1] = retune_desc_vector(RETUNE_F32, out[0].shape[2]);
    return RETUNE_OK;
}

/* dz from dy: through the activation and the scale, where there are any. */
static retune_status gradient_through_epilogue(retune_backward *backward, const retune_node *node,
                                               int32_t *out_dz, retune_error *error) {
    int32_t dy = retune_backward_gradient(backward, node->outputs[0]);
    uint32_t activation = node->attributes.convolution.activation;
    *out_dz = dy;
    if (activation == RETUNE_ACTIVATION_NONE && node->inputs[SCALE] == RETUNE_NO_VALUE)
        return RETUNE_OK;
    retune_node grad = retune_node_make(RETUNE_OP_ACTIVATION_GRAD, node->layer);
    grad.attributes.activation.activation = activation;
    grad.inputs[0] = dy;
    grad.inputs[1] = node->outputs[0];
    grad.inputs[2] = node->inputs[SCALE];
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(retune_backward_graph(backward), &grad, outputs, error));
    *out_dz = outputs[0];
    return RETUNE_OK;
}

static retune_status gradient_of_weight(retune_backward *backward, const retune_node *node,
                                        retune_op_kind kind, int32_t dz, retune_error *error) {
    bool wants_weight = retune_backward_needs(backward, node->inputs[WEIGHT]);
    bool wants_bias = node->inputs[BIAS] != RETUNE_NO_VALUE &&
                      retune_backward_needs(backward, node->inputs[BIAS]);
    if (!wants_weight && !wants_bias)
        return RETUNE_OK;
    if (wants_bias && node->inputs[SCALE] != RETUNE_NO_VALUE)
        return retune_fail(error, RETUNE_INTERNAL, "layer '%s': a trained bias beside a scale",
                           node->layer);
    retune_node grad = retune_node_make(kind, node->layer);
    grad.attributes.convolution = node->attributes.convolution;
    grad.attributes.convolution.activation = RETUNE_ACTIVATION_NONE;
    grad.inputs[0] = node->inputs[X];
    grad.inputs[1] = dz;
    RETUNE_TRY(retune_backward_make_gradient(backward, node->inputs[WEIGHT], "weight gradient",
                                             &grad.outputs[0], error));
    grad.outputs[1] = wants_bias ? RETUNE_NEW_VALUE : RETUNE_NO_VALUE;
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(retune_backward_graph(backward), &grad, outputs, error));
    if (wants_weight)
        RETUNE_TRY(retune_backward_contribute(backward, node->inputs[WEIGHT], outputs[0], error));
    if (wants_bias)
        RETUNE_TRY(retune_backward_contribute(backward, node->inputs[BIAS], outputs[1], error));
    return RETUNE_OK;
}

static retune_status gradient_of_input(retune_backward *backward, const retune_node *node,
                                       retune_op_kind kind, int32_t dz, retune_error *error) {
    if (!retune_backward_needs(backward, node->inputs[X]))
        return RETUNE_OK;
    retune_node grad = retune_node_make(kind, node->layer);
    grad.attributes.convolution = node->attributes.convolution;
    grad.attributes.convolution.activation = RETUNE_ACTIVATION_NONE;
    grad.inputs[DZ] = dz;
    grad.inputs[GRAD_WEIGHT] = node->inputs[WEIGHT];
    RETUNE_TRY(retune_backward_make_gradient(backward, node->inputs[X], "input gradient",
                                             &grad.outputs[0], error));
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(retune_backward_graph(backward), &grad, outputs, error));
    return retune_backward_contribute(backward, node->inputs[X], outputs[0], error);
}

static retune_status gradient_conv2d(retune_backward *backward, const retune_node *node,
                                     retune_error *error) {
    int32_t dz;
    RETUNE_TRY(gradient_through_epilogue(backward, node, &dz, error));
    RETUNE_TRY(gradient_of_weight(backward, node, RETUNE_OP_CONV2D_GRAD_WEIGHT, dz, error));
    return gradient_of_input(backward, node, RETUNE_OP_CONV2D_GRAD_INPUT, dz, error);
}

static retune_status gradient_depthwise(retune_backward *backward, const retune_node *node,
                                        retune_error *error) {
    int32_t dz;
    RETUNE_TRY(gradient_through_epilogue(backward, node, &dz, error));
    RETUNE_TRY(
        gradient_of_weight(backward, node, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT, dz, error));
    return gradient_of_input(backward, node, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT, dz, error);
}

/* Two for every tap of every output element; the gradients do as many as the forward op. */
static double flops_forward(const retune_op_desc *op) {
    const retune_tensor_desc *w = op->inputs[WEIGHT];
    double taps = op->kind == RETUNE_OP_CONV2D ? (double)(w->shape[1] * w->shape[2] * w->shape[3])
                                               : (double)(w->shape[0] * w->shape[1]);
    return 2.0 * taps * retune_shape_volume(op->outputs[0]);
}

static double flops_grad_input(const retune_op_desc *op) {
    const retune_tensor_desc *w = op->inputs[GRAD_WEIGHT];
    double taps = op->kind == RETUNE_OP_CONV2D_GRAD_INPUT
                      ? (double)(w->shape[1] * w->shape[2] * w->shape[3])
                      : (double)(w->shape[0] * w->shape[1]);
    return 2.0 * taps * retune_shape_volume(op->inputs[DZ]);
}

static double flops_grad_weight(const retune_op_desc *op) {
    const retune_tensor_desc *dw = op->outputs[0], *dz = op->inputs[1];
    double taps = op->kind == RETUNE_OP_CONV2D_GRAD_WEIGHT
                      ? (double)(dw->shape[1] * dw->shape[2] * dw->shape[3])
                      : (double)(dw->shape[0] * dw->shape[1]);
    return 2.0 * taps * retune_shape_volume(dz);
}

/* Of the forward pass the taps and channels that meet in an output element, of the gradient of the
 * input those that an input element reaches, of that of the weights all positions. */
static double reduction_conv2d(const retune_op_desc *op) {
    return retune_shape_volume_without(op->inputs[WEIGHT], 0);
}

static double reduction_conv2d_grad_input(const retune_op_desc *op) {
    return retune_shape_volume_without(op->inputs[GRAD_WEIGHT], 3);
}

static double reduction_depthwise(const retune_op_desc *op) {
    return retune_shape_volume_without(op->inputs[WEIGHT], 2);
}

static double reduction_grad_weight(const retune_op_desc *op) {
    return retune_shape_volume_without(op->inputs[1], 3);
}

/* A sum on its way is as large as one of its terms and, where they are of one sign, as the result.
 */
static double magnitude_forward(const retune_op_desc *op, uint32_t slot,
                                const retune_op_magnitudes *largest) {
    double scale = op->inputs[SCALE] ? largest->inputs[SCALE] : 1.0;
    return fmax(largest->inputs[X] * largest->inputs[WEIGHT] * scale + largest->inputs[BIAS],
                largest->outputs[slot]);
}

static double magnitude_grad(const retune_op_desc *op, uint32_t slot,
                             const retune_op_magnitudes *largest) {
    (void)op;
    double term = slot == 0 ? largest->inputs[0] * largest->inputs[1]
                            : largest->inputs[1]; /* dbias sums dz */
    return fmax(term, largest->outputs[slot]);
}

#define ROUNDING                                                                                   \
    { .base = 16, .per_term = 1, .products = true }

const retune_op_rule retune_rule_conv2d = {.shape = shape_conv2d,
                                           .gradient = gradient_conv2d,
                                           .flops = flops_forward,
                                           .rounding = ROUNDING,
                                           .reduction = reduction_conv2d,
                                           .magnitude = magnitude_forward};
const retune_op_rule retune_rule_conv2d_grad_input = {.shape = shape_given,
                                                      .flops = flops_grad_input,
                                                      .rounding = ROUNDING,
                                                      .reduction = reduction_conv2d_grad_input,
                                                      .magnitude = magnitude_grad};
const retune_op_rule retune_rule_conv2d_grad_weight = {.shape = shape_given,
                                                       .flops = flops_grad_weight,
                                                       .rounding = ROUNDING,
                                                       .reduction = reduction_grad_weight,
                                                       .magnitude = magnitude_grad};
const retune_op_rule retune_rule_depthwise_conv2d = {.shape = shape_depthwise,
                                                     .gradient = gradient_depthwise,
                                                     .flops = flops_forward,
                                                     .rounding = ROUNDING,
                                                     .reduction = reduction_depthwise,
                                                     .magnitude = magnitude_forward};
const retune_op_rule retune_rule_depthwise_conv2d_grad_input = {.shape = shape_given,
                                                                .flops = flops_grad_input,
                                                                .rounding = ROUNDING,
                                                                .reduction = reduction_depthwise,
                                                                .magnitude = magnitude_grad};
const retune_op_rule retune_rule_depthwise_conv2d_grad_weight = {.shape = shape_given,
                                                                 .flops = flops_grad_weight,
                                                                 .rounding = ROUNDING,
                                                                 .reduction = reduction_grad_weight,
                                                                 .magnitude = magnitude_grad};
