#include "reference.h"

#include "element.h"
#include "op_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An op at work. `in` and `out` are its arrays, slot by slot. */
typedef struct call {
    const retune_op_desc *op;
    const double *const *in;
    double *const *out;
    const retune_run_args *args;
} call;

static size_t count_of(const retune_tensor_desc *desc) {
    return desc ? desc_count(desc) : 0;
}

/* Size of the last dimension. */
static size_t channels_of(const retune_tensor_desc *desc) {
    return (size_t)desc->shape[desc->rank - 1];
}

static void clear(double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = 0;
}

static double activate(uint32_t activation, double x) {
    if (activation != RETUNE_ACTIVATION_NONE && x < 0)
        return 0;
    if (activation == RETUNE_ACTIVATION_RELU6 && x > 6)
        return 6;
    return x;
}

/* ---- Convolution --------------------------------------------------------------------------- */

/* x [n,height,width,inputs], z [n,out_height,out_width,outputs], weight [outputs,kernel_height,
 * kernel_width,inputs], or [kernel_height,kernel_width,inputs] when depthwise. */
typedef struct geometry {
    int64_t n, height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width;
    bool depthwise;
    const retune_convolution_attributes *a;
} geometry;

static geometry geometry_of(const retune_op_desc *op, const retune_tensor_desc *x,
                            const retune_tensor_desc *weight, const retune_tensor_desc *z) {
    const bool depthwise = weight->rank == 3;
    return (geometry){.n = x->shape[0],
                      .height = x->shape[1],
                      .width = x->shape[2],
                      .inputs = x->shape[3],
                      .out_height = z->shape[1],
                      .out_width = z->shape[2],
                      .outputs = z->shape[3],
                      .kernel_height = weight->shape[depthwise ? 0 : 1],
                      .kernel_width = weight->shape[depthwise ? 1 : 2],
                      .depthwise = depthwise,
                      .a = &op->attributes.convolution};
}

/* One product of a convolution: z[z_index] takes x[x_index] * weight[weight_index]. */
typedef void product(size_t x_index, size_t weight_index, size_t z_index, void *context);

/* Calls `visit` for every product that does not fall into the padding. */
static void visit_products(const geometry *g, product *visit, void *context) {
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t zh = 0; zh < g->out_height; zh++)
            for (int64_t zw = 0; zw < g->out_width; zw++)
                for (int64_t o = 0; o < g->outputs; o++)
                    for (int64_t kh = 0; kh < g->kernel_height; kh++)
                        for (int64_t kw = 0; kw < g->kernel_width; kw++) {
                            const int64_t h = zh * g->a->stride_height - g->a->pad_top +
                                              kh * g->a->dilation_height;
                            const int64_t w = zw * g->a->stride_width - g->a->pad_left +
                                              kw * g->a->dilation_width;
                            if (h < 0 || h >= g->height || w < 0 || w >= g->width)
                                continue;
                            const int64_t x = ((n * g->height + h) * g->width + w) * g->inputs;
                            const int64_t z =
                                ((n * g->out_height + zh) * g->out_width + zw) * g->outputs + o;
                            const int64_t k = (((g->depthwise ? 0 : o) * g->kernel_height + kh) *
                                                   g->kernel_width +
                                               kw) *
                                              g->inputs;
                            if (g->depthwise)
                                visit((size_t)(x + o), (size_t)(k + o), (size_t)z, context);
                            else
                                for (int64_t i = 0; i < g->inputs; i++)
                                    visit((size_t)(x + i), (size_t)(k + i), (size_t)z, context);
                        }
}

typedef struct product_arrays {
    const double *x, *weight, *z;
    double *sum;
} product_arrays;

static void add_to_z(size_t x, size_t weight, size_t z, void *context) {
    const product_arrays *p = context;
    p->sum[z] += p->x[x] * p->weight[weight];
}

static void add_to_x(size_t x, size_t weight, size_t z, void *context) {
    const product_arrays *p = context;
    p->sum[x] += p->z[z] * p->weight[weight];
}

