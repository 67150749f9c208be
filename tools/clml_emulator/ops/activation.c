#include "ops/shared.h"

void emu_check_activation(emu_builder *b, const emu_activation *desc, const emu_tensor *input,
                          const emu_tensor *param) {
    const bool given = emu_present(param);
    emu_arithmetic(b, desc->arithmetic);
    emu_require(b, desc->function <= EMU_LEAKY_RELU, "an unknown function");
    emu_require(b, desc->nan <= EMU_NAN_PROPAGATED, "an unknown treatment of NaN");
    emu_require(b, given || desc->function != EMU_PRELU, "PReLU without its parameter");
    emu_require(b, !given || desc->function >= EMU_ELU, "a parameter that the function lacks");
    emu_require(b,
                !given || emu_is_channel_vector(param, input->c) ||
                    (desc->function != EMU_PRELU && emu_is_channel_vector(param, 1)),
                "the parameter is not (1,C,1,1)");
}

void emu_activation_step(emu_builder *b, const emu_activation *desc, const emu_tensor *input,
                         const emu_tensor *param, const emu_tensor *output) {
    emu_step(b, "elementwise", "activation_forward", emu_tensor_count(output));
    emu_tensor_argument(b, input);
    emu_tensor_argument(b, param);
    emu_tensor_argument(b, output);
    emu_int_argument(b, (cl_int)desc->function);
    emu_int_argument(b, (cl_int)desc->nan);
}

void emu_fused_activation(emu_builder *b, const emu_activation *desc, const emu_tensor *param,
                          const emu_tensor *output) {
    emu_check_activation(b, desc, output, param);
    emu_activation_step(b, desc, output, param, output);
}

cl_int emu_entry_activation_forward EMU_OP(const emu_activation *desc, emu_tensor *input,
                                           emu_tensor *param, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {param, EMU_READ | EMU_OPTIONAL},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "activation_forward", context, properties, cache, desc, uses, 3)) {
        emu_check_activation(&b, desc, input, param);
        emu_require(&b, emu_same_shape(input, output), "input and output differ in shape");
        emu_activation_step(&b, desc, input, param, output);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_activation_backward EMU_OP(const emu_activation *desc, emu_tensor *input,
                                            emu_tensor *output_grad, emu_tensor *param,
                                            emu_tensor *input_grad) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {param, EMU_READ | EMU_OPTIONAL},
                            {input_grad, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin_backward(&b, "activation_backward", context, properties, cache, desc, uses, 4)) {
        emu_check_activation(&b, desc, input, param);
        emu_require(&b, emu_same_shape(input, output_grad) && emu_same_shape(input, input_grad),
                    "input and gradients differ in shape");
        emu_step(&b, "elementwise", "activation_backward", emu_tensor_count(input_grad));
        emu_tensor_argument(&b, input);
        emu_tensor_argument(&b, output_grad);
        emu_tensor_argument(&b, param);
        emu_tensor_argument(&b, input_grad);
        emu_int_argument(&b, (cl_int)desc->function);
        emu_int_argument(&b, (cl_int)desc->nan);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_activation_param_gradient EMU_OP(const emu_activation *desc, emu_tensor *input,
                                                  emu_tensor *output_grad, emu_tensor *param_grad,
                                                  emu_tensor *param) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {param_grad, EMU_WRITE},
                            {param, EMU_BOUND}};
    emu_builder b;
    if (emu_begin_backward(&b, "activation_param_gradient", context, properties, cache, desc, uses,
                           4)) {
        emu_check_activation(&b, desc, input, param);
        emu_require(&b, desc->function == EMU_PRELU, "only PReLU has a parameter to learn");
        emu_require(&b, emu_same_shape(input, output_grad), "input and gradient differ in shape");
        emu_require(&b, emu_same_shape(param, param_grad),
                    "the parameter and its gradient differ in shape");
        emu_step(&b, "elementwise", "activation_param_gradient", input->c);
        emu_tensor_argument(&b, input);
        emu_tensor_argument(&b, output_grad);
        emu_tensor_argument(&b, param_grad);
    }
    return emu_end(&b, out_op);
}
