/* Ops where an output element depends on the input elements at its own place. A work item does
 * WIDTH of them; `count` is the number of work items. */
#version 450
#extension GL_GOOGLE_include_directive : require
#include "types.glsl"

layout(constant_id = 3) const int WIDTH = 1;

/* y [N,H,W,C] = scale [C] * x [N,H,W,C] + offset [C], x of bytes. A vector goes on from one pixel to
 * the next; C, `channels`, counts elements. */
#ifdef SHADER_normalize_pixels
MAP(0, x, 4)
FLOATS(1, scale)
FLOATS(2, offset)
MAP(3, y, 7)
layout(push_constant) uniform numbers {
    int channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    int c = i * WIDTH % channels;
    vec4 v = LOADV(x, i);
    [[unroll]] for (int k = 0; k < WIDTH; k++) {
        v[k] = fma(scale_load(c), v[k], offset_load(c));
        c = c + 1 < channels ? c + 1 : 0;
    }
    STOREV(y, i, v);
}
#endif

/* x, y [count] */
#ifdef SHADER_activation
MAP(0, x, 4)
MAP(1, y, 5)
layout(push_constant) uniform numbers {
    int kind, count;
};

void main() {
    int i = item_number();
    if (i < count)
        STOREV(y, i, activate(LOADV(x, i), kind));
}
#endif

/* dz [...,C] = dy where the activation was not flat, else 0, whatever dy holds; times scale [C] when
 * has_scale. dy, y like dz. */
#ifdef SHADER_activation_grad
MAP(0, dy, 4)
MAP(1, y, 5)
FLOATS(2, scale)
MAP(3, dz, 7)
layout(push_constant) uniform numbers {
    int has_scale, kind, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    vec4 slope = LOADV(dy, i), result = LOADV(y, i);
    if (has_scale != 0)
        slope *= LOADV(scale, i % channels);
    if (kind != ACTIVATION_NONE)
        slope = mix(vec4(0.0), slope, greaterThan(result, vec4(0.0)));
    if (kind == ACTIVATION_RELU6)
        slope = mix(vec4(0.0), slope, lessThan(result, vec4(6.0)));
    STOREV(dz, i, slope);
}
#endif

/* y = a + b; a, b, y [count] */
#ifdef SHADER_add
MAP(0, a, 4)
MAP(1, b, 5)
MAP(2, y, 6)
layout(push_constant) uniform numbers {
    int count;
};

void main() {
    int i = item_number();
    if (i < count)
        STOREV(y, i, LOADV(a, i) + LOADV(b, i));
}
#endif

/* sum += x; sum, x [count] */
#ifdef SHADER_accumulate
MAP(0, x, 4)
FLOATS(1, sum)
layout(push_constant) uniform numbers {
    int count;
};

void main() {
    int i = item_number();
    if (i < count)
        STOREV(sum, i, LOADV(sum, i) + LOADV(x, i));
}
#endif

/* y [count] */
#ifdef SHADER_fill
MAP(0, y, 4)
layout(push_constant) uniform numbers {
    float value;
    int count;
};

void main() {
    int i = item_number();
    if (i < count)
        STOREV(y, i, vec4(value));
}
#endif
