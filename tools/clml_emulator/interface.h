/* The interface that the emulator answers: cl_qcom_ml_ops, version 3.0, declared for
 * interoperability in names of our own. This file is not made or endorsed by Qualcomm. It is used
 * by the emulator and its tests alone, so that a backend's own reading of the interface is compared
 * with a second one.
 *
 * All functions return an OpenCL code. Descriptors, lists and arrays are read before a function
 * returns; handles are counted, so that objects in use outlive their release. */
#ifndef CLML_EMULATOR_INTERFACE_H
#define CLML_EMULATOR_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

typedef struct emu_tensor emu_tensor;
typedef struct emu_op emu_op;
typedef struct emu_set emu_set;     /* which memory belongs to which tensor */
typedef struct emu_cache emu_cache; /* results of tuning */
typedef struct emu_recording emu_recording;

enum { EMU_NOT_ACCELERATED = -1102, EMU_INVALID_LAYOUT = -1103 };

/* Lists of properties: key, value, ..., 0. */
enum {
    EMU_PROPERTY_END = 0,
    EMU_PROPERTY_TUNED_ONLY = 1, /* the op must be found in the tuning cache */
    EMU_PROPERTY_TRAINING = 2,   /* the op's tensors take part in a backward pass */
    EMU_PROPERTY_UPDATES_PARAMETERS = 3,
    EMU_PROPERTY_EPSILON = 4, /* a float's bits, low half of the value */
    EMU_PROPERTY_PAD_VALUE = 5,
};

enum { EMU_LAYOUT_OPTIMAL, EMU_LAYOUT_NCHW, EMU_LAYOUT_NHWC };
enum { EMU_DIMENSIONS_4, EMU_DIMENSIONS_5, EMU_UNUSED };
enum { EMU_FP16, EMU_FP16_SUM32, EMU_FP32, EMU_INT32 };
enum { EMU_CONVOLUTION, EMU_CONVOLUTION_TRANSPOSED, EMU_CONVOLUTION_DEPTHWISE };
enum {
    EMU_RELU,
    EMU_TANH,
    EMU_SIGMOID,
    EMU_RELU6,
    EMU_ELU,
    EMU_PRELU,
    EMU_LEAKY_RELU,
};
enum { EMU_NAN_IGNORED, EMU_NAN_PROPAGATED };
enum {
    EMU_POOL_MAX,
    EMU_POOL_AVERAGE_ALL,   /* divided by the whole window */
    EMU_POOL_AVERAGE_VALID, /* divided by the part of it on the map */
    EMU_POOL_GLOBAL_MAX,
    EMU_POOL_GLOBAL_AVERAGE,
};
enum { EMU_ADD, EMU_SUB, EMU_MUL, EMU_MIN, EMU_MAX, EMU_DIV };
enum { EMU_UNARY_SUM, EMU_UNARY_MIN, EMU_UNARY_MAX, EMU_UNARY_NORM };
enum { EMU_OVER_INSTANCE, EMU_OVER_CHANNEL, EMU_OVER_SPATIAL };
enum { EMU_SOFTMAX_ACCURATE = 1 };
enum { EMU_LOSS_MSE, EMU_LOSS_CROSS_ENTROPY, EMU_LOSS_BINARY_CROSS_ENTROPY, EMU_LOSS_MAE };
enum { EMU_LOSS_EACH, EMU_LOSS_SUM_INSTANCE };
enum {
    EMU_LOSS_GRAD_MSE,
    EMU_LOSS_GRAD_SOFTMAX_CROSS_ENTROPY,
    EMU_LOSS_GRAD_SIGMOID_CROSS_ENTROPY,
    EMU_LOSS_GRAD_CROSS_ENTROPY,
    EMU_LOSS_GRAD_BINARY_CROSS_ENTROPY,
    EMU_LOSS_GRAD_MAE,
};
enum { EMU_CLIP_VALUE, EMU_CLIP_NORM };
enum { EMU_SGD, EMU_SGD_WEIGHT_DECAY, EMU_SGD_MOMENTUM };
enum { EMU_PAD_CONSTANT, EMU_PAD_REFLECT, EMU_PAD_SYMMETRIC, EMU_PAD_EDGE };

/* A number and its type, CL_FLOAT, CL_HALF_FLOAT or CL_SIGNED_INT32. */
typedef struct emu_value {
    union {
        cl_float f;
        cl_half h;
        cl_int i;
    } u;
    cl_uint type;
} emu_value;

typedef struct emu_tensor_desc {
    cl_uint data_type, layout, n, c, h, w, d, dimensions;
    cl_int stride[5];
} emu_tensor_desc;

typedef struct emu_binding {
    emu_tensor *tensor;
    cl_mem memory;
} emu_binding;

/* Arrays over axes are in the order height, width, depth. */
typedef struct emu_convolution {
    cl_uint mode, group_count, dimensions, pad_before[3], pad_after[3], stride[3], dilation[3];
    cl_bitfield flags __attribute__((aligned(8)));
    cl_uint arithmetic;
} emu_convolution;

typedef struct emu_pooling {
    cl_uint mode, dimensions, pad_before[3], pad_after[3], stride[3], window[3], nan, arithmetic;
} emu_pooling;

typedef struct emu_activation {
    cl_uint function, nan, arithmetic;
} emu_activation;

typedef struct emu_batch_norm {
    cl_uint mode, arithmetic;
} emu_batch_norm;

typedef struct emu_softmax {
    cl_uint algorithm, mode, arithmetic;
} emu_softmax;

typedef struct emu_fully_connected {
    cl_uint flatten_axis, transposed, arithmetic;
} emu_fully_connected;

