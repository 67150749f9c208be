/* Convolution, dense and depthwise, its data gradient and its parameter gradients.
 *
 * Dense: weight [O,I,kh,kw]; depthwise: weight [1,C,kh,kw]. Tap (kh, kw) of output (h, w) reads input
 * row h * stride_h + kh * dilation_h - pad_h, column likewise; taps outside the map read 0. */

typedef struct {
    int depthwise, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w;
} geometry;

float sum_of(float4 v) {
    return rounded(rounded(v.x + v.y) + rounded(v.z + v.w));
}

/* The sum over the channels of x(n,...,h,w) w(o,...,kh,kw), which begin at xi and wi. Channels that lie
 * in blocks of four are read so. */
float tap(global const element *x, int xi, view xv, global const element *w, int wi, view wv) {
    const int x_mask = (1 << xv.shift) - 1, w_mask = (1 << wv.shift) - 1;
    const int blocks = x_mask == 3 && w_mask == 3 ? xv.c / 4 : 0;
    float4 sums = 0.0f;
    for (int block = 0; block < blocks; block++)
        sums = rounded4(sums + LOAD4(x, xi + block * xv.stride_c) * LOAD4(w, wi + block * wv.stride_c));
    float sum = sum_of(sums);
    for (int c = 4 * blocks; c < xv.c; c++)
        sum = rounded(sum + LOAD(x, xi + (c >> xv.shift) * xv.stride_c + (c & x_mask)) *
                                LOAD(w, wi + (c >> wv.shift) * wv.stride_c + (c & w_mask)));
    return sum;
}

kernel void convolution_forward(int count, global const element *x, view xv,
                                global const element *w, view wv, global const element *b, view bv,
                                global element *y, view yv, geometry g) {
    WORK_ITEM
    const place p = place_of(yv, i);
    float sum = bv.present ? LOAD(b, at(bv, 0, p.c, 0, 0)) : 0.0f;
    for (int kh = 0; kh < wv.h; kh++) {
        const int h = p.h * g.stride_h + kh * g.dilation_h - g.pad_h;
        for (int kw = 0; kw < wv.w && h >= 0 && h < xv.h; kw++) {
            const int column = p.w * g.stride_w + kw * g.dilation_w - g.pad_w;
            if (column < 0 || column >= xv.w)
                continue;
            if (g.depthwise)
                sum = rounded(sum + LOAD(x, at(xv, p.n, p.c, h, column)) *
                                        LOAD(w, at(wv, 0, p.c, kh, kw)));
            else
                sum = rounded(sum + tap(x, at(xv, p.n, 0, h, column), xv, w,
                                        at(wv, p.c, 0, kh, kw), wv));
        }
    }
    STORE(y, at_place(yv, p), sum);
}

/* The output row or column whose tap k reads input i, -1 when there is none. */
int output_of(int i, int k, int pad, int stride, int dilation, int size) {
    const int reach = i + pad - k * dilation;
    return reach >= 0 && reach % stride == 0 && reach / stride < size ? reach / stride : -1;
}

/* The sum over the outputs of gy(n,...,h,w) w(...,i,kh,kw), which begin at gi and wi. */
float tap_backward(global const element *gy, int gi, view gyv, global const element *w, int wi,
                   view wv) {
    const int mask = (1 << gyv.shift) - 1, blocks = mask == 3 ? gyv.c / 4 : 0, step = wv.stride_n;
    float4 sums = 0.0f;
    for (int block = 0; block < blocks; block++) {
        const int j = wi + 4 * block * step;
        const float4 weights = (float4)(LOAD(w, j), LOAD(w, j + step), LOAD(w, j + 2 * step),
                                        LOAD(w, j + 3 * step));
        sums = rounded4(sums + LOAD4(gy, gi + block * gyv.stride_c) * weights);
    }
    float sum = sum_of(sums);
    for (int o = 4 * blocks; o < gyv.c; o++)
        sum = rounded(sum + LOAD(gy, gi + (o >> gyv.shift) * gyv.stride_c + (o & mask)) *
                                LOAD(w, wi + o * step));
    return sum;
}

