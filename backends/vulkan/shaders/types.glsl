/* Included by every shader: element types and how maps are read and written, activations, places in
 * maps, sums over work groups.
 *
 * Maps are stored as f32, f16 or bf16 and computed in f32. The type of a tensor is a specialisation
 * constant, so that branches on it cost nothing. Declare
 *
 *   MAP(binding, name, id)   a tensor of any element type, which constant `id` tells
 *   FLOATS(binding, name)    parameters, statistics and sums: f32 always
 *   INTS(binding, name)      labels and places: i32 always
 *
 * and use
 *
 *   name_load(i)             element i          name_store(i, v)
 *   name_load4(i)            elements 4 * i ... name_store4(i, v), where rows are multiples of 4
 *   LOADV(name, i)           elements WIDTH * i ... STOREV(name, i, v): WIDTH, 1 or 4, is a constant
 *                            of the shader. A vector is always a vec4; with a WIDTH of 1 its elements
 *                            are all the same, and compilers compute one of them.
 *
 * Where a comment gives a shape and loads are by LOADV, the last dimension, C, counts vectors.
 *
 * What is narrower than 4 bytes is read in words of 4; buffers are padded to whole words. Maps of
 * f16 and bf16 are written by shaders compiled with NARROW, for devices with 16-bit storage. */
#ifndef TYPES_GLSL
#define TYPES_GLSL

#extension GL_EXT_control_flow_attributes : require
#ifdef NARROW
#extension GL_EXT_shader_16bit_storage : require
#endif

layout(local_size_x_id = 0, local_size_y_id = 1, local_size_z_id = 2) in;

/* ---- Element types -------------------------------------------------------------------------- */

/* Numbered as retune_dtype. */
#define F32  0
#define F16  1
#define BF16 2
#define U8   3

/* To nearest even, which packHalf2x16 does not promise; NaN stays NaN. */
uint f16_of(float v) {
    uint bits = floatBitsToUint(v), magnitude = bits & 0x7fffffffu, sign = (bits >> 16) & 0x8000u;
    if (magnitude > 0x7f800000u)
        return sign | 0x7e00u;
    if (magnitude < 0x38800000u) /* the last bit of a sum with 1/2 is the smallest f16 */
        return sign | (floatBitsToUint(uintBitsToFloat(magnitude) + 0.5) - 0x3f000000u);
    uint rounded = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    return sign | min(rounded, 0x7c00u);
}

/* To nearest even; NaN stays NaN. */
uint bf16_of(float v) {
    uint bits = floatBitsToUint(v);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
        return (bits >> 16) | 0x40u;
    return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

uint narrow_of(float v, int type) {
    return type == F16 ? f16_of(v) : bf16_of(v);
}

uint narrow_word(vec2 v, int type) {
    return narrow_of(v.x, type) | (narrow_of(v.y, type) << 16);
}

/* The elements of a word, the first in its low bits. */
vec2 narrow_values(uint word, int type) {
    if (type == F16)
        return unpackHalf2x16(word);
    return vec2(uintBitsToFloat(word << 16), uintBitsToFloat(word & 0xffff0000u));
}

vec4 byte_values(uint word) {
    return vec4((uvec4(word) >> uvec4(0, 8, 16, 24)) & 0xffu);
}

/* ---- Buffers -------------------------------------------------------------------------------- */

/* Places are ints; only bytes can have places above 2^31, which are ints that wrapped. */

#define VIEW(binding_, name, suffix, type)                                                         \
    layout(std430, set = 0, binding = binding_) buffer name##_buffer##suffix {                     \
        type name##suffix[];                                                                       \
    };

#ifdef NARROW
#define VIEW_NARROW(binding, name)  VIEW(binding, name, _narrow, uint16_t)
#define STORE_NARROW(name, i, bits) name##_narrow[i] = uint16_t(bits)
#else
#define VIEW_NARROW(binding, name)
#define STORE_NARROW(name, i, bits)
#endif

