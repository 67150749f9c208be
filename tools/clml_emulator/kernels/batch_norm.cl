/* Batch norm: y = scale (x - mean) / sqrt(variance + epsilon) + bias, its statistics and gradients. Vectors
 * are [1,C,1,1]. In the kernels that add up, a work group does one channel; m is batch * H * W. */

/* Item i of a group takes elements i, i + GROUP, ... of its channel. */
#define FOR_CHANNEL(v)                                                                             \
    const int c = get_group_id(0), map = v.h * v.w;                                                \
    for (int k = get_local_id(0), n, h, w;                                                         \
         n = k / map, h = k % map / v.w, w = k % v.w, k < v.n * map; k += GROUP)

/* x and y may be the same. */
kernel void batch_norm_forward(int count, global const element *x, view xv,
                               global const element *mean, view mv, global const element *variance,
                               view vv, global const element *scale, view sv,
                               global const element *bias, view bv, global element *y, view yv,
                               float epsilon) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const float factor = LOAD(scale, at(sv, 0, p.c, 0, 0)) /
                         sqrt(LOAD(variance, at(vv, 0, p.c, 0, 0)) + epsilon);
    STORE(y, at_place(yv, p), (LOAD(x, at_place(xv, p)) - LOAD(mean, at(mv, 0, p.c, 0, 0))) * factor +
                                  LOAD(bias, at(bv, 0, p.c, 0, 0)));
}

/* mean += share * sum of x, variance += share * sum of x^2 */
kernel void batch_norm_accumulate(int count, global const element *x, view xv,
                                  global element *mean, view mv, global element *variance, view vv,
                                  float share) {
    local float sums[GROUP];
    float sum = 0.0f, squares = 0.0f;
    FOR_CHANNEL(xv) {
        const float value = LOAD(x, at(xv, n, c, h, w));
        sum = rounded(sum + value);
        squares = rounded(squares + value * value);
    }
    sum = group_sum(sum, sums);
    squares = group_sum(squares, sums);
    if (get_local_id(0) == 0) {
        const int i = at(mv, 0, c, 0, 0), j = at(vv, 0, c, 0, 0);
        STORE(mean, i, LOAD(mean, i) + share * sum);
        STORE(variance, j, LOAD(variance, j) + share * squares);
    }
}

/* From sums over `m` to the mean and the variance, which is then multiplied by `correction`. */
kernel void batch_norm_finalize(int count, global element *mean, view mv, global element *variance,
                                view vv, float m, float correction) {
    WORK_ITEM
    const int j = at(mv, 0, i, 0, 0), k = at(vv, 0, i, 0, 0);
    const float average = LOAD(mean, j) / m;
    STORE(mean, j, average);
    STORE(variance, k, fmax(LOAD(variance, k) / m - average * average, 0.0f) * correction);
}

/* sum of gy * scale * (x - mean) * -1/2 (variance + epsilon)^-3/2 */
kernel void batch_norm_variance_gradient(int count, global const element *x, view xv,
                                         global const element *gy, view gyv,
                                         global const element *mean, view mv,
                                         global const element *variance, view vv,
                                         global const element *scale, view sv,
                                         global element *gradient, view gv, float epsilon) {
    local float sums[GROUP];
    const float center = LOAD(mean, at(mv, 0, get_group_id(0), 0, 0));
    float sum = 0.0f;
    FOR_CHANNEL(xv)
        sum = rounded(sum + LOAD(gy, at(gyv, n, c, h, w)) * (LOAD(x, at(xv, n, c, h, w)) - center));
    sum = group_sum(sum, sums);
    if (get_local_id(0) == 0) {
        const float spread = LOAD(variance, at(vv, 0, c, 0, 0)) + epsilon;
        STORE(gradient, at(gv, 0, c, 0, 0),
              sum * LOAD(scale, at(sv, 0, c, 0, 0)) * -0.5f / (spread * sqrt(spread)));
    }
}

/* -sum of gy * scale / sqrt(variance + epsilon) + variance_gradient * sum of -2 (x - mean) / m */
kernel void batch_norm_mean_gradient(int count, global const element *x, view xv,
                                     global const element *gy, view gyv,
                                     global const element *mean, view mv,
                                     global const element *variance, view vv,
                                     global const element *scale, view sv,
                                     global const element *variance_gradient, view vgv,
                                     global element *gradient, view gv, float epsilon, float m) {
    local float sums[GROUP];
    const float center = LOAD(mean, at(mv, 0, get_group_id(0), 0, 0));
    float sum = 0.0f, offsets = 0.0f;
    FOR_CHANNEL(xv) {
        sum = rounded(sum + LOAD(gy, at(gyv, n, c, h, w)));
        offsets = rounded(offsets + LOAD(x, at(xv, n, c, h, w)) - center);
    }
    sum = group_sum(sum, sums);
    offsets = group_sum(offsets, sums);
    if (get_local_id(0) == 0)
        STORE(gradient, at(gv, 0, c, 0, 0),
              -sum * LOAD(scale, at(sv, 0, c, 0, 0)) /
                      sqrt(LOAD(variance, at(vv, 0, c, 0, 0)) + epsilon) -
                  2.0f * LOAD(variance_gradient, at(vgv, 0, c, 0, 0)) * offsets / m);
}

/* gx = gy * scale / sqrt(variance + epsilon) + variance_gradient * 2 (x - mean) / m + mean_gradient / m */
kernel void batch_norm_backward(int count, global const element *x, view xv,
                                global const element *gy, view gyv, global const element *mean,
                                view mv, global const element *variance, view vv,
                                global const element *scale, view sv,
                                global const element *variance_gradient, view vgv,
                                global const element *mean_gradient, view mgv, global element *gx,
                                view gxv, float epsilon, float m) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    const float factor = LOAD(scale, at(sv, 0, p.c, 0, 0)) /
                         sqrt(LOAD(variance, at(vv, 0, p.c, 0, 0)) + epsilon);
    const float offset = LOAD(x, at_place(xv, p)) - LOAD(mean, at(mv, 0, p.c, 0, 0));
    STORE(gx, at_place(gxv, p), LOAD(gy, at_place(gyv, p)) * factor +
                                    LOAD(variance_gradient, at(vgv, 0, p.c, 0, 0)) * 2.0f * offset / m +
                                    LOAD(mean_gradient, at(mgv, 0, p.c, 0, 0)) / m);
}

/* scale_gradient = sum of gy (x - mean) / sqrt(variance + epsilon), bias_gradient = sum of gy */
kernel void batch_norm_param_gradients(int count, global const element *x, view xv,
                                       global const element *gy, view gyv,
                                       global const element *mean, view mv,
                                       global const element *variance, view vv,
                                       global element *scale_gradient, view sgv,
                                       global element *bias_gradient, view bgv, float epsilon) {
    local float sums[GROUP];
    const float center = LOAD(mean, at(mv, 0, get_group_id(0), 0, 0));
    float products = 0.0f, sum = 0.0f;
    FOR_CHANNEL(xv) {
        const float g = LOAD(gy, at(gyv, n, c, h, w));
        products = rounded(products + g * (LOAD(x, at(xv, n, c, h, w)) - center));
        sum = rounded(sum + g);
    }
    products = group_sum(products, sums);
    sum = group_sum(sum, sums);
    if (get_local_id(0) == 0) {
        STORE(scale_gradient, at(sgv, 0, c, 0, 0),
              products / sqrt(LOAD(variance, at(vv, 0, c, 0, 0)) + epsilon));
        STORE(bias_gradient, at(bgv, 0, c, 0, 0), sum);
    }
}
