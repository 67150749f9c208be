/* activation and its gradient, add, accumulate, fill. */
#include "build.h"

static uint32_t activation_of(const clml_build *b) {
    return b->op->attributes.activation.activation;
}

void clml_lower_activation(clml_build *b) {
    clml_view *x = clml_input(b, 0, CLML_MAP), *y = clml_output(b, 0, CLML_MAP);
    if (activation_of(b) == RETUNE_ACTIVATION_NONE)
        clml_add_copy(b, CLML_EACH, x, y);
    else
        clml_add_activation(b, activation_of(b), x, y);
}

/* The extension's gradient goes by what went into the activation. What came out would do, were it
 * known what a driver says of the places where the slope changes: there lies most of what comes
 * out. So the step needs what went in, of the same run, and kernels do it when the program has
 * none. */
void clml_lower_activation_grad(clml_build *b) {
    bool linear = activation_of(b) == RETUNE_ACTIVATION_NONE;
    clml_view *activated = linear ? NULL : clml_view_find(b->program, b->step->bound.inputs[1]);
    bool known = linear || (activated && activated->before);
    b->step->needs = known ? activated : NULL;
    if (!known && !b->program->trial)
        return;
    clml_view *dy = clml_input(b, 0, CLML_MAP), *scale = clml_input(b, 2, CLML_PARAMETER);
    clml_view *dz = clml_output(b, 0, CLML_MAP);
    if (b->status != RETUNE_OK)
        return;
    if (linear && !scale) {
        clml_add_copy(b, CLML_EACH, dy, dz);
        return;
    }
    clml_view *slope = dy;
    if (!linear) {
        clml_view *before = activated && activated->before ? activated->before : clml_kept(b, dz);
        slope = scale ? clml_scratch(b, dz, 0) : dz;
        clml_add_activation_backward(b, activation_of(b), before, dy, slope);
    }
    if (scale)
        clml_add_channel_map(b, slope, scale, NULL, dz);
}

void clml_lower_add(clml_build *b) {
    clml_view *x = clml_input(b, 0, CLML_MAP), *other = clml_input(b, 1, CLML_MAP);
    clml_add_sum(b, CLML_EACH, 1, x, 1, other, 0, clml_output(b, 0, CLML_MAP));
}

/* What is accumulated is a gradient of a parameter. */
void clml_lower_accumulate(clml_build *b) {
    clml_view *x = clml_input(b, 1, CLML_PARAMETER);
    clml_add_sum(b, CLML_EACH, 1, x, 0, NULL, 1, clml_updated(b, 0, 0, CLML_PARAMETER));
}

void clml_lower_fill(clml_build *b) {
    clml_add_fill(b, CLML_EACH, b->op->attributes.fill.value, clml_output(b, 0, CLML_PARAMETER));
}
