/* Convolutions against plain loops in double. */
#include "scene.h"

TestSuite(convolution, .init = scene_open, .fini = scene_close);

typedef struct shape {
    cl_uint mode, n, channels, outputs, h, w, kernel_h, kernel_w, stride, dilation, pad_before,
        pad_after;
} shape;

static const shape shapes[] = {
    {EMU_CONVOLUTION, 1, 3, 8, 7, 6, 3, 3, 2, 1, 0, 1},
    {EMU_CONVOLUTION, 2, 5, 6, 5, 4, 1, 1, 1, 1, 0, 0},
    {EMU_CONVOLUTION, 1, 9, 4, 6, 7, 3, 2, 1, 2, 2, 1},
    {EMU_CONVOLUTION, 3, 8, 10, 1, 1, 1, 1, 1, 1, 0, 0},
    {EMU_CONVOLUTION, 1, 2, 3, 20, 19, 3, 3, 1, 1, 1, 1},
    {EMU_CONVOLUTION_DEPTHWISE, 2, 6, 6, 7, 5, 3, 3, 1, 1, 1, 1},
    {EMU_CONVOLUTION_DEPTHWISE, 1, 7, 7, 8, 8, 3, 3, 2, 1, 0, 1},
    {EMU_CONVOLUTION_DEPTHWISE, 1, 4, 4, 20, 19, 3, 5, 1, 1, 2, 2},
};

typedef struct layer {
    const shape *f;
    emu_convolution desc;
    box *x, *w, *b, *y;
} layer;

static cl_uint out_size(const shape *f, cl_uint in, cl_uint kernel) {
    return (in + f->pad_before + f->pad_after - f->dilation * (kernel - 1) - 1) / f->stride + 1;
}

static layer layer_of(const shape *f) {
    const bool depthwise = f->mode == EMU_CONVOLUTION_DEPTHWISE;
    layer l = {.f = f,
               .desc = {.mode = f->mode,
                        .group_count = 1,
                        .dimensions = 4,
                        .pad_before = {f->pad_before, f->pad_before},
                        .pad_after = {f->pad_after, f->pad_after},
                        .stride = {f->stride, f->stride},
                        .dilation = {f->dilation, f->dilation},
                        .arithmetic = arithmetic()}};
    l.x = box_new(f->n, f->channels, f->h, f->w);
    l.w = box_new(depthwise ? 1 : f->outputs, f->channels, f->kernel_h, f->kernel_w);
    l.b = box_new(1, f->outputs, 1, 1);
    l.y = box_new(f->n, f->outputs, out_size(f, f->h, f->kernel_h), out_size(f, f->w, f->kernel_w));
    return l;
}

/* Calls visit(x index, w index, y index) for every product of the convolution. */
static void for_each_product(const layer *l, const double *x, const double *w, const double *y,
                             void (*visit)(double *x, double *w, double *y)) {
    const bool depthwise = l->f->mode == EMU_CONVOLUTION_DEPTHWISE;
    const shape *f = l->f;
    for (cl_uint n = 0; n < f->n; n++)
        for (cl_uint o = 0; o < f->outputs; o++)
            for (cl_uint h = 0; h < l->y->h; h++)
                for (cl_uint v = 0; v < l->y->w; v++)
                    for (cl_uint c = depthwise ? o : 0; c < (depthwise ? o + 1 : f->channels); c++)
                        for (cl_uint i = 0; i < f->kernel_h; i++)
                            for (cl_uint j = 0; j < f->kernel_w; j++) {
                                const cl_uint row = h * f->stride + i * f->dilation - f->pad_before;
                                const cl_uint col = v * f->stride + j * f->dilation - f->pad_before;
                                if (row < f->h && col < f->w)
                                    visit((double *)x + (at(l->x, n, c, row, col) - l->x->values),
                                          (double *)w +
                                              (at(l->w, depthwise ? 0 : o, c, i, j) - l->w->values),
                                          (double *)y + (at(l->y, n, o, h, v) - l->y->values));
                            }
}

static void add_output(double *x, double *w, double *y) {
    *y += *x * *w;
}

static void add_input_gradient(double *x, double *w, double *y) {
    *x += *y * *w;
}

static void add_weight_gradient(double *x, double *w, double *y) {
    *w += *x * *y;
}

static void forward_of(const shape *f, bool with_bias) {
    emu_op *op = NULL;
    layer l = layer_of(f);
    double expected[4096] = {0};
    for (size_t i = 0; i < l.y->count; i++)
        expected[i] = with_bias ? l.b->values[i / (l.y->h * l.y->w) % f->outputs] : 0;
    for_each_product(&l, l.x->values, l.w->values, expected, add_output);
    box *bias = with_bias ? l.b : box_unused();
    expect_ok(s.api->convolution_forward(s.context, NULL, &l.desc, l.x->tensor, l.w->tensor,
                                         bias->tensor, l.y->tensor, &op, NULL));
    if (!with_bias) /* else nothing uses it and its size is not known */
        l.b->count = 0;
    run(op);
    expect_values(l.y, expected, f->channels * f->kernel_h * f->kernel_w);
}

static void all_forward(void) {
    for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++)
        forward_of(&shapes[n], n % 3 != 1);
}

Test(convolution, forward) {
    for_each_form(all_forward);
}

static void backward_of(const shape *f) {
    emu_op *op = NULL;
    layer l = layer_of(f);
    double expected[4096] = {0};
    for_each_product(&l, expected, l.w->values, l.y->values, add_input_gradient);
    expect_ok(s.api->convolution_backward(s.context, training, &l.desc, l.y->tensor, l.w->tensor,
                                          l.x->tensor, &op, NULL));
    l.b->count = 0;
    run(op);
    expect_values(l.x, expected, f->outputs * f->kernel_h * f->kernel_w);
}

static void all_backward(void) {
    for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++)
        backward_of(&shapes[n]);
}

Test(convolution, backward) {
    for_each_form(all_backward);
}

static void param_gradients_of(const shape *f) {
    emu_op *op = NULL;
    layer l = layer_of(f);
    box *gw = box_new(l.w->n, l.w->c, l.w->h, l.w->w), *gb = box_new(1, f->outputs, 1, 1);
    double weight[4096] = {0}, bias[64] = {0};
    for_each_product(&l, l.x->values, weight, l.y->values, add_weight_gradient);
    for (size_t i = 0; i < l.y->count; i++)
        bias[i / (l.y->h * l.y->w) % f->outputs] += l.y->values[i];
    expect_ok(s.api->convolution_param_gradients(s.context, training, &l.desc, l.x->tensor,
                                                 l.y->tensor, gw->tensor, gb->tensor, l.w->tensor,
                                                 l.b->tensor, &op, NULL));
    run(op);
    expect_values(gw, weight, f->n * l.y->h * l.y->w);
    expect_values(gb, bias, f->n * l.y->h * l.y->w);
}

static void all_param_gradients(void) {
    for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++)
        param_gradients_of(&shapes[n]);
}

Test(convolution, param_gradients) {
    for_each_form(all_param_gradients);
}
