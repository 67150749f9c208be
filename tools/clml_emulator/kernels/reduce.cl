/* Reductions of groups: softmax and its gradient, unary ops, arg max. A work item does one group. */

kernel void softmax_forward(int count, global const element *x, view xv, global element *y, view yv,
                            int mode) {
    WORK_ITEM
    const group g = group_of(xv, mode, i);
    float most = -INFINITY, sum = 0.0f;
    FOR_MEMBERS
    most = fmax(most, LOAD(x, at_member(xv, g, c, h, w)));
    FOR_MEMBERS
    sum = rounded(sum + exp(LOAD(x, at_member(xv, g, c, h, w)) - most));
    FOR_MEMBERS
    STORE(y, at_member(yv, g, c, h, w), exp(LOAD(x, at_member(xv, g, c, h, w)) - most) / sum);
}

/* gx = y (gy - sum of gy y) */
kernel void softmax_backward(int count, global const element *gy, view gyv, global const element *y,
                             view yv, global element *gx, view gxv, int mode) {
    WORK_ITEM
    const group g = group_of(yv, mode, i);
    float sum = 0.0f;
    FOR_MEMBERS
    sum = rounded(sum + LOAD(gy, at_member(gyv, g, c, h, w)) * LOAD(y, at_member(yv, g, c, h, w)));
    FOR_MEMBERS
    STORE(gx, at_member(gxv, g, c, h, w), LOAD(y, at_member(yv, g, c, h, w)) *
                                              (LOAD(gy, at_member(gyv, g, c, h, w)) - sum));
}

/* y = scaling * sum, minimum, maximum or Euclidean norm of the group */
kernel void unary(int count, global const element *x, view xv, global element *y, view yv, int mode,
                  int operation, float scaling) {
    WORK_ITEM
    enum { SUM, MIN, MAX, NORM };
    const group g = group_of(xv, mode, i);
    float result = operation == MIN ? INFINITY : operation == MAX ? -INFINITY : 0.0f;
    FOR_MEMBERS {
        const float value = LOAD(x, at_member(xv, g, c, h, w));
        if (operation == MIN)
            result = fmin(result, value);
        else if (operation == MAX)
            result = fmax(result, value);
        else
            result = rounded(result + (operation == NORM ? value * value : value));
    }
    STORE(y, at_place(yv, place_of(yv, i)), scaling * (operation == NORM ? sqrt(result) : result));
}

/* The place of the group's first maximum within the group, in the order c, h, w; as an int where
 * int_output, else as an element. */
kernel void arg_max(int count, global const element *x, view xv, global void *y, view yv, int mode,
                    int int_output) {
    WORK_ITEM
    const group g = group_of(xv, mode, i);
    float most = -INFINITY;
    int best = 0;
    FOR_MEMBERS {
        const float value = LOAD(x, at_member(xv, g, c, h, w));
        if (value > most) {
            most = value;
            best = (c * g.rows + h) * g.columns + w;
        }
    }
    const int j = at_place(yv, place_of(yv, i));
    if (int_output)
        ((global int *)y)[j] = best;
    else
        STORE((global element *)y, j, (float)best);
}
