/* Ops where an output element depends on the input elements at its own place. A work item does
 * WIDTH of them; `count` is the number of work items. */

/* y [N,H,W,C] = scale [C] * x [N,H,W,C] + offset [C], x of bytes. */
kernel void normalize_pixels(global const uchar *x, global const vec *scale,
                             global const vec *offset, global STORAGE(Y_T) * y, int channels,
                             int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int c = i % channels;
    STOREV(Y_T, y, i, MULTIPLY_ADD(scale[c], LOADV(u8, x, i), offset[c]));
}

/* x, y [count] */
kernel void activation(global const STORAGE(X_T) * x, global STORAGE(Y_T) * y, int kind,
                       int count) {
    int i = get_global_id(0);
    if (i < count)
        STOREV(Y_T, y, i, activatev(LOADV(X_T, x, i), kind));
}

/* dz [...,C] = dy where the activation was not flat, else 0, whatever dy holds; times scale [C]
 * when has_scale. dy, y like dz. */
kernel void activation_grad(global const STORAGE(X_T) * dy, global const STORAGE(X2_T) * y,
                            global const vec *scale, global STORAGE(Y_T) * dz, int has_scale,
                            int kind, int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    vec slope = LOADV(X_T, dy, i), result = LOADV(X2_T, y, i);
    if (has_scale)
        slope *= scale[i % channels];
    if (kind != ACTIVATION_NONE)
        slope = result > 0.0f ? slope : (vec)(0.0f);
    if (kind == ACTIVATION_RELU6)
        slope = result < 6.0f ? slope : (vec)(0.0f);
    STOREV(Y_T, dz, i, slope);
}

/* y = a + b; a, b, y [count] */
kernel void add(global const STORAGE(X_T) * a, global const STORAGE(X2_T) * b,
                global STORAGE(Y_T) * y, int count) {
    int i = get_global_id(0);
    if (i < count)
        STOREV(Y_T, y, i, LOADV(X_T, a, i) + LOADV(X2_T, b, i));
}

/* sum += x; sum, x [count] */
kernel void accumulate(global const STORAGE(X_T) * x, global vec *sum, int count) {
    int i = get_global_id(0);
    if (i < count)
        sum[i] += LOADV(X_T, x, i);
}

/* y [count] */
kernel void fill(global STORAGE(Y_T) * y, float value, int count) {
    int i = get_global_id(0);
    if (i < count)
        STOREV(Y_T, y, i, (vec)(value));
}
