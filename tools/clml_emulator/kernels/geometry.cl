/* Ops that move elements, and the gradients of some: concat, permute, slice, pad, gather, depth to space and
 * back. Elements are moved as bits. */

/* Four numbers, of n, c, h, w. */
typedef struct {
    int n, c, h, w;
} dims;

kernel void concat(int count, global const word *x, view xv, global word *y, view yv, dims offset) {
    WORK_ITEM /* of x */
    const place p = place_of(xv, i);
    y[at(yv, p.n + offset.n, p.c + offset.c, p.h + offset.h, p.w + offset.w)] = x[at_place(xv, p)];
}

int axis_of(place p, int axis) {
    return axis == 0 ? p.n : axis == 1 ? p.c : axis == 2 ? p.h : p.w;
}

void set_axis(place *p, int axis, int value) {
    if (axis == 0)
        p->n = value;
    else if (axis == 1)
        p->c = value;
    else if (axis == 2)
        p->h = value;
    else
        p->w = value;
}

/* Axis k of y is axis order[k] of x. */
kernel void permute(int count, global const word *x, view xv, global word *y, view yv, dims order) {
    WORK_ITEM
    const place p = place_of(yv, i);
    place q;
    set_axis(&q, order.n, p.n);
    set_axis(&q, order.c, p.c);
    set_axis(&q, order.h, p.h);
    set_axis(&q, order.w, p.w);
    y[at_place(yv, p)] = x[at_place(xv, q)];
}

/* y[n,m] = x[m,n], matrices in the order of elements */
kernel void transpose(int count, global const word *x, view xv, global word *y, view yv, int m,
                      int n) {
    WORK_ITEM
    y[at_place(yv, place_of(yv, i))] = x[at_place(xv, place_of(xv, i % m * n + i / m))];
}

kernel void slice(int count, global const word *x, view xv, global word *y, view yv, dims begin) {
    WORK_ITEM
    const place p = place_of(yv, i);
    y[at_place(yv, p)] = x[at(xv, p.n + begin.n, p.c + begin.c, p.h + begin.h, p.w + begin.w)];
}

bool is_inside(int value, int size) {
    return value >= 0 && value < size;
}

kernel void slice_backward(int count, global const word *gy, view gyv, global word *gx, view gxv,
                           dims begin) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    const int n = p.n - begin.n, c = p.c - begin.c, h = p.h - begin.h, w = p.w - begin.w;
    const bool inside = is_inside(n, gyv.n) && is_inside(c, gyv.c) && is_inside(h, gyv.h) && is_inside(w, gyv.w);
    gx[at_place(gxv, p)] = inside ? gy[at(gyv, n, c, h, w)] : 0;
}

/* ---- Depth and space: blocks of b x b, channel (i * b + j) * C + c of the deep tensor at (i, j) --- */

kernel void depth_to_space(int count, global const word *x, view xv, global word *y, view yv,
                           int b) {
    WORK_ITEM
    const place p = place_of(yv, i);
    y[at_place(yv, p)] = x[at(xv, p.n, (p.h % b * b + p.w % b) * yv.c + p.c, p.h / b, p.w / b)];
}

kernel void space_to_depth(int count, global const word *x, view xv, global word *y, view yv,
                           int b) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const int block = p.c / xv.c;
    y[at_place(yv, p)] = x[at(xv, p.n, p.c % xv.c, p.h * b + block / b, p.w * b + block % b)];
}

/* ---- Pad ------------------------------------------------------------------------------------ */

enum { CONSTANT, REFLECT, SYMMETRIC, EDGE };

/* Where output i of an axis comes from, -1 for the constant. */
int padded_from(int i, int before, int size, int mode) {
    const int k = i - before;
    if (is_inside(k, size))
        return k;
    if (mode == CONSTANT)
        return -1;
    if (mode == EDGE)
        return k < 0 ? 0 : size - 1;
    const int shared = mode == REFLECT ? 1 : 0;
    return k < 0 ? -k - 1 + shared : 2 * size - 1 - shared - k;
}

kernel void pad(int count, global const word *x, view xv, global word *y, view yv, dims before,
                int mode, uint bits) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const int n = padded_from(p.n, before.n, xv.n, mode), c = padded_from(p.c, before.c, xv.c, mode);
    const int h = padded_from(p.h, before.h, xv.h, mode), w = padded_from(p.w, before.w, xv.w, mode);
    const bool outside = n < 0 || c < 0 || h < 0 || w < 0;
    y[at_place(yv, p)] = outside ? (word)bits : x[at(xv, n, c, h, w)];
}

/* The sum over all outputs that come from this input. */
kernel void pad_backward(int count, global const element *gy, view gyv, global element *gx,
                         view gxv, dims before, int mode) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    float sum = 0.0f;
    for (int n = 0; n < gyv.n; n++) {
        if (padded_from(n, before.n, gxv.n, mode) != p.n)
            continue;
        for (int c = 0; c < gyv.c; c++) {
            if (padded_from(c, before.c, gxv.c, mode) != p.c)
                continue;
            for (int h = 0; h < gyv.h; h++) {
                if (padded_from(h, before.h, gxv.h, mode) != p.h)
                    continue;
                for (int w = 0; w < gyv.w; w++)
                    if (padded_from(w, before.w, gxv.w, mode) == p.w)
                        sum = rounded(sum + LOAD(gy, at(gyv, n, c, h, w)));
            }
        }
    }
    STORE(gx, at_place(gxv, p), sum);
}

/* ---- Gather, one hot ------------------------------------------------------------------------ */

int index_at(global const void *index, view v, int i, int int_index) {
    const int j = at_place(v, place_of(v, i));
    return int_index ? ((global const int *)index)[j] : (int)LOAD((global const element *)index, j);
}

/* Element k of the axis comes from element index[k]; 0 where there is none. */
kernel void gather(int count, global const word *x, view xv, global const void *index, view iv,
                   global word *y, view yv, int axis, int int_index, int size) {
    WORK_ITEM
    const place p = place_of(yv, i);
    place q = p;
    const int from = index_at(index, iv, axis_of(p, axis), int_index);
    set_axis(&q, axis, from);
    y[at_place(yv, p)] = is_inside(from, size) ? x[at_place(xv, q)] : 0;
}

kernel void gather_backward(int count, global const element *gy, view gyv,
                            global const void *index, view iv, global element *gx, view gxv,
                            int axis, int int_index) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    float sum = 0.0f;
    for (int k = 0; k < iv.count; k++)
        if (index_at(index, iv, k, int_index) == axis_of(p, axis)) {
            place q = p;
            set_axis(&q, axis, k);
            sum = rounded(sum + LOAD(gy, at_place(gyv, q)));
        }
    STORE(gx, at_place(gxv, p), sum);
}

kernel void one_hot(int count, global const void *x, view xv, global element *y, view yv, int axis,
                    int int_index, float on, float off) {
    WORK_ITEM
    const place p = place_of(yv, i);
    place q = p;
    set_axis(&q, axis, 0);
    const int j = at_place(xv, q);
    const int hot = int_index ? ((global const int *)x)[j] : (int)LOAD((global const element *)x, j);
    STORE(y, at_place(yv, p), hot == axis_of(p, axis) ? on : off);
}
