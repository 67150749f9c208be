/* The part of the OpenCL extension cl_qcom_ml_ops, interface version 3, that the backend and
 * tools/clml_probe call, declared for interoperability.
 *
 * This is not the extension's header and nothing of it is copied here; it is not made or endorsed
 * by Qualcomm, whose extension it is. Names are ours; slots that are not called are reserved and
 * without a type. interface_check.c pins sizes, places and numbers, against the vendor's own header
 * where the build is given it. */
#ifndef RETUNE_CLML_INTERFACE_H
#define RETUNE_CLML_INTERFACE_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>
#include <stddef.h>
#include <stdint.h>

enum { CLML_MAJOR = 3 };

/* What the two exported functions are called, and where the extension shows that it is there. */
#define CLML_EXTENSION    "cl_qcom_ml_ops"
#define CLML_QUERY_SYMBOL "clQueryMLInterfaceVersionsQCOM"
#define CLML_TABLE_SYMBOL "clGetMLInterfaceQCOM"

/* Recordable queues are an extension of their own. */
#define CLML_RECORDING_NEW     "clNewRecordingQCOM"
#define CLML_RECORDING_END     "clEndRecordingQCOM"
#define CLML_RECORDING_RELEASE "clReleaseRecordingQCOM"
#define CLML_QUEUE_RECORDABLE  ((cl_command_queue_properties)1 << 30)

/* ---- Numbers -------------------------------------------------------------------------------- */

/* Beside OpenCL's own codes. */
enum { CLML_NOT_ACCELERATED = -1102, CLML_INVALID_LAYOUT = -1103 };

/* Keys of op properties; a list is key, value, ..., 0. */
enum {
    CLML_PROPERTY_TRAINING = 2,          /* the op's tensors take part in a backward pass */
    CLML_PROPERTY_UPDATES_PARAMETER = 3, /* of a binary op */
    CLML_PROPERTY_EPSILON = 4            /* of batch norm: the bits of a float */
};

enum { CLML_LAYOUT_OPTIMAL = 0, CLML_LAYOUT_NCHW = 1 };
enum { CLML_DIMENSIONS_4 = 0, CLML_DIMENSIONS_UNUSED = 2 };
enum { CLML_FP32 = 2 };
enum { CLML_CONVOLUTION = 0, CLML_DEPTHWISE = 2 };
enum { CLML_RELU = 0, CLML_RELU6 = 3 };
enum { CLML_PROPAGATE_NAN = 1 };
enum { CLML_POOL_MAX = 0, CLML_POOL_AVERAGE_EXCLUDING = 2, CLML_POOL_GLOBAL_AVERAGE = 4 };
enum { CLML_ADD = 0, CLML_MULTIPLY = 2 };
enum { CLML_SOFTMAX_ACCURATE = 1, CLML_SOFTMAX_CHANNEL = 1, CLML_SOFTMAX_SPATIAL = 2 };
enum { CLML_LOSS_SOFTMAX_CROSS_ENTROPY = 1 }; /* of the backward op */
enum { CLML_SGD_PLAIN = 0, CLML_SGD_MOMENTUM = 2 };

/* ---- Objects -------------------------------------------------------------------------------- */

typedef struct clml_tensor_object *clml_tensor_handle;
typedef struct clml_op_object *clml_op_handle;
typedef struct clml_cache_object *clml_cache_handle;
typedef struct clml_set_object *clml_set_handle;
typedef struct clml_recording_object *clml_recording_handle;
typedef intptr_t clml_property;

typedef struct clml_value {
    union {
        cl_float f32;
        cl_half f16;
        cl_int i32;
    } u;
    cl_channel_type type;
} clml_value;

typedef struct clml_tensor_desc {
    cl_channel_type data_type;
    cl_uint layout;
    cl_uint n, c, h, w, d;
    cl_uint dimensions;
    cl_int stride[5];
} clml_tensor_desc;

typedef struct clml_binding {
    clml_tensor_handle tensor;
    cl_mem memory;
} clml_binding;

/* Spatial arrays: height, width, depth. */
typedef struct clml_convolution_desc {
    cl_uint mode, group_count, dimensions;
    cl_uint pad_before[3], pad_after[3], stride[3], dilation[3];
    cl_bitfield flags;
    cl_uint arithmetic;
} clml_convolution_desc;

typedef struct clml_pooling_desc {
    cl_uint mode, dimensions;
    cl_uint pad_before[3], pad_after[3], stride[3], window[3];
    cl_uint nan_mode, arithmetic;
} clml_pooling_desc;

typedef struct clml_activation_desc {
    cl_uint function, nan_mode, arithmetic;
} clml_activation_desc;

