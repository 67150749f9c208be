#include "ops/shared.h"

bool emu_is_zero(const emu_value *v) {
    if (v->type == CL_HALF_FLOAT)
        return !(v->u.h & 0x7fff);
    return v->type == CL_SIGNED_INT32 ? v->u.i == 0 : v->u.f == 0.0f;
}

int emu_binary_role(const emu_binary *desc) {
    return desc && emu_is_zero(&desc->gamma) ? EMU_WRITE : EMU_UPDATE;
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

cl_int emu_entry_binary_activation EMU_OP(const emu_binary *desc, const emu_activation *activation,
                                          emu_tensor *a, emu_tensor *b, emu_tensor *param,
                                          emu_tensor *c) {
    const emu_use uses[] = {{a, EMU_READ},
                            {b, EMU_READ | EMU_OPTIONAL},
                            {param, EMU_READ | EMU_OPTIONAL | EMU_NULLABLE},
                            {c, emu_binary_role(desc)}};
    emu_builder builder;
    if (emu_begin(&builder, "binary_activation", context, properties, cache, desc && activation,
                  uses, 4)) {
        emu_binary_step(&builder, desc, a, b, c);
        emu_fused_activation(&builder, activation, param, c);
    }
    return emu_end(&builder, out_op);
}

cl_int emu_entry_binary_backward EMU_OP(const emu_binary *desc, emu_tensor *a, emu_tensor *b,
                                        emu_tensor *c_grad, emu_tensor *a_grad,
                                        emu_tensor *b_grad) {
    const emu_use uses[] = {
        {a, EMU_READ}, {b, EMU_READ}, {c_grad, EMU_READ}, {a_grad, EMU_WRITE}, {b_grad, EMU_WRITE}};
    emu_builder builder;
    if (emu_begin_backward(&builder, "binary_backward", context, properties, cache, desc, uses,
                           5)) {
        emu_arithmetic(&builder, desc->arithmetic);
        emu_require(&builder, a->type != CL_SIGNED_INT32, "int32 elements");
        emu_require(&builder, desc->operation <= EMU_DIV, "an unknown operation");
        for (size_t n = 1; n < 5; n++)
            emu_require(&builder, emu_same_shape(a, uses[n].tensor), "the tensors differ in shape");
        emu_step(&builder, "elementwise", "binary_backward", emu_tensor_count(a));
        for (size_t n = 0; n < 5; n++)
            emu_tensor_argument(&builder, uses[n].tensor);
        emu_int_argument(&builder, (cl_int)desc->operation);
        emu_float_argument(&builder, emu_number(&builder, desc->alpha));
        emu_float_argument(&builder, emu_number(&builder, desc->beta));
    }
    return emu_end(&builder, out_op);
}