typedef struct emu_gemm {
    cl_uint m, n, k, transpose_a, transpose_b;
    emu_value alpha, beta;
    cl_uint arithmetic;
} emu_gemm;

typedef struct emu_binary {
    cl_uint operation;
    emu_value alpha, beta, gamma;
    cl_uint arithmetic;
} emu_binary;

typedef struct emu_loss_forward_desc {
    cl_uint function, mode, nan;
    emu_value scaling;
    cl_uint arithmetic;
} emu_loss_forward_desc;

typedef struct emu_loss_backward_desc {
    cl_uint function, nan;
    emu_value scaling;
    cl_uint arithmetic;
} emu_loss_backward_desc;

typedef struct emu_clip {
    cl_uint mode;
    emu_value maximum, minimum;
    cl_uint arithmetic;
} emu_clip;

typedef struct emu_fill {
    emu_value value;
    cl_uint arithmetic;
} emu_fill;

typedef struct emu_permute {
    cl_uint length, order[5], arithmetic;
} emu_permute;

typedef struct emu_transpose {
    cl_uint m, n, arithmetic;
} emu_transpose;

typedef struct emu_unary {
    cl_uint operation, mode;
    emu_value scaling;
    cl_uint arithmetic;
} emu_unary;

typedef struct emu_sgd {
    emu_value learning_rate, weight_decay, momentum;
    cl_uint function, arithmetic;
} emu_sgd;

typedef struct emu_adam {
    emu_value learning_rate, beta_1, beta_2, epsilon, weight_decay;
    cl_uint function, arithmetic;
} emu_adam;

typedef struct emu_concat {
    cl_uint axis, count, arithmetic;
} emu_concat;

typedef struct emu_pad {
    cl_uint mode, shape[2], paddings[8], arithmetic;
} emu_pad;

typedef struct emu_slice {
    cl_uint begin[5], end[5], arithmetic;
} emu_slice;

typedef struct emu_along { /* arg max: a mode of unary ops; gather: an axis */
    cl_uint along, arithmetic;
} emu_along;

typedef struct emu_one_hot {
    cl_uint axis;
    emu_value on, off;
    cl_uint classes, arithmetic;
} emu_one_hot;

typedef struct emu_blocks { /* depth to space and back */
    cl_uint block, arithmetic;
} emu_blocks;

typedef struct emu_resize {
    cl_bool align_corners, half_pixel_centers;
    cl_uint arithmetic;
} emu_resize;

typedef struct emu_response_norm {
    cl_uint mode, radius;
    emu_value bias, alpha, beta;
} emu_response_norm;

/* Parameters of the functions that create an op, and of those that enqueue something. */
#define EMU_OP(...)                                                                                \
    (cl_context context, const intptr_t *properties, __VA_ARGS__, emu_op **out_op, emu_cache *cache)
#define EMU_WAITS cl_uint wait_count, const cl_event *waits, cl_event *out_event

/* The functions, in the table's order. */
#define EMU_ENTRY(name, parameters) cl_int emu_entry_##name parameters;
#include "entries.def"
#undef EMU_ENTRY

typedef struct emu_table {
    cl_int major, minor;
#define EMU_ENTRY(name, parameters) cl_int(*name) parameters;
#include "entries.def"
#undef EMU_ENTRY
} emu_table;

#define EMU_SIZE(type, size)    _Static_assert(sizeof(type) == (size), #type)
#define EMU_AT(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field)
EMU_SIZE(emu_value, 8);
EMU_SIZE(emu_tensor_desc, 52);
EMU_AT(emu_tensor_desc, dimensions, 28);
EMU_AT(emu_tensor_desc, stride, 32);
EMU_SIZE(emu_binding, 2 * sizeof(void *));
EMU_SIZE(emu_convolution, 80);
EMU_AT(emu_convolution, pad_before, 12);
EMU_AT(emu_convolution, stride, 36);
EMU_AT(emu_convolution, flags, 64);
EMU_AT(emu_convolution, arithmetic, 72);
EMU_SIZE(emu_pooling, 64);
EMU_AT(emu_pooling, window, 44);
EMU_SIZE(emu_activation, 12);
EMU_SIZE(emu_batch_norm, 8);
EMU_SIZE(emu_softmax, 12);
EMU_SIZE(emu_fully_connected, 12);
EMU_SIZE(emu_gemm, 40);
EMU_SIZE(emu_binary, 32);
EMU_AT(emu_binary, gamma, 20);
EMU_SIZE(emu_loss_forward_desc, 24);
EMU_SIZE(emu_loss_backward_desc, 20);
EMU_SIZE(emu_clip, 24);
EMU_SIZE(emu_fill, 12);
EMU_SIZE(emu_permute, 28);
EMU_SIZE(emu_transpose, 12);
EMU_SIZE(emu_unary, 20);
EMU_SIZE(emu_sgd, 32);
EMU_SIZE(emu_adam, 48);
EMU_SIZE(emu_concat, 12);
EMU_SIZE(emu_pad, 48);
EMU_SIZE(emu_slice, 44);
EMU_SIZE(emu_along, 8);
EMU_SIZE(emu_one_hot, 28);
EMU_SIZE(emu_blocks, 8);
EMU_SIZE(emu_resize, 12);
EMU_SIZE(emu_response_norm, 32);
EMU_SIZE(emu_table, 8 + 75 * sizeof(void *));
EMU_AT(emu_table, batch_norm_forward, 8 + 6 * sizeof(void *));
EMU_AT(emu_table, create_tensor, 8 + 35 * sizeof(void *));
EMU_AT(emu_table, update_set, 8 + 52 * sizeof(void *));
EMU_AT(emu_table, update_sgd, 8 + 70 * sizeof(void *));
#undef EMU_SIZE
#undef EMU_AT

#endif
