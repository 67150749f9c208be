/* Fill, copy and reshape. */
#include "ops/shared.h"

#include <string.h>

/* The nearest half, ties to even. */
static cl_uint to_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return sign | 0x7e00;
    if (magnitude >= 0x477ff000)
        return sign | 0x7c00; /* rounds beyond the largest */
    uint32_t shift = 13, whole = magnitude;
    if (magnitude < 0x38800000) { /* a subnormal half */
        const uint32_t exponent = magnitude >> 23;
        if (exponent < 101)
            return sign;
        shift = 126 - exponent;
        whole = (magnitude & 0x7fffff) | 0x800000;
    } else
        whole -= 0x38000000;
    const uint32_t rest = whole & ((1u << shift) - 1), half_way = 1u << (shift - 1);
    whole >>= shift;
    return sign | (whole + (rest > half_way || (rest == half_way && whole & 1)));
}

cl_uint emu_element_bits(emu_builder *b, emu_value value, cl_uint type) {
    cl_uint bits;
    const float number = emu_number(b, value);
    if (type == CL_HALF_FLOAT)
        return to_half(number);
    if (type == CL_SIGNED_INT32)
        return (cl_uint)(value.type == CL_SIGNED_INT32 ? value.u.i : (cl_int)number);
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

cl_int emu_entry_fill EMU_OP(const emu_fill *desc, emu_tensor *tensor) {
    const emu_use uses[] = {{tensor, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "fill", context, properties, cache, desc, uses, 1)) {
        emu_arithmetic(&b, desc->arithmetic);
        emu_step(&b, "data", "fill", emu_tensor_count(tensor));
        emu_tensor_argument(&b, tensor);
        emu_int_argument(&b, (cl_int)emu_element_bits(&b, desc->value, tensor->type));
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_copy EMU_OP(emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "copy", context, properties, cache, true, uses, 2)) {
        emu_require(&b, emu_same_shape(input, output), "input and output differ in shape");
        emu_map_step(&b, "data", "copy_elements", input, output);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_reshape EMU_OP(emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "reshape", context, properties, cache, true, uses, 2)) {
        emu_require(&b, emu_tensor_count(input) == emu_tensor_count(output),
                    "input and output differ in number of elements");
        emu_map_step(&b, "data", "reshape", input, output);
    }
    return emu_end(&b, out_op);
}
