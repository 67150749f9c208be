#include "ops/shared.h"

/* One work item adds up what a weight's gradient has, when that is little or weights are many. */
enum { LITTLE = 256, MANY = 8192 };

typedef struct geometry {
    cl_int depthwise, pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w;
} geometry;

static geometry geometry_of(const emu_convolution *d) {
    return (geometry){d->mode == EMU_CONVOLUTION_DEPTHWISE,
                      (cl_int)d->pad_before[0],
                      (cl_int)d->pad_before[1],
                      (cl_int)d->stride[0],
                      (cl_int)d->stride[1],
                      (cl_int)d->dilation[0],
                      (cl_int)d->dilation[1]};
}

/* ---- Checks --------------------------------------------------------------------------------- */

static bool is_output_size(const emu_convolution *d, int axis, cl_uint in, cl_uint kernel,
                           cl_uint out) {
    const int64_t room = (int64_t)in + d->pad_before[axis] + d->pad_after[axis] -
                         (int64_t)d->dilation[axis] * (kernel - 1) - 1;
    return room >= 0 && room / d->stride[axis] + 1 == out;
}

bool emu_is_channel_vector(const emu_tensor *tensor, cl_uint channels) {
    return emu_has_shape(tensor, 1, channels, 1, 1);
}

static void check_desc(emu_builder *b, const emu_convolution *d) {
    emu_describe(b, d, offsetof(emu_convolution, flags));
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, d->mode <= EMU_CONVOLUTION_DEPTHWISE, "an unknown mode");
    if (b->code == CL_SUCCESS && d->mode == EMU_CONVOLUTION_TRANSPOSED)
        b->code = emu_refuse(b->op->name, EMU_NOT_ACCELERATED, "the transposed mode");
    emu_require(b, d->group_count == 1, "group_count is not 1");
    emu_require(b, d->dimensions == 4, "dimensions are not 4");
    emu_require(b, d->flags == 0, "flags are not 0");
    for (int axis = 0; axis < 2; axis++)
        emu_require(b, d->stride[axis] >= 1 && d->dilation[axis] >= 1,
                    "a stride or a dilation of 0");
}

void emu_check_convolution(emu_builder *b, const emu_convolution *d, const emu_tensor *x,
                           const emu_tensor *w, const emu_tensor *bias, const emu_tensor *y) {
    check_desc(b, d);
    if (b->code != CL_SUCCESS)
        return;
    const bool depthwise = d->mode == EMU_CONVOLUTION_DEPTHWISE;
    const cl_uint outputs = depthwise ? x->c : w->n;
    emu_require(b, w->c == x->c, "the weight's channels are not the input's");
    emu_require(b, !depthwise || w->n == 1, "a depthwise weight is not (1,C,h,w)");
    emu_require(b, y->n == x->n && y->c == outputs, "the output's batch or channels are wrong");
    emu_require(b, is_output_size(d, 0, x->h, w->h, y->h), "the output's height is wrong");
    emu_require(b, is_output_size(d, 1, x->w, w->w, y->w), "the output's width is wrong");
    emu_require(b, !emu_present(bias) || emu_is_channel_vector(bias, outputs),
                "the bias is not (1,C,1,1)");
}

/* ---- Forward and data gradient -------------------------------------------------------------- */

void emu_convolution_step(emu_builder *b, const emu_convolution *desc, const emu_tensor *input,
                          const emu_tensor *weight, const emu_tensor *bias,
                          const emu_tensor *output) {
    const geometry g = geometry_of(desc);
    emu_step(b, "convolution", "convolution_forward", emu_tensor_count(output));
    emu_tensor_argument(b, input);
    emu_tensor_argument(b, weight);
    emu_tensor_argument(b, bias);
    emu_tensor_argument(b, output);
    emu_struct_argument(b, &g, sizeof g);
}