static void add_to_weight(size_t x, size_t weight, size_t z, void *context) {
    const product_arrays *p = context;
    p->sum[weight] += p->x[x] * p->z[z];
}

static void convolution(const call *c) {
    const retune_tensor_desc *y = c->op->outputs[0];
    const geometry g = geometry_of(c->op, c->op->inputs[0], c->op->inputs[1], y);
    const double *scale = c->in[2], *bias = c->in[3];
    product_arrays arrays = {.x = c->in[0], .weight = c->in[1], .sum = c->out[0]};
    clear(c->out[0], count_of(y));
    visit_products(&g, add_to_z, &arrays);
    for (size_t i = 0; i < count_of(y); i++) {
        const size_t o = i % channels_of(y);
        const double z = c->out[0][i] * (scale ? scale[o] : 1) + (bias ? bias[o] : 0);
        c->out[0][i] = activate(g.a->activation, z);
    }
}

static void convolution_grad_input(const call *c) {
    const retune_tensor_desc *dx = c->op->outputs[0];
    const geometry g = geometry_of(c->op, dx, c->op->inputs[1], c->op->inputs[0]);
    product_arrays arrays = {.z = c->in[0], .weight = c->in[1], .sum = c->out[0]};
    clear(c->out[0], count_of(dx));
    visit_products(&g, add_to_x, &arrays);
}

static void convolution_grad_weight(const call *c) {
    const retune_tensor_desc *dz = c->op->inputs[1], *dw = c->op->outputs[0];
    const geometry g = geometry_of(c->op, c->op->inputs[0], dw, dz);
    product_arrays arrays = {.x = c->in[0], .z = c->in[1], .sum = c->out[0]};
    clear(c->out[0], count_of(dw));
    visit_products(&g, add_to_weight, &arrays);
    if (!c->out[1])
        return;
    clear(c->out[1], channels_of(dz));
    for (size_t i = 0; i < count_of(dz); i++)
        c->out[1][i % channels_of(dz)] += c->in[1][i];
}

/* ---- Activation and batch norm ------------------------------------------------------------- */

static void activation(const call *c) {
    for (size_t i = 0; i < count_of(c->op->outputs[0]); i++)
        c->out[0][i] = activate(c->op->attributes.activation.activation, c->in[0][i]);
}

static void activation_grad(const call *c) {
    const uint32_t kind = c->op->attributes.activation.activation;
    const double *dy = c->in[0], *y = c->in[1], *scale = c->in[2];
    const size_t channels = channels_of(c->op->outputs[0]);
    for (size_t i = 0; i < count_of(c->op->outputs[0]); i++) {
        const bool passes = kind == RETUNE_ACTIVATION_NONE ||
                            (y[i] > 0 && (kind == RETUNE_ACTIVATION_RELU || y[i] < 6));
        c->out[0][i] = passes ? dy[i] * (scale ? scale[i % channels] : 1) : 0;
    }
}

static void batch_norm(const call *c) {
    const retune_batch_norm_attributes *a = &c->op->attributes.batch_norm;
    const double *x = c->in[0], *gamma = c->in[1], *beta = c->in[2];
    const size_t count = count_of(c->op->inputs[0]), channels = channels_of(c->op->inputs[0]);
    const double m = (double)(count / channels), momentum = (double)a->momentum;
    for (size_t ch = 0; ch < channels; ch++) {
        double mean = c->in[3][ch], variance = c->in[4][ch];
        if (a->training) {
            double sum = 0, squares = 0;
            for (size_t i = ch; i < count; i += channels)
                sum += x[i];
            mean = sum / m;
            for (size_t i = ch; i < count; i += channels)
                squares += (x[i] - mean) * (x[i] - mean);
            variance = squares / m;
        }
        const double inverse_std = 1 / sqrt(variance + (double)a->epsilon);
        for (size_t i = ch; i < count; i += channels)
            c->out[0][i] = gamma[ch] * (x[i] - mean) * inverse_std + beta[ch];
        c->out[1][ch] = mean;
        c->out[2][ch] = inverse_std;
        c->out[3][ch] = a->training ? momentum * c->in[3][ch] + (1 - momentum) * mean : mean;
        c->out[4][ch] =
            a->training ? momentum * c->in[4][ch] + (1 - momentum) * variance : variance;
    }
}

