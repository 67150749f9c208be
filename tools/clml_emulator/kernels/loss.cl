/* Losses and their gradients with respect to the prediction p, given the target t, each times `scaling` and
 * an element of `weight` (1 where it is absent). Logarithms and divisors stop at SMALLEST. */

#define SMALLEST 1e-7f

enum { MSE, CROSS_ENTROPY, BINARY_CROSS_ENTROPY, MAE };
enum {
    GRAD_MSE,
    GRAD_SOFTMAX_CROSS_ENTROPY,
    GRAD_SIGMOID_CROSS_ENTROPY,
    GRAD_CROSS_ENTROPY,
    GRAD_BINARY_CROSS_ENTROPY,
    GRAD_MAE
};

float loss(int function, float p, float t) {
    switch (function) {
    case MSE:
        return (p - t) * (p - t);
    case CROSS_ENTROPY:
        return -t * log(fmax(p, SMALLEST));
    case BINARY_CROSS_ENTROPY:
        return -t * log(fmax(p, SMALLEST)) - (1.0f - t) * log(fmax(1.0f - p, SMALLEST));
    default:
        return fabs(p - t);
    }
}

float loss_slope(int function, float p, float t) {
    switch (function) {
    case GRAD_MSE:
        return 2.0f * (p - t);
    case GRAD_CROSS_ENTROPY:
        return -t / fmax(p, SMALLEST);
    case GRAD_BINARY_CROSS_ENTROPY:
        return -t / fmax(p, SMALLEST) + (1.0f - t) / fmax(1.0f - p, SMALLEST);
    case GRAD_MAE:
        return sign(p - t);
    default: /* of a softmax or a sigmoid, with respect to what it is applied to */
        return p - t;
    }
}

float weight_at(global const element *weight, view v, place p) {
    return v.present ? LOAD(weight, at_place(v, p)) : 1.0f;
}

kernel void loss_each(int count, global const element *p, view pv, global const element *t, view tv,
                      global const element *weight, view wv, global element *y, view yv,
                      int function, float scaling) {
    WORK_ITEM
    const place q = place_of(yv, i);
    STORE(y, at_place(yv, q), scaling * weight_at(weight, wv, q) *
                                  loss(function, LOAD(p, at_place(pv, q)), LOAD(t, at_place(tv, q))));
}

/* y[N,1,1,1]: a work item adds up one image. */
kernel void loss_instance(int count, global const element *p, view pv, global const element *t,
                          view tv, global const element *weight, view wv, global element *y,
                          view yv, int function, float scaling) {
    WORK_ITEM
    const int size = pv.c * pv.h * pv.w;
    float sum = 0.0f;
    for (int k = 0; k < size; k++) {
        const place q = place_of(pv, i * size + k);
        sum = rounded(sum + weight_at(weight, wv, q) * loss(function, LOAD(p, at_place(pv, q)),
                                                            LOAD(t, at_place(tv, q))));
    }
    STORE(y, at(yv, i, 0, 0, 0), scaling * sum);
}

/* p and gradient may be the same. sigmoid: p is a logit. */
kernel void loss_backward(int count, global const element *p, view pv, global const element *t,
                          view tv, global const element *weight, view wv,
                          global element *gradient, view gv, int function, float scaling,
                          int sigmoid) {
    WORK_ITEM
    const place q = place_of(gv, i);
    const float x = LOAD(p, at_place(pv, q));
    STORE(gradient, at_place(gv, q),
          scaling * weight_at(weight, wv, q) *
              loss_slope(function, sigmoid ? 1.0f / (1.0f + exp(-x)) : x, LOAD(t, at_place(tv, q))));
}