/* gx(n,i,h,w) = sum over o and taps of gy w */
kernel void convolution_backward(int count, global const element *gy, view gyv,
                                 global const element *w, view wv, global element *gx, view gxv,
                                 geometry g) {
    WORK_ITEM
    const place p = place_of(gxv, i);
    float sum = 0.0f;
    for (int kh = 0; kh < wv.h; kh++) {
        const int h = output_of(p.h, kh, g.pad_h, g.stride_h, g.dilation_h, gyv.h);
        for (int kw = 0; kw < wv.w && h >= 0; kw++) {
            const int column = output_of(p.w, kw, g.pad_w, g.stride_w, g.dilation_w, gyv.w);
            if (column < 0)
                continue;
            if (g.depthwise) {
                sum = rounded(sum + LOAD(gy, at(gyv, p.n, p.c, h, column)) *
                                        LOAD(w, at(wv, 0, p.c, kh, kw)));
                continue;
            }
            sum = rounded(sum + tap_backward(gy, at(gyv, p.n, 0, h, column), gyv, w,
                                             at(wv, 0, p.c, kh, kw), wv));
        }
    }
    STORE(gx, at_place(gxv, p), sum);
}

/* gw(o,i,kh,kw) = sum over n and positions of gy x. A work group does one element. */
kernel void convolution_weight_gradient(int count, global const element *x, view xv,
                                        global const element *gy, view gyv, global element *gw,
                                        view gwv, geometry g, int accumulate) {
    local float sums[GROUP];
    const place p = place_of(gwv, get_group_id(0));
    const int positions = gyv.h * gyv.w, o = g.depthwise ? p.c : p.n;
    float sum = 0.0f;
    for (int i = get_local_id(0); i < gyv.n * positions; i += GROUP) {
        const int n = i / positions, h = i % positions / gyv.w, column = i % gyv.w;
        const int row = h * g.stride_h + p.h * g.dilation_h - g.pad_h;
        const int from = column * g.stride_w + p.w * g.dilation_w - g.pad_w;
        if (row >= 0 && row < xv.h && from >= 0 && from < xv.w)
            sum = rounded(sum + LOAD(gy, at(gyv, n, o, h, column)) *
                                    LOAD(x, at(xv, n, p.c, row, from)));
    }
    sum = group_sum(sum, sums);
    if (get_local_id(0) == 0) {
        const int j = at_place(gwv, p);
        STORE(gw, j, accumulate ? LOAD(gw, j) + sum : sum);
    }
}

/* The same, for few positions or many weights: a work item does one element. */
kernel void convolution_weight_gradient_each(int count, global const element *x, view xv,
                                              global const element *gy, view gyv,
                                              global element *gw, view gwv, geometry g,
                                              int accumulate) {
    WORK_ITEM
    const place p = place_of(gwv, i);
    const int o = g.depthwise ? p.c : p.n;
    float sum = 0.0f;
    for (int n = 0; n < gyv.n; n++)
        for (int h = 0; h < gyv.h; h++) {
            const int row = h * g.stride_h + p.h * g.dilation_h - g.pad_h;
            for (int column = 0; column < gyv.w && row >= 0 && row < xv.h; column++) {
                const int from = column * g.stride_w + p.w * g.dilation_w - g.pad_w;
                if (from >= 0 && from < xv.w)
                    sum = rounded(sum + LOAD(gy, at(gyv, n, o, h, column)) *
                                            LOAD(x, at(xv, n, p.c, row, from)));
            }
        }
    const int j = at_place(gwv, p);
    STORE(gw, j, accumulate ? LOAD(gw, j) + sum : sum);
}

/* gb(c) = sum over n and positions of gy. A work group does one channel. */
kernel void convolution_bias_gradient(int count, global const element *gy, view gyv,
                                      global element *gb, view gbv, int accumulate) {
    local float sums[GROUP];
    const int c = get_group_id(0), positions = gyv.h * gyv.w;
    float sum = 0.0f;
    for (int i = get_local_id(0); i < gyv.n * positions; i += GROUP)
        sum = rounded(sum + LOAD(gy, at(gyv, i / positions, c, i % positions / gyv.w, i % gyv.w)));
    sum = group_sum(sum, sums);
    if (get_local_id(0) == 0) {
        const int j = at(gbv, 0, c, 0, 0);
        STORE(gb, j, accumulate ? LOAD(gb, j) + sum : sum);
    }
}
