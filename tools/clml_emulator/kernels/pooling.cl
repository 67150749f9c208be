/* Pooling and its gradient. A mask holds, of each output, the place h * w_size + w of the maximum on its
 * map, mixed with `code`. */

typedef struct {
    int maximum, include_padding, pad_h, pad_w, stride_h, stride_w, window_h, window_w, propagate, code;
} window;

/* The part of a window on the map: rows [top, bottom), columns [left, right). */
typedef struct {
    int top, bottom, left, right;
} part;

part part_of(window g, int h, int w, view map) {
    part r;
    r.top = max(h * g.stride_h - g.pad_h, 0);
    r.left = max(w * g.stride_w - g.pad_w, 0);
    r.bottom = min(h * g.stride_h - g.pad_h + g.window_h, map.h);
    r.right = min(w * g.stride_w - g.pad_w + g.window_w, map.w);
    return r;
}

float divisor(window g, part r) {
    return (float)(g.include_padding ? g.window_h * g.window_w
                                     : (r.bottom - r.top) * (r.right - r.left));
}

kernel void pooling_average(int count, global const element *x, view xv, global element *y, view yv,
                            window g) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const part r = part_of(g, p.h, p.w, xv);
    float sum = 0.0f;
    for (int h = r.top; h < r.bottom; h++)
        for (int w = r.left; w < r.right; w++)
            sum = rounded(sum + LOAD(x, at(xv, p.n, p.c, h, w)));
    STORE(y, at_place(yv, p), sum / divisor(g, r));
}

/* The first maximum, or the first NaN when they are propagated; without, NaN is below all. */
kernel void pooling_maximum(int count, global const element *x, view xv, global int *mask, view mv,
                            global element *y, view yv, window g) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const part r = part_of(g, p.h, p.w, xv);
    int best = r.top * xv.w + r.left;
    float most = -INFINITY;
    bool found = false;
    for (int h = r.top; h < r.bottom; h++)
        for (int w = r.left; w < r.right; w++) {
            const float value = LOAD(x, at(xv, p.n, p.c, h, w));
            const bool wins = isnan(value) ? g.propagate : value > most;
            if (wins && !(found && isnan(most))) {
                best = h * xv.w + w;
                most = value;
                found = true;
            }
        }
    STORE(y, at_place(yv, p), most);
    if (mv.present)
        mask[at_place(mv, p)] = best ^ g.code;
}

/* The first output row or column whose window may reach input i, and the last: from `pad` before. */
int first_window(int i, int pad, int stride, int size) {
    const int reach = i + pad - size;
    return reach < 0 ? 0 : reach / stride + 1;
}

kernel void pooling_backward(int count, global const element *gy, view gyv, global const int *mask,
                             view mv, global element *gx, view gxv, window g) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    const int last_h = min((p.h + g.pad_h) / g.stride_h, gyv.h - 1);
    const int last_w = min((p.w + g.pad_w) / g.stride_w, gyv.w - 1);
    float sum = 0.0f;
    for (int h = first_window(p.h, g.pad_h, g.stride_h, g.window_h); h <= last_h; h++)
        for (int w = first_window(p.w, g.pad_w, g.stride_w, g.window_w); w <= last_w; w++) {
            const float value = LOAD(gy, at(gyv, p.n, p.c, h, w));
            if (!g.maximum)
                sum = rounded(sum + value / divisor(g, part_of(g, h, w, gxv)));
            else if ((mask[at(mv, p.n, p.c, h, w)] ^ g.code) == p.h * gxv.w + p.w)
                sum = rounded(sum + value);
        }
    STORE(gx, at_place(gxv, p), sum);
}
