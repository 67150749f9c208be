/* Activations, binary ops, clipping and updates. */

enum { RELU, TANH, SIGMOID, RELU6, ELU, PRELU, LEAKY_RELU };
enum { ADD, SUB, MUL, MIN, MAX, DIV };

/* The constant of ELU and leaky ReLU, one for all or one a channel; PReLU's, one a channel. */
float slope(int function, global const element *param, view pv, int c) {
    if (pv.present)
        return LOAD(param, at(pv, 0, pv.c == 1 ? 0 : c, 0, 0));
    return function == ELU ? 1.0f : 0.01f;
}

/* Comparisons with NaN are false: it becomes 0, unless propagated. */
float activate(int function, int propagate, float x, float a) {
    if (propagate && isnan(x))
        return x;
    switch (function) {
    case RELU:
        return x > 0.0f ? x : 0.0f;
    case TANH:
        return tanh(x);
    case SIGMOID:
        return 1.0f / (1.0f + exp(-x));
    case RELU6:
        return x > 0.0f ? (x < 6.0f ? x : 6.0f) : 0.0f;
    case ELU:
        return x > 0.0f ? x : a * expm1(x);
    default:
        return x > 0.0f ? x : a * x;
    }
}

/* Its derivative; 0 at the kinks of ReLU and ReLU6. */
float activation_slope(int function, float x, float a) {
    float y;
    switch (function) {
    case RELU:
        return x > 0.0f ? 1.0f : 0.0f;
    case TANH:
        y = tanh(x);
        return 1.0f - y * y;
    case SIGMOID:
        y = 1.0f / (1.0f + exp(-x));
        return y * (1.0f - y);
    case RELU6:
        return x > 0.0f && x < 6.0f ? 1.0f : 0.0f;
    case ELU:
        return x > 0.0f ? 1.0f : a * exp(x);
    default:
        return x > 0.0f ? 1.0f : a;
    }
}

/* x and y may be the same. */
kernel void activation_forward(int count, global const element *x, view xv,
                               global const element *param, view pv, global element *y, view yv,
                               int function, int propagate) {
    WORK_ITEM
    const place p = place_of(yv, i);
    STORE(y, at_place(yv, p), activate(function, propagate, LOAD(x, at_place(xv, p)),
                                       slope(function, param, pv, p.c)));
}

kernel void activation_backward(int count, global const element *x, view xv,
                                global const element *gy, view gyv, global const element *param,
                                view pv, global element *gx, view gxv, int function, int propagate) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    const float value = LOAD(x, at_place(xv, p)), g = LOAD(gy, at_place(gyv, p));
    const float d = activation_slope(function, value, slope(function, param, pv, p.c));
    STORE(gx, at_place(gxv, p), propagate && isnan(value) ? value : g * d);
}

/* Of PReLU's slopes: a work item does one channel. */
kernel void activation_param_gradient(int count, global const element *x, view xv,
                                      global const element *gy, view gyv, global element *gp,
                                      view gpv) {
    WORK_ITEM
    float sum = 0.0f;
    for (int n = 0; n < xv.n; n++)
        for (int h = 0; h < xv.h; h++)
            for (int w = 0; w < xv.w; w++) {
                const float value = LOAD(x, at(xv, n, i, h, w));
                sum = rounded(sum + (value > 0.0f ? 0.0f : value * LOAD(gy, at(gyv, n, i, h, w))));
            }
    STORE(gp, at(gpv, 0, i, 0, 0), sum);
}

/* c = (alpha a) op (beta b) + gamma c; without b, alpha a + gamma c; c is not read when gamma is 0. */
kernel void binary(int count, global const element *a, view av, global const element *b, view bv,
                   global element *c, view cv, int operation, float alpha, float beta,
                   float gamma) {
    WORK_ITEM
    const place p = place_of(cv, i);
    const int j = at_place(cv, p);
    const float left = alpha * LOAD(a, at_place(av, p));
    float y = left;
    if (bv.present) {
        const float right = beta * LOAD(b, at_place(bv, p));
        switch (operation) {
        case ADD:
            y = left + right;
            break;
        case SUB:
            y = left - right;
            break;
        case MUL:
            y = left * right;
            break;
        case MIN:
            y = left < right ? left : right;
            break;
        case MAX:
            y = left > right ? left : right;
            break;
        default:
            y = left / right;
        }
    }
    STORE(c, j, gamma == 0.0f ? y : y + gamma * LOAD(c, j));
}