typedef struct clml_batch_norm_desc {
    cl_uint mode, arithmetic;
} clml_batch_norm_desc;

typedef struct clml_softmax_desc {
    cl_uint algorithm, mode, arithmetic;
} clml_softmax_desc;

/* C = alpha A op beta B + gamma C */
typedef struct clml_binary_desc {
    cl_uint op;
    clml_value alpha, beta, gamma;
    cl_uint arithmetic;
} clml_binary_desc;

typedef struct clml_loss_backward_desc {
    cl_uint function, nan_mode;
    clml_value scaling;
    cl_uint arithmetic;
} clml_loss_backward_desc;

typedef struct clml_fill_desc {
    clml_value value;
    cl_uint arithmetic;
} clml_fill_desc;

typedef struct clml_sgd_desc {
    clml_value learning_rate, weight_decay, momentum;
    cl_uint function, arithmetic;
} clml_sgd_desc;

typedef struct clml_adam_desc {
    clml_value learning_rate, beta_1, beta_2, epsilon, weight_decay;
    cl_uint function, arithmetic;
} clml_adam_desc;

/* ---- Functions ------------------------------------------------------------------------------ */

typedef cl_int CL_API_CALL clml_query_function(cl_int *majors, cl_int *minors, cl_uint capacity,
                                               cl_uint *out_count);
typedef cl_int CL_API_CALL clml_table_function(void *out_table, cl_int major, cl_int minor);
typedef clml_recording_handle CL_API_CALL clml_new_recording(cl_command_queue queue,
                                                             cl_int *out_code);
typedef cl_int CL_API_CALL clml_end_recording(clml_recording_handle recording);
typedef cl_int CL_API_CALL clml_release_recording(clml_recording_handle recording);

/* Every function that makes an op begins and ends in the same way. */
#define CLML_MAKES_OP(name, ...)                                                                   \
    typedef cl_int name(cl_context context, const clml_property *properties, __VA_ARGS__,          \
                        clml_op_handle *out_op, clml_cache_handle cache)
#define T clml_tensor_handle
CLML_MAKES_OP(clml_make_convolution, const clml_convolution_desc *, T input, T weight, T bias,
              T output);
CLML_MAKES_OP(clml_make_convolution_backward, const clml_convolution_desc *, T output_grad,
              T weight, T input_grad);
CLML_MAKES_OP(clml_make_convolution_param_gradients, const clml_convolution_desc *, T input,
              T output_grad, T weight_grad, T bias_grad, T weight, T bias);
CLML_MAKES_OP(clml_make_fused_convolution_activation, const clml_convolution_desc *,
              const clml_activation_desc *, T input, T weight, T bias, T param, T output);
CLML_MAKES_OP(clml_make_batch_norm_statistics, const clml_batch_norm_desc *, cl_uint batch, T input,
              T mean, T variance);
CLML_MAKES_OP(clml_make_activation, const clml_activation_desc *, T input, T param, T output);
CLML_MAKES_OP(clml_make_activation_backward, const clml_activation_desc *, T input, T output_grad,
              T param, T input_grad);
CLML_MAKES_OP(clml_make_pooling, const clml_pooling_desc *, T input, T mask, T output);
CLML_MAKES_OP(clml_make_pooling_backward, const clml_pooling_desc *, T output_grad, T mask,
              T input_grad);
CLML_MAKES_OP(clml_make_binary, const clml_binary_desc *, T a, T b, T c);
CLML_MAKES_OP(clml_make_softmax, const clml_softmax_desc *, T input, T output);
CLML_MAKES_OP(clml_make_loss_backward, const clml_loss_backward_desc *, T output, T target,
              T weight, T output_grad);
CLML_MAKES_OP(clml_make_fill, const clml_fill_desc *, T tensor);
CLML_MAKES_OP(clml_make_copy, T input, T output);
CLML_MAKES_OP(clml_make_sgd, const clml_sgd_desc *, T param, T grad, T accumulated);
CLML_MAKES_OP(clml_make_adam, const clml_adam_desc *, T time_step, T param, T grad, T moment_1,
              T moment_2);
#undef CLML_MAKES_OP

typedef cl_int clml_make_tensor(cl_context context, const clml_property *properties,
                                const clml_tensor_desc *desc, T *out_tensor);
typedef cl_int clml_tensor_size(cl_context context, T tensor, cl_uint *out_bytes);
typedef cl_int clml_release_op(clml_op_handle op);
typedef cl_int clml_release_tensor(T tensor);
typedef cl_int clml_enqueue_op(cl_command_queue queue, clml_op_handle op, clml_set_handle set,
                               cl_uint wait_count, const cl_event *waits, cl_event *out_event);
