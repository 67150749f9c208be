/* Optimiser steps. All is f32 and has `count` elements of vec, one a work item; weights and what
 * the optimiser remembers are updated in place. */

/* g = gradient + decay * weight. With velocity: velocity = momentum * velocity + g, weight -= rate
 * * velocity; without: weight -= rate * g. */
kernel void sgd(global const vec *gradient, global vec *weight, global vec *velocity,
                int has_velocity, float momentum, float decay, float rate, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    vec w = weight[i], step = gradient[i] + decay * w;
    if (has_velocity) {
        step += momentum * velocity[i];
        velocity[i] = step;
    }
    weight[i] = w - rate * step;
}

/* Adam. `decay` joins the gradient; `decoupled_decay` shrinks the weight (AdamW); one of them is 0.
 * share1 = 1 - beta1, correction1 = 1 / (1 - beta1^t), and likewise for beta2. */
kernel void adam(global const vec *gradient, global vec *weight, global vec *m, global vec *v,
                 float beta1, float share1, float beta2, float share2, float epsilon, float decay,
                 float decoupled_decay, float rate, float correction1, float correction2,
                 int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    vec w = weight[i], g = gradient[i] + decay * w;
    vec mean = beta1 * m[i] + share1 * g, square = beta2 * v[i] + share2 * g * g;
    m[i] = mean;
    v[i] = square;
    w -= rate * decoupled_decay * w;
    weight[i] = w - rate * (mean * correction1) / (sqrt(square * correction2) + epsilon);
}
