/* What the shaders of matrix products have in common: y [M,N] = a [M,K] * b [K,N] in tiles of
 * TILE_M x TILE_N of y, in steps of TILE_K. Included after ITEMS, the work items of a group, and WIDTH,
 * the elements of a load, are defined; those sizes are known when a shader is compiled, once for each
 * row of tiles.def: loops over them are laid out then, and what they fill stays in registers.
 *
 * An operand is a matrix of rows that are contiguous in memory: along k (A_ALONG_K 1: a row is an m;
 * B_ALONG_K 1: a row is an n) or along the other axis (a row is a k). How a row and a column become a
 * place in memory is the operand's SOURCE:
 *
 *   PLAIN         row * stride + column
 *   PATCHES       row: a pixel of the result (n, ho, wo); column: (kh, kw, c). What the window there
 *                 sees of a map [N,H,W,C]; 0 in the padding
 *   GRAD_PATCHES  row: a pixel of the map (n, h, w); column: (kh, kw, o). The result [N,Ho,Wo,O] at
 *                 the window whose element (kh, kw) lies on that pixel; 0 where there is none
 *   FILTERS       row: (kh, kw, o); column: c, of weights [O,Kh,Kw,C] */
#ifndef PRODUCT_GLSL
#define PRODUCT_GLSL

#include "types.glsl"

layout(constant_id = 3) const int A_SOURCE = 0;
layout(constant_id = 4) const int B_SOURCE = 0;
layout(constant_id = 5) const int A_ALONG_K = 1;
layout(constant_id = 6) const int B_ALONG_K = 1;

MAP(0, a, 8)
MAP(1, b, 9)
FLOATS(2, scale)
FLOATS(3, bias)
MAP(4, y, 12)

/* A convolution: map [N,height,width,channels], result [N,out_height,out_width,outputs]. `epilogue`
 * says which of scale [N] and bias [N] there are. `largest_first` is of cooperative.comp alone. */
layout(push_constant) uniform numbers {
    int epilogue, activation, m_count, n_count, k_count, k_part, a_stride, b_stride;
    int height, width, channels, out_height, out_width, outputs, taps, kernel_width;
    int stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
    int largest_first;
};

#define LOAD4(name, i) name##_load4(i)
DEFINE_FINISH(finish, float, LOAD)
DEFINE_FINISH(finish4, vec4, LOAD4)

#define PLAIN        0
#define PATCHES      1
#define GRAD_PATCHES 2
#define FILTERS      3

/* ---- Places ------------------------------------------------------------------------------------ */

int patch_place(int row, int column) {
    int tap = column / channels, c = column - tap * channels;
    int rest = row / out_width, wo = row - rest * out_width;
    int n = rest / out_height, ho = rest - n * out_height;
    int kh = tap / kernel_width, kw = tap - kh * kernel_width;
    int h = ho * stride_height + kh * dilation_height - pad_top;
    int w = wo * stride_width + kw * dilation_width - pad_left;
    bool inside = h >= 0 && h < height && w >= 0 && w < width;
    return inside ? ((n * height + h) * width + w) * channels + c : -1;
}

int grad_patch_place(int row, int column) {
    int tap = column / outputs, o = column - tap * outputs;
    int rest = row / width, w = row - rest * width;
    int n = rest / height, h = rest - n * height;
    int kh = tap / kernel_width, kw = tap - kh * kernel_width;
    int top = h + pad_top - kh * dilation_height, left = w + pad_left - kw * dilation_width;
    int ho = top / stride_height, wo = left / stride_width;
    bool inside = top >= 0 && left >= 0 && ho * stride_height == top && wo * stride_width == left &&
                  ho < out_height && wo < out_width;
    return inside ? ((n * out_height + ho) * out_width + wo) * outputs + o : -1;
}

int filter_place(int row, int column) {
    int tap = row / outputs, o = row - tap * outputs;
    return (o * taps + tap) * channels + column;
}

/* The place of element (outer, k) of an operand whose tile may reach beyond its ends; -1: it is 0. */
int load_place(int source, int along_k, int stride, int outer, int k, int outer_end, int k_end) {
    if (outer >= outer_end || k >= k_end)
        return -1;
    int row = along_k == 1 ? outer : k, column = along_k == 1 ? k : outer;
    if (source == PATCHES)
        return patch_place(row, column);
    if (source == GRAD_PATCHES)
        return grad_patch_place(row, column);
    return source == FILTERS ? filter_place(row, column) : row * stride + column;
}

/* ---- Loads ------------------------------------------------------------------------------------- */

/* Both operands go to shared memory in the same way. A tile has `extent` elements along m or n. Load
 * number l of a work item is WIDTH elements of the tile, beginning at (outer, k). */
#define LOADS(extent)  ((extent) * TILE_K / WIDTH / ITEMS)
#define LOAD_NUMBER(l) (uint(ITEM) + uint(l) * uint(ITEMS)) /* unsigned: / and % are cheap */
#define LOAD_OUTER(l, extent, along_k)                                                             \
    int((along_k) ? LOAD_NUMBER(l) / uint(TILE_K / WIDTH)                                          \
                  : LOAD_NUMBER(l) % uint((extent) / WIDTH) * uint(WIDTH))
#define LOAD_K(l, extent, along_k)                                                                 \
    int((along_k) ? LOAD_NUMBER(l) % uint(TILE_K / WIDTH) * uint(WIDTH)                            \
                  : LOAD_NUMBER(l) / uint((extent) / WIDTH))

/* ---- Results ----------------------------------------------------------------------------------- */

/* Puts a vector of sums through the epilogue and into row y [N], which begins at `row`. */
void store(int row, int column, vec4 v) {
    if (n_count % 4 == 0) {
        if (column < n_count)
            y_store4((row + column) >> 2, finish4(v, column >> 2));
        return;
    }
    for (int e = 0; e < 4; e++)
        if (column + e < n_count)
            y_store(row + column + e, finish(v[e], column + e));
}

#endif
