#include "op.h"

enum { PRIVATE_CODE = 0x2b7e1516 }; /* of masks in strict mode "mask" */

typedef struct window {
    cl_int maximum, include_padding, pad_h, pad_w, stride_h, stride_w, window_h, window_w,
        propagate, code;
} window;

static bool is_global(const emu_pooling *d) {
    return d->mode >= EMU_POOL_GLOBAL_MAX;
}

static window window_of(const emu_pooling *d, const emu_tensor *map) {
    window w = {.maximum = d->mode == EMU_POOL_MAX || d->mode == EMU_POOL_GLOBAL_MAX,
                .include_padding = d->mode == EMU_POOL_AVERAGE_ALL,
                .pad_h = (cl_int)d->pad_before[0],
                .pad_w = (cl_int)d->pad_before[1],
                .stride_h = (cl_int)d->stride[0],
                .stride_w = (cl_int)d->stride[1],
                .window_h = (cl_int)d->window[0],
                .window_w = (cl_int)d->window[1],
                .propagate = d->nan == EMU_NAN_PROPAGATED,
                .code = settings.strict.mask ? PRIVATE_CODE : 0};
    if (is_global(d)) {
        w.pad_h = w.pad_w = 0;
        w.stride_h = w.stride_w = 1;
        w.window_h = (cl_int)map->h;
        w.window_w = (cl_int)map->w;
    }
    return w;
}

static bool is_output_size(const emu_pooling *d, int axis, cl_uint in, cl_uint out) {
    const int64_t room =
        (int64_t)in + d->pad_before[axis] + d->pad_after[axis] - (int64_t)d->window[axis];
    return is_global(d) ? out == 1 : room >= 0 && room / d->stride[axis] + 1 == out;
}

static void check(emu_builder *b, const emu_pooling *d, const emu_tensor *x, const emu_tensor *mask,
                  const emu_tensor *y) {
    const bool maximum = d->mode == EMU_POOL_MAX || d->mode == EMU_POOL_GLOBAL_MAX;
    emu_describe(b, d, sizeof *d);
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, d->mode <= EMU_POOL_GLOBAL_AVERAGE, "an unknown mode");
    emu_require(b, d->nan <= EMU_NAN_PROPAGATED, "an unknown treatment of NaN");
    emu_require(b, d->dimensions == 4, "dimensions are not 4");
    for (int axis = 0; axis < 2 && !is_global(d); axis++) {
        emu_require(b, d->stride[axis] && d->window[axis], "a stride or a window of 0");
        emu_require(b,
                    d->pad_before[axis] < d->window[axis] && d->pad_after[axis] < d->window[axis],
                    "padding as large as the window");
    }
    if (b->code != CL_SUCCESS)
        return;
    emu_require(b, x->n == y->n && x->c == y->c, "the output's batch or channels are wrong");
    emu_require(b, is_output_size(d, 0, x->h, y->h), "the output's height is wrong");
    emu_require(b, is_output_size(d, 1, x->w, y->w), "the output's width is wrong");
    emu_require(b, maximum || !emu_present(mask), "a mask for an average");
    emu_require(b, !emu_present(mask) || emu_same_shape(mask, y),
                "the mask has not the output's shape");
    emu_require(b, !emu_present(mask) || emu_element_size(mask->type) == 4,
                "the mask's elements are not of four bytes");
}

cl_int emu_entry_pooling_forward EMU_OP(const emu_pooling *desc, emu_tensor *input,
                                        emu_tensor *mask, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {mask, EMU_WRITE | EMU_OPTIONAL | EMU_OTHER},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "pooling_forward", context, properties, cache, desc, uses, 3)) {
        check(&b, desc, input, mask, output);
        const window w = window_of(desc, input);
        emu_step(&b, "pooling", w.maximum ? "pooling_maximum" : "pooling_average",
                 emu_tensor_count(output));
        emu_tensor_argument(&b, input);
        if (w.maximum)
            emu_tensor_argument(&b, mask);
        emu_tensor_argument(&b, output);
        emu_struct_argument(&b, &w, sizeof w);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_pooling_backward EMU_OP(const emu_pooling *desc, emu_tensor *output_grad,
                                         emu_tensor *mask, emu_tensor *input_grad) {
    const emu_use uses[] = {{output_grad, EMU_READ | EMU_BATCHED},
                            {mask, EMU_READ | EMU_OPTIONAL | EMU_OTHER},
                            {input_grad, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin_backward(&b, "pooling_backward", context, properties, cache, desc, uses, 3)) {
        const window w = window_of(desc, input_grad);
        check(&b, desc, input_grad, mask, output_grad);
        emu_require(&b, !w.maximum || emu_present(mask), "a maximum's gradient needs the mask");
        emu_step(&b, "pooling", "pooling_backward", emu_tensor_count(input_grad));
        emu_tensor_argument(&b, output_grad);
        emu_tensor_argument(&b, mask);
        emu_tensor_argument(&b, input_grad);
        emu_struct_argument(&b, &w, sizeof w);
    }
    return emu_end(&b, out_op);
}
