/* depthwise_conv2d and its gradients: weight [KERNEL_HEIGHT,KERNEL_WIDTH,C], one filter a channel.
 *
 * The window is a constant, the sizes of maps are not. A work item does WIDTH channels of a strip:
 * STRIP neighbours of a row, so that an element it has loaded serves all windows of the strip that
 * see it. STRIP is 1 or a multiple of STRIDE_WIDTH. */
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

layout(constant_id = 3) const int WIDTH = 1;
layout(constant_id = 4) const int KERNEL_HEIGHT = 1;
layout(constant_id = 5) const int KERNEL_WIDTH = 1;
layout(constant_id = 6) const int STRIDE_HEIGHT = 1;
layout(constant_id = 7) const int STRIDE_WIDTH = 1;
layout(constant_id = 8) const int DILATION_HEIGHT = 1;
layout(constant_id = 9) const int DILATION_WIDTH = 1;
layout(constant_id = 10) const int PAD_TOP = 0;
layout(constant_id = 11) const int PAD_LEFT = 0;
layout(constant_id = 12) const int STRIP = 1;
layout(constant_id = 13) const int TAP_ROWS = 1;
layout(constant_id = 14) const int TAP_COLUMNS = 1;

/* The sums of a work group, where there is one. */
const int TAPS = TAP_ROWS * TAP_COLUMNS;
#define SUM vec4
#ifdef SHADER_depthwise_conv2d_grad_weight
#define SUMS (TAPS + 1)
#else
#define SUMS 1
#endif
#include "types.glsl"

/* Loops over a window run straight through where it is small; then all that depends on places in
 * strip and window alone is known. The shaders named large are for the other windows. */
#if defined(SHADER_depthwise_conv2d_large) || defined(SHADER_depthwise_conv2d_grad_input_large)
#define UNROLL_WINDOW
#else
#define UNROLL_WINDOW [[unroll]]
#endif

/* The element of a window row of `size` elements that lies `distance` after its first; -1 when there
 * is none. */
