/* normalize, activation, activation_grad, add, accumulate, fill. */
#include "ops.h"

/* Begins a dispatch of items that do `width` elements each. */
static void begin(vulkan_build *b, const char *shader, int width) {
    vulkan_begin(b, shader);
    vulkan_constant(b, width);
}

static void dispatch(vulkan_build *b, int64_t count) {
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

static void prepare_normalize(vulkan_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int width = vulkan_width(vulkan_elements(y));
    begin(b, "normalize_pixels", width);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_input(b, 2);
    vulkan_output(b, 0);
    vulkan_push_int(b, vulkan_channels(y));
    dispatch(b, vulkan_elements(y) / width);
}

static void prepare_activation(vulkan_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int width = vulkan_width(vulkan_elements(y));
    begin(b, "activation", width);
    vulkan_input(b, 0);
    vulkan_output(b, 0);
    vulkan_push_int(b, b->op->attributes.activation.activation);
    dispatch(b, vulkan_elements(y) / width);
}

static void prepare_activation_grad(vulkan_build *b) {
    const retune_tensor_desc *scale = b->op->inputs[2], *dz = b->op->outputs[0];
    int64_t channels = vulkan_channels(dz);
    int width = vulkan_width(channels);
    begin(b, "activation_grad", width);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_input(b, 2);
    vulkan_output(b, 0);
    vulkan_push_int(b, scale != NULL);
    vulkan_push_int(b, b->op->attributes.activation.activation);
    vulkan_push_int(b, channels / width);
    dispatch(b, vulkan_elements(dz) / width);
}

static void prepare_add(vulkan_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int width = vulkan_width(vulkan_elements(y));
    begin(b, "add", width);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_output(b, 0);
    dispatch(b, vulkan_elements(y) / width);
}

static void prepare_accumulate(vulkan_build *b) {
    const retune_tensor_desc *sum = b->op->outputs[0];
    int width = vulkan_width(vulkan_elements(sum));
    begin(b, "accumulate", width);
    vulkan_input(b, 1);
    vulkan_output(b, 0); /* input 0 is the same tensor */
    dispatch(b, vulkan_elements(sum) / width);
}

static void prepare_fill(vulkan_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int width = vulkan_width(vulkan_elements(y));
    begin(b, "fill", width);
    vulkan_output(b, 0);
    vulkan_push_float(b, b->op->attributes.fill.value);
    dispatch(b, vulkan_elements(y) / width);
}

const vulkan_op vulkan_op_normalize = {prepare_normalize, NULL, "normalize_pixels"};
const vulkan_op vulkan_op_activation = {prepare_activation, NULL, "activation"};
const vulkan_op vulkan_op_activation_grad = {prepare_activation_grad, NULL, "activation_grad"};
const vulkan_op vulkan_op_add = {prepare_add, NULL, "add"};
const vulkan_op vulkan_op_accumulate = {prepare_accumulate, NULL, "accumulate"};
const vulkan_op vulkan_op_fill = {prepare_fill, NULL, "fill"};
