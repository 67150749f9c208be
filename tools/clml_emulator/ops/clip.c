#include "ops/shared.h"

cl_int emu_entry_clip EMU_OP(const emu_clip *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "clip", context, properties, cache, desc, uses, 2)) {
        const bool norm = desc->mode == EMU_CLIP_NORM;
        const float maximum = emu_number(&b, desc->maximum);
        const float minimum = norm ? 0.0f : emu_number(&b, desc->minimum);
        emu_arithmetic(&b, desc->arithmetic);
        emu_require(&b, desc->mode <= EMU_CLIP_NORM, "an unknown mode");
        emu_require(&b, input->type != CL_SIGNED_INT32, "int32 elements");
        emu_require(&b, minimum <= maximum, "the minimum is not at most the maximum");
        emu_require(&b, emu_same_shape(input, output), "input and output differ in shape");
        if (norm) {
            emu_step(&b, "elementwise", "norm", EMU_GROUP);
            emu_tensor_argument(&b, input);
            emu_scratch_argument(&b, sizeof(cl_float));
        }
        emu_map_step(&b, "elementwise", norm ? "clip_norm" : "clip_value", input, output);
        if (norm)
            emu_scratch_argument(&b, sizeof(cl_float));
        else
            emu_float_argument(&b, minimum);
        emu_float_argument(&b, maximum);
    }
    return emu_end(&b, out_op);
}
