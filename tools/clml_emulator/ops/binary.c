#include "ops/binary.h"

static bool is_zero(const emu_value *v) {
    return v->type == CL_HALF_FLOAT     ? !(v->u.h & 0x7fff)
           : v->type == CL_SIGNED_INT32 ? v->u.i == 0
                                        : v->u.f == 0.0f;
}

int emu_binary_role(const emu_binary *desc) {
    return desc && is_zero(&desc->gamma) ? EMU_WRITE : EMU_UPDATE;
}

void emu_binary_step(emu_builder *b, const emu_binary *desc, const emu_tensor *left,
                     const emu_tensor *right, const emu_tensor *c) {
    emu_arithmetic(b, desc->arithmetic);
    emu_require(b, left->type != CL_SIGNED_INT32, "int32 elements");
    emu_require(b, desc->operation <= EMU_DIV, "an unknown operation");
    emu_require(b, emu_same_shape(left, c), "a and c differ in shape");
    emu_require(b, !emu_present(right) || emu_same_shape(right, c), "b and c differ in shape");
    emu_require(b, emu_present(right) || desc->operation == EMU_ADD,
                "an unused b in an operation that is not ADD");
    const float alpha = emu_number(b, desc->alpha), beta = emu_number(b, desc->beta);
    const float gamma = emu_number(b, desc->gamma);
    emu_step(b, "elementwise", "binary", emu_tensor_count(c));
    emu_tensor_argument(b, left);
    emu_tensor_argument(b, right);
    emu_tensor_argument(b, c);
    emu_int_argument(b, (cl_int)desc->operation);
    emu_float_argument(b, alpha);
    emu_float_argument(b, beta);
    emu_float_argument(b, gamma);
}

cl_int emu_entry_binary EMU_OP(const emu_binary *desc, emu_tensor *a, emu_tensor *b,
                               emu_tensor *c) {
    const emu_use uses[] = {
        {a, EMU_READ}, {b, EMU_READ | EMU_OPTIONAL}, {c, emu_binary_role(desc)}};
    emu_builder builder;
    if (emu_begin(&builder, "binary", context, properties, cache, desc, uses, 3))
        emu_binary_step(&builder, desc, a, b, c);
    return emu_end(&builder, out_op);
}
