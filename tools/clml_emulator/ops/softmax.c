#include "ops/shared.h"

size_t emu_group_count(const emu_tensor *t, cl_uint mode) {
    switch (mode) {
    case EMU_OVER_INSTANCE:
        return t->n;
    case EMU_OVER_CHANNEL:
        return (size_t)t->n * t->c;
    case EMU_OVER_SPATIAL:
        return (size_t)t->n * t->h * t->w;
    default:
        return 0;
    }
}

static void check(emu_builder *b, const emu_softmax *desc, const emu_tensor *input,
                  const emu_tensor *output) {
    emu_arithmetic(b, desc->arithmetic);
    emu_require(b, desc->algorithm == EMU_SOFTMAX_ACCURATE, "an unknown algorithm");
    emu_require(b, emu_group_count(input, desc->mode), "an unknown mode");
    emu_require(b, emu_same_shape(input, output), "input and output differ in shape");
}

cl_int emu_entry_softmax EMU_OP(const emu_softmax *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED}, {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "softmax", context, properties, cache, desc, uses, 2)) {
        check(&b, desc, input, output);
        emu_step(&b, "reduce", "softmax_forward", emu_group_count(input, desc->mode));
        emu_tensor_argument(&b, input);
        emu_tensor_argument(&b, output);
        emu_int_argument(&b, (cl_int)desc->mode);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_softmax_backward EMU_OP(const emu_softmax *desc, emu_tensor *output_grad,
                                         emu_tensor *input_grad, emu_tensor *output) {
    const emu_use uses[] = {{output_grad, EMU_READ | EMU_BATCHED},
                            {input_grad, EMU_WRITE | EMU_BATCHED},
                            {output, EMU_READ | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin_backward(&b, "softmax_backward", context, properties, cache, desc, uses, 3)) {
        check(&b, desc, output, output_grad);
        emu_require(&b, emu_same_shape(output, input_grad), "the gradients differ in shape");
        emu_step(&b, "reduce", "softmax_backward", emu_group_count(output, desc->mode));
        emu_tensor_argument(&b, output_grad);
        emu_tensor_argument(&b, output);
        emu_tensor_argument(&b, input_grad);
        emu_int_argument(&b, (cl_int)desc->mode);
    }
    return emu_end(&b, out_op);
}
