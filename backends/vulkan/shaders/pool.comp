/* pool and pool_grad. A work item does WIDTH channels of one output element, unless a comment says
 * otherwise; `count` is the number of work items. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

layout(constant_id = 3) const int WIDTH = 1;
layout(constant_id = 4) const int WINDOW_HEIGHT = 1;
layout(constant_id = 5) const int WINDOW_WIDTH = 1;
layout(constant_id = 6) const int STRIDE_HEIGHT = 1;
layout(constant_id = 7) const int STRIDE_WIDTH = 1;
layout(constant_id = 8) const int PAD_TOP = 0;
layout(constant_id = 9) const int PAD_LEFT = 0;

/* ---- Forward -------------------------------------------------------------------------------- */

/* The part of a window that lies on the map: rows [top, bottom), columns [left, right). */
struct window {
    int top, bottom, left, right;
};

window window_at(int ho, int wo, int height, int width) {
    int top = ho * STRIDE_HEIGHT - PAD_TOP, left = wo * STRIDE_WIDTH - PAD_LEFT;
    return window(max(top, 0), min(top + WINDOW_HEIGHT, height), max(left, 0),
                  min(left + WINDOW_WIDTH, width));
}

float area(window v) {
    return float((v.bottom - v.top) * (v.right - v.left));
}

/* x [N,height,width,C], y [N,out_height,out_width,C] */
#ifdef SHADER_pool_average
MAP(0, x, 10)
MAP(1, y, 11)
layout(push_constant) uniform numbers {
    int height, width, out_height, out_width, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    position p = position_of(i, out_height, out_width, channels);
    window v = window_at(p.h, p.w, height, width);
    vec4 sum = vec4(0.0);
    for (int h = v.top; h < v.bottom; h++)
        for (int w = v.left; w < v.right; w++)
            sum += LOADV(x, ((p.n * height + h) * width + w) * channels + p.c);
    STOREV(y, i, sum / area(v));
}
#endif

/* A window that is the whole map: x [N,pixels,C], y [N,C]. Several reads are on their way at once. */
#ifdef SHADER_pool_average_whole
MAP(0, x, 10)
MAP(1, y, 11)
layout(push_constant) uniform numbers {
    int pixels, channels, count;
};

const int AT_ONCE = 7;

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int first = i / channels * pixels * channels + i % channels, p = 0;
    vec4 sum = vec4(0.0);
    for (; p + AT_ONCE <= pixels; p += AT_ONCE) {
        vec4 values[AT_ONCE];
        [[unroll]] for (int k = 0; k < AT_ONCE; k++)
            values[k] = LOADV(x, first + (p + k) * channels);
        [[unroll]] for (int k = 0; k < AT_ONCE; k++)
            sum += values[k];
    }
    for (; p < pixels; p++)
        sum += LOADV(x, first + p * channels);
    STOREV(y, i, sum / float(pixels));
}
#endif

/* The first maximum of a window, or its first NaN. x, y as above; argmax [N,out_height,out_width,C],
 * written when has_argmax: the offset h * width + w of the maximum. */
#ifdef SHADER_pool_maximum
MAP(0, x, 10)
MAP(1, y, 11)
INTS(2, argmax)
layout(push_constant) uniform numbers {
    int has_argmax, height, width, out_height, out_width, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    position p = position_of(i, out_height, out_width, channels);
    window v = window_at(p.h, p.w, height, width);
    ivec4 place = ivec4(v.top * width + v.left);
    vec4 best = LOADV(x, ((p.n * height + v.top) * width + v.left) * channels + p.c);
    for (int h = v.top; h < v.bottom; h++)
        for (int w = v.left; w < v.right; w++) {
            vec4 value = LOADV(x, ((p.n * height + h) * width + w) * channels + p.c);
            [[unroll]] for (int k = 0; k < WIDTH; k++)
                if (!(value[k] <= best[k]) && !isnan(best[k])) {
                    best[k] = value[k];
                    place[k] = h * width + w;
                }
        }
    STOREV(y, i, best);
    if (has_argmax != 0)
        STOREV(argmax, i, place);
}
#endif

/* ---- Gradient ------------------------------------------------------------------------------- */

/* The windows that see a row or column: first to last of `windows`. `place` counts from the edge of
 * the padding. */
int first_window(int place, int size, int stride) {
    return place < size ? 0 : (place - size) / stride + 1;
}

int last_window(int place, int stride, int windows) {
    return min(place / stride, windows - 1);
}

/* dx [N,height,width,C]: the sum of dy [N,out_height,out_width,C] over the windows that see the
 * element, each divided by what the window covers. */
#ifdef SHADER_pool_grad_average
MAP(0, dy, 10)
MAP(1, dx, 11)
layout(push_constant) uniform numbers {
    int height, width, out_height, out_width, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    position p = position_of(i, height, width, channels);
    int top = first_window(p.h + PAD_TOP, WINDOW_HEIGHT, STRIDE_HEIGHT);
    int left = first_window(p.w + PAD_LEFT, WINDOW_WIDTH, STRIDE_WIDTH);
    int bottom = last_window(p.h + PAD_TOP, STRIDE_HEIGHT, out_height);
    int right = last_window(p.w + PAD_LEFT, STRIDE_WIDTH, out_width);
    vec4 sum = vec4(0.0);
    for (int ho = top; ho <= bottom; ho++)
        for (int wo = left; wo <= right; wo++)
            sum += LOADV(dy, ((p.n * out_height + ho) * out_width + wo) * channels + p.c) /
                   area(window_at(ho, wo, height, width));
    STOREV(dx, i, sum);
}
#endif

/* dx as above: the sum over the windows whose maximum is the element; argmax like dy. */
#ifdef SHADER_pool_grad_maximum
MAP(0, dy, 10)
INTS(1, argmax)
MAP(2, dx, 12)
layout(push_constant) uniform numbers {
    int height, width, out_height, out_width, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    position p = position_of(i, height, width, channels);
    int top = first_window(p.h + PAD_TOP, WINDOW_HEIGHT, STRIDE_HEIGHT);
    int left = first_window(p.w + PAD_LEFT, WINDOW_WIDTH, STRIDE_WIDTH);
    int bottom = last_window(p.h + PAD_TOP, STRIDE_HEIGHT, out_height);
    int right = last_window(p.w + PAD_LEFT, STRIDE_WIDTH, out_width);
    vec4 sum = vec4(0.0);
    for (int ho = top; ho <= bottom; ho++)
        for (int wo = left; wo <= right; wo++) {
            int o = ((p.n * out_height + ho) * out_width + wo) * channels + p.c;
            bvec4 hit = equal(LOADIV(argmax, o), ivec4(p.h * width + p.w));
            sum += mix(vec4(0.0), LOADV(dy, o), hit);
        }
    STOREV(dx, i, sum);
}
#endif

/* A window that is the whole map: dy [N,C], dx [N,pixels,C]. A work item does all pixels of WIDTH
 * channels. */
#ifdef SHADER_pool_grad_average_whole
MAP(0, dy, 10)
MAP(1, dx, 11)
layout(push_constant) uniform numbers {
    int pixels, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int first = i / channels * pixels * channels + i % channels;
    vec4 share = LOADV(dy, i) / float(pixels);
    for (int p = 0; p < pixels; p++)
        STOREV(dx, first + p * channels, share);
}
#endif
