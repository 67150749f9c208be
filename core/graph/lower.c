#include "graph/lower.h"

#include "base/tensor_desc.h"
#include "base/window.h"

#include <string.h>

enum { X, WEIGHT, SCALE, BIAS };

retune_status retune_lower_constant(retune_lowering *lowering, retune_source source,
                                    int32_t parameter, int32_t layer, float number,
                                    const retune_tensor_desc *desc, const char *name,
                                    int32_t *out_value, retune_error *error) {
    RETUNE_TRY(
        retune_graph_value(lowering->graph, desc, RETUNE_USAGE_CONSTANT, name, out_value, error));
    retune_value *value = &lowering->graph->values[*out_value];
    value->source = source;
    value->parameter = parameter;
    value->layer = layer;
    value->number = number;
    return RETUNE_OK;
}

/* The value of a parameter, made on first use with the shape its op wants. */
static retune_status parameter_value(retune_lowering *lowering, int32_t parameter,
                                     const retune_tensor_desc *desc, int32_t *out_value,
                                     retune_error *error) {
    int32_t *known = &lowering->parameter_values[parameter];
    if (*known == RETUNE_NO_VALUE) {
        const retune_parameter *p = &lowering->model->parameters[parameter];
        RETUNE_TRY(retune_lower_constant(lowering, RETUNE_SOURCE_PARAMETER, parameter, -1, 0.0f,
                                         desc, p->name, known, error));
        if (lowering->freeze->trained[parameter])
            lowering->graph->values[*known].usage = RETUNE_USAGE_PARAMETER;
    }
    *out_value = *known;
    return RETUNE_OK;
}

/* A per-channel vector made from a frozen batch norm. */
static retune_status norm_vector(retune_lowering *lowering, retune_source source, size_t norm,
                                 int32_t *out_value, retune_error *error) {
    const retune_layer *layer = &lowering->model->layers[norm];
    retune_tensor_desc desc = retune_desc_vector(RETUNE_F32, layer->output.shape[3]);
    return retune_lower_constant(lowering, source, -1, (int32_t)norm, 0.0f, &desc, layer->name,
                                 out_value, error);
}

retune_status retune_lower_append(retune_lowering *lowering, const retune_node *node,
                                  int32_t *out_map, retune_error *error) {
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(lowering->graph, node, outputs, error));
    lowering->graph->values[outputs[0]].desc.dtype = (uint32_t)lowering->map_dtype;
    *out_map = outputs[0];
    return RETUNE_OK;
}

/* A map of each channel by itself, as a depthwise convolution of one tap: what a batch norm with
 * fixed statistics is when no convolution can take it. */
static retune_node channel_map(const char *layer, int32_t input) {
    retune_node node = retune_node_make(RETUNE_OP_DEPTHWISE_CONV2D, layer);
    retune_convolution_attributes *a = &node.attributes.convolution;
    a->stride_height = a->stride_width = a->dilation_height = a->dilation_width = 1;
    node.inputs[X] = input;
    return node;
}

static retune_tensor_desc channel_kernel(const retune_layer *layer) {
    return retune_desc(RETUNE_F32, 3, 1, 1, layer->output.shape[3], 0);
}

/* gamma and beta as the kernel and bias of a channel map, so that they get gradients. */
static retune_status lower_affine(retune_lowering *lowering, size_t norm, uint32_t activation,
                                  int32_t *value, retune_error *error) {
    const retune_layer *layer = &lowering->model->layers[norm];
    retune_node node = channel_map(layer->name, *value);
    node.attributes.convolution.activation = activation;
    retune_tensor_desc kernel = channel_kernel(layer);
    retune_tensor_desc vector = retune_desc_vector(RETUNE_F32, kernel.shape[2]);
    RETUNE_TRY(parameter_value(lowering, layer->parameters[RETUNE_ROLE_GAMMA], &kernel,
                               &node.inputs[WEIGHT], error));
    RETUNE_TRY(parameter_value(lowering, layer->parameters[RETUNE_ROLE_BETA], &vector,
                               &node.inputs[BIAS], error));
    return retune_lower_append(lowering, &node, value, error);
}

