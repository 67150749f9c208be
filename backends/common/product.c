#include "product.h"

#include "desc.h"

#include <stdio.h>
#include <string.h>

enum { X = 0, WEIGHT = 1, SCALE = 2, BIAS = 3 };                      /* conv2d */
enum { INPUT_DZ = 0, INPUT_WEIGHT = 1, WEIGHT_X = 0, WEIGHT_DZ = 1 }; /* the gradients */

/* ---- Convolutions --------------------------------------------------------------------------- */

/* map [N,H,W,I], weight [O,Kh,Kw,I], result [N,Ho,Wo,O] */
static backend_geometry geometry_of(const retune_op_desc *op, const retune_tensor_desc *map,
                                    const retune_tensor_desc *weight,
                                    const retune_tensor_desc *result) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    return (backend_geometry){.height = map->shape[1],
                              .width = map->shape[2],
                              .channels = map->shape[3],
                              .out_height = result->shape[1],
                              .out_width = result->shape[2],
                              .outputs = result->shape[3],
                              .taps = weight->shape[1] * weight->shape[2],
                              .kernel_width = weight->shape[2],
                              .stride_height = a->stride_height,
                              .stride_width = a->stride_width,
                              .dilation_height = a->dilation_height,
                              .dilation_width = a->dilation_width,
                              .pad_top = a->pad_top,
                              .pad_left = a->pad_left};
}

/* Every pixel of the result sees its own pixel of the map and no other. */
static bool is_plain(const backend_geometry *g) {
    return g->taps == 1 && g->stride_height == 1 && g->stride_width == 1 && g->pad_top == 0 &&
           g->pad_left == 0 && g->height == g->out_height && g->width == g->out_width;
}

static backend_operand operand(uint32_t slot, const retune_tensor_desc *desc,
                               backend_operand_source source, bool along_k, int64_t stride,
                               int64_t run) {
    return (backend_operand){.slot = slot,
                             .source = source,
                             .along_k = along_k,
                             .stride = stride,
                             .run = run,
                             .dtype = desc->dtype};
}

static int optional(const retune_op_desc *op, int slot) {
    return op->inputs[slot] ? slot : -1;
}

backend_product backend_product_conv2d(const retune_op_desc *op) {
    const retune_tensor_desc *x = op->inputs[X], *w = op->inputs[WEIGHT], *y = op->outputs[0];
    backend_geometry g = geometry_of(op, x, w, y);
    int64_t k = g.taps * g.channels;
    return (backend_product){
        .m = y->shape[0] * g.out_height * g.out_width,
        .n = g.outputs,
        .k = k,
        .a = operand(X, x, is_plain(&g) ? BACKEND_OPERAND_PLAIN : BACKEND_OPERAND_PATCHES, true, k,
                     g.channels),
        .b = operand(WEIGHT, w, BACKEND_OPERAND_PLAIN, true, k, k),
        .geometry = g,
        .y_dtype = y->dtype,
        .scale_slot = optional(op, SCALE),
        .bias_slot = optional(op, BIAS),
        .activation = op->attributes.convolution.activation};
}

backend_product backend_product_conv2d_grad_input(const retune_op_desc *op) {
    const retune_tensor_desc *dz = op->inputs[INPUT_DZ], *w = op->inputs[INPUT_WEIGHT];
    const retune_tensor_desc *dx = op->outputs[0];
    backend_geometry g = geometry_of(op, dx, w, dz);
    bool plain = is_plain(&g);
    return (backend_product){
        .m = dx->shape[0] * g.height * g.width,
        .n = g.channels,
        .k = g.taps * g.outputs,
        .a = operand(INPUT_DZ, dz, plain ? BACKEND_OPERAND_PLAIN : BACKEND_OPERAND_GRAD_PATCHES,
                     true, g.outputs, g.outputs),
        .b = operand(INPUT_WEIGHT, w, plain ? BACKEND_OPERAND_PLAIN : BACKEND_OPERAND_FILTERS,
                     false, g.channels, g.channels),
        .geometry = g,
        .y_dtype = dx->dtype,
        .scale_slot = -1,
        .bias_slot = -1};
}

backend_product backend_product_conv2d_grad_weight(const retune_op_desc *op) {
    const retune_tensor_desc *x = op->inputs[WEIGHT_X], *dz = op->inputs[WEIGHT_DZ];
    backend_geometry g = geometry_of(op, x, op->outputs[0], dz);
    int64_t n = g.taps * g.channels;
    return (backend_product){
        .m = g.outputs,
        .n = n,
        .k = dz->shape[0] * g.out_height * g.out_width,
        .a = operand(WEIGHT_DZ, dz, BACKEND_OPERAND_PLAIN, false, g.outputs, g.outputs),
        .b = operand(WEIGHT_X, x, is_plain(&g) ? BACKEND_OPERAND_PLAIN : BACKEND_OPERAND_PATCHES,
                     false, n, g.channels),
        .geometry = g,
        .y_dtype = RETUNE_F32,
        .scale_slot = -1,
        .bias_slot = -1};
}