#define MAP(binding, name, id)                                                                     \
    layout(constant_id = id) const int name##_type = F32;                                          \
    VIEW(binding, name, _floats, float)                                                            \
    VIEW(binding, name, _vectors, vec4)                                                            \
    VIEW(binding, name, _words, uint)                                                              \
    VIEW(binding, name, _pairs, uvec2)                                                             \
    VIEW_NARROW(binding, name)                                                                     \
    float name##_load(int i) {                                                                     \
        if (name##_type == F32)                                                                    \
            return name##_floats[i];                                                               \
        if (name##_type == U8)                                                                     \
            return float((name##_words[uint(i) >> 2] >> (8 * (i & 3))) & 0xffu);                         \
        return narrow_values(name##_words[uint(i) >> 1] >> (16 * (i & 1)), name##_type).x;               \
    }                                                                                              \
    vec4 name##_load4(int i) {                                                                     \
        if (name##_type == F32)                                                                    \
            return name##_vectors[i];                                                              \
        if (name##_type == U8)                                                                     \
            return byte_values(name##_words[i]);                                                   \
        uvec2 pair = name##_pairs[i];                                                              \
        return vec4(narrow_values(pair.x, name##_type), narrow_values(pair.y, name##_type));       \
    }                                                                                              \
    void name##_store(int i, float v) {                                                            \
        if (name##_type == F32)                                                                    \
            name##_floats[i] = v;                                                                  \
        else                                                                                       \
            STORE_NARROW(name, i, narrow_of(v, name##_type));                                      \
    }                                                                                              \
    void name##_store4(int i, vec4 v) {                                                            \
        if (name##_type == F32)                                                                    \
            name##_vectors[i] = v;                                                                 \
        else                                                                                       \
            name##_pairs[i] =                                                                      \
                uvec2(narrow_word(v.xy, name##_type), narrow_word(v.zw, name##_type));             \
    }

#define PLAIN_BUFFER(binding, name, scalar, vector)                                                \
    VIEW(binding, name, _scalars, scalar)                                                          \
    VIEW(binding, name, _vectors, vector)                                                          \
    scalar name##_load(int i) {                                                                    \
        return name##_scalars[i];                                                                  \
    }                                                                                              \
    vector name##_load4(int i) {                                                                   \
        return name##_vectors[i];                                                                  \
    }                                                                                              \
    void name##_store(int i, scalar v) {                                                           \
        name##_scalars[i] = v;                                                                     \
    }                                                                                              \
    void name##_store4(int i, vector v) {                                                          \
        name##_vectors[i] = v;                                                                     \
    }

#define FLOATS(binding, name) PLAIN_BUFFER(binding, name, float, vec4)
#define INTS(binding, name)   PLAIN_BUFFER(binding, name, int, ivec4)

#define LOAD(name, i)   name##_load(i)
#define LOADV(name, i)  (WIDTH == 4 ? name##_load4(i) : vec4(name##_load(i)))
#define LOADIV(name, i) (WIDTH == 4 ? name##_load4(i) : ivec4(name##_load(i))) /* of INTS */
/* One statement with an else of its own, so that it may stand between if and else. */
#define STOREV(name, i, v)                                                                         \
    if (WIDTH == 4)                                                                                \
        name##_store4(i, v);                                                                       \
    else                                                                                           \
        name##_store(i, (v).x)

/* Numbers that change from run to run; push constants say where they are. */
layout(std430, set = 1, binding = 0) readonly buffer run_values_buffer {
    float run_values[];
};

/* ---- Arithmetic ----------------------------------------------------------------------------- */

/* Activations, numbered as retune_activation. */
#define ACTIVATION_NONE  0
#define ACTIVATION_RELU  1
#define ACTIVATION_RELU6 2

/* What the epilogue of a convolution has: bits. */
#define EPILOGUE_SCALE 1
#define EPILOGUE_BIAS  2

/* Comparisons and not max and min: NaN stays NaN, so that a diverged run shows. */
vec4 activate(vec4 v, int activation) {
    if (activation != ACTIVATION_NONE)
        v = mix(v, vec4(0.0), lessThan(v, vec4(0.0)));
    if (activation == ACTIVATION_RELU6)
        v = mix(v, vec4(6.0), greaterThan(v, vec4(6.0)));
    return v;
}

float activate(float v, int activation) {
    if (activation != ACTIVATION_NONE)
        v = v < 0.0 ? 0.0 : v;
    if (activation == ACTIVATION_RELU6)
        v = v > 6.0 ? 6.0 : v;
    return v;
}

/* Defines finish, the epilogue of a convolution for channel c: activate(scale * sum + bias), with
 * those of the FLOATS scale [C] and bias [C] that `epilogue` names. `epilogue` and `activation` are
 * numbers of the shader; type and load are vec4 and LOADV, or float and LOAD. */
#define DEFINE_FINISH(finish, type, load)                                                          \
    type finish(type sum, int c) {                                                                 \
        if ((epilogue & EPILOGUE_SCALE) != 0)                                                      \
            sum *= load(scale, c);                                                                 \
        if ((epilogue & EPILOGUE_BIAS) != 0)                                                       \
            sum += load(bias, c);                                                                  \
        return activate(sum, activation);                                                          \
    }

/* ---- Places --------------------------------------------------------------------------------- */

/* The number of this work group, and of this item, in a dispatch that goes on in the second
 * dimension where the first is full. Some numbers are above the last that was asked for; an item's
 * then stays an int. */
int group_number() {
    return int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x);
}

int item_number() {
    uint number = uint(group_number()) * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
    return int(min(number, 0x7fffffffu));
}

/* Where element i lies in a map [N,height,width,channels]. */
struct position {
    int n, h, w, c;
};

position position_of(int i, int height, int width, int channels) {
    int pixel = i / channels, row = pixel / width, n = row / height;
    return position(n, row - n * height, pixel - row * width, i - pixel * channels);
}

/* ---- Work groups ---------------------------------------------------------------------------- */

/* Sums over a work group, for shaders that define SUM, the type of a sum, and SUMS, how many are
 * added up together. GROUP, the items of a group, is a power of 2; they stand in rows of `columns`, a
 * power of 2 below GROUP. All items take part, and the order of additions never changes. */
#ifdef SUM
#define GROUP int(gl_WorkGroupSize.x)
#define ITEM  int(gl_LocalInvocationID.x)

shared SUM scratch[SUMS * GROUP / 2];

/* Terms: what each item adds to each sum. */
SUM terms[SUMS];

/* Replaces the terms of the items of the first row by the sums over their columns. */
void group_sums(int columns) {
    for (int left = GROUP / 2; left >= columns; left /= 2) {
        barrier(); /* others may still read what was there before */
        if (ITEM >= left && ITEM < 2 * left)
            [[unroll]] for (int t = 0; t < SUMS; t++)
                scratch[t * (GROUP / 2) + ITEM - left] = terms[t];
        barrier();
        if (ITEM < left)
            [[unroll]] for (int t = 0; t < SUMS; t++)
                terms[t] += scratch[t * (GROUP / 2) + ITEM];
    }
}

/* The sum of `term` over the item's column, for all items, where SUMS is 1. */
SUM group_sum(SUM term, int columns) {
    terms[0] = term;
    group_sums(columns);
    barrier();
    if (ITEM < columns)
        scratch[ITEM] = terms[0];
    barrier();
    return scratch[ITEM % columns];
}
#endif

#endif
