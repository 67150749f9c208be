/* Optimiser steps. All is f32 and has `count` vectors of WIDTH elements, one a work item; weights and
 * what the optimiser remembers are updated in place. What changes from run to run is given by its
 * place in run_values. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

layout(constant_id = 3) const int WIDTH = 1;

/* g = gradient + decay * weight. With velocity: velocity = momentum * velocity + g, weight -= rate *
 * velocity; without: weight -= rate * g. */
#ifdef SHADER_sgd
FLOATS(0, gradient)
FLOATS(1, weight)
FLOATS(2, velocity)
layout(push_constant) uniform numbers {
    int has_velocity;
    float momentum, decay;
    int rate, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    vec4 w = LOADV(weight, i), delta = LOADV(gradient, i) + decay * w;
    if (has_velocity != 0) {
        delta += momentum * LOADV(velocity, i);
        STOREV(velocity, i, delta);
    }
    STOREV(weight, i, w - run_values[rate] * delta);
}
#endif

/* Adam. `decay` joins the gradient; `decoupled_decay` shrinks the weight (AdamW); one of them is 0.
 * share1 = 1 - beta1, correction1 = 1 / (1 - beta1^t), and likewise for beta2. */
#ifdef SHADER_adam
FLOATS(0, gradient)
FLOATS(1, weight)
FLOATS(2, m)
FLOATS(3, v)
layout(push_constant) uniform numbers {
    float beta1, share1, beta2, share2, epsilon, decay, decoupled_decay;
    int rate, correction1, correction2, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    vec4 w = LOADV(weight, i), g = LOADV(gradient, i) + decay * w;
    vec4 mean = beta1 * LOADV(m, i) + share1 * g;
    vec4 square = beta2 * LOADV(v, i) + share2 * g * g;
    STOREV(m, i, mean);
    STOREV(v, i, square);
    w -= run_values[rate] * decoupled_decay * w;
    vec4 numerator = run_values[rate] * (mean * run_values[correction1]);
    STOREV(weight, i, w - numerator / (sqrt(square * run_values[correction2]) + epsilon));
}
#endif
