/* normalize, activation, activation_grad, add, accumulate, fill. */
#include "ops.h"

static void prepare_normalize(opencl_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int64_t channels = opencl_channels(y);
    int width = opencl_width(channels);
    int64_t count = opencl_elements(y) / width;
    opencl_begin(b, "elementwise", "normalize_pixels", "-DWIDTH=%d -DY_T=%s", width,
                 opencl_type_name(y->dtype));
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_input(b, 2);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, channels / width);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_activation(opencl_build *b) {
    const retune_tensor_desc *x = b->op->inputs[0], *y = b->op->outputs[0];
    int width = opencl_width(opencl_elements(y));
    int64_t count = opencl_elements(y) / width;
    opencl_begin(b, "elementwise", "activation", "-DWIDTH=%d -DX_T=%s -DY_T=%s", width,
                 opencl_type_name(x->dtype), opencl_type_name(y->dtype));
    opencl_arg_input(b, 0);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, b->op->attributes.activation.activation);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_activation_grad(opencl_build *b) {
    const retune_tensor_desc *dy = b->op->inputs[0], *y = b->op->inputs[1];
    const retune_tensor_desc *scale = b->op->inputs[2], *dz = b->op->outputs[0];
    int64_t channels = opencl_channels(dz);
    int width = opencl_width(channels);
    int64_t count = opencl_elements(dz) / width;
    opencl_begin(b, "elementwise", "activation_grad", "-DWIDTH=%d -DX_T=%s -DX2_T=%s -DY_T=%s",
                 width, opencl_type_name(dy->dtype), opencl_type_name(y->dtype),
                 opencl_type_name(dz->dtype));
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_input(b, 2);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, scale != NULL);
    opencl_arg_int(b, b->op->attributes.activation.activation);
    opencl_arg_int(b, channels / width);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_add(opencl_build *b) {
    const retune_tensor_desc *a = b->op->inputs[0], *other = b->op->inputs[1];
    const retune_tensor_desc *y = b->op->outputs[0];
    int width = opencl_width(opencl_elements(y));
    int64_t count = opencl_elements(y) / width;
    opencl_begin(b, "elementwise", "add", "-DWIDTH=%d -DX_T=%s -DX2_T=%s -DY_T=%s", width,
                 opencl_type_name(a->dtype), opencl_type_name(other->dtype),
                 opencl_type_name(y->dtype));
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_accumulate(opencl_build *b) {
    const retune_tensor_desc *x = b->op->inputs[1];
    int width = opencl_width(opencl_elements(x));
    int64_t count = opencl_elements(x) / width;
    opencl_begin(b, "elementwise", "accumulate", "-DWIDTH=%d -DX_T=%s", width,
                 opencl_type_name(x->dtype));
    opencl_arg_input(b, 1);
    opencl_arg_output(b, 0); /* input 0 is the same tensor */
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_fill(opencl_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int width = opencl_width(opencl_elements(y));
    int64_t count = opencl_elements(y) / width;
    opencl_begin(b, "elementwise", "fill", "-DWIDTH=%d -DY_T=%s", width,
                 opencl_type_name(y->dtype));
    opencl_arg_output(b, 0);
    opencl_arg_float(b, b->op->attributes.fill.value);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

const opencl_op opencl_op_normalize = {prepare_normalize, NULL, "normalize_pixels"};
const opencl_op opencl_op_activation = {prepare_activation, NULL, "activation"};
const opencl_op opencl_op_activation_grad = {prepare_activation_grad, NULL, "activation_grad"};
const opencl_op opencl_op_add = {prepare_add, NULL, "add"};
const opencl_op opencl_op_accumulate = {prepare_accumulate, NULL, "accumulate"};
const opencl_op opencl_op_fill = {prepare_fill, NULL, "fill"};
