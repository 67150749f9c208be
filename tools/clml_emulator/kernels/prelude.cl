/* In front of every kernel file: elements, and where they lie.
 *
 * Work item i < count computes element i of the tensor it writes, in the order n, c, h, w, unless a
 * comment says otherwise. Tensors come as memory and view. HALF_ELEMENTS: elements are halves, read and
 * written as such and computed with as floats. HALF_SUMS: partial sums are rounded to half too. */

#ifdef HALF_ELEMENTS
typedef half element;
typedef ushort word;
#define LOAD(p, i) vload_half(i, p)
#define LOAD4(p, i) vload_half4(0, (p) + (i))
#define STORE(p, i, value) vstore_half(value, i, p)
#else
typedef float element;
typedef uint word;
#define LOAD(p, i) (p)[i]
#define LOAD4(p, i) vload4(0, (p) + (i))
#define STORE(p, i, value) (p)[i] = (value)
#endif

#ifdef HALF_SUMS
float rounded(float x) {
    ushort bits;
    vstore_half(x, 0, (half *)&bits);
    return vload_half(0, (half *)&bits);
}
float4 rounded4(float4 x) {
    return (float4)(rounded(x.x), rounded(x.y), rounded(x.z), rounded(x.w));
}
#else
#define rounded(x) (x)
#define rounded4(x) (x)
#endif

/* Channels lie in blocks of 1 << shift; strides are in elements. */
typedef struct {
    int n, c, h, w, first, stride_n, stride_c, stride_h, stride_w, shift, present, count;
} view;

typedef struct {
    int n, c, h, w;
} place;

int at(view v, int n, int c, int h, int w) {
    return v.first + n * v.stride_n + (c >> v.shift) * v.stride_c + (c & ((1 << v.shift) - 1)) +
           h * v.stride_h + w * v.stride_w;
}

int at_place(view v, place p) {
    return at(v, p.n, p.c, p.h, p.w);
}

/* Of element i in the order n, c, h, w. */
place place_of(view v, int i) {
    place p;
    p.w = i % v.w;
    i /= v.w;
    p.h = i % v.h;
    i /= v.h;
    p.c = i % v.c;
    p.n = i / v.c;
    return p;
}

#define WORK_ITEM                                                                                  \
    const int i = get_global_id(0);                                                                \
    if (i >= count)                                                                                \
        return;

/* ---- Sums of a work group, in a fixed order ------------------------------------------------- */

#define GROUP 64

/* The sum of what each item has; the same for all of them. */
float group_sum(float sum, local float *sums) {
    const int lane = get_local_id(0);
    sums[lane] = sum;
    for (int items = GROUP / 2; items > 0; items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < items)
            sums[lane] = rounded(sums[lane] + sums[lane + items]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const float total = sums[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return total;
}

/* ---- Groups of elements ---------------------------------------------------------------------
 * All channels of a place (SPATIAL), all places of a channel (CHANNEL), or all of an image (INSTANCE). */

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
