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
