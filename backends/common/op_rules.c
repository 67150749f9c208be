#include "op_rules.h"

#include "desc.h"
#include "op_slots.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool backend_refuse(const backend_check *c, const char *format, ...) {
    int used = snprintf(c->reason, c->reason_size, "%s: ", backend_op_name(c->op->kind));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->reason + used, c->reason_size - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Tensors -------------------------------------------------------------------------------- */

/* The first tensor of that name, inputs before outputs; NULL when the op has none or it is absent.
 */
static const retune_tensor_desc *find(const backend_check *c, const char *name) {
    backend_slot slot;
    for (uint32_t i = 0; backend_op_slot(c->op->kind, false, i, &slot); i++)
        if (backend_slot_is(slot, name))
            return c->op->inputs[i];
    for (uint32_t i = 0; backend_op_slot(c->op->kind, true, i, &slot); i++)
        if (backend_slot_is(slot, name))
            return c->op->outputs[i];
    return NULL;
}

/* What a rule wants of a tensor. A dimension of ANY is free. */
typedef struct shape {
    uint32_t rank;
    int64_t dims[RETUNE_RANK_MAX];
} shape;
#define ANY (-1)
#define SHAPE(...)                                                                                 \
    (shape) {                                                                                      \
        (uint32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), {                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static shape shape_of(const retune_tensor_desc *desc) {
    shape s = {.rank = desc->rank};
    memcpy(s.dims, desc->shape, sizeof s.dims);
    return s;
}

/* "f32 [2,7,7,?]" */
static const char *shape_text(uint32_t dtype, const shape *s, char text[128]) {
    int used = snprintf(text, 128, "%s [", backend_dtype_name(dtype));
    for (uint32_t d = 0; d < s->rank; d++) {
        used += snprintf(text + used, 128 - (size_t)used, d ? "," : "");
        if (s->dims[d] == ANY)
            used += snprintf(text + used, 128 - (size_t)used, "?");
        else
            used += snprintf(text + used, 128 - (size_t)used, "%lld", (long long)s->dims[d]);
    }
    snprintf(text + used, 128 - (size_t)used, "]");
    return text;
}

/* The tensor of that name, unless absent, has this element type and shape. */
static bool expect(const backend_check *c, const char *name, uint32_t dtype, shape wanted) {
    const retune_tensor_desc *desc = find(c, name);
    if (!desc)
        return true;
    bool equal = desc->dtype == dtype && desc->rank == wanted.rank;
    for (uint32_t d = 0; equal && d < wanted.rank; d++)
        equal = wanted.dims[d] == ANY || wanted.dims[d] == desc->shape[d];
    if (equal)
        return true;
    char is[128], is_not[128];
    shape actual = shape_of(desc);
    return backend_refuse(c, "%s is %s, not %s", name, shape_text(desc->dtype, &actual, is),
                          shape_text(dtype, &wanted, is_not));
}

/* The map of that name, unless absent, has an element type of maps and this shape. */
static bool expect_map(const backend_check *c, const char *name, shape wanted) {
    const retune_tensor_desc *desc = find(c, name);
    bool fits = desc && desc->dtype < 32 && (c->maps >> desc->dtype & 1u);
    return expect(c, name, fits ? desc->dtype : RETUNE_F32, wanted);
}

/* A map of that name has any shape. */
static bool expect_any_map(const backend_check *c, const char *name) {
    return expect_map(c, name, shape_of(find(c, name)));
}

/* The map of that name, unless absent, has the shape of another. */
static bool expect_map_like(const backend_check *c, const char *name, const char *other) {
    return expect_map(c, name, shape_of(find(c, other)));
}

/* A tensor of that name is f32; its shape is free. */
static bool expect_f32(const backend_check *c, const char *name) {
    return expect(c, name, RETUNE_F32, shape_of(find(c, name)));
}

/* The tensor of that name, unless absent, is f32 of the shape of another. */
static bool expect_like(const backend_check *c, const char *name, const char *other) {
    return expect(c, name, RETUNE_F32, shape_of(find(c, other)));
}

static int64_t channels(const retune_tensor_desc *desc) {
    return desc->shape[desc->rank - 1];
}

/* ---- Attributes ----------------------------------------------------------------------------- */

static bool within(const backend_check *c, const char *attribute, uint32_t value, uint32_t minimum,
                   uint32_t maximum) {
    return (value >= minimum && value <= maximum) ||
           backend_refuse(c, "%s is %u, not in %u..%u", attribute, value, minimum, maximum);
}

/* True of a number that is not NaN. */
static bool between(const backend_check *c, const char *attribute, float value, float minimum,
                    float maximum) {
    return (value >= minimum && value <= maximum) ||
           backend_refuse(c, "%s is %g, not in %g..%g", attribute, (double)value, (double)minimum,
                          (double)maximum);
}

static bool below_one(const backend_check *c, const char *attribute, float value) {
    return (value >= 0.0f && value < 1.0f) ||
           backend_refuse(c, "%s is %g, not at least 0 and below 1", attribute, (double)value);
}

static bool positive(const backend_check *c, const char *attribute, float value) {
    return (value > 0.0f && isfinite(value)) ||
           backend_refuse(c, "%s is %g, not above 0", attribute, (double)value);
}

/* ---- Convolutions and pooling --------------------------------------------------------------- */

enum { WINDOW_MAX = 65535 };

/* Windows along one dimension of a map, and how many fit. */
typedef struct windows {
    const char *dimension;
    int64_t map, kernel;
    uint32_t stride, dilation, pad_before, pad_after;
} windows;

static bool check_windows(const backend_check *c, const windows *s, int64_t *out_count) {
    if (s->kernel > WINDOW_MAX)
        return backend_refuse(c, "a window of %s %lld", s->dimension, (long long)s->kernel);
    if (!within(c, "stride", s->stride, 1, WINDOW_MAX) ||
        !within(c, "dilation", s->dilation, 1, WINDOW_MAX) ||
        !within(c, "padding", s->pad_before, 0, WINDOW_MAX) ||
        !within(c, "padding", s->pad_after, 0, WINDOW_MAX))
        return false;
    int64_t room = s->map + s->pad_before + s->pad_after - (s->kernel - 1) * s->dilation - 1;
    if (room < 0)
        return backend_refuse(c, "the kernel exceeds the padded map in %s", s->dimension);
    *out_count = room / s->stride + 1;
    return true;
}

/* The six convolutions, by the names of their map, weight and result: x or dx, weight or dw, y or
 * dz. Tensors an op does not have are absent, so one rule serves all. */
static bool check_convolution(const backend_check *c, const char *map, const char *weight,
                              const char *result, bool depthwise) {
    const retune_convolution_attributes *a = &c->op->attributes.convolution;
    if (!within(c, "activation", a->activation, RETUNE_ACTIVATION_NONE, RETUNE_ACTIVATION_RELU6) ||
        !expect_map(c, map, SHAPE(ANY, ANY, ANY, ANY)))
        return false;
    const int64_t *x = find(c, map)->shape;
    if (!expect(c, weight, RETUNE_F32,
                depthwise ? SHAPE(ANY, ANY, x[3]) : SHAPE(ANY, ANY, ANY, x[3])))
        return false;
    const int64_t *w = find(c, weight)->shape;
    const int64_t *kernel = depthwise ? w : w + 1;
    int64_t outputs = depthwise ? x[3] : w[0];
    windows rows = {.dimension = "height",
                    .map = x[1],
                    .kernel = kernel[0],
                    .stride = a->stride_height,
                    .dilation = a->dilation_height,
                    .pad_before = a->pad_top,
                    .pad_after = a->pad_bottom};
    windows columns = {.dimension = "width",
                       .map = x[2],
                       .kernel = kernel[1],
                       .stride = a->stride_width,
                       .dilation = a->dilation_width,
                       .pad_before = a->pad_left,
                       .pad_after = a->pad_right};
    int64_t height = 0, width = 0;
    return check_windows(c, &rows, &height) && check_windows(c, &columns, &width) &&
           expect_map(c, result, SHAPE(x[0], height, width, outputs)) &&
           expect(c, "scale", RETUNE_F32, SHAPE(outputs)) &&
           expect(c, "bias", RETUNE_F32, SHAPE(outputs)) &&
           expect(c, "dbias", RETUNE_F32, SHAPE(outputs));
}

/* pool and pool_grad, by the names of their map and result. */
static bool check_pool(const backend_check *c, const char *map, const char *result) {
    const retune_pooling_attributes *a = &c->op->attributes.pooling;
    if (!within(c, "kind", a->kind, RETUNE_POOL_AVERAGE, RETUNE_POOL_MAX) ||
        !within(c, "window_height", a->window_height, 1, WINDOW_MAX) ||
        !within(c, "window_width", a->window_width, 1, WINDOW_MAX) ||
        !expect_map(c, map, SHAPE(ANY, ANY, ANY, ANY)))
        return false;
    /* A window of nothing but padding would have no maximum and no average. */
    if (a->pad_top >= a->window_height || a->pad_bottom >= a->window_height ||
        a->pad_left >= a->window_width || a->pad_right >= a->window_width)
        return backend_refuse(c, "a window of padding only");
    const int64_t *x = find(c, map)->shape;
    windows rows = {.dimension = "height",
                    .map = x[1],
                    .kernel = a->window_height,
                    .stride = a->stride_height,
                    .dilation = 1,
                    .pad_before = a->pad_top,
                    .pad_after = a->pad_bottom};
    windows columns = {.dimension = "width",
                       .map = x[2],
                       .kernel = a->window_width,
                       .stride = a->stride_width,
                       .dilation = 1,
                       .pad_before = a->pad_left,
                       .pad_after = a->pad_right};
    int64_t height = 0, width = 0;
    if (!check_windows(c, &rows, &height) || !check_windows(c, &columns, &width) ||
        !expect_map(c, result, SHAPE(x[0], height, width, x[3])) ||
        !expect(c, "argmax", RETUNE_I32, SHAPE(x[0], height, width, x[3])))
        return false;
    if (!find(c, "argmax"))
        return true;
    if (a->kind != RETUNE_POOL_MAX)
        return backend_refuse(c, "average pooling has no argmax");
    return x[1] <= INT32_MAX / x[2] || backend_refuse(c, "offsets in the map exceed the argmax");
}

static bool check_pool_grad(const backend_check *c) {
    if (c->op->attributes.pooling.kind == RETUNE_POOL_MAX && !find(c, "argmax"))
        return backend_refuse(c, "input argmax is missing, which maximum pooling needs");
    return check_pool(c, "dx", "dy");
}

/* ---- Everything else ------------------------------------------------------------------------ */

static bool check_normalize(const backend_check *c) {
    if (!expect(c, "x", RETUNE_U8, SHAPE(ANY, ANY, ANY, ANY)))
        return false;
    const retune_tensor_desc *x = find(c, "x");
    return expect_map_like(c, "y", "x") && expect(c, "scale", RETUNE_F32, SHAPE(channels(x))) &&
           expect(c, "offset", RETUNE_F32, SHAPE(channels(x)));
}

/* Anything copies to its own type; floating point and bytes convert to floating point. */
static bool check_conversion(const backend_check *c, const char *source, const char *target) {
    uint32_t from = find(c, source)->dtype, to = find(c, target)->dtype;
    bool narrow = to == RETUNE_F16 || to == RETUNE_BF16;
    bool converts = from != RETUNE_I32 && to != RETUNE_I32 && to != RETUNE_U8;
    if (from != to && narrow && !(c->maps >> to & 1u))
        return backend_refuse(c, "%s is %s, which this device does not store", target,
                              backend_dtype_name(to));
    return from == to || converts ||
           backend_refuse(c, "no conversion from %s to %s", backend_dtype_name(from),
                          backend_dtype_name(to));
}

static bool check_gather(const backend_check *c) {
    if (!expect(c, "index", RETUNE_I32, SHAPE(ANY)))
        return false;
    shape rows = shape_of(find(c, "table"));
    rows.dims[0] = find(c, "index")->shape[0];
    return check_conversion(c, "table", "y") && expect(c, "y", find(c, "y")->dtype, rows);
}

static bool check_cast(const backend_check *c) {
    return check_conversion(c, "x", "y") &&
           expect(c, "y", find(c, "y")->dtype, shape_of(find(c, "x")));
}

static bool check_activation(const backend_check *c) {
    return within(c, "activation", c->op->attributes.activation.activation, RETUNE_ACTIVATION_NONE,
                  RETUNE_ACTIVATION_RELU6);
}

static bool check_batch_norm(const backend_check *c) {
    const retune_batch_norm_attributes *a = &c->op->attributes.batch_norm;
    if (!within(c, "training", a->training, 0, 1) ||
        !between(c, "momentum", a->momentum, 0.0f, 1.0f) || !positive(c, "epsilon", a->epsilon) ||
        !expect_map(c, "x", SHAPE(ANY, ANY, ANY, ANY)))
        return false;
    static const char *const per_channel[] = {
        "gamma",  "beta", "running_mean", "running_variance", "saved_mean", "saved_inverse_std",
        "dgamma", "dbeta"};
    shape vector = SHAPE(channels(find(c, "x")));
    for (size_t n = 0; n < sizeof per_channel / sizeof per_channel[0]; n++)
        if (!expect(c, per_channel[n], RETUNE_F32, vector))
            return false;
    return expect_map_like(c, "y", "x") && expect_map_like(c, "dy", "x") &&
           expect_map_like(c, "dx", "x");
}

/* softmax_cross_entropy and its gradient, by the name of the input of the shape of the logits. */
static bool check_loss(const backend_check *c, const char *logits) {
    const retune_tensor_desc *x = find(c, logits);
    shape samples = SHAPE(x->shape[0]);
    return below_one(c, "label_smoothing", c->op->attributes.loss.label_smoothing) &&
           expect(c, logits, RETUNE_F32, x->rank == 4 ? SHAPE(ANY, 1, 1, ANY) : SHAPE(ANY, ANY)) &&
           expect(c, "label", RETUNE_I32, samples) && expect(c, "weight", RETUNE_F32, samples) &&
           expect_like(c, "probability", logits) && expect(c, "loss", RETUNE_F32, samples) &&
           expect(c, "total_weight", RETUNE_F32, SHAPE(1)) && expect_like(c, "dlogits", logits);
}

static bool check_sgd(const backend_check *c) {
    const retune_sgd_attributes *a = &c->op->attributes.sgd;
    return between(c, "momentum", a->momentum, 0.0f, 1.0f) &&
           between(c, "weight_decay", a->weight_decay, 0.0f, FLT_MAX) && expect_f32(c, "weight") &&
           expect_like(c, "gradient", "weight") && expect_like(c, "velocity", "weight");
}

static bool check_adam(const backend_check *c) {
    const retune_adam_attributes *a = &c->op->attributes.adam;
    return below_one(c, "beta1", a->beta1) && below_one(c, "beta2", a->beta2) &&
           positive(c, "epsilon", a->epsilon) &&
           between(c, "weight_decay", a->weight_decay, 0.0f, FLT_MAX) &&
           within(c, "decoupled", a->decoupled, 0, 1) && expect_f32(c, "weight") &&
           expect_like(c, "gradient", "weight") && expect_like(c, "m", "weight") &&
           expect_like(c, "v", "weight");
}

bool backend_op_rules(const backend_check *c) {
    switch ((retune_op_kind)c->op->kind) {
    case RETUNE_OP_NORMALIZE:
        return check_normalize(c);
    case RETUNE_OP_GATHER:
        return check_gather(c);
    case RETUNE_OP_CONV2D:
        return check_convolution(c, "x", "weight", "y", false);
    case RETUNE_OP_CONV2D_GRAD_INPUT:
        return check_convolution(c, "dx", "weight", "dz", false);
    case RETUNE_OP_CONV2D_GRAD_WEIGHT:
        return check_convolution(c, "x", "dw", "dz", false);
    case RETUNE_OP_DEPTHWISE_CONV2D:
        return check_convolution(c, "x", "weight", "y", true);
    case RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT:
        return check_convolution(c, "dx", "weight", "dz", true);
    case RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT:
        return check_convolution(c, "x", "dw", "dz", true);
    case RETUNE_OP_ACTIVATION:
        return check_activation(c) && expect_any_map(c, "x") && expect_map_like(c, "y", "x");
    case RETUNE_OP_ACTIVATION_GRAD:
        return check_activation(c) && expect_any_map(c, "dy") && expect_map_like(c, "y", "dy") &&
               expect_map_like(c, "dz", "dy") &&
               expect(c, "scale", RETUNE_F32, SHAPE(channels(find(c, "dy"))));
    case RETUNE_OP_BATCH_NORM:
    case RETUNE_OP_BATCH_NORM_GRAD:
        return check_batch_norm(c);
    case RETUNE_OP_POOL:
        return check_pool(c, "x", "y");
    case RETUNE_OP_POOL_GRAD:
        return check_pool_grad(c);
    case RETUNE_OP_ADD:
        return expect_any_map(c, "a") && expect_map_like(c, "b", "a") &&
               expect_map_like(c, "y", "a");
    case RETUNE_OP_SOFTMAX_CROSS_ENTROPY:
        return check_loss(c, "logits");
    case RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD:
        return check_loss(c, "probability");
    case RETUNE_OP_SGD:
        return check_sgd(c);
    case RETUNE_OP_ADAM:
        return check_adam(c);
    case RETUNE_OP_FILL:
        return expect_any_map(c, "y");
    case RETUNE_OP_CAST:
        return check_cast(c);
    case RETUNE_OP_ACCUMULATE:
        return expect_f32(c, "sum") && expect_map_like(c, "x", "sum");
    case RETUNE_OP_KIND_COUNT:
        break;
    }
    return false;
}