static retune_status lower_full(retune_lowering *lowering, size_t norm, bool training,
                                int32_t *value, retune_error *error) {
    const retune_layer *layer = &lowering->model->layers[norm];
    retune_node node = retune_node_make(RETUNE_OP_BATCH_NORM, layer->name);
    node.attributes.batch_norm.training = training;
    node.attributes.batch_norm.momentum = layer->options.batch_norm.momentum;
    node.attributes.batch_norm.epsilon = layer->options.batch_norm.epsilon;
    node.inputs[X] = *value;
    retune_tensor_desc vector = retune_desc_vector(RETUNE_F32, layer->output.shape[3]);
    for (int role = RETUNE_ROLE_GAMMA; role < RETUNE_ROLE_COUNT; role++) {
        int32_t *input = &node.inputs[1 + role - RETUNE_ROLE_GAMMA];
        RETUNE_TRY(parameter_value(lowering, layer->parameters[role], &vector, input, error));
        if (role >= RETUNE_ROLE_MOVING_MEAN) {
            lowering->graph->values[*input].usage = RETUNE_USAGE_STATE;
            node.outputs[3 + role - RETUNE_ROLE_MOVING_MEAN] = *input;
        }
    }
    return retune_lower_append(lowering, &node, value, error);
}

/* A batch norm that no convolution before it takes. */
static retune_status lower_norm(retune_lowering *lowering, size_t norm, bool training,
                                int32_t *value, retune_error *error) {
    const retune_layer *layer = &lowering->model->layers[norm];
    retune_norm_mode mode = lowering->freeze->norms[norm];
    if (mode == RETUNE_NORM_FULL)
        return lower_full(lowering, norm, training, value, error);
    bool affine = mode == RETUNE_NORM_AFFINE;
    retune_node node = channel_map(layer->name, *value);
    retune_tensor_desc kernel = channel_kernel(layer);
    RETUNE_TRY(retune_lower_constant(
        lowering, affine ? RETUNE_SOURCE_NORM_INVERSE : RETUNE_SOURCE_NORM_SCALE, -1, (int32_t)norm,
        0.0f, &kernel, layer->name, &node.inputs[WEIGHT], error));
    RETUNE_TRY(norm_vector(lowering, affine ? RETUNE_SOURCE_NORM_SHIFT : RETUNE_SOURCE_NORM_BIAS,
                           norm, &node.inputs[BIAS], error));
    RETUNE_TRY(retune_lower_append(lowering, &node, value, error));
    return affine ? lower_affine(lowering, norm, RETUNE_ACTIVATION_NONE, value, error) : RETUNE_OK;
}

static retune_status lower_activation(retune_lowering *lowering, const retune_layer *layer,
                                      int32_t *value, retune_error *error) {
    retune_node node = retune_node_make(RETUNE_OP_ACTIVATION, layer->name);
    node.attributes.activation.activation = layer->options.activation.kind;
    node.inputs[X] = *value;
    return retune_lower_append(lowering, &node, value, error);
}

static retune_status lower_pool(retune_lowering *lowering, const retune_layer *layer,
                                int32_t *value, retune_error *error) {
    retune_node node = retune_node_make(RETUNE_OP_POOL, layer->name);
    retune_pooling_attributes *a = &node.attributes.pooling;
    a->kind = layer->options.pool.kind;
    a->window_height = a->stride_height = (uint32_t)layer->input.shape[1];
    a->window_width = a->stride_width = (uint32_t)layer->input.shape[2];
    node.inputs[X] = *value;
    node.outputs[1] = a->kind == RETUNE_POOL_MAX ? RETUNE_NEW_VALUE : RETUNE_NO_VALUE;
    return retune_lower_append(lowering, &node, value, error);
}

/* A dense layer is a convolution whose kernel covers the map it sees: 1x1 after a pool, the whole
 * map when only a flatten lies between. */
static retune_status lower_dense(retune_lowering *lowering, const retune_layer *layer,
                                 int32_t *value, retune_error *error) {
    retune_node node = retune_node_make(RETUNE_OP_CONV2D, layer->name);
    retune_convolution_attributes *a = &node.attributes.convolution;
    a->stride_height = a->stride_width = a->dilation_height = a->dilation_width = 1;
    node.inputs[X] = *value;
    const int64_t *map = lowering->graph->values[*value].desc.shape;
    retune_tensor_desc kernel =
        retune_desc(RETUNE_F32, 4, layer->output.shape[3], map[1], map[2], map[3]);
    retune_tensor_desc bias = retune_desc_vector(RETUNE_F32, layer->output.shape[3]);
    RETUNE_TRY(parameter_value(lowering, layer->parameters[RETUNE_ROLE_KERNEL], &kernel,
                               &node.inputs[WEIGHT], error));
    RETUNE_TRY(parameter_value(lowering, layer->parameters[RETUNE_ROLE_BIAS], &bias,
                               &node.inputs[BIAS], error));
    return retune_lower_append(lowering, &node, value, error);
}

