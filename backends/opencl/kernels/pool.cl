/* pool and pool_grad. A work item does WIDTH channels of one output element, unless a comment says
 * otherwise; `count` is the number of work items. Windows are those of the macros WINDOW_HEIGHT, WINDOW_WIDTH, STRIDE_HEIGHT,
 * STRIDE_WIDTH, PAD_TOP, PAD_LEFT. */

/* ---- Forward -------------------------------------------------------------------------------- */

/* The part of a window that lies on the map: rows [top, bottom), columns [left, right). */
typedef struct {
    int top, bottom, left, right;
} window;

static window window_at(int ho, int wo, int height, int width) {
    int top = ho * STRIDE_HEIGHT - PAD_TOP, left = wo * STRIDE_WIDTH - PAD_LEFT;
    window v;
    v.top = max(top, 0);
    v.bottom = min(top + WINDOW_HEIGHT, height);
    v.left = max(left, 0);
    v.right = min(left + WINDOW_WIDTH, width);
    return v;
}

static float area(window v) {
    return (float)((v.bottom - v.top) * (v.right - v.left));
}

/* x [N,height,width,C], y [N,out_height,out_width,C] */
kernel void pool_average(global const STORAGE(X_T) * x, global STORAGE(Y_T) * y, int height,
                         int width, int out_height, int out_width, int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    position p = position_of(i, out_height, out_width, channels);
    window v = window_at(p.h, p.w, height, width);
    vec sum = 0.0f;
    for (int h = v.top; h < v.bottom; h++)
        for (int w = v.left; w < v.right; w++)
            sum += LOADV(X_T, x, ((p.n * height + h) * width + w) * channels + p.c);
    STOREV(Y_T, y, i, sum / area(v));
}

/* A window that is the whole map: x [N,pixels,C], y [N,C]. Several reads are on their way at once. */
kernel void pool_average_whole(global const STORAGE(X_T) * x, global STORAGE(Y_T) * y, int pixels,
                               int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int first = i / channels * pixels * channels + i % channels;
    vec sum = 0.0f;
#pragma unroll 7
    for (int p = 0; p < pixels; p++)
        sum += LOADV(X_T, x, first + p * channels);
    STOREV(Y_T, y, i, sum / (float)pixels);
}

/* The first maximum of a window, or its first NaN. x, y as above; argmax
 * [N,out_height,out_width,C], written when has_argmax: the offset h * width + w of the maximum. */
kernel void pool_maximum(global const STORAGE(X_T) * x, global STORAGE(Y_T) * y,
                         global ivec *argmax, int has_argmax, int height, int width, int out_height,
                         int out_width, int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    position p = position_of(i, out_height, out_width, channels);
    window v = window_at(p.h, p.w, height, width);
    ivec place = v.top * width + v.left;
    vec best = LOADV(X_T, x, ((p.n * height + v.top) * width + v.left) * channels + p.c);
    for (int h = v.top; h < v.bottom; h++)
        for (int w = v.left; w < v.right; w++) {
            vec value = LOADV(X_T, x, ((p.n * height + h) * width + w) * channels + p.c);
            ivec better = !(value <= best) && !isnan(best);
            best = better ? value : best;
            place = better ? (ivec)(h * width + w) : place;
        }
    STOREV(Y_T, y, i, best);
    if (has_argmax)
        argmax[i] = place;
}

/* ---- Gradient ------------------------------------------------------------------------------- */

/* The windows that see a row or column: first to last of `windows`. `place` counts from the edge of
 * the padding. */
static int first_window(int place, int size, int stride) {
    return place < size ? 0 : (place - size) / stride + 1;
}

static int last_window(int place, int stride, int windows) {
    return min(place / stride, windows - 1);
}

/* dx [N,height,width,C]: the sum of dy [N,out_height,out_width,C] over the windows that see the
 * element, each divided by what the window covers. */
kernel void pool_grad_average(global const STORAGE(X_T) * dy, global STORAGE(Y_T) * dx, int height,
                              int width, int out_height, int out_width, int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    position p = position_of(i, height, width, channels);
    int bottom = last_window(p.h + PAD_TOP, STRIDE_HEIGHT, out_height);
    int right = last_window(p.w + PAD_LEFT, STRIDE_WIDTH, out_width);
    vec sum = 0.0f;
    for (int ho = first_window(p.h + PAD_TOP, WINDOW_HEIGHT, STRIDE_HEIGHT); ho <= bottom; ho++)
        for (int wo = first_window(p.w + PAD_LEFT, WINDOW_WIDTH, STRIDE_WIDTH); wo <= right; wo++)
            sum += LOADV(X_T, dy, ((p.n * out_height + ho) * out_width + wo) * channels + p.c) /
                   area(window_at(ho, wo, height, width));
    STOREV(Y_T, dx, i, sum);
}

/* dx as above: the sum over the windows whose maximum is the element; argmax like dy. */
kernel void pool_grad_maximum(global const STORAGE(X_T) * dy, global const ivec *argmax,
                              global STORAGE(Y_T) * dx, int height, int width, int out_height,
                              int out_width, int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    position p = position_of(i, height, width, channels);
    int bottom = last_window(p.h + PAD_TOP, STRIDE_HEIGHT, out_height);
    int right = last_window(p.w + PAD_LEFT, STRIDE_WIDTH, out_width);
    vec sum = 0.0f;
    for (int ho = first_window(p.h + PAD_TOP, WINDOW_HEIGHT, STRIDE_HEIGHT); ho <= bottom; ho++)
        for (int wo = first_window(p.w + PAD_LEFT, WINDOW_WIDTH, STRIDE_WIDTH); wo <= right; wo++) {
            int o = ((p.n * out_height + ho) * out_width + wo) * channels + p.c;
            vec slope = LOADV(X_T, dy, o);
            sum += argmax[o] == p.h * width + p.w ? slope : (vec)(0.0f);
        }
    STOREV(Y_T, dx, i, sum);
}

/* A window that is the whole map: dy [N,C], dx [N,pixels,C]. A work item does all pixels of WIDTH
 * channels. */
kernel void pool_grad_average_whole(global const STORAGE(X_T) * dy, global STORAGE(Y_T) * dx,
                                    int pixels, int channels, int count) {
    int i = get_global_id(0);
    if (i >= count)
        return;
    int first = i / channels * pixels * channels + i % channels;
    vec share = LOADV(X_T, dy, i) / (float)pixels;
    for (int p = 0; p < pixels; p++)
        STOREV(Y_T, dx, first + p * channels, share);
}