cl_int emu_entry_convolution_forward EMU_OP(const emu_convolution *desc, emu_tensor *input,
                                            emu_tensor *weight, emu_tensor *bias,
                                            emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {bias, EMU_READ | EMU_OPTIONAL},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "convolution_forward", context, properties, cache, desc, uses, 4)) {
        emu_check_convolution(&b, desc, input, weight, bias, output);
        emu_convolution_step(&b, desc, input, weight, bias, output);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_convolution_backward EMU_OP(const emu_convolution *desc, emu_tensor *output_grad,
                                             emu_tensor *weight, emu_tensor *input_grad) {
    const emu_use uses[] = {{output_grad, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {input_grad, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin_backward(&b, "convolution_backward", context, properties, cache, desc, uses, 3)) {
        const geometry g = geometry_of(desc);
        emu_check_convolution(&b, desc, input_grad, weight, NULL, output_grad);
        emu_step(&b, "convolution", "convolution_backward", emu_tensor_count(input_grad));
        emu_tensor_argument(&b, output_grad);
        emu_tensor_argument(&b, weight);
        emu_tensor_argument(&b, input_grad);
        emu_struct_argument(&b, &g, sizeof g);
    }
    return emu_end(&b, out_op);
}

/* ---- Parameter gradients -------------------------------------------------------------------- */

static void weight_step(emu_builder *b, const emu_convolution *desc, const emu_tensor *input,
                        const emu_tensor *output_grad, const emu_tensor *weight_grad) {
    const geometry g = geometry_of(desc);
    const size_t sum = (size_t)output_grad->n * output_grad->h * output_grad->w;
    const size_t count = emu_tensor_count(weight_grad);
    if (sum <= LITTLE || count >= MANY)
        emu_step(b, "convolution", "convolution_weight_gradient_each", count);
    else
        emu_step(b, "convolution", "convolution_weight_gradient", count * EMU_GROUP);
    emu_tensor_argument(b, input);
    emu_tensor_argument(b, output_grad);
    emu_tensor_argument(b, weight_grad);
    emu_struct_argument(b, &g, sizeof g);
    emu_int_argument(b, settings.variant.accumulate);
}

static void bias_step(emu_builder *b, const emu_tensor *output_grad, const emu_tensor *bias_grad) {
    emu_step(b, "convolution", "convolution_bias_gradient", (size_t)output_grad->c * EMU_GROUP);
    emu_tensor_argument(b, output_grad);
    emu_tensor_argument(b, bias_grad);
    emu_int_argument(b, settings.variant.accumulate);
}

cl_int emu_entry_convolution_param_gradients EMU_OP(const emu_convolution *desc, emu_tensor *input,
                                                    emu_tensor *output_grad,
                                                    emu_tensor *weight_grad, emu_tensor *bias_grad,
                                                    emu_tensor *weight, emu_tensor *bias) {
    const int role = settings.variant.accumulate ? EMU_UPDATE : EMU_WRITE;
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {weight_grad, role},
                            {bias_grad, role | EMU_OPTIONAL},
                            {weight, EMU_BOUND},
                            {bias, EMU_BOUND | EMU_OPTIONAL}};
    emu_builder b;
    if (emu_begin_backward(&b, "convolution_param_gradients", context, properties, cache, desc,
                           uses, 6)) {
        emu_check_convolution(&b, desc, input, weight, bias, output_grad);
        emu_require(&b, emu_same_shape(weight, weight_grad),
                    "the weight and its gradient differ in shape");
        emu_require(&b, bias->unused == bias_grad->unused,
                    "one of the bias and its gradient is an unused tensor, the other is not");
        emu_require(&b, bias->unused || emu_same_shape(bias, bias_grad),
                    "the bias and its gradient differ in shape");
        weight_step(&b, desc, input, output_grad, weight_grad);
        if (!bias_grad->unused)
            bias_step(&b, output_grad, bias_grad);
    }
    return emu_end(&b, out_op);
}
