/* conv2d and its gradients, as matrix products. A 1x1 convolution with stride 1 and no padding is a
 * plain one; any other reads its patches in place. */
#include "column_sum.h"
#include "matrix.h"

enum { X = 0, WEIGHT = 1, SCALE = 2, BIAS = 3 };                      /* conv2d */
enum { INPUT_DZ = 0, INPUT_WEIGHT = 1, WEIGHT_X = 0, WEIGHT_DZ = 1 }; /* the gradients */

/* map [N,H,W,I], weight [O,Kh,Kw,I], result [N,Ho,Wo,O] */
static opencl_geometry geometry_of(const retune_op_desc *op, const retune_tensor_desc *map,
                                   const retune_tensor_desc *weight,
                                   const retune_tensor_desc *result) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    return (opencl_geometry){.height = map->shape[1],
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

/* Every pixel of the result sees its own pixel of the map and no other; also when a kernel covers
 * the whole map. */
static bool is_plain(const opencl_geometry *g) {
    bool pointwise = g->taps == 1 && g->stride_height == 1 && g->stride_width == 1 &&
                     g->pad_top == 0 && g->pad_left == 0 && g->height == g->out_height &&
                     g->width == g->out_width;
    return pointwise;
}

static opencl_operand operand(uint32_t slot, const retune_tensor_desc *desc,
                              opencl_operand_source source, bool along_k, int64_t stride,
                              int64_t run) {
    return (opencl_operand){.slot = slot,
                            .source = source,
                            .along_k = along_k,
                            .stride = stride,
                            .run = run,
                            .dtype = desc->dtype};
}

static int optional(const retune_op_desc *op, int slot) {
    return op->inputs[slot] ? slot : -1;
}

/* y [pixels,O] = x [pixels,taps*I] * weight [O,taps*I] turned */
static opencl_product forward_product(const retune_op_desc *op) {
    const retune_tensor_desc *x = op->inputs[X], *w = op->inputs[WEIGHT], *y = op->outputs[0];
    opencl_geometry g = geometry_of(op, x, w, y);
    int64_t k = g.taps * g.channels;
    return (opencl_product){
        .m = y->shape[0] * g.out_height * g.out_width,
        .n = g.outputs,
        .k = k,
        .a = operand(X, x, is_plain(&g) ? OPENCL_OPERAND_PLAIN : OPENCL_OPERAND_PATCHES, true, k,
                     g.channels),
        .b = operand(WEIGHT, w, OPENCL_OPERAND_PLAIN, true, k, k),
        .geometry = g,
        .y_dtype = y->dtype,
        .scale_slot = optional(op, SCALE),
        .bias_slot = optional(op, BIAS),
        .activation = op->attributes.convolution.activation};
}

/* dx [pixels,I] = dz [pixels,taps*O] * weight [taps*O,I] */
static opencl_product grad_input_product(const retune_op_desc *op) {
    const retune_tensor_desc *dz = op->inputs[INPUT_DZ], *w = op->inputs[INPUT_WEIGHT];
    const retune_tensor_desc *dx = op->outputs[0];
    opencl_geometry g = geometry_of(op, dx, w, dz);
    bool plain = is_plain(&g);
    return (opencl_product){
        .m = dx->shape[0] * g.height * g.width,
        .n = g.channels,
        .k = g.taps * g.outputs,
        .a = operand(INPUT_DZ, dz, plain ? OPENCL_OPERAND_PLAIN : OPENCL_OPERAND_GRAD_PATCHES, true,
                     g.outputs, g.outputs),
        .b = operand(INPUT_WEIGHT, w, plain ? OPENCL_OPERAND_PLAIN : OPENCL_OPERAND_FILTERS, false,
                     g.channels, g.channels),
        .geometry = g,
        .y_dtype = dx->dtype,
        .scale_slot = -1,
        .bias_slot = -1};
}

/* dw [O,taps*I] = dz [pixels,O] turned * x [pixels,taps*I] */
static opencl_product grad_weight_product(const retune_op_desc *op) {
    const retune_tensor_desc *x = op->inputs[WEIGHT_X], *dz = op->inputs[WEIGHT_DZ];
    opencl_geometry g = geometry_of(op, x, op->outputs[0], dz);
    int64_t n = g.taps * g.channels;
    return (opencl_product){
        .m = g.outputs,
        .n = n,
        .k = dz->shape[0] * g.out_height * g.out_width,
        .a = operand(WEIGHT_DZ, dz, OPENCL_OPERAND_PLAIN, false, g.outputs, g.outputs),
        .b = operand(WEIGHT_X, x, is_plain(&g) ? OPENCL_OPERAND_PLAIN : OPENCL_OPERAND_PATCHES,
                     false, n, g.channels),
        .geometry = g,
        .y_dtype = RETUNE_F32,
        .scale_slot = -1,
        .bias_slot = -1};
}

static uint64_t workspace_forward(const retune_backend_device *device, const retune_op_desc *op) {
    opencl_product product = forward_product(op);
    return opencl_product_workspace(device, &product);
}

static uint64_t workspace_grad_input(const retune_backend_device *device,
                                     const retune_op_desc *op) {
    opencl_product product = grad_input_product(op);
    return opencl_product_workspace(device, &product);
}

/* The bias is summed after the product: one workspace serves both. */
static uint64_t workspace_grad_weight(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    opencl_product product = grad_weight_product(op);
    uint64_t parts = opencl_product_workspace(device, &product);
    uint64_t sums = op->outputs[1] ? opencl_column_sum_workspace(device, op->inputs[WEIGHT_DZ]) : 0;
    return parts > sums ? parts : sums;
}

static void prepare_forward(opencl_build *b) {
    opencl_product product = forward_product(b->op);
    opencl_product_prepare(b, &product);
}

static void prepare_grad_input(opencl_build *b) {
    opencl_product product = grad_input_product(b->op);
    opencl_product_prepare(b, &product);
}

static void prepare_grad_weight(opencl_build *b) {
    opencl_product product = grad_weight_product(b->op);
    opencl_product_prepare(b, &product);
    if (b->op->outputs[1])
        opencl_column_sum(b, WEIGHT_DZ, 1);
}

const opencl_op opencl_op_conv2d = {prepare_forward, workspace_forward,
                                    "matrix_product matrix_sum"};
const opencl_op opencl_op_conv2d_grad_input = {prepare_grad_input, workspace_grad_input,
                                               "matrix_product matrix_sum"};
const opencl_op opencl_op_conv2d_grad_weight = {prepare_grad_weight, workspace_grad_weight,
                                                "matrix_product matrix_sum " OPENCL_COLUMN_SUM};