int window_element(int distance, int size) {
    int element = distance / DILATION_WIDTH;
    bool hit = distance >= 0 && element * DILATION_WIDTH == distance && element < size;
    return hit ? element : -1;
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* Columns of x under the windows of a strip. A single window skips those between its elements. */
#define COLUMNS(window) ((STRIP - 1) * STRIDE_WIDTH + ((window)-1) * DILATION_WIDTH + 1)
const int COLUMN_STEP = STRIP == 1 ? DILATION_WIDTH : 1;

/* x [N,height,width,C] -> y [N,out_height,out_width,C], a row of it in `strips` strips; scale and
 * bias [C], each if `epilogue` has it. `count` is the number of strips of all channels. */
#if defined(SHADER_depthwise_conv2d) || defined(SHADER_depthwise_conv2d_large)
MAP(0, x, 15)
FLOATS(1, weight)
FLOATS(2, scale)
FLOATS(3, bias)
MAP(4, y, 19)
layout(push_constant) uniform numbers {
    int epilogue, activation, height, width, out_height, out_width, strips, channels, count;
};
DEFINE_FINISH(finish, vec4, LOADV)

void main() {
    int i = item_number();
    if (i >= count)
        return;
    position p = position_of(i, out_height, strips, channels);
    int first = p.w * STRIP, left = first * STRIDE_WIDTH - PAD_LEFT;
    vec4 sum[STRIP];
    [[unroll]] for (int s = 0; s < STRIP; s++)
        sum[s] = vec4(0.0);
    UNROLL_WINDOW for (int kh = 0; kh < KERNEL_HEIGHT; kh++) {
        int h = p.h * STRIDE_HEIGHT - PAD_TOP + kh * DILATION_HEIGHT;
        if (h < 0 || h >= height)
            continue;
        int row = (p.n * height + h) * width;
        UNROLL_WINDOW for (int j = 0; j < COLUMNS(KERNEL_WIDTH); j += COLUMN_STEP) {
            int w = left + j;
            vec4 value = vec4(0.0);
            if (w >= 0 && w < width)
                value = LOADV(x, (row + w) * channels + p.c);
            [[unroll]] for (int s = 0; s < STRIP; s++) {
                int kw = window_element(j - s * STRIDE_WIDTH, KERNEL_WIDTH);
                if (kw >= 0) {
                    vec4 factor = LOADV(weight, (kh * KERNEL_WIDTH + kw) * channels + p.c);
                    sum[s] = fma(value, factor, sum[s]);
                }
            }
        }
    }
    int out_place = ((p.n * out_height + p.h) * out_width + first) * channels + p.c;
    [[unroll]] for (int s = 0; s < STRIP; s++)
        if (first + s < out_width)
            STOREV(y, out_place + s * channels, finish(sum[s], p.c));
}
#endif

/* ---- Gradient of the input ------------------------------------------------------------------ */

/* Strips begin where a window does, counting from the edge of the padding; the first then begins
 * `STRIP_LEAD` before the map. A strip of one element begins anywhere. */
const bool ALIGNED = STRIP % STRIDE_WIDTH == 0;
const int STRIP_LEAD = ALIGNED ? PAD_LEFT % STRIDE_WIDTH : 0;

/* The window that begins with a strip, or last before it, is number 0 of those that see the strip:
 * they run from -WINDOWS_BEFORE to WINDOWS_AFTER. */
const int WINDOWS_BEFORE = ((KERNEL_WIDTH - 1) * DILATION_WIDTH) / STRIDE_WIDTH;
const int WINDOWS_AFTER = (STRIP - 1) / STRIDE_WIDTH;
const int WINDOW_STEP = STRIP == 1 && STRIDE_WIDTH == 1 ? DILATION_WIDTH : 1;

/* dz [N,out_height,out_width,C] -> dx [N,height,width,C], a row of it in `strips` strips; `count` as
 * above. */
#if defined(SHADER_depthwise_conv2d_grad_input) || defined(SHADER_depthwise_conv2d_grad_input_large)
MAP(0, dz, 15)
FLOATS(1, weight)
MAP(2, dx, 17)
layout(push_constant) uniform numbers {
    int height, width, out_height, out_width, strips, channels, count;
};

void main() {
    int i = item_number();
    if (i >= count)
        return;
    position p = position_of(i, height, strips, channels);
    int first = p.w * STRIP - STRIP_LEAD;
    int window = (first + PAD_LEFT) / STRIDE_WIDTH;
    int inside = first + PAD_LEFT - window * STRIDE_WIDTH; /* where window 0 has the strip */
    if (ALIGNED)
        inside = 0; /* a constant */
    vec4 sum[STRIP];
    [[unroll]] for (int s = 0; s < STRIP; s++)
        sum[s] = vec4(0.0);
    UNROLL_WINDOW for (int kh = 0; kh < KERNEL_HEIGHT; kh++) {
        int top = p.h + PAD_TOP - kh * DILATION_HEIGHT, ho = top / STRIDE_HEIGHT;
        if (top < 0 || ho * STRIDE_HEIGHT != top || ho >= out_height)
            continue;
        int row = (p.n * out_height + ho) * out_width;
        UNROLL_WINDOW for (int j = -WINDOWS_BEFORE; j <= WINDOWS_AFTER; j += WINDOW_STEP) {
            int wo = window + j;
            vec4 slope = vec4(0.0);
            if (wo >= 0 && wo < out_width)
                slope = LOADV(dz, (row + wo) * channels + p.c);
            [[unroll]] for (int s = 0; s < STRIP; s++) {
                int kw = window_element(inside + s - j * STRIDE_WIDTH, KERNEL_WIDTH);
                if (kw >= 0) {
                    vec4 factor = LOADV(weight, (kh * KERNEL_WIDTH + kw) * channels + p.c);
                    sum[s] = fma(slope, factor, sum[s]);
                }
            }
        }
    }
    int place = ((p.n * height + p.h) * width + first) * channels + p.c;
    [[unroll]] for (int s = 0; s < STRIP; s++)
        if (first + s >= 0 && first + s < width)
            STOREV(dx, place + s * channels, sum[s]);
}
#endif

/* ---- Gradient of the weight ----------------------------------------------------------------- */

/* A work group sums a part of the window, TAP_ROWS x TAP_COLUMNS of its elements: as many as
 * registers hold.
 *
 * Sums over blocks of `block_strips` strips of dz; work groups stand in [parts of the window, strip
 * blocks, column blocks of `columns` channels]. x [N,height,width,C], dz [N,out_height,out_width,C],
 * count = N * out_height * strips strips in all; partial [KERNEL_HEIGHT*KERNEL_WIDTH+1,C,blocks], the
 * last of the sums that of dz itself. */
#ifdef SHADER_depthwise_conv2d_grad_weight
MAP(0, x, 15)
MAP(1, dz, 16)
FLOATS(2, partial)
layout(push_constant) uniform numbers {
    int height, width, out_height, out_width, strips, channels, columns, block_strips, blocks, count;
    int groups;
};

void main() {
    int group = group_number(), lane = ITEM / columns;
    if (group >= groups)
        return;
    int column_blocks = (channels + columns - 1) / columns, row_block = group / column_blocks;
    int c = (group - row_block * column_blocks) * columns + ITEM - lane * columns;
    int part = row_block / blocks, block = row_block - part * blocks;
    int part_row = part / (KERNEL_WIDTH / TAP_COLUMNS);
    int kh = part_row * TAP_ROWS;
    int kw = (part - part_row * (KERNEL_WIDTH / TAP_COLUMNS)) * TAP_COLUMNS;
    int end = c < channels ? min((block + 1) * block_strips, count) : 0;

    [[unroll]] for (int t = 0; t <= TAPS; t++)
        terms[t] = vec4(0.0);
    for (int i = block * block_strips + lane; i < end; i += GROUP / columns) {
        position p = position_of(i, out_height, strips, 1);
        int first = p.w * STRIP;
        int row = ((p.n * out_height + p.h) * out_width + first) * channels + c;
        vec4 slope[STRIP];
        [[unroll]] for (int s = 0; s < STRIP; s++) {
            slope[s] = vec4(0.0);
            if (first + s < out_width)
                slope[s] = LOADV(dz, row + s * channels);
            terms[TAPS] += slope[s];
        }
        [[unroll]] for (int th = 0; th < TAP_ROWS; th++) {
            int h = p.h * STRIDE_HEIGHT - PAD_TOP + (kh + th) * DILATION_HEIGHT;
            if (h < 0 || h >= height)
                continue;
            [[unroll]] for (int j = 0; j < COLUMNS(TAP_COLUMNS); j += COLUMN_STEP) {
                int w = first * STRIDE_WIDTH - PAD_LEFT + kw * DILATION_WIDTH + j;
                vec4 value = vec4(0.0);
                if (w >= 0 && w < width)
                    value = LOADV(x, ((p.n * height + h) * width + w) * channels + c);
                [[unroll]] for (int s = 0; s < STRIP; s++) {
                    int tw = window_element(j - s * STRIDE_WIDTH, TAP_COLUMNS);
                    if (tw >= 0)
                        terms[th * TAP_COLUMNS + tw] =
                            fma(value, slope[s], terms[th * TAP_COLUMNS + tw]);
                }
            }
        }
    }

    group_sums(columns);
    if (lane != 0 || c >= channels)
        return;
    [[unroll]] for (int t = 0; t < TAPS; t++) {
        int tap = (kh + t / TAP_COLUMNS) * KERNEL_WIDTH + kw + t % TAP_COLUMNS;
        STOREV(partial, (tap * channels + c) * blocks + block, terms[t]);
    }
    if (part == 0) /* all parts of the window have summed dz */
        STOREV(partial, (KERNEL_HEIGHT * KERNEL_WIDTH * channels + c) * blocks + block,
               terms[TAPS]);
}
#endif

/* Adds up the blocks; a work group a sum and channel. partial as above; dw
 * [KERNEL_HEIGHT*KERNEL_WIDTH,C], then dbias [C] where there are groups for it. */
#ifdef SHADER_depthwise_conv2d_grad_weight_total
FLOATS(0, partial)
FLOATS(1, dw)
FLOATS(2, dbias)
layout(push_constant) uniform numbers {
    int blocks, channels, groups;
};

void main() {
    int group = group_number();
    if (group >= groups)
        return;
    vec4 sum = vec4(0.0);
    for (int b = ITEM; b < blocks; b += GROUP)
        sum += LOADV(partial, group * blocks + b);
    sum = group_sum(sum, 1);
    int bias = group - KERNEL_HEIGHT * KERNEL_WIDTH * channels;
    if (ITEM != 0)
        return;
    if (bias < 0)
        STOREV(dw, group, sum);
    else
        STOREV(dbias, bias, sum);
}
#endif
