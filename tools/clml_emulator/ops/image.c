/* Bilinear resizing, and local response norm. */
#include "op.h"

/* ---- Resizing ------------------------------------------------------------------------------- */

static void resize_step(emu_builder *b, const emu_resize *d, const char *kernel,
                        const emu_tensor *from, const emu_tensor *to) {
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, from->type != CL_SIGNED_INT32, "int32 elements");
    emu_require(b, d->align_corners <= 1 && d->half_pixel_centers <= 1, "a flag that is none");
    emu_require(b, !(d->align_corners && d->half_pixel_centers), "both kinds of alignment");
    emu_require(b, from->n == to->n && from->c == to->c, "batch or channels differ");
    emu_map_step(b, "image", kernel, from, to);
    emu_int_argument(b, (cl_int)(d->align_corners | d->half_pixel_centers << 1));
}

cl_int emu_entry_resize_bilinear EMU_OP(const emu_resize *desc, emu_tensor *input,
                                        emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "resize_bilinear", context, properties, cache, desc, uses, 2))
        resize_step(&b, desc, "resize_bilinear", input, output);
    return emu_end(&b, out_op);
}

cl_int emu_entry_resize_bilinear_backward EMU_OP(const emu_resize *desc, emu_tensor *output_grad,
                                                 emu_tensor *input_grad) {
    const emu_use uses[] = {{output_grad, EMU_READ}, {input_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "resize_bilinear_backward", context, properties, cache, desc, uses,
                           2))
        resize_step(&b, desc, "resize_bilinear_backward", output_grad, input_grad);
    return emu_end(&b, out_op);
}

/* ---- Local response norm -------------------------------------------------------------------- */

/* All tensors in the order of the op's uses, then the numbers. */
static void response_step(emu_builder *b, const emu_response_norm *d, const char *kernel,
                          const emu_tensor *input) {
    emu_require(b, d->mode == 0, "an unknown mode");
    emu_require(b, d->radius < 65536, "a radius too large");
    emu_require(b, input->type != CL_SIGNED_INT32, "int32 elements");
    for (size_t n = 0; n < b->op->use_count; n++)
        emu_require(b, emu_same_shape(input, b->op->uses[n].tensor), "the tensors differ in shape");
    emu_step(b, "image", kernel, emu_tensor_count(input));
    for (size_t n = 0; n < b->op->use_count; n++)
        emu_tensor_argument(b, b->op->uses[n].tensor);
    emu_int_argument(b, (cl_int)d->radius);
    emu_float_argument(b, emu_number(b, d->bias));
    emu_float_argument(b, emu_number(b, d->alpha));
    emu_float_argument(b, emu_number(b, d->beta));
}

cl_int emu_entry_response_norm EMU_OP(const emu_response_norm *desc, emu_tensor *input,
                                      emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "response_norm", context, properties, cache, desc, uses, 2))
        response_step(&b, desc, "response_norm", input);
    return emu_end(&b, out_op);
}

cl_int emu_entry_response_norm_backward EMU_OP(const emu_response_norm *desc, emu_tensor *input,
                                               emu_tensor *output, emu_tensor *input_grad,
                                               emu_tensor *output_grad) {
    const emu_use uses[] = {
        {input, EMU_READ}, {output, EMU_READ}, {output_grad, EMU_READ}, {input_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "response_norm_backward", context, properties, cache, desc, uses, 4))
        response_step(&b, desc, "response_norm_backward", input);
    return emu_end(&b, out_op);
}
