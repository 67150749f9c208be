/* A model: layers in the order they compute, and their named parameters.
 *
 * Layers bear Keras names and know shapes and parameters, not ops: how a layer computes is the
 * business of core/graph. Parameters are kept on the host in fp32 in the layouts of types.h, and
 * this is the only copy that outlives a device. */
#ifndef RETUNE_MODEL_H
#define RETUNE_MODEL_H

#include "base/status.h"

#include "retune/types.h"

#include <stdbool.h>

#define RETUNE_NAME_MAX 64

typedef enum retune_layer_type {
    RETUNE_LAYER_CONV2D,           /* parameter kernel [O,Kh,Kw,I]; SAME padding */
    RETUNE_LAYER_DEPTHWISE_CONV2D, /* kernel [Kh,Kw,C]; SAME padding */
    RETUNE_LAYER_BATCH_NORM,       /* gamma, beta, moving_mean, moving_variance [C] */
    RETUNE_LAYER_ACTIVATION,
    RETUNE_LAYER_POOL,    /* over the whole map */
    RETUNE_LAYER_FLATTEN, /* [H,W,C] -> [H*W*C] */
    RETUNE_LAYER_DENSE,   /* kernel [O,1,1,I], bias [O] */
    RETUNE_LAYER_SOFTMAX
} retune_layer_type;

/* "conv2d", "batch_norm", ... */
const char *retune_layer_type_text(retune_layer_type type);

typedef enum retune_parameter_role {
    RETUNE_ROLE_KERNEL,
    RETUNE_ROLE_BIAS,
    RETUNE_ROLE_GAMMA,
    RETUNE_ROLE_BETA,
    RETUNE_ROLE_MOVING_MEAN,
    RETUNE_ROLE_MOVING_VARIANCE,
    RETUNE_ROLE_COUNT
} retune_parameter_role;

/* "kernel", "bias", "gamma", ... */
const char *retune_role_text(retune_parameter_role role);

/* Which kernel, stride and so on a layer has; the layer's type says which member counts. */
typedef union retune_layer_options {
    struct {
        uint32_t kernel, stride;
        uint32_t filters; /* of conv2d; a depthwise convolution keeps its channels */
    } convolution;
    struct {
        float momentum, epsilon;
    } batch_norm;
    struct {
        uint32_t kind; /* a retune_activation of backend.h */
    } activation;
    struct {
        uint32_t kind; /* a retune_pooling_kind of backend.h */
    } pool;
    struct {
        uint32_t units;
    } dense;
} retune_layer_options;

/* A layer. Its input is the layer before it; the first one's is the image. */
typedef struct retune_layer {
    char name[RETUNE_NAME_MAX];
    retune_layer_type type;
    retune_layer_options options;
    retune_tensor_desc input, output;      /* of one image: [1,H,W,C] */
    int32_t parameters[RETUNE_ROLE_COUNT]; /* index into the model's, or -1 */
} retune_layer;

typedef struct retune_parameter {
    char name[2 * RETUNE_NAME_MAX]; /* "conv_pw_13/kernel" */
    uint32_t layer;
    retune_parameter_role role;
    retune_tensor_desc desc;
    size_t elements;
    float *values; /* NULL until retune_model_allocate */
} retune_parameter;

typedef struct retune_model {
    char architecture[RETUNE_NAME_MAX];
    double alpha;
    uint32_t input_size;
    uint32_t resize;     /* a RETUNE_RESIZE_* of config.h: how images become square */
    float scale, offset; /* x = scale * byte + offset */

    retune_layer *layers;
    size_t layer_count, layer_capacity;
    size_t head_begin; /* index of the first head layer; layer_count without a head */
    retune_parameter *parameters;
    size_t parameter_count, parameter_capacity;

    char **classes; /* names, in the order of the outputs; NULL until known */
    size_t class_count;
} retune_model;

/* An empty model for square RGB images of `input_size` pixels. */
retune_status retune_model_create(const char *architecture, double alpha, uint32_t input_size,
                                  retune_model **out_model, retune_error *error);
void retune_model_destroy(retune_model *model); /* takes NULL */

/* Appends a layer, works out its output shape and adds its parameters (without values). INVALID
 * when the shape does not allow it or the name is taken. */
retune_status retune_model_add(retune_model *model, const char *name, retune_layer_type type,
                               const retune_layer_options *options, retune_error *error);

/* Appends the layers of a named architecture. INVALID for an unknown name. */
retune_status retune_model_add_architecture(retune_model *model, retune_error *error);

/* Appends head layers by name (average_pool, max_pool, flatten, dense, softmax). There is exactly
 * one dense, followed by softmax at the end. `class_count` is at least 2. */
retune_status retune_model_add_head(retune_model *model, char *const *names, size_t name_count,
                                    uint32_t class_count, retune_error *error);

/* Gives the model copies of the class names. */
retune_status retune_model_set_classes(retune_model *model, char *const *names, size_t count,
                                       retune_error *error);

/* Takes memory for all parameters and fills them for training from scratch: kernels Glorot uniform
 * (Glorot and Bengio 2010) from `seed`, gamma and moving_variance 1, the rest 0. */
retune_status retune_model_allocate(retune_model *model, uint64_t seed, retune_error *error);

/* Index of the layer or parameter of that name, or -1. */
int32_t retune_model_find_layer(const retune_model *model, const char *name);
int32_t retune_model_find_parameter(const retune_model *model, const char *name);

/* Number of scalars in all parameters. */
uint64_t retune_model_parameter_total(const retune_model *model);

#endif