static retune_node convolution_node(const retune_layer *layer, int32_t input) {
    bool depthwise = layer->type == RETUNE_LAYER_DEPTHWISE_CONV2D;
    retune_node node =
        retune_node_make(depthwise ? RETUNE_OP_DEPTHWISE_CONV2D : RETUNE_OP_CONV2D, layer->name);
    retune_convolution_attributes *a = &node.attributes.convolution;
    uint32_t kernel = layer->options.convolution.kernel;
    uint32_t stride = layer->options.convolution.stride;
    a->stride_height = a->stride_width = stride;
    a->dilation_height = a->dilation_width = 1;
    retune_window_same(layer->input.shape[1], kernel, stride, &a->pad_top, &a->pad_bottom);
    retune_window_same(layer->input.shape[2], kernel, stride, &a->pad_left, &a->pad_right);
    node.inputs[X] = input;
    return node;
}

/* A convolution, with the batch norm and the activation after it when they lie before `end`. A
 * frozen batch norm folds into a frozen kernel and becomes the epilogue of a trained one.
 * `out_next` is the first layer that was not taken. */
static retune_status lower_convolution(retune_lowering *lowering, size_t index, size_t end,
                                       int32_t *value, size_t *out_next, retune_error *error) {
    const retune_layer *layers = lowering->model->layers;
    const retune_layer *layer = &layers[index];
    int32_t parameter = layer->parameters[RETUNE_ROLE_KERNEL];
    const retune_parameter *kernel = &lowering->model->parameters[parameter];
    retune_node node = convolution_node(layer, *value);
    size_t norm = index + 1, next = index + 1;
    bool takes_norm = norm < end && layers[norm].type == RETUNE_LAYER_BATCH_NORM &&
                      lowering->freeze->norms[norm] != RETUNE_NORM_FULL;
    bool affine = takes_norm && lowering->freeze->norms[norm] == RETUNE_NORM_AFFINE;
    next += takes_norm;
    uint32_t activation = RETUNE_ACTIVATION_NONE;
    if (next < end && layers[next].type == RETUNE_LAYER_ACTIVATION)
        activation = layers[next++].options.activation.kind;
    *out_next = next;

    bool folds = takes_norm && !affine && !lowering->freeze->trained[parameter];
    if (folds)
        RETUNE_TRY(retune_lower_constant(lowering, RETUNE_SOURCE_FOLDED_KERNEL, parameter,
                                         (int32_t)norm, 0.0f, &kernel->desc, kernel->name,
                                         &node.inputs[WEIGHT], error));
    else
        RETUNE_TRY(
            parameter_value(lowering, parameter, &kernel->desc, &node.inputs[WEIGHT], error));
    if (takes_norm && !folds)
        RETUNE_TRY(norm_vector(lowering,
                               affine ? RETUNE_SOURCE_NORM_INVERSE : RETUNE_SOURCE_NORM_SCALE, norm,
                               &node.inputs[SCALE], error));
    if (takes_norm)
        RETUNE_TRY(norm_vector(lowering,
                               affine ? RETUNE_SOURCE_NORM_SHIFT : RETUNE_SOURCE_NORM_BIAS, norm,
                               &node.inputs[BIAS], error));
    node.attributes.convolution.activation = affine ? RETUNE_ACTIVATION_NONE : activation;
    RETUNE_TRY(retune_lower_append(lowering, &node, value, error));
    return affine ? lower_affine(lowering, norm, activation, value, error) : RETUNE_OK;
}

retune_status retune_lower_layers(retune_lowering *lowering, size_t begin, size_t end,
                                  bool training, int32_t input, int32_t *out_value,
                                  retune_error *error) {
    int32_t value = input;
    for (size_t l = begin; l < end;) {
        const retune_layer *layer = &lowering->model->layers[l];
        size_t next = l + 1;
        retune_status status = RETUNE_OK;
        switch (layer->type) {
        case RETUNE_LAYER_CONV2D:
        case RETUNE_LAYER_DEPTHWISE_CONV2D:
            status = lower_convolution(lowering, l, end, &value, &next, error);
            break;
        case RETUNE_LAYER_BATCH_NORM:
            status = lower_norm(lowering, l, training, &value, error);
            break;
        case RETUNE_LAYER_ACTIVATION:
            status = lower_activation(lowering, layer, &value, error);
            break;
        case RETUNE_LAYER_POOL:
            status = lower_pool(lowering, layer, &value, error);
            break;
        case RETUNE_LAYER_DENSE:
            status = lower_dense(lowering, layer, &value, error);
            break;
        case RETUNE_LAYER_FLATTEN:
        case RETUNE_LAYER_SOFTMAX:
            break;
        }
        if (status != RETUNE_OK)
            return status;
        l = next;
    }
    lowering->graph->values[value].desc.dtype = RETUNE_F32;
    *out_value = value;
    return RETUNE_OK;
}