/* With xhat = (x - mean) * inverse_std: dgamma = sum dy xhat, dbeta = sum dy, and in training dx =
 * gamma inverse_std (dy - dbeta / m - xhat dgamma / m). */
static void batch_norm_grad(const call *c) {
    const double *x = c->in[0], *dy = c->in[1], *gamma = c->in[2];
    const double *mean = c->in[3], *inverse_std = c->in[4];
    const size_t count = count_of(c->op->inputs[0]), channels = channels_of(c->op->inputs[0]);
    const double m = (double)(count / channels);
    for (size_t ch = 0; ch < channels; ch++) {
        double dgamma = 0, dbeta = 0;
        for (size_t i = ch; i < count; i += channels) {
            dgamma += dy[i] * (x[i] - mean[ch]) * inverse_std[ch];
            dbeta += dy[i];
        }
        for (size_t i = ch; i < count; i += channels) {
            const double xhat = (x[i] - mean[ch]) * inverse_std[ch];
            const double through_statistics =
                c->op->attributes.batch_norm.training ? (dbeta + xhat * dgamma) / m : 0;
            c->out[0][i] = gamma[ch] * inverse_std[ch] * (dy[i] - through_statistics);
        }
        c->out[1][ch] = dgamma;
        c->out[2][ch] = dbeta;
    }
}

/* ---- Pooling ------------------------------------------------------------------------------- */

/* The part of a window that lies in the map: rows [top, bottom), columns [left, right). */
typedef struct window {
    int64_t top, left, bottom, right;
} window;

static window window_at(const retune_pooling_attributes *a, const retune_tensor_desc *x, int64_t yh,
                        int64_t yw) {
    const int64_t top = yh * a->stride_height - a->pad_top;
    const int64_t left = yw * a->stride_width - a->pad_left;
    const int64_t bottom = top + a->window_height, right = left + a->window_width;
    return (window){.top = top < 0 ? 0 : top,
                    .left = left < 0 ? 0 : left,
                    .bottom = bottom < x->shape[1] ? bottom : x->shape[1],
                    .right = right < x->shape[2] ? right : x->shape[2]};
}

/* One output of `pool`: x is the map of one sample and channel, elements `channels` apart. */
static double pool_window(const retune_pooling_attributes *a, window w, const double *x,
                          int64_t width, int64_t channels, int64_t *out_argmax) {
    double sum = 0, maximum = 0;
    *out_argmax = -1;
    for (int64_t h = w.top; h < w.bottom; h++)
        for (int64_t v = w.left; v < w.right; v++) {
            const double value = x[(h * width + v) * channels];
            sum += value;
            if (*out_argmax < 0 || value > maximum) {
                maximum = value;
                *out_argmax = h * width + v;
            }
        }
    return a->kind == RETUNE_POOL_MAX ? maximum
                                      : sum / (double)((w.bottom - w.top) * (w.right - w.left));
}

static void pool(const call *c) {
    const retune_pooling_attributes *a = &c->op->attributes.pooling;
    const retune_tensor_desc *x = c->op->inputs[0], *y = c->op->outputs[0];
    const int64_t channels = y->shape[3];
    size_t i = 0;
    for (int64_t n = 0; n < y->shape[0]; n++)
        for (int64_t yh = 0; yh < y->shape[1]; yh++)
            for (int64_t yw = 0; yw < y->shape[2]; yw++)
                for (int64_t ch = 0; ch < channels; ch++, i++) {
                    const double *map = c->in[0] + n * x->shape[1] * x->shape[2] * channels + ch;
                    int64_t argmax;
                    c->out[0][i] = pool_window(a, window_at(a, x, yh, yw), map, x->shape[2],
                                               channels, &argmax);
                    if (c->out[1])
                        c->out[1][i] = (double)argmax;
                }
}