/* Seven arrays of what is to be replaced, each with its length, none of which is used here. */
typedef cl_int clml_enqueue_recording(cl_command_queue queue, clml_recording_handle recording,
                                      size_t, const void *, size_t, const void *, size_t,
                                      const void *, size_t, const void *, size_t, const void *,
                                      size_t, const void *, size_t, const void *,
                                      cl_uint wait_count, const cl_event *waits,
                                      cl_event *out_event);
typedef cl_int clml_enqueue_read(cl_command_queue queue, T source, cl_mem memory, void *host,
                                 cl_uint layout, cl_uint wait_count, const cl_event *waits,
                                 cl_event *out_event);
typedef cl_int clml_enqueue_write(cl_command_queue queue, void *host, cl_uint layout, T destination,
                                  cl_mem memory, cl_uint wait_count, const cl_event *waits,
                                  cl_event *out_event);
typedef cl_int clml_enqueue_copy(cl_command_queue queue, T source, cl_mem source_memory,
                                 T destination, cl_mem destination_memory, cl_uint wait_count,
                                 const cl_event *waits, cl_event *out_event);
typedef cl_int clml_make_cache(clml_cache_handle *out_cache);
typedef cl_int clml_tune_op(cl_command_queue queue, clml_op_handle op, clml_set_handle set,
                            clml_cache_handle cache, cl_ulong *out_time);
typedef cl_int clml_save_cache(clml_cache_handle cache, size_t bytes, unsigned char *data,
                               size_t *out_bytes);
typedef cl_int clml_load_cache(clml_cache_handle cache, size_t bytes, unsigned char *data);
typedef cl_int clml_release_cache(clml_cache_handle cache);
typedef cl_int clml_make_set(clml_set_handle *out_set);
typedef cl_int clml_release_set(clml_set_handle set);
typedef cl_int clml_update_set(clml_set_handle set, uint32_t count, const clml_binding *bindings);
#undef T

/* ---- The table ------------------------------------------------------------------------------ */

typedef void clml_reserved(void);

/* A number after a name is that of the slot. */
typedef struct clml_table {
    cl_int major, minor;
    clml_reserved *reserved_0[3];
    clml_make_convolution *convolution;                                 /* 3 */
    clml_make_convolution_backward *convolution_backward;               /* 4 */
    clml_make_convolution_param_gradients *convolution_param_gradients; /* 5 */
    clml_reserved *reserved_6;
    clml_make_batch_norm_statistics *batch_norm_accumulate; /* 7 */
    clml_make_batch_norm_statistics *batch_norm_finalize;   /* 8 */
    clml_reserved *reserved_9[4];
    clml_make_activation *activation;                   /* 13 */
    clml_make_activation_backward *activation_backward; /* 14 */
    clml_reserved *reserved_15;
    clml_make_pooling *pooling;                                           /* 16 */
    clml_make_pooling_backward *pooling_backward;                         /* 17 */
    clml_make_fused_convolution_activation *fused_convolution_activation; /* 18 */
    clml_reserved *reserved_19[2];
    clml_make_binary *binary;   /* 21 */
    clml_make_softmax *softmax; /* 22 */
    clml_reserved *reserved_23;
    clml_make_loss_backward *loss_backward; /* 24 */
    clml_make_fill *fill;                   /* 25 */
    clml_reserved *reserved_26[8];
    clml_make_copy *copy;                /* 34 */
    clml_make_tensor *make_tensor;       /* 35 */
    clml_tensor_size *tensor_size;       /* 36 */
    clml_release_op *release_op;         /* 37 */
    clml_release_tensor *release_tensor; /* 38 */
    clml_enqueue_op *enqueue_op;         /* 39 */
    clml_reserved *reserved_40;
    clml_enqueue_recording *enqueue_recording; /* 41 */
    clml_enqueue_read *enqueue_read;           /* 42 */
    clml_enqueue_write *enqueue_write;         /* 43 */
    clml_enqueue_copy *enqueue_copy;           /* 44 */
    clml_make_cache *make_cache;               /* 45 */
    clml_tune_op *tune_op;                     /* 46 */
    clml_save_cache *save_cache;               /* 47 */
    clml_load_cache *load_cache;               /* 48 */
    clml_release_cache *release_cache;         /* 49 */
    clml_make_set *make_set;                   /* 50 */
    clml_release_set *release_set;             /* 51 */
    clml_update_set *update_set;               /* 52 */
    clml_reserved *reserved_53[17];
    clml_make_sgd *sgd;   /* 70 */
    clml_make_adam *adam; /* 71 */
    clml_reserved *reserved_72[3];
} clml_table;

#endif