/* ---- Sizes ---------------------------------------------------------------------------------- */

int backend_product_width(const backend_product *p) {
    return p->halves ? 8 : p->a.run % 4 == 0 && p->b.run % 4 == 0 ? 4 : 1;
}

bool backend_product_can_halve(const backend_product *p) {
    bool a = p->a.dtype == RETUNE_F16, b = p->b.dtype == RETUNE_F16;
    return (a || b) && (a || p->a.dtype == RETUNE_F32) && (b || p->b.dtype == RETUNE_F32) &&
           p->a.run % 8 == 0 && p->b.run % 8 == 0;
}

double backend_product_flops(const backend_product *p) {
    return 2.0 * (double)p->m * (double)p->n * (double)p->k;
}

backend_product backend_product_slice(const backend_product *p, double flops) {
    enum { LEAST = 256, MULTIPLE = 64 };
    backend_product slice = *p;
    double share = flops / backend_product_flops(p);
    int64_t *pixels = p->a.along_k ? &slice.m : &slice.k;
    if (share < 1.0 && (int64_t)((double)*pixels * share) > LEAST)
        *pixels = (int64_t)((double)*pixels * share) / MULTIPLE * MULTIPLE;
    return slice;
}

static int64_t operand_elements(const backend_product *p, const backend_operand *o, int64_t outer) {
    const backend_geometry *g = &p->geometry;
    int64_t rows = o->along_k ? outer : p->k, map = g->height * g->width;
    int64_t result = g->out_height * g->out_width;
    switch (o->source) {
    case BACKEND_OPERAND_PATCHES:
        return (rows / result + 1) * map * g->channels;
    case BACKEND_OPERAND_GRAD_PATCHES:
        return (rows / map + 1) * result * g->outputs;
    case BACKEND_OPERAND_FILTERS:
        return g->outputs * g->taps * g->channels;
    default:
        return rows * o->stride;
    }
}

int64_t backend_product_a_elements(const backend_product *p) {
    return operand_elements(p, &p->a, p->m);
}

int64_t backend_product_b_elements(const backend_product *p) {
    return operand_elements(p, &p->b, p->n);
}

/* ---- For kernels ---------------------------------------------------------------------------- */

void backend_product_numbers(const backend_product *p, int64_t part_length,
                             int64_t numbers[BACKEND_PRODUCT_NUMBERS]) {
    const backend_geometry *g = &p->geometry;
    /* Parts are stored as they are; what adds them up then does the rest. */
    bool whole = part_length >= p->k;
    int64_t epilogue = (p->scale_slot >= 0 ? 1 : 0) | (p->bias_slot >= 0 ? 2 : 0);
    const int64_t all[BACKEND_PRODUCT_NUMBERS] = {whole ? epilogue : 0,
                                                  whole ? (int64_t)p->activation : 0,
                                                  p->m,
                                                  p->n,
                                                  p->k,
                                                  part_length,
                                                  p->a.stride,
                                                  p->b.stride,
                                                  g->height,
                                                  g->width,
                                                  g->channels,
                                                  g->out_height,
                                                  g->out_width,
                                                  g->outputs,
                                                  g->taps,
                                                  g->kernel_width,
                                                  g->stride_height,
                                                  g->stride_width,
                                                  g->dilation_height,
                                                  g->dilation_width,
                                                  g->pad_top,
                                                  g->pad_left};
    memcpy(numbers, all, sizeof all);
}

void backend_product_key(const backend_product *p, char key[BACKEND_PRODUCT_KEY]) {
    const backend_geometry *g = &p->geometry;
    bool plain = p->a.source == BACKEND_OPERAND_PLAIN && p->b.source == BACKEND_OPERAND_PLAIN;
    int used = snprintf(key, BACKEND_PRODUCT_KEY, "%lldx%lldx%lld a%d%d%s b%d%d%s y%s%s",
                        (long long)p->m, (long long)p->n, (long long)p->k, p->a.source,
                        p->a.along_k, backend_dtype_name(p->a.dtype), p->b.source, p->b.along_k,
                        backend_dtype_name(p->b.dtype), backend_dtype_name(p->y_dtype),
                        p->halves ? " halves" : "");
    if (!plain)
        snprintf(key + used, BACKEND_PRODUCT_KEY - (size_t)used, " %lldx%lldx%lld s%lld",
                 (long long)g->height, (long long)g->width, (long long)g->taps,
                 (long long)g->stride_height);
}