static void pool_grad(const call *c) {
    const retune_pooling_attributes *a = &c->op->attributes.pooling;
    const retune_tensor_desc *dy = c->op->inputs[0], *dx = c->op->outputs[0];
    const int64_t channels = dy->shape[3], width = dx->shape[2];
    size_t i = 0;
    clear(c->out[0], count_of(dx));
    for (int64_t n = 0; n < dy->shape[0]; n++)
        for (int64_t yh = 0; yh < dy->shape[1]; yh++)
            for (int64_t yw = 0; yw < dy->shape[2]; yw++)
                for (int64_t ch = 0; ch < channels; ch++, i++) {
                    double *map = c->out[0] + n * dx->shape[1] * width * channels + ch;
                    const window w = window_at(a, dx, yh, yw);
                    const double share =
                        c->in[0][i] / (double)((w.bottom - w.top) * (w.right - w.left));
                    if (a->kind == RETUNE_POOL_MAX) {
                        map[(int64_t)c->in[1][i] * channels] += c->in[0][i];
                        continue;
                    }
                    for (int64_t h = w.top; h < w.bottom; h++)
                        for (int64_t v = w.left; v < w.right; v++)
                            map[(h * width + v) * channels] += share;
                }
}

/* ---- Loss ---------------------------------------------------------------------------------- */

/* The smoothed one-hot. */
static double target(const call *c, size_t sample, size_t class, size_t classes) {
    const double smoothing = (double)c->op->attributes.loss.label_smoothing;
    return smoothing / (double)classes + ((size_t)c->in[1][sample] == class ? 1 - smoothing : 0);
}

/* log p is taken from the logits, so that it stays finite where p itself vanishes. */
static void softmax_cross_entropy(const call *c) {
    const size_t classes = channels_of(c->op->inputs[0]);
    for (size_t n = 0; n < count_of(c->op->outputs[1]); n++) {
        const double *logits = c->in[0] + n * classes;
        double maximum = logits[0], sum = 0, loss = 0;
        for (size_t k = 1; k < classes; k++)
            maximum = fmax(maximum, logits[k]);
        for (size_t k = 0; k < classes; k++)
            sum += exp(logits[k] - maximum);
        for (size_t k = 0; k < classes; k++) {
            const double log_p = logits[k] - maximum - log(sum);
            const double t = target(c, n, k, classes);
            c->out[0][n * classes + k] = exp(logits[k] - maximum) / sum;
            loss -= t > 0 ? t * log_p : 0;
        }
        c->out[1][n] = c->in[2][n] * loss;
    }
}

static void softmax_cross_entropy_grad(const call *c) {
    const size_t classes = channels_of(c->op->inputs[0]);
    for (size_t i = 0; i < count_of(c->op->outputs[0]); i++) {
        const size_t n = i / classes;
        c->out[0][i] =
            c->in[2][n] * (c->in[0][i] - target(c, n, i % classes, classes)) / c->in[3][0];
    }
}

/* ---- Optimisers ---------------------------------------------------------------------------- */

static void sgd(const call *c) {
    const retune_sgd_attributes *a = &c->op->attributes.sgd;
    const double rate = (double)c->args->learning_rate;
    for (size_t i = 0; i < count_of(c->op->inputs[0]); i++) {
        const double w = c->in[0][i], g = c->in[1][i] + (double)a->weight_decay * w;
        const double step = c->in[2] ? (double)a->momentum * c->in[2][i] + g : g;
        c->out[0][i] = w - rate * step;
        if (c->out[1])
            c->out[1][i] = step;
    }
}

