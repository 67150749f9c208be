/* Ops that move elements: concat, permute, transpose, slice, pad, depth to space and back, gather,
 * one hot. */
#include "ops/shared.h"

/* Numbers of n, c, h, w, as kernels take them. */
typedef struct dims {
    cl_int at[4];
} dims;

static cl_uint size_of(const emu_tensor *t, size_t axis) {
    const cl_uint sizes[] = {t->n, t->c, t->h, t->w};
    return sizes[axis];
}

/* Whether two tensors agree in all axes but one. */
static bool differ_in(const emu_tensor *a, const emu_tensor *b, cl_uint axis) {
    for (cl_uint n = 0; n < 4; n++)
        if (n != axis && size_of(a, n) != size_of(b, n))
            return false;
    return true;
}

/* ---- Concat --------------------------------------------------------------------------------- */

static void concat_steps(emu_builder *b, const emu_concat *desc, emu_tensor *const *inputs,
                         const emu_tensor *output) {
    dims offset = {{0}};
    uint64_t total = 0;
    for (cl_uint n = 0; n < desc->count; n++) {
        emu_require(b, differ_in(inputs[n], output, desc->axis), "an input's shape does not fit");
        total += size_of(inputs[n], desc->axis);
    }
    emu_require(b, total == size_of(output, desc->axis), "the inputs do not fill the output");
    for (cl_uint n = 0; n < desc->count; n++) {
        emu_step(b, "geometry", "concat", emu_tensor_count(inputs[n]));
        emu_tensor_argument(b, inputs[n]);
        emu_tensor_argument(b, output);
        emu_struct_argument(b, &offset, sizeof offset);
        offset.at[desc->axis] += (cl_int)size_of(inputs[n], desc->axis);
    }
}

cl_int emu_entry_concat EMU_OP(const emu_concat *desc, emu_tensor *const *inputs,
                               emu_tensor *output) {
    emu_use uses[EMU_MAX_TENSORS];
    const bool described =
        desc && inputs && desc->count && desc->count < EMU_MAX_TENSORS && desc->axis < 4;
    const cl_uint count = described ? desc->count : 0;
    emu_builder b;
    for (cl_uint n = 0; n < count; n++)
        uses[n] = (emu_use){inputs[n], EMU_READ};
    uses[count] = (emu_use){output, EMU_WRITE};
    if (emu_begin(&b, "concat", context, properties, cache, described, uses, count + 1)) {
        emu_arithmetic(&b, desc->arithmetic);
        concat_steps(&b, desc, inputs, output);
    }
    return emu_end(&b, out_op);
}

/* ---- Permute, transpose --------------------------------------------------------------------- */

cl_int emu_entry_permute EMU_OP(const emu_permute *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "permute", context, properties, cache, desc, uses, 2)) {
        unsigned seen = 0;
        dims order = {{0}};
        emu_arithmetic(&b, desc->arithmetic);
        for (size_t n = 0; n < 4; n++) {
            order.at[n] = (cl_int)(desc->order[n] & 3);
            seen |= desc->order[n] < 4 ? 1u << desc->order[n] : 0;
            emu_require(&b, size_of(output, n) == size_of(input, (size_t)order.at[n]),
                        "the output has not the permuted shape");
        }
        emu_require(&b, desc->length == 4 && seen == 15, "the order is none of four axes");
        emu_map_step(&b, "geometry", "permute", input, output);
        emu_struct_argument(&b, &order, sizeof order);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_transpose EMU_OP(const emu_transpose *desc, emu_tensor *input,
                                  emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "transpose", context, properties, cache, desc, uses, 2)) {
        const uint64_t count = (uint64_t)desc->m * desc->n;
        emu_arithmetic(&b, desc->arithmetic);
        emu_require(&b, emu_tensor_count(input) == count && emu_tensor_count(output) == count,
                    "a tensor has not m x n elements");
        emu_map_step(&b, "geometry", "transpose", input, output);
        emu_int_argument(&b, (cl_int)desc->m);
        emu_int_argument(&b, (cl_int)desc->n);
    }
    return emu_end(&b, out_op);
}

/* ---- Slice: from begin up to, not including, end -------------------------------------------- */

static dims check_slice(emu_builder *b, const emu_slice *desc, const emu_tensor *whole,
                        const emu_tensor *part) {
    dims begin = {{0}};
    emu_arithmetic(b, desc->arithmetic);
    for (size_t n = 0; n < 4; n++) {
        begin.at[n] = (cl_int)desc->begin[n];
        emu_require(b, desc->begin[n] < desc->end[n] && desc->end[n] <= size_of(whole, n),
                    "a slice that is empty or beyond the tensor");
        emu_require(b, size_of(part, n) == desc->end[n] - desc->begin[n],
                    "a tensor has not the slice's shape");
    }
    return begin;
}

