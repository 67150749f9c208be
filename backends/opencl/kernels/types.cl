/* What every kernel file here begins with: element types, places in maps, activations, sums over
 * work groups.
 *
 * Maps are stored as f32, f16 or bf16 and computed in f32. A kernel names its types by macros that
 * the host defines (-DX_T=f16); those names go into
 *
 *   STORAGE(T)            what memory holds
 *   LOAD(T, p, i)         element i as float        STORE(T, p, i, v)
 *   LOADV(T, p, i)        elements i * WIDTH .. as vec of WIDTH floats     STOREV(T, p, i, v)
 *
 * bits8, bits16 and bits32 are types too: with one of them on both sides, STOREV(T, p, i, LOADV(T,
 * q, j)) moves elements of that size as they are, whatever they mean.
 *
 * WIDTH is 1 unless the host defines it as 4; then rows are multiples of 4 and aligned. Where a
 * comment gives a shape, a buffer of vec has its last dimension, C, in units of vec. f16 goes
 * through vload_half and vstore_half, which need no cl_khr_fp16. */

#ifndef WIDTH
#define WIDTH 1
#endif
#ifndef X_T
#define X_T f32
#endif
#ifndef X2_T
#define X2_T f32
#endif
#ifndef Y_T
#define Y_T f32
#endif

#if WIDTH == 4
typedef float4 vec;
typedef int4 ivec;
#else
typedef float vec;
typedef int ivec;
#endif

/* ---- Element types -------------------------------------------------------------------------- */

#define STORAGE_f32    float
#define STORAGE_f16    half
#define STORAGE_bf16   ushort
#define STORAGE_u8     uchar
#define STORAGE_bits8  uchar
#define STORAGE_bits16 ushort
#define STORAGE_bits32 uint

