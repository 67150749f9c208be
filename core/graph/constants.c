#include "graph/constants.h"

#include "base/tensor_desc.h"

#include <math.h>
#include <string.h>

/* A frozen batch norm is y = gamma * (x - mean) * inverse + beta, inverse = 1 / sqrt(variance +
 * epsilon): an affine map of each channel. The double arithmetic keeps the fold as exact as its
 * result can be. */
typedef struct norm {
    const float *gamma, *beta, *mean, *variance;
    double epsilon;
} norm;

static norm norm_of(const retune_model *model, int32_t layer_index) {
    const retune_layer *layer = &model->layers[layer_index];
    const float *values[RETUNE_ROLE_COUNT] = {NULL};
    for (int role = RETUNE_ROLE_GAMMA; role < RETUNE_ROLE_COUNT; role++)
        values[role] = model->parameters[layer->parameters[role]].values;
    return (norm){values[RETUNE_ROLE_GAMMA], values[RETUNE_ROLE_BETA],
                  values[RETUNE_ROLE_MOVING_MEAN], values[RETUNE_ROLE_MOVING_VARIANCE],
                  (double)layer->options.batch_norm.epsilon};
}

static double inverse_of(const norm *n, size_t c) {
    return 1.0 / sqrt((double)n->variance[c] + n->epsilon);
}

static double scale_of(const norm *n, size_t c) {
    return (double)n->gamma[c] * inverse_of(n, c);
}

/* A convolution kernel is [O,Kh,Kw,I], a depthwise one [Kh,Kw,C]: the channel that is scaled comes
 * first in one and last in the other. */
static void fold_kernel(const norm *n, const retune_parameter *kernel, float *out) {
    const int64_t *shape = kernel->desc.shape;
    bool depthwise = kernel->desc.rank == 3;
    size_t channels = (size_t)(depthwise ? shape[2] : shape[0]);
    size_t taps = kernel->elements / channels;
    for (size_t i = 0; i < kernel->elements; i++) {
        size_t c = depthwise ? i % channels : i / taps;
        out[i] = (float)((double)kernel->values[i] * scale_of(n, c));
    }
}

void retune_constant_fill(const retune_model *model, const retune_value *value, float *out) {
    size_t elements = 0;
    (void)retune_desc_elements(&value->desc, &elements, NULL);
    norm n = {0};
    if (value->layer >= 0)
        n = norm_of(model, value->layer);
    switch (value->source) {
    case RETUNE_SOURCE_NONE:
        return;
    case RETUNE_SOURCE_NUMBER:
        for (size_t i = 0; i < elements; i++)
            out[i] = value->number;
        return;
    case RETUNE_SOURCE_PARAMETER:
        memcpy(out, model->parameters[value->parameter].values, elements * sizeof *out);
        return;
    case RETUNE_SOURCE_FOLDED_KERNEL:
        fold_kernel(&n, &model->parameters[value->parameter], out);
        return;
    case RETUNE_SOURCE_NORM_SCALE:
        for (size_t c = 0; c < elements; c++)
            out[c] = (float)scale_of(&n, c);
        return;
    case RETUNE_SOURCE_NORM_BIAS:
        for (size_t c = 0; c < elements; c++)
            out[c] = (float)((double)n.beta[c] - (double)n.mean[c] * scale_of(&n, c));
        return;
    case RETUNE_SOURCE_NORM_INVERSE:
        for (size_t c = 0; c < elements; c++)
            out[c] = (float)inverse_of(&n, c);
        return;
    case RETUNE_SOURCE_NORM_SHIFT:
        for (size_t c = 0; c < elements; c++)
            out[c] = (float)(-(double)n.mean[c] * inverse_of(&n, c));
        return;
    }
}
