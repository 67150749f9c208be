/* sgd and adam, of steps whose meaning leaves nothing open: the momentum of sgd and all weight
 * decay are sums beforehand, and the extension's update is plain. */
#include "build.h"

enum { WEIGHT, GRADIENT, FIRST_STATE, SECOND_STATE };

/* The gradient, with the decay added where there is one. */
static clml_view *decayed_gradient(clml_build *b, float decay, clml_view *weight) {
    clml_view *gradient = clml_input(b, GRADIENT, CLML_PARAMETER);
    if (b->status != RETUNE_OK || decay == 0)
        return gradient;
    clml_view *sum = clml_scratch(b, gradient, 0);
    clml_add_sum(b, CLML_LAST, 1, gradient, decay, weight, 0, sum);
    return sum;
}

void clml_lower_sgd(clml_build *b) {
    const retune_sgd_attributes *a = &b->op->attributes.sgd;
    clml_view *weight = clml_updated(b, WEIGHT, 0, CLML_PARAMETER);
    clml_view *gradient = decayed_gradient(b, a->weight_decay, weight);
    if (b->op->inputs[FIRST_STATE]) {
        clml_view *velocity = clml_updated(b, FIRST_STATE, 1, CLML_PARAMETER);
        clml_add_sum(b, CLML_LAST, 1, gradient, 0, NULL, a->momentum, velocity);
        gradient = velocity;
    }
    const clml_update update = {.factor = 1,
                                .sgd_desc = {.function = CLML_SGD_PLAIN},
                                .weight = weight,
                                .gradient = gradient};
    clml_add_update(b, &update);
}

/* weight -= rate * decay * weight */
static void add_decoupled_decay(clml_build *b, float decay, clml_view *weight) {
    if (b->status != RETUNE_OK || decay == 0)
        return;
    clml_view *before = clml_scratch(b, weight, 0);
    clml_add_copy(b, CLML_LAST, weight, before);
    const clml_update update = {.factor = decay,
                                .sgd_desc = {.function = CLML_SGD_PLAIN},
                                .weight = weight,
                                .gradient = before};
    clml_add_update(b, &update);
}

static clml_value number(float value) {
    return (clml_value){.u.f32 = value, .type = CL_FLOAT};
}

void clml_lower_adam(clml_build *b) {
    const retune_adam_attributes *a = &b->op->attributes.adam;
    clml_view *weight = clml_updated(b, WEIGHT, 0, CLML_PARAMETER);
    clml_view *gradient = decayed_gradient(b, a->decoupled ? 0 : a->weight_decay, weight);
    if (a->decoupled)
        add_decoupled_decay(b, a->weight_decay, weight);
    const clml_update update = {.adam = true,
                                .factor = 1,
                                .adam_desc = {.beta_1 = number(a->beta1),
                                              .beta_2 = number(a->beta2),
                                              .epsilon = number(a->epsilon),
                                              .weight_decay = number(0)},
                                .weight = weight,
                                .gradient = gradient,
                                .moment_1 = clml_updated(b, FIRST_STATE, 1, CLML_PARAMETER),
                                .moment_2 = clml_updated(b, SECOND_STATE, 2, CLML_PARAMETER)};
    clml_add_update(b, &update);
}
