/* conv2d and its gradients, as matrix products. */
#include "column_sum.h"
#include "matrix.h"

enum { DZ = 1 }; /* of conv2d_grad_weight */

static uint64_t workspace_forward(const retune_backend_device *device, const retune_op_desc *op) {
    backend_product product = vulkan_product_of(device, backend_product_conv2d(op));
    return vulkan_product_workspace(device, &product);
}

static uint64_t workspace_grad_input(const retune_backend_device *device,
                                     const retune_op_desc *op) {
    backend_product product = vulkan_product_of(device, backend_product_conv2d_grad_input(op));
    return vulkan_product_workspace(device, &product);
}

/* The bias is summed after the product: one workspace serves both. */
static uint64_t workspace_grad_weight(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    backend_product product = vulkan_product_of(device, backend_product_conv2d_grad_weight(op));
    uint64_t parts = vulkan_product_workspace(device, &product);
    uint64_t sums = op->outputs[1] ? vulkan_column_sum_workspace(device, op->inputs[DZ]) : 0;
    return parts > sums ? parts : sums;
}

static void prepare_forward(vulkan_build *b) {
    backend_product product = vulkan_product_of(b->device, backend_product_conv2d(b->op));
    vulkan_product_prepare(b, &product);
}

static void prepare_grad_input(vulkan_build *b) {
    backend_product product =
        vulkan_product_of(b->device, backend_product_conv2d_grad_input(b->op));
    vulkan_product_prepare(b, &product);
}

static void prepare_grad_weight(vulkan_build *b) {
    backend_product product =
        vulkan_product_of(b->device, backend_product_conv2d_grad_weight(b->op));
    vulkan_product_prepare(b, &product);
    if (b->op->outputs[1])
        vulkan_column_sum(b, DZ, 1);
}

const vulkan_op vulkan_op_conv2d = {prepare_forward, workspace_forward,
                                    "matrix_product matrix_sum"};
const vulkan_op vulkan_op_conv2d_grad_input = {prepare_grad_input, workspace_grad_input,
                                               "matrix_product matrix_sum"};
const vulkan_op vulkan_op_conv2d_grad_weight = {prepare_grad_weight, workspace_grad_weight,
                                                "matrix_product matrix_sum " VULKAN_COLUMN_SUM};