/* The gradients of the above with respect to a and b; ties of MIN and MAX go to b. */
kernel void binary_backward(int count, global const element *a, view av, global const element *b,
                            view bv, global const element *gc, view gcv, global element *ga,
                            view gav, global element *gb, view gbv, int operation, float alpha,
                            float beta) {
    WORK_ITEM
    const place p = place_of(gcv, i);
    const float left = alpha * LOAD(a, at_place(av, p)), right = beta * LOAD(b, at_place(bv, p));
    const float g = LOAD(gc, at_place(gcv, p));
    float to_left = 1.0f, to_right = operation == SUB ? -1.0f : 1.0f;
    if (operation == MUL) {
        to_left = right;
        to_right = left;
    } else if (operation == DIV) {
        to_left = 1.0f / right;
        to_right = -left / (right * right);
    } else if (operation == MIN || operation == MAX) {
        to_left = (operation == MIN ? left < right : left > right) ? 1.0f : 0.0f;
        to_right = 1.0f - to_left;
    }
    STORE(ga, at_place(gav, p), g * alpha * to_left);
    STORE(gb, at_place(gbv, p), g * beta * to_right);
}

kernel void clip_value(int count, global const element *x, view xv, global element *y, view yv,
                       float minimum, float maximum) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const float value = LOAD(x, at_place(xv, p));
    STORE(y, at_place(yv, p), value < minimum ? minimum : value > maximum ? maximum : value);
}

/* The Euclidean norm of a tensor; one work group does it all. */
kernel void norm(int count, global const element *x, view xv, global float *result) {
    local float sums[GROUP];
    float sum = 0.0f;
    for (int i = get_local_id(0); i < xv.count; i += GROUP) {
        const float value = LOAD(x, at_place(xv, place_of(xv, i)));
        sum += value * value;
    }
    sum = group_sum(sum, sums);
    if (get_local_id(0) == 0)
        *result = sqrt(sum);
}

/* y = x min(1, maximum / norm) */
kernel void clip_norm(int count, global const element *x, view xv, global element *y, view yv,
                      global const float *norm_of_x, float maximum) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const float factor = *norm_of_x > maximum ? maximum / *norm_of_x : 1.0f;
    STORE(y, at_place(yv, p), LOAD(x, at_place(xv, p)) * factor);
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* p -= rate (g + decay p), or with momentum m: v = m v + share g, p -= rate v. */
kernel void update_sgd(int count, global element *param, view pv, global const element *grad,
                       view gv, global element *state, view sv, float rate, float decay,
                       float momentum, float share) {
    WORK_ITEM
    const place p = place_of(pv, i);
    const int j = at_place(pv, p);
    const float old = LOAD(param, j);
    float g = LOAD(grad, at_place(gv, p)) + decay * old;
    if (sv.present) {
        const int k = at_place(sv, p);
        g = momentum * LOAD(state, k) + share * g;
        STORE(state, k, g);
    }
    STORE(param, j, old - rate * g);
}

/* m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g g, both divided by 1 - b^t, p -= rate m / (sqrt v +
 * epsilon), where g has decay p added. `time` holds t as a float, or as an int. */
kernel void update_adam(int count, global const void *time, view tv, global element *param, view pv,
                        global const element *grad, view gv, global element *moment_1, view mv,
                        global element *moment_2, view vv, int int_time, float rate, float beta_1,
                        float beta_2, float epsilon, float decay) {
    WORK_ITEM
    const place p = place_of(pv, i);
    const int j = at_place(pv, p), k = at_place(mv, p), l = at_place(vv, p);
    const float t = int_time ? (float)((global const int *)time)[tv.first]
                             : LOAD((global const element *)time, tv.first);
    const float old = LOAD(param, j), g = LOAD(grad, at_place(gv, p)) + decay * old;
    const float m = beta_1 * LOAD(moment_1, k) + (1.0f - beta_1) * g;
    const float v = beta_2 * LOAD(moment_2, l) + (1.0f - beta_2) * g * g;
    STORE(moment_1, k, m);
    STORE(moment_2, l, v);
    const float mean = m / (1.0f - pow(beta_1, t)), square = v / (1.0f - pow(beta_2, t));
    STORE(param, j, old - rate * mean / (sqrt(square) + epsilon));
}
