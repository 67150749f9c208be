/* Convolutions and their gradients as products of matrices.
 *
 *     y  [P, O]      = patches of x [P, K I]  x  weight^T [K I, O]
 *     dx [Q, I]      = patches of dz [Q, K O] x  weight [K O, I]
 *     dw [O, K I]    = dz^T [O, P]            x  patches of x [P, K I]
 *
 * with P positions of y, Q positions of x and K taps. The gradient of the input has a product for
 * each phase of the stride: the elements of dx that the same taps reach. */
#include "ops.h"
#include "product.h"
#include "reduce.h"

static int64_t taps_of(const simd_convolution *c) {
    return c->height.kernel * c->width.kernel;
}

static int64_t positions_of(const simd_convolution *c) {
    return c->batch * c->height.out * c->width.out;
}

static simd_matrix patches_of(const simd_convolution *c, const float *x) {
    return (simd_matrix){.data = x,
                         .channels = c->inputs,
                         .height = simd_axis_forward(&c->height),
                         .width = simd_axis_forward(&c->width)};
}

/* ---- Forward -------------------------------------------------------------------------------- */

static simd_convolution forward_of(const retune_op_desc *op) {
    return simd_convolution_of(op, op->inputs[0], op->inputs[1], op->outputs[0]);
}

uint64_t SIMD(conv2d_workspace)(const retune_op_desc *op, int threads) {
    simd_convolution c = forward_of(op);
    return SIMD(product_workspace)(positions_of(&c), c.outputs, taps_of(&c) * c.inputs, threads);
}

void SIMD(conv2d)(const cpu_call *call) {
    simd_convolution c = forward_of(call->op);
    simd_product p = {.rows = positions_of(&c),
                      .columns = c.outputs,
                      .depth = taps_of(&c) * c.inputs,
                      .left = patches_of(&c, call->inputs[0]),
                      .epilogue = {.scale = call->inputs[2],
                                   .bias = call->inputs[3],
                                   .activation = call->op->attributes.convolution.activation}};
    p.right = simd_dense(call->inputs[1], p.columns, p.depth, true);
    p.result = simd_dense_result(call->outputs[0], p.rows, p.columns);
    SIMD(product)(&p, call->workspace, call->threads);
}

/* ---- Gradient of the input ------------------------------------------------------------------ */

static simd_convolution grad_input_of(const retune_op_desc *op) {
    return simd_convolution_of(op, op->outputs[0], op->inputs[1], op->inputs[0]);
}

static uint64_t weight_bytes(const simd_convolution *c) {
    uint64_t bytes = (uint64_t)(taps_of(c) * c->inputs * c->outputs) * sizeof(float);
    return (bytes + 63) / 64 * 64;
}

/* The product of one phase; without taps its depth is 0. */
static simd_product phase_product(const simd_convolution *c, int64_t phase_y, int64_t phase_x) {
    simd_axis height = simd_axis_backward(&c->height, phase_y);
    simd_axis width = simd_axis_backward(&c->width, phase_x);
    return (simd_product){.rows = c->batch * height.count * width.count,
                          .columns = c->inputs,
                          .depth = height.taps * width.taps * c->outputs,
                          .left = {.channels = c->outputs, .height = height, .width = width}};
}

uint64_t SIMD(conv2d_grad_input_workspace)(const retune_op_desc *op, int threads) {
    simd_convolution c = grad_input_of(op);
    uint64_t largest = 0;
    for (int64_t y = 0; y < c.height.stride && y < c.height.in; y++) {
        for (int64_t x = 0; x < c.width.stride && x < c.width.in; x++) {
            simd_product p = phase_product(&c, y, x);
            uint64_t bytes = 0;
            if (p.depth > 0)
                bytes = SIMD(product_workspace)(p.rows, p.columns, p.depth, threads);
            if (largest < bytes)
                largest = bytes;
        }
    }
    return largest + (taps_of(&c) > 1 ? weight_bytes(&c) : 0);
}

/* weight [O, Kh, Kw, I] -> [taps of the phase, O, I]. */
static void gather_weight(const simd_convolution *c, const simd_matrix *patches,
                          const float *weight, float *to, int threads) {
    const simd_axis *height = &patches->height, *width = &patches->width;
    int64_t taps = height->taps * width->taps, row = c->inputs;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t t = 0; t < taps; t++) {
        int64_t y = height->weight_first + t / width->taps * height->weight_step;
        int64_t x = width->weight_first + t % width->taps * width->weight_step;
        const float *from = weight + (y * c->width.kernel + x) * row;
        for (int64_t o = 0; o < c->outputs; o++)
            memcpy(to + (t * c->outputs + o) * row, from + o * taps_of(c) * row,
                   (size_t)row * sizeof *to);
    }
}

static simd_result phase_result(const simd_convolution *c, const simd_matrix *patches, float *dx) {
    int64_t row = c->width.in * c->inputs;
    return (simd_result){.data = dx + patches->height.out_first * row +
                                 patches->width.out_first * c->inputs,
                         .height = patches->height.count,
                         .width = patches->width.count,
                         .image_step = c->height.in * row,
                         .row_step = patches->height.out_step * row,
                         .column_step = patches->width.out_step * c->inputs};
}

void SIMD(conv2d_grad_input)(const cpu_call *call) {
    simd_convolution c = grad_input_of(call->op);
    const float *dz = call->inputs[0], *weight = call->inputs[1];
    float *dx = call->outputs[0];
    bool gathered = taps_of(&c) > 1;
    char *workspace = (char *)call->workspace + (gathered ? weight_bytes(&c) : 0);
    /* A stride may step over elements that no tap reaches. */
    if (c.height.stride > 1 || c.width.stride > 1)
        memset(dx, 0, (size_t)(c.batch * c.height.in * c.width.in * c.inputs) * sizeof *dx);
    for (int64_t y = 0; y < c.height.stride && y < c.height.in; y++) {
        for (int64_t x = 0; x < c.width.stride && x < c.width.in; x++) {
            simd_product p = phase_product(&c, y, x);
            if (p.depth == 0)
                continue;
            if (gathered)
                gather_weight(&c, &p.left, weight, call->workspace, call->threads);
            p.left.data = dz;
            p.right = simd_dense(gathered ? call->workspace : weight, p.depth, p.columns, false);
            p.result = phase_result(&c, &p.left, dx);
            SIMD(product)(&p, workspace, call->threads);
        }
    }
}

/* ---- Gradient of the weight ----------------------------------------------------------------- */

static simd_convolution grad_weight_of(const retune_op_desc *op) {
    return simd_convolution_of(op, op->inputs[0], op->outputs[0], op->inputs[1]);
}

uint64_t SIMD(conv2d_grad_weight_workspace)(const retune_op_desc *op, int threads) {
    simd_convolution c = grad_weight_of(op);
    return SIMD(product_workspace)(c.outputs, taps_of(&c) * c.inputs, positions_of(&c), threads);
}

void SIMD(conv2d_grad_weight)(const cpu_call *call) {
    simd_convolution c = grad_weight_of(call->op);
    int64_t positions = positions_of(&c);
    simd_product p = {.rows = c.outputs,
                      .columns = taps_of(&c) * c.inputs,
                      .depth = positions,
                      .left = simd_dense(call->inputs[1], positions, c.outputs, true),
                      .right = patches_of(&c, call->inputs[0])};
    p.result = simd_dense_result(call->outputs[0], p.rows, p.columns);
    SIMD(product)(&p, call->workspace, call->threads);
    if (call->outputs[1])
        SIMD(column_sums)(call->inputs[1], positions, c.outputs, call->outputs[1], call->threads);
}
