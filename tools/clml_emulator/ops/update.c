/* The updates of parameters. */
#include "op.h"

cl_int emu_entry_update_sgd EMU_OP(const emu_sgd *desc, emu_tensor *param, emu_tensor *grad,
                                   emu_tensor *state) {
    const emu_use uses[] = {
        {param, EMU_UPDATE}, {grad, EMU_READ}, {state, EMU_UPDATE | EMU_OPTIONAL}};
    emu_builder b;
    if (emu_begin_backward(&b, "update_sgd", context, properties, cache, desc, uses, 3)) {
        const bool momentum = desc->function == EMU_SGD_MOMENTUM;
        const float rate = emu_number(&b, desc->learning_rate);
        const float decay = desc->function == EMU_SGD ? 0.0f : emu_number(&b, desc->weight_decay);
        const float keep = momentum ? emu_number(&b, desc->momentum) : 0.0f;
        emu_arithmetic(&b, desc->arithmetic);
        emu_require(&b, param->type != CL_SIGNED_INT32, "int32 elements");
        emu_require(&b, desc->function <= EMU_SGD_MOMENTUM, "an unknown function");
        emu_require(&b, emu_same_shape(param, grad), "parameter and gradient differ in shape");
        emu_require(&b, emu_present(state) == momentum,
                    "a state without momentum, or momentum without a state");
        emu_require(&b, !emu_present(state) || emu_same_shape(param, state),
                    "parameter and state differ in shape");
        emu_require(&b, !settings.strict.defaults || !momentum || decay == 0.0f,
                    "strict defaults: momentum with weight decay");
        emu_step(&b, "elementwise", "update_sgd", emu_tensor_count(param));
        emu_tensor_argument(&b, param);
        emu_tensor_argument(&b, grad);
        emu_tensor_argument(&b, state);
        emu_float_argument(&b, rate);
        emu_float_argument(&b, decay);
        emu_float_argument(&b, keep);
        emu_float_argument(&b, settings.variant.dampened ? 1.0f - keep : 1.0f);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_update_adam EMU_OP(const emu_adam *desc, emu_tensor *time, emu_tensor *param,
                                    emu_tensor *grad, emu_tensor *moment_1, emu_tensor *moment_2) {
    const emu_use uses[] = {{time, EMU_READ | EMU_OTHER},
                            {param, EMU_UPDATE},
                            {grad, EMU_READ},
                            {moment_1, EMU_UPDATE},
                            {moment_2, EMU_UPDATE}};
    emu_builder b;
    if (emu_begin_backward(&b, "update_adam", context, properties, cache, desc, uses, 5)) {
        const bool int_time = settings.variant.int_time;
        const cl_uint time_type = int_time ? CL_SIGNED_INT32 : param->type;
        const emu_value numbers[] = {desc->learning_rate, desc->beta_1, desc->beta_2, desc->epsilon,
                                     desc->weight_decay};
        emu_arithmetic(&b, desc->arithmetic);
        emu_require(&b, param->type != CL_SIGNED_INT32, "int32 elements");
        emu_require(&b, desc->function == 0, "an unknown function");
        emu_require(&b, emu_tensor_count(time) == 1 && time->type == time_type,
                    "the time step is not one element of the right type");
        emu_require(&b, emu_same_shape(param, grad), "parameter and gradient differ in shape");
        emu_require(&b, emu_same_shape(param, moment_1) && emu_same_shape(param, moment_2),
                    "parameter and moments differ in shape");
        emu_step(&b, "elementwise", "update_adam", emu_tensor_count(param));
        for (size_t n = 0; n < 5; n++)
            emu_tensor_argument(&b, uses[n].tensor);
        emu_int_argument(&b, int_time);
        for (size_t n = 0; n < 5; n++)
            emu_float_argument(&b, emu_number(&b, numbers[n]));
    }
    return emu_end(&b, out_op);
}