cl_int emu_entry_slice EMU_OP(const emu_slice *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "slice", context, properties, cache, desc, uses, 2)) {
        const dims begin = check_slice(&b, desc, input, output);
        emu_map_step(&b, "geometry", "slice", input, output);
        emu_struct_argument(&b, &begin, sizeof begin);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_slice_backward EMU_OP(const emu_slice *desc, emu_tensor *output_grad,
                                       emu_tensor *input_grad) {
    const emu_use uses[] = {{output_grad, EMU_READ}, {input_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "slice_backward", context, properties, cache, desc, uses, 2)) {
        const dims begin = check_slice(&b, desc, input_grad, output_grad);
        emu_map_step(&b, "geometry", "slice_backward", output_grad, input_grad);
        emu_struct_argument(&b, &begin, sizeof begin);
    }
    return emu_end(&b, out_op);
}

/* ---- Pad: paddings are before and after each of n, c, h, w ---------------------------------- */

static dims check_pad(emu_builder *b, const emu_pad *d, const emu_tensor *inner,
                      const emu_tensor *outer) {
    dims before = {{0}};
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, d->mode <= EMU_PAD_EDGE, "an unknown mode");
    emu_require(b, d->shape[0] == 4 && d->shape[1] == 2, "the paddings are not of shape 4 x 2");
    for (size_t n = 0; n < 4; n++) {
        const cl_uint size = size_of(inner, n), *p = &d->paddings[2 * n];
        const cl_uint most = d->mode == EMU_PAD_REFLECT     ? size - 1
                             : d->mode == EMU_PAD_SYMMETRIC ? size
                                                            : INT32_MAX;
        before.at[n] = (cl_int)p[0];
        emu_require(b, p[0] <= most && p[1] <= most, "a padding larger than what is mirrored");
        emu_require(b, size_of(outer, n) == (uint64_t)p[0] + size + p[1],
                    "a tensor has not the padded shape");
    }
    return before;
}

cl_int emu_entry_pad EMU_OP(const emu_pad *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "pad", context, properties, cache, desc, uses, 2)) {
        const dims before = check_pad(&b, desc, input, output);
        const emu_value value = {.u.f = b.pad_value, .type = CL_FLOAT};
        emu_map_step(&b, "geometry", "pad", input, output);
        emu_struct_argument(&b, &before, sizeof before);
        emu_int_argument(&b, (cl_int)desc->mode);
        emu_int_argument(&b, (cl_int)emu_element_bits(&b, value, output->type));
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_pad_backward EMU_OP(const emu_pad *desc, emu_tensor *output_grad,
                                     emu_tensor *input_grad) {
    const emu_use uses[] = {{output_grad, EMU_READ}, {input_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "pad_backward", context, properties, cache, desc, uses, 2)) {
        const dims before = check_pad(&b, desc, input_grad, output_grad);
        emu_require(&b, input_grad->type != CL_SIGNED_INT32, "int32 elements");
        emu_map_step(&b, "geometry", "pad_backward", output_grad, input_grad);
        emu_struct_argument(&b, &before, sizeof before);
        emu_int_argument(&b, (cl_int)desc->mode);
    }
    return emu_end(&b, out_op);
}

/* ---- Depth and space ------------------------------------------------------------------------ */

static void check_blocks(emu_builder *b, const emu_blocks *d, const emu_tensor *deep,
                         const emu_tensor *wide) {
    const uint64_t block = d->block;
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, block >= 1 && block < 65536, "a block of 0, or too large");
    emu_require(b,
                deep->n == wide->n && deep->c == wide->c * block * block &&
                    wide->h == deep->h * block && wide->w == deep->w * block,
                "the shapes do not fit the block");
}

void emu_depth_to_space_step(emu_builder *b, const emu_blocks *desc, const emu_tensor *input,
                             const emu_tensor *output) {
    check_blocks(b, desc, input, output);
    emu_map_step(b, "geometry", "depth_to_space", input, output);
    emu_int_argument(b, (cl_int)desc->block);
}

cl_int emu_entry_depth_to_space EMU_OP(const emu_blocks *desc, emu_tensor *input,
                                       emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "depth_to_space", context, properties, cache, desc, uses, 2))
        emu_depth_to_space_step(&b, desc, input, output);
    return emu_end(&b, out_op);
}

