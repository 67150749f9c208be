/* conv2d, depthwise_conv2d and their gradients. */
#include "build.h"

#include "desc.h"

enum { X, WEIGHT, SCALE, BIAS };

static bool is_depthwise(uint32_t kind) {
    return kind >= RETUNE_OP_DEPTHWISE_CONV2D;
}

static clml_convolution_desc desc_of(const retune_op_desc *op) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    return (clml_convolution_desc){.mode =
                                       is_depthwise(op->kind) ? CLML_DEPTHWISE : CLML_CONVOLUTION,
                                   .group_count = 1,
                                   .dimensions = 4,
                                   .pad_before = {a->pad_top, a->pad_left, 0},
                                   .pad_after = {a->pad_bottom, a->pad_right, 0},
                                   .stride = {a->stride_height, a->stride_width, 1},
                                   .dilation = {a->dilation_height, a->dilation_width, 1},
                                   .arithmetic = CLML_FP32};
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* True when the program has the gradient of an activation whose result is `y`. */
static bool wants_before(const clml_build *b) {
    const retune_backend_program *program = b->program;
    for (size_t n = 0; n < program->count; n++) {
        const backend_bound_op *other = &program->steps[n].bound;
        if (other->desc.kind == RETUNE_OP_ACTIVATION_GRAD &&
            other->inputs[1] == b->step->bound.outputs[0])
            return true;
    }
    return false;
}

/* y = scale * conv(x, weight) + bias, without the activation. */
static void add_linear(clml_build *b, const clml_convolution_desc *desc, clml_view *y) {
    clml_view *x = clml_input(b, X, CLML_MAP), *weight = clml_input(b, WEIGHT, CLML_PARAMETER);
    clml_view *scale = clml_input(b, SCALE, CLML_PARAMETER);
    clml_view *bias = clml_input(b, BIAS, CLML_PARAMETER);
    if (b->status != RETUNE_OK)
        return;
    if (!scale) {
        clml_add_convolution(b, desc, x, weight, bias, y);
        return;
    }
    clml_view *unscaled = clml_scratch(b, y, 0);
    clml_add_convolution(b, desc, x, weight, NULL, unscaled);
    clml_add_channel_map(b, unscaled, scale, bias, y);
}

/* An activation whose gradient is wanted keeps what went into it; any other is fused with the
 * convolution where the driver does that. */
static void lower_forward(clml_build *b) {
    const clml_convolution_desc desc = desc_of(b->op);
    uint32_t activation = b->op->attributes.convolution.activation;
    clml_view *y = clml_output(b, 0, CLML_MAP);
    if (b->status != RETUNE_OK)
        return;
    if (activation == RETUNE_ACTIVATION_NONE) {
        add_linear(b, &desc, y);
        return;
    }
    bool keep = wants_before(b);
    if (!keep && !b->op->inputs[SCALE] &&
        clml_add_fused(b, &desc, activation, clml_input(b, X, CLML_MAP),
                       clml_input(b, WEIGHT, CLML_PARAMETER), clml_input(b, BIAS, CLML_PARAMETER),
                       y))
        return;
    clml_view *before = keep ? clml_kept(b, y) : clml_scratch(b, y, 1);
    add_linear(b, &desc, before);
    clml_add_activation(b, activation, before, y);
    if (keep) {
        y->before = before;
        b->step->activated = y;
    }
}

void clml_lower_conv2d(clml_build *b) {
    lower_forward(b);
}

void clml_lower_depthwise_conv2d(clml_build *b) {
    lower_forward(b);
}

/* ---- Gradients ------------------------------------------------------------------------------ */

static void lower_grad_input(clml_build *b) {
    const clml_convolution_desc desc = desc_of(b->op);
    clml_view *dz = clml_input(b, 0, CLML_MAP), *weight = clml_input(b, 1, CLML_PARAMETER);
    clml_add_convolution_backward(b, &desc, dz, weight, clml_output(b, 0, CLML_MAP));
}

void clml_lower_conv2d_grad_input(clml_build *b) {
    lower_grad_input(b);
}

void clml_lower_depthwise_conv2d_grad_input(clml_build *b) {
    lower_grad_input(b);
}

/* The forward op of a gradient: it has the same input and a weight of the gradient's shape. NULL
 * when the program has none. */
static const backend_bound_op *forward_of(const clml_build *b) {
    const uint32_t kind = is_depthwise(b->op->kind) ? RETUNE_OP_DEPTHWISE_CONV2D : RETUNE_OP_CONV2D;
    for (size_t n = 0; n < b->program->count; n++) {
        const backend_bound_op *other = &b->program->steps[n].bound;
        if (other->desc.kind == kind && other->inputs[X] == b->step->bound.inputs[0] &&
            backend_desc_equal(other->desc.inputs[WEIGHT], b->op->outputs[0]))
            return other;
    }
    return NULL;
}

/* A parameter of the forward op, or zeros in its place: the extension wants a tensor there, though
 * the gradient does not depend on it. */
static clml_view *parameter_of(clml_build *b, const backend_bound_op *forward, uint32_t slot,
                               const clml_view *gradient) {
    if (b->status != RETUNE_OK || !gradient)
        return NULL;
    if (forward && forward->inputs[slot])
        return clml_known(b, forward->inputs[slot], CLML_PARAMETER);
    clml_view *zeros = clml_kept(b, gradient);
    clml_add_fill(b, CLML_FIRST, 0, zeros);
    return zeros;
}

/* Gradients of one piece are made in `part`, which is cleared before, whether a driver overwrites
 * or adds; those of several are added up in the result. */
static clml_view *begin_gradient(clml_build *b, clml_view *gradient, uint32_t number) {
    if (b->status != RETUNE_OK || !gradient)
        return NULL;
    bool several = b->step->pieces > 1;
    clml_view *part = several ? clml_scratch(b, gradient, number) : gradient;
    if (several)
        clml_add_fill(b, CLML_FIRST, 0, gradient);
    clml_add_fill(b, CLML_EACH, 0, part);
    return part;
}

static void end_gradient(clml_build *b, clml_view *part, clml_view *gradient) {
    if (b->status == RETUNE_OK && part != gradient)
        clml_add_sum(b, CLML_EACH, 1, part, 0, NULL, 1, gradient);
}

static void lower_grad_weight(clml_build *b) {
    const clml_convolution_desc desc = desc_of(b->op);
    const backend_bound_op *forward = forward_of(b);
    clml_view *x = clml_input(b, 0, CLML_MAP), *dz = clml_input(b, 1, CLML_MAP);
    clml_view *dw = clml_output(b, 0, CLML_PARAMETER), *dbias = clml_output(b, 1, CLML_PARAMETER);
    clml_view *weight = parameter_of(b, forward, WEIGHT, dw);
    clml_view *bias = parameter_of(b, forward, BIAS, dbias);
    clml_view *dw_part = begin_gradient(b, dw, 0), *dbias_part = begin_gradient(b, dbias, 1);
    clml_add_param_gradients(b, &desc, x, dz, dw_part, dbias_part, weight, bias);
    end_gradient(b, dw_part, dw);
    end_gradient(b, dbias_part, dbias);
}

void clml_lower_conv2d_grad_weight(clml_build *b) {
    lower_grad_weight(b);
}

void clml_lower_depthwise_conv2d_grad_weight(clml_build *b) {
    lower_grad_weight(b);
}
