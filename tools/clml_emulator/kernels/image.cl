/* Bilinear resizing and its gradient; local response norm and its gradient. */

enum { CORNERS = 1, HALF_PIXELS = 2 };

/* The inputs that an output lies between, and the share of the second. */
typedef struct {
    int low, high;
    float share;
} between;

between between_of(int i, int in, int out, int flags) {
    between r;
    const float scale = flags & CORNERS && out > 1 ? (float)(in - 1) / (float)(out - 1) : (float)in / (float)out;
    const float at_input = flags & HALF_PIXELS ? fmax(((float)i + 0.5f) * scale - 0.5f, 0.0f) : (float)i * scale;
    r.low = min((int)at_input, in - 1);
    r.high = min(r.low + 1, in - 1);
    r.share = at_input - (float)r.low;
    return r;
}

kernel void resize_bilinear(int count, global const element *x, view xv, global element *y, view yv,
                            int flags) {
    WORK_ITEM
    const place p = place_of(yv, i);
    const between h = between_of(p.h, xv.h, yv.h, flags), w = between_of(p.w, xv.w, yv.w, flags);
    const float top = mix(LOAD(x, at(xv, p.n, p.c, h.low, w.low)),
                          LOAD(x, at(xv, p.n, p.c, h.low, w.high)), w.share);
    const float bottom = mix(LOAD(x, at(xv, p.n, p.c, h.high, w.low)),
                             LOAD(x, at(xv, p.n, p.c, h.high, w.high)), w.share);
    STORE(y, at_place(yv, p), mix(top, bottom, h.share));
}

/* How much of the output between those inputs comes from input i. */
float share_of(between b, int i) {
    return (b.low == i ? 1.0f - b.share : 0.0f) + (b.high == i ? b.share : 0.0f);
}

kernel void resize_bilinear_backward(int count, global const element *gy, view gyv,
                                     global element *gx, view gxv, int flags) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    float sum = 0.0f;
    for (int h = 0; h < gyv.h; h++) {
        const float row = share_of(between_of(h, gxv.h, gyv.h, flags), p.h);
        for (int w = 0; w < gyv.w && row != 0.0f; w++) {
            const float column = share_of(between_of(w, gxv.w, gyv.w, flags), p.w);
            if (column != 0.0f)
                sum = rounded(sum + row * column * LOAD(gy, at(gyv, p.n, p.c, h, w)));
        }
    }
    STORE(gx, at_place(gxv, p), sum);
}

/* s = bias + alpha * sum of x^2 over the channels at most `radius` away */
float response(global const element *x, view v, place p, int radius, float bias, float alpha) {
    float sum = 0.0f;
    for (int c = max(p.c - radius, 0); c <= min(p.c + radius, v.c - 1); c++) {
        const float value = LOAD(x, at(v, p.n, c, p.h, p.w));
        sum = rounded(sum + value * value);
    }
    return bias + alpha * sum;
}

/* y = x s^-beta */
kernel void response_norm(int count, global const element *x, view xv, global element *y, view yv,
                          int radius, float bias, float alpha, float beta) {
    WORK_ITEM
    const place p = place_of(yv, i);
    STORE(y, at_place(yv, p),
          LOAD(x, at_place(xv, p)) * pow(response(x, xv, p, radius, bias, alpha), -beta));
}

/* gx = gy s^-beta - 2 alpha beta x * sum of gy y / s over the channels at most `radius` away */
kernel void response_norm_backward(int count, global const element *x, view xv,
                                   global const element *y, view yv, global const element *gy,
                                   view gyv, global element *gx, view gxv, int radius, float bias,
                                   float alpha, float beta) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    float sum = 0.0f;
    for (int c = max(p.c - radius, 0); c <= min(p.c + radius, xv.c - 1); c++) {
        place q = p;
        q.c = c;
        sum = rounded(sum + LOAD(gy, at_place(gyv, q)) * LOAD(y, at_place(yv, q)) /
                                response(x, xv, q, radius, bias, alpha));
    }
    STORE(gx, at_place(gxv, p),
          LOAD(gy, at_place(gyv, p)) * pow(response(x, xv, p, radius, bias, alpha), -beta) -
              2.0f * alpha * beta * LOAD(x, at_place(xv, p)) * sum);
}