cl_int emu_entry_depth_to_space_activation EMU_OP(const emu_blocks *desc,
                                                  const emu_activation *activation,
                                                  emu_tensor *input, emu_tensor *param,
                                                  emu_tensor *output) {
    const emu_use uses[] = {
        {input, EMU_READ}, {param, EMU_READ | EMU_OPTIONAL | EMU_NULLABLE}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "depth_to_space_activation", context, properties, cache, desc && activation,
                  uses, 3)) {
        emu_depth_to_space_step(&b, desc, input, output);
        emu_fused_activation(&b, activation, param, output);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_space_to_depth EMU_OP(const emu_blocks *desc, emu_tensor *input,
                                       emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "space_to_depth", context, properties, cache, desc, uses, 2)) {
        check_blocks(&b, desc, output, input);
        emu_map_step(&b, "geometry", "space_to_depth", input, output);
        emu_int_argument(&b, (cl_int)desc->block);
    }
    return emu_end(&b, out_op);
}

/* ---- Gather, one hot ------------------------------------------------------------------------ */

/* An index is of int32, or of the type of the elements. */
static void check_gather(emu_builder *b, const emu_along *d, const emu_tensor *from,
                         const emu_tensor *index, const emu_tensor *gathered) {
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, d->along < 4, "an unknown axis");
    emu_require(b, index->type == CL_SIGNED_INT32 || index->type == from->type,
                "the index is neither int32 nor of the elements' type");
    if (b->code != CL_SUCCESS)
        return;
    emu_require(b, differ_in(from, gathered, d->along), "the shapes differ in another axis");
    emu_require(b, emu_tensor_count(index) == size_of(gathered, d->along),
                "the axis has not as many elements as the index");
}

cl_int emu_entry_gather EMU_OP(const emu_along *desc, emu_tensor *input, emu_tensor *index,
                               emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ}, {index, EMU_READ | EMU_OTHER}, {output, EMU_WRITE}};
    emu_builder b;
    if (emu_begin(&b, "gather", context, properties, cache, desc, uses, 3)) {
        check_gather(&b, desc, input, index, output);
        emu_step(&b, "geometry", "gather", emu_tensor_count(output));
        for (size_t n = 0; n < 3; n++)
            emu_tensor_argument(&b, uses[n].tensor);
        emu_int_argument(&b, (cl_int)desc->along);
        emu_int_argument(&b, index->type == CL_SIGNED_INT32);
        emu_int_argument(&b, (cl_int)size_of(input, desc->along & 3));
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_gather_backward EMU_OP(const emu_along *desc, emu_tensor *output_grad,
                                        emu_tensor *index, emu_tensor *input_grad) {
    const emu_use uses[] = {
        {output_grad, EMU_READ}, {index, EMU_READ | EMU_OTHER}, {input_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "gather_backward", context, properties, cache, desc, uses, 3)) {
        check_gather(&b, desc, input_grad, index, output_grad);
        emu_require(&b, input_grad->type != CL_SIGNED_INT32, "int32 elements");
        emu_step(&b, "geometry", "gather_backward", emu_tensor_count(input_grad));
        for (size_t n = 0; n < 3; n++)
            emu_tensor_argument(&b, uses[n].tensor);
        emu_int_argument(&b, (cl_int)desc->along);
        emu_int_argument(&b, index->type == CL_SIGNED_INT32);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_one_hot EMU_OP(const emu_one_hot *desc, emu_tensor *input, emu_tensor *output) {
    const emu_use uses[] = {{output, EMU_WRITE}, {input, EMU_READ | EMU_OTHER}};
    emu_builder b;
    if (emu_begin(&b, "one_hot", context, properties, cache, desc, uses, 2)) {
        const cl_uint axis = desc->axis & 3;
        emu_arithmetic(&b, desc->arithmetic);
        emu_require(&b, output->type != CL_SIGNED_INT32, "int32 elements");
        emu_require(&b, input->type == CL_SIGNED_INT32 || input->type == output->type,
                    "the input is neither int32 nor of the output's type");
        emu_require(&b, desc->axis < 4, "an unknown axis");
        emu_require(&b, size_of(input, axis) == 1 && differ_in(input, output, axis),
                    "the input has not the output's shape with 1 in the axis");
        emu_require(&b, size_of(output, axis) == desc->classes, "the axis has not all classes");
        emu_map_step(&b, "geometry", "one_hot", input, output);
        emu_int_argument(&b, (cl_int)axis);
        emu_int_argument(&b, input->type == CL_SIGNED_INT32);
        emu_float_argument(&b, emu_number(&b, desc->on));
        emu_float_argument(&b, emu_number(&b, desc->off));
    }
    return emu_end(&b, out_op);
}