/* To nearest even; NaN stays NaN. */
static ushort bf16_of(float v) {
    uint bits = as_uint(v);
    return isnan(v) ? (ushort)(bits >> 16 | 0x40u)
                    : (ushort)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

static ushort4 bf16_of4(float4 v) {
    return (ushort4)(bf16_of(v.x), bf16_of(v.y), bf16_of(v.z), bf16_of(v.w));
}

#define LOAD_f32(p, i)    ((p)[i])
#define LOAD_f16(p, i)    vload_half(i, p)
#define LOAD_bf16(p, i)   as_float((uint)(p)[i] << 16)
#define LOAD_u8(p, i)     convert_float((p)[i])
#define LOAD_bits8(p, i)  ((p)[i])
#define LOAD_bits16(p, i) ((p)[i])
#define LOAD_bits32(p, i) ((p)[i])

#define STORE_f32(p, i, v)    ((p)[i] = (v))
#define STORE_f16(p, i, v)    vstore_half_rte(v, i, p)
#define STORE_bf16(p, i, v)   ((p)[i] = bf16_of(v))
#define STORE_bits8(p, i, v)  ((p)[i] = (v))
#define STORE_bits16(p, i, v) ((p)[i] = (v))
#define STORE_bits32(p, i, v) ((p)[i] = (v))

#define LOAD4_f32(p, i)    (((global const float4 *)(p))[i])
#define LOAD4_f16(p, i)    vloada_half4(i, p)
#define LOAD4_bf16(p, i)   as_float4(convert_uint4(((global const ushort4 *)(p))[i]) << 16)
#define LOAD4_u8(p, i)     convert_float4(((global const uchar4 *)(p))[i])
#define LOAD4_bits8(p, i)  (((global const uchar4 *)(p))[i])
#define LOAD4_bits16(p, i) (((global const ushort4 *)(p))[i])
#define LOAD4_bits32(p, i) (((global const uint4 *)(p))[i])

#define STORE4_f32(p, i, v)    (((global float4 *)(p))[i] = (v))
#define STORE4_f16(p, i, v)    vstorea_half4_rte(v, i, p)
#define STORE4_bf16(p, i, v)   (((global ushort4 *)(p))[i] = bf16_of4(v))
#define STORE4_bits8(p, i, v)  (((global uchar4 *)(p))[i] = (v))
#define STORE4_bits16(p, i, v) (((global ushort4 *)(p))[i] = (v))
#define STORE4_bits32(p, i, v) (((global uint4 *)(p))[i] = (v))

/* A macro given as T is replaced before it is joined. */
#define JOIN_(a, b)       a##b
#define JOIN(a, b)        JOIN_(a, b)
#define STORAGE(T)        JOIN(STORAGE_, T)
#define LOAD(T, p, i)     JOIN(LOAD_, T)(p, i)
#define STORE(T, p, i, v) JOIN(STORE_, T)(p, i, v)

#if WIDTH == 4
#define LOADV(T, p, i)     JOIN(LOAD4_, T)(p, i)
#define STOREV(T, p, i, v) JOIN(STORE4_, T)(p, i, v)
#else
#define LOADV(T, p, i)     LOAD(T, p, i)
#define STOREV(T, p, i, v) STORE(T, p, i, v)
#endif

/* ---- Arithmetic ----------------------------------------------------------------------------- */

/* a * b + c, fused where that is fast: then sums have the same bits wherever they are computed. */
#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) mad(a, b, c)
#endif

/* Activations, numbered as retune_activation. */
#define ACTIVATION_NONE  0
#define ACTIVATION_RELU  1
#define ACTIVATION_RELU6 2

/* What the epilogue of a convolution has: bits. */
#define EPILOGUE_SCALE 1
#define EPILOGUE_BIAS  2

/* For floats and for vecs: activate(v), and finish, the epilogue of a convolution for channel c:
 * activate(scale * sum + bias), with those of scale [C] and bias [C] that `epilogue` names.
 * Comparisons and not fmax: NaN stays NaN, so that a diverged run shows. */
#define DEFINE_EPILOGUE(type, activate, finish)                                                    \
    static type activate(type v, int activation) {                                                 \
        if (activation != ACTIVATION_NONE)                                                         \
            v = v < 0.0f ? (type)(0.0f) : v;                                                       \
        if (activation == ACTIVATION_RELU6)                                                        \
            v = v > 6.0f ? (type)(6.0f) : v;                                                       \
        return v;                                                                                  \
    }                                                                                              \
    static type finish(type sum, global const type *scale, global const type *bias, int epilogue,  \
                       int activation, int c) {                                                    \
        if (epilogue & EPILOGUE_SCALE)                                                             \
            sum *= scale[c];                                                                       \
        if (epilogue & EPILOGUE_BIAS)                                                              \
            sum += bias[c];                                                                        \
        return activate(sum, activation);                                                          \
    }
DEFINE_EPILOGUE(float, activate, finish)
DEFINE_EPILOGUE(vec, activatev, finishv)

/* ---- Places in maps ------------------------------------------------------------------------- */

/* Where element i lies in a map [N,height,width,channels]. */
typedef struct {
    int n, h, w, c;
} position;

static position position_of(int i, int height, int width, int channels) {
    int pixel = i / channels, row = pixel / width;
    position p;
    p.n = row / height;
    p.h = row - p.n * height;
    p.w = pixel - row * width;
    p.c = i - pixel * channels;
    return p;
}

/* ---- Work groups ---------------------------------------------------------------------------- */

/* Kernels of work groups are compiled with -DGROUP, the items of a group: a power of 2. */
#ifdef GROUP
#define GROUP_KERNEL kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))

/* Sums over a work group whose items stand in rows of `columns`, a power of 2. All items take part,
 * and the order of additions never changes.
 *
 * scratch [sums,GROUP] holds what each item adds to each sum, then sum t over the item's column at
 * scratch[t * GROUP + item % columns]. */
static void group_sums(local vec *scratch, int sums, int columns) {
    int item = get_local_id(0);
    for (int left = GROUP / 2; left >= columns; left /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < left)
            for (int t = 0; t < sums; t++)
                scratch[t * GROUP + item] += scratch[t * GROUP + item + left];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* The sum of `value` over the item's column. scratch [GROUP]. */
static vec group_sum(local vec *scratch, vec value, int columns) {
    int item = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE); /* others may still read the sum before this one */
    scratch[item] = value;
    group_sums(scratch, 1, columns);
    return scratch[item % columns];
}
#endif
