/* Softmax and its gradient. A work item does one group of elements: all channels of a place (SPATIAL),
 * all places of a channel (CHANNEL), or all of an image (INSTANCE). */

enum { INSTANCE, CHANNEL, SPATIAL };

typedef struct {
    place first;
    int channels, rows, columns;
} group;

group group_of(view v, int mode, int i) {
    group g;
    const bool over_channels = mode != CHANNEL, over_places = mode != SPATIAL;
    g.channels = over_channels ? v.c : 1;
    g.rows = over_places ? v.h : 1;
    g.columns = over_places ? v.w : 1;
    g.first.w = over_places ? 0 : i % v.w;
    i /= over_places ? 1 : v.w;
    g.first.h = over_places ? 0 : i % v.h;
    i /= over_places ? 1 : v.h;
    g.first.c = over_channels ? 0 : i % v.c;
    g.first.n = i / (over_channels ? 1 : v.c);
    return g;
}

int at_member(view v, group g, int c, int h, int w) {
    return at(v, g.first.n, g.first.c + c, g.first.h + h, g.first.w + w);
}

#define FOR_MEMBERS                                                                                \
    for (int c = 0; c < g.channels; c++)                                                           \
        for (int h = 0; h < g.rows; h++)                                                           \
            for (int w = 0; w < g.columns; w++)

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