static void adam(const call *c) {
    const retune_adam_attributes *a = &c->op->attributes.adam;
    const double rate = (double)c->args->learning_rate, t = (double)c->args->step;
    const double b1 = (double)a->beta1, b2 = (double)a->beta2, decay = (double)a->weight_decay;
    for (size_t i = 0; i < count_of(c->op->inputs[0]); i++) {
        const double before = c->in[0][i];
        const double w = a->decoupled ? before - rate * decay * before : before;
        const double g = a->decoupled ? c->in[1][i] : c->in[1][i] + decay * before;
        const double m = b1 * c->in[2][i] + (1 - b1) * g;
        const double v = b2 * c->in[3][i] + (1 - b2) * g * g;
        const double m_unbiased = m / (1 - pow(b1, t)), v_unbiased = v / (1 - pow(b2, t));
        c->out[0][i] = w - rate * m_unbiased / (sqrt(v_unbiased) + (double)a->epsilon);
        c->out[1][i] = m;
        c->out[2][i] = v;
    }
}

/* ---- Data movement ------------------------------------------------------------------------- */

static void normalize(const call *c) {
    const size_t channels = channels_of(c->op->inputs[0]);
    for (size_t i = 0; i < count_of(c->op->outputs[0]); i++)
        c->out[0][i] = c->in[1][i % channels] * c->in[0][i] + c->in[2][i % channels];
}

static void gather(const call *c) {
    const retune_tensor_desc *y = c->op->outputs[0];
    const size_t row = count_of(y) / (size_t)y->shape[0];
    for (size_t i = 0; i < count_of(y); i++) {
        const size_t source = (size_t)c->in[1][i / row];
        c->out[0][i] = element_round(y->dtype, c->in[0][source * row + i % row]);
    }
}

static void add(const call *c) {
    for (size_t i = 0; i < count_of(c->op->outputs[0]); i++)
        c->out[0][i] = c->in[0][i] + c->in[1][i];
}

static void fill(const call *c) {
    const retune_tensor_desc *y = c->op->outputs[0];
    for (size_t i = 0; i < count_of(y); i++)
        c->out[0][i] = element_round(y->dtype, (double)c->op->attributes.fill.value);
}

static void cast(const call *c) {
    const retune_tensor_desc *y = c->op->outputs[0];
    for (size_t i = 0; i < count_of(y); i++)
        c->out[0][i] = element_round(y->dtype, c->in[0][i]);
}

/* ---- All of them --------------------------------------------------------------------------- */

static void (*const functions[RETUNE_OP_KIND_COUNT])(const call *) = {
    [RETUNE_OP_NORMALIZE] = normalize,
    [RETUNE_OP_GATHER] = gather,
    [RETUNE_OP_CONV2D] = convolution,
    [RETUNE_OP_CONV2D_GRAD_INPUT] = convolution_grad_input,
    [RETUNE_OP_CONV2D_GRAD_WEIGHT] = convolution_grad_weight,
    [RETUNE_OP_DEPTHWISE_CONV2D] = convolution,
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT] = convolution_grad_input,
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT] = convolution_grad_weight,
    [RETUNE_OP_ACTIVATION] = activation,
    [RETUNE_OP_ACTIVATION_GRAD] = activation_grad,
    [RETUNE_OP_BATCH_NORM] = batch_norm,
    [RETUNE_OP_BATCH_NORM_GRAD] = batch_norm_grad,
    [RETUNE_OP_POOL] = pool,
    [RETUNE_OP_POOL_GRAD] = pool_grad,
    [RETUNE_OP_ADD] = add,
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY] = softmax_cross_entropy,
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD] = softmax_cross_entropy_grad,
    [RETUNE_OP_SGD] = sgd,
    [RETUNE_OP_ADAM] = adam,
    [RETUNE_OP_FILL] = fill,
    [RETUNE_OP_CAST] = cast,
    [RETUNE_OP_ACCUMULATE] = add, /* sum and x stand where a and b do */
};

void reference_run(const retune_op_desc *op, const double *const inputs[RETUNE_OP_TENSORS_MAX],
                   double *const outputs[RETUNE_OP_TENSORS_MAX], const retune_run_args *args) {
    const call c = {.op = op, .in = inputs, .out = outputs, .args = args};
    functions[op->kind](&c);
}
