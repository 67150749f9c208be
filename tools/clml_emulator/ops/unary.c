/* Reductions of groups of elements. */
#include "ops/shared.h"

/* Whether a tensor has one element for each group of the input. */
static bool is_reduced(const emu_tensor *output, const emu_tensor *input, cl_uint mode) {
    const bool channels = mode == EMU_OVER_CHANNEL, places = mode == EMU_OVER_SPATIAL;
    return emu_has_shape(output, input->n, channels ? input->c : 1, places ? input->h : 1,
                         places ? input->w : 1);
}

static void check(emu_builder *b, const emu_tensor *input, const emu_tensor *output, cl_uint mode,
                  cl_uint arithmetic) {
    emu_arithmetic(b, arithmetic);
    emu_require(b, input->type != CL_SIGNED_INT32, "int32 elements");
    emu_require(b, mode <= EMU_OVER_SPATIAL, "an unknown mode");
    emu_require(b, is_reduced(output, input, mode), "the output has not the shape of the mode");
}

cl_int emu_entry_unary EMU_OP(const emu_unary *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "unary", context, properties, cache, desc, uses, 2)) {
        check(&b, input, output, desc->mode, desc->arithmetic);
        emu_require(&b, desc->operation <= EMU_UNARY_NORM, "an unknown operation");
        emu_map_step(&b, "reduce", "unary", input, output);
        emu_int_argument(&b, (cl_int)desc->mode);
        emu_int_argument(&b, (cl_int)desc->operation);
        emu_float_argument(&b, emu_number(&b, desc->scaling));
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_arg_max EMU_OP(const emu_along *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE | EMU_OTHER}};
    emu_builder b;
    if (emu_begin(&b, "arg_max", context, properties, cache, desc, uses, 2)) {
        check(&b, input, output, desc->along, desc->arithmetic);
        emu_require(&b, output->type == CL_SIGNED_INT32 || output->type == input->type,
                    "the output is neither int32 nor of the input's type");
        emu_map_step(&b, "reduce", "arg_max", input, output);
        emu_int_argument(&b, (cl_int)desc->along);
        emu_int_argument(&b, output->type == CL_SIGNED_INT32);
    }
    return emu_end(&b, out_op);
}
