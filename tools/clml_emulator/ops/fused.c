/* Convolutions with what follows them: the steps of each, on the output in place. */
#include "ops/shared.h"

cl_int emu_entry_convolution_activation EMU_OP(const emu_convolution *desc,
                                               const emu_activation *activation, emu_tensor *input,
                                               emu_tensor *weight, emu_tensor *bias,
                                               emu_tensor *param, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {bias, EMU_READ | EMU_OPTIONAL},
                            {param, EMU_READ | EMU_OPTIONAL | EMU_NULLABLE},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "convolution_activation", context, properties, cache, desc && activation,
                  uses, 5)) {
        emu_check_convolution(&b, desc, input, weight, bias, output);
        emu_convolution_step(&b, desc, input, weight, bias, output);
        emu_fused_activation(&b, activation, param, output);
    }
    return emu_end(&b, out_op);
}

static void convolution_batch_norm(emu_builder *b, const emu_convolution *desc,
                                   const emu_batch_norm *norm, const emu_tensor *input,
                                   const emu_tensor *weight, const emu_tensor *bias,
                                   const emu_tensor *output, const emu_norm_tensors *tensors) {
    emu_check_convolution(b, desc, input, weight, bias, output);
    emu_convolution_step(b, desc, input, weight, bias, output);
    emu_check_batch_norm(b, norm, output->c, tensors);
    emu_batch_norm_step(b, output, tensors, output);
}

cl_int emu_entry_convolution_batch_norm EMU_OP(const emu_convolution *desc,
                                               const emu_batch_norm *norm, emu_tensor *input,
                                               emu_tensor *weight, emu_tensor *bias,
                                               emu_tensor *output, emu_tensor *mean,
                                               emu_tensor *variance, emu_tensor *scale,
                                               emu_tensor *norm_bias) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {bias, EMU_READ | EMU_OPTIONAL},
                            {output, EMU_WRITE | EMU_BATCHED},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale, EMU_READ},
                            {norm_bias, EMU_READ}};
    emu_builder b;
    if (emu_begin(&b, "convolution_batch_norm", context, properties, cache, desc && norm, uses, 8))
        convolution_batch_norm(&b, desc, norm, input, weight, bias, output,
                               &(emu_norm_tensors){mean, variance, scale, norm_bias});
    return emu_end(&b, out_op);
}

cl_int emu_entry_convolution_batch_norm_activation EMU_OP(
    const emu_convolution *desc, const emu_batch_norm *norm, const emu_activation *activation,
    emu_tensor *input, emu_tensor *weight, emu_tensor *bias, emu_tensor *output, emu_tensor *param,
    emu_tensor *mean, emu_tensor *variance, emu_tensor *scale, emu_tensor *norm_bias) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {bias, EMU_READ | EMU_OPTIONAL},
                            {output, EMU_WRITE | EMU_BATCHED},
                            {param, EMU_READ | EMU_OPTIONAL | EMU_NULLABLE},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale, EMU_READ},
                            {norm_bias, EMU_READ}};
    emu_builder b;
    if (emu_begin(&b, "convolution_batch_norm_activation", context, properties, cache,
                  desc && norm && activation, uses, 9)) {
        convolution_batch_norm(&b, desc, norm, input, weight, bias, output,
                               &(emu_norm_tensors){mean, variance, scale, norm_bias});
        emu_fused_activation(&b, activation, param, output);
    }
    return emu_end(&b, out_op);
}
