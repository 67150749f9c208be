/* What is checked when an op is created: each bad description, property or tensor is refused. */
#include "scene.h"

#include <stdlib.h>

TestSuite(checks, .init = scene_open, .fini = scene_close);

static emu_op *op;

static box *small(void) {
    return box_new(1, 4, 6, 6);
}

/* ---- Every op ------------------------------------------------------------------------------- */

static cl_int softmax_with(const intptr_t *properties, const emu_softmax *desc, emu_tensor *x,
                           emu_tensor *y) {
    return s.api->softmax(s.context, properties, desc, x, y, &op, NULL);
}

Test(checks, tensors) {
    const emu_softmax desc = {EMU_SOFTMAX_ACCURATE, EMU_OVER_SPATIAL, EMU_FP32};
    box *x = small(), *y = small(), *half = box_typed(CL_HALF_FLOAT, 1, 4, 6, 6);
    box *other = box_new(1, 4, 6, 5);
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, &desc, NULL, y->tensor));
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, &desc, x->tensor, NULL));
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, &desc, x->tensor, box_unused()->tensor));
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, &desc, x->tensor, half->tensor));
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, &desc, x->tensor, other->tensor));
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, &desc, x->tensor, x->tensor));
    expect_code(CL_INVALID_VALUE, softmax_with(NULL, NULL, x->tensor, y->tensor));
    expect_code(CL_INVALID_CONTEXT,
                s.api->softmax(NULL, NULL, &desc, x->tensor, y->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->softmax(s.context, NULL, &desc, x->tensor, y->tensor, NULL, NULL));
    cr_assert_null(op);
}

Test(checks, properties) {
    const emu_softmax desc = {EMU_SOFTMAX_ACCURATE, EMU_OVER_SPATIAL, EMU_FP32};
    const intptr_t known[] = {EMU_PROPERTY_TRAINING,
                              1,
                              EMU_PROPERTY_EPSILON,
                              0x3727c5ac,
                              EMU_PROPERTY_UPDATES_PARAMETERS,
                              1,
                              EMU_PROPERTY_PAD_VALUE,
                              0,
                              EMU_PROPERTY_TUNED_ONLY,
                              0,
                              0};
    const intptr_t unknown[] = {EMU_PROPERTY_TRAINING, 1, 6, 1, 0};
    const intptr_t tuned[] = {EMU_PROPERTY_TUNED_ONLY, 1, 0};
    box *x = small(), *y = small();
    expect_ok(softmax_with(known, &desc, x->tensor, y->tensor));
    expect_ok(s.api->release_op(op));
    expect_code(CL_INVALID_PROPERTY, softmax_with(unknown, &desc, x->tensor, y->tensor));
    expect_code(EMU_NOT_ACCELERATED, softmax_with(tuned, &desc, x->tensor, y->tensor));
}

Test(checks, softmax) {
    const emu_softmax bad[] = {{0, EMU_OVER_SPATIAL, EMU_FP32},
                               {EMU_SOFTMAX_ACCURATE, 3, EMU_FP32},
                               {EMU_SOFTMAX_ACCURATE, EMU_OVER_SPATIAL, EMU_FP16},
                               {EMU_SOFTMAX_ACCURATE, EMU_OVER_SPATIAL, EMU_INT32},
                               {EMU_SOFTMAX_ACCURATE, EMU_OVER_SPATIAL, 4}};
    box *x = small(), *y = small();
    for (size_t n = 0; n < 5; n++)
        expect_code(CL_INVALID_VALUE, softmax_with(NULL, &bad[n], x->tensor, y->tensor));
}

/* ---- Convolution ---------------------------------------------------------------------------- */

static emu_convolution convolution_of(cl_uint mode) {
    return (emu_convolution){.mode = mode,
                             .group_count = 1,
                             .dimensions = 4,
                             .pad_before = {1, 1},
                             .pad_after = {1, 1},
                             .stride = {1, 1},
                             .dilation = {1, 1},
                             .arithmetic = EMU_FP32};
}

Test(checks, convolution_descriptions) {
    box *x = small(), *w = box_new(8, 4, 3, 3), *b = box_new(1, 8, 1, 1), *y = box_new(1, 8, 6, 6);
    emu_convolution good = convolution_of(EMU_CONVOLUTION), bad[8];
    for (size_t n = 0; n < 8; n++)
        bad[n] = good;
    bad[0].group_count = 4;
    bad[1].dimensions = 2;
    bad[2].flags = 1;
    bad[3].stride[0] = 0;
    bad[4].dilation[1] = 0;
    bad[5].pad_after[0] = 2; /* another height */
    bad[6].stride[1] = 2;    /* another width */
    bad[7].mode = 3;
#define FORWARD(desc)                                                                              \
    s.api->convolution_forward(s.context, NULL, desc, x->tensor, w->tensor, b->tensor, y->tensor,  \
                               &op, NULL)
    for (size_t n = 0; n < 8; n++)
        cr_expect_eq(FORWARD(&bad[n]), CL_INVALID_VALUE, "case %zu", n);
    good.mode = EMU_CONVOLUTION_TRANSPOSED;
    expect_code(EMU_NOT_ACCELERATED, FORWARD(&good));
    expect_code(CL_INVALID_VALUE, FORWARD(NULL));
#undef FORWARD
}

/* A convolution of those shapes. */
static cl_int convolution(cl_uint mode, const box *x, const box *w, const box *b, const box *y) {
    const emu_convolution desc = convolution_of(mode);
    op = NULL;
    return s.api->convolution_forward(s.context, NULL, &desc, x->tensor, w->tensor, b->tensor,
                                      y->tensor, &op, NULL);
}

Test(checks, convolution_shapes) {
    box *x = small(), *w = box_new(8, 4, 3, 3), *b = box_new(1, 8, 1, 1), *y = box_new(1, 8, 6, 6);
    expect_ok(convolution(EMU_CONVOLUTION, x, w, b, y));
    s.api->release_op(op);
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, box_new(8, 5, 3, 3), b, y));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, w, box_new(8, 1, 1, 1), y));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, w, box_new(1, 4, 1, 1), y));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, w, b, box_new(1, 9, 6, 6)));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, w, b, box_new(2, 8, 6, 6)));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, w, b, box_new(1, 8, 6, 4)));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, box_new(8, 4, 9, 3), b, y));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION, x, box_unused(), b, y));
}

/* Depthwise weights are (1,C,h,w), not (C,1,h,w). */
Test(checks, depthwise_shapes) {
    box *x = small(), *y = small(), *b = box_new(1, 4, 1, 1);
    expect_ok(convolution(EMU_CONVOLUTION_DEPTHWISE, x, box_new(1, 4, 3, 3), b, y));
    s.api->release_op(op);
    expect_code(CL_INVALID_VALUE,
                convolution(EMU_CONVOLUTION_DEPTHWISE, x, box_new(4, 1, 3, 3), b, y));
    expect_code(CL_INVALID_VALUE,
                convolution(EMU_CONVOLUTION_DEPTHWISE, x, box_new(4, 4, 3, 3), b, y));
    expect_code(CL_INVALID_VALUE, convolution(EMU_CONVOLUTION_DEPTHWISE, x, box_new(1, 4, 3, 3), b,
                                              box_new(1, 8, 6, 6)));
}

Test(checks, convolution_gradients) {
    const emu_convolution desc = convolution_of(EMU_CONVOLUTION);
    box *x = small(), *w = box_new(8, 4, 3, 3), *b = box_new(1, 8, 1, 1), *gy = box_new(1, 8, 6, 6);
    box *gw = box_new(8, 4, 3, 3), *gb = box_new(1, 8, 1, 1), *unused = box_unused();
#define GRADIENTS(gw, gb, w, b)                                                                    \
    s.api->convolution_param_gradients(s.context, training, &desc, x->tensor, gy->tensor,          \
                                       gw->tensor, gb->tensor, w->tensor, b->tensor, &op, NULL)
#define BACKWARD(gy, w, gx)                                                                        \
    s.api->convolution_backward(s.context, training, &desc, gy->tensor, w->tensor, gx->tensor,     \
                                &op, NULL)
    expect_ok(GRADIENTS(gw, unused, w, unused));
    s.api->release_op(op);
    expect_code(CL_INVALID_VALUE, GRADIENTS(gw, gb, w, unused));
    expect_code(CL_INVALID_VALUE, GRADIENTS(gw, unused, w, b));
    expect_code(CL_INVALID_VALUE, GRADIENTS(box_new(4, 8, 3, 3), gb, w, b));
    expect_code(CL_INVALID_VALUE, GRADIENTS(gw, box_new(1, 4, 1, 1), w, b));
    expect_code(CL_INVALID_VALUE, GRADIENTS(unused, gb, w, b));
    expect_code(CL_INVALID_VALUE, GRADIENTS(w, gb, w, b));
    expect_code(CL_INVALID_VALUE, BACKWARD(gy, w, box_new(1, 8, 6, 6)));
    expect_code(CL_INVALID_VALUE, BACKWARD(box_new(1, 8, 5, 6), w, x));
    expect_code(CL_INVALID_VALUE, BACKWARD(gy, unused, x));
#undef GRADIENTS
#undef BACKWARD
}

/* ---- Activation, pooling -------------------------------------------------------------------- */

Test(checks, activations) {
    box *x = small(), *y = small(), *a = box_new(1, 4, 1, 1), *unused = box_unused();
#define ACTIVATION(function, nan, arithmetic, param, y)                                            \
    s.api->activation_forward(s.context, NULL, &(emu_activation){function, nan, arithmetic},       \
                              x->tensor, param, (y)->tensor, &op, NULL)
    expect_code(CL_INVALID_VALUE, ACTIVATION(7, 1, EMU_FP32, unused->tensor, y));
    expect_code(CL_INVALID_VALUE, ACTIVATION(EMU_RELU, 2, EMU_FP32, unused->tensor, y));
    expect_code(CL_INVALID_VALUE, ACTIVATION(EMU_RELU, 1, EMU_FP16, unused->tensor, y));
    expect_code(CL_INVALID_VALUE, ACTIVATION(EMU_RELU, 1, EMU_FP32, NULL, y));
    expect_code(CL_INVALID_VALUE, ACTIVATION(EMU_RELU, 1, EMU_FP32, a->tensor, y));
    expect_code(CL_INVALID_VALUE, ACTIVATION(EMU_PRELU, 1, EMU_FP32, unused->tensor, y));
    expect_code(CL_INVALID_VALUE,
                ACTIVATION(EMU_PRELU, 1, EMU_FP32, box_new(1, 1, 1, 1)->tensor, y));
    expect_code(CL_INVALID_VALUE,
                ACTIVATION(EMU_RELU, 1, EMU_FP32, unused->tensor, box_new(1, 4, 6, 5)));
    expect_code(CL_INVALID_VALUE, ACTIVATION(EMU_RELU, 1, EMU_FP32, unused->tensor, x));
#undef ACTIVATION
    expect_code(CL_INVALID_VALUE,
                s.api->activation_backward(
                    s.context, training, &(emu_activation){EMU_RELU, 1, EMU_FP32}, x->tensor,
                    box_new(1, 4, 5, 6)->tensor, unused->tensor, y->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->activation_param_gradient(
                    s.context, training, &(emu_activation){EMU_RELU, 1, EMU_FP32}, x->tensor,
                    y->tensor, a->tensor, box_new(1, 4, 1, 1)->tensor, &op, NULL));
}

Test(checks, pooling) {
    const emu_pooling good = {.mode = EMU_POOL_MAX,
                              .dimensions = 4,
                              .stride = {2, 2},
                              .window = {2, 2},
                              .nan = 1,
                              .arithmetic = EMU_FP32};
    box *x = small(), *y = box_new(1, 4, 3, 3), *unused = box_unused();
    box *mask = box_typed(CL_SIGNED_INT32, 1, 4, 3, 3);
    emu_pooling bad[8];
    for (size_t n = 0; n < 8; n++)
        bad[n] = good;
    bad[0].mode = 5;
    bad[1].dimensions = 2;
    bad[2].stride[0] = 0;
    bad[3].window[1] = 0;
    bad[4].window[0] = 7;
    bad[5].pad_before[0] = 2;
    bad[6].stride[1] = 1;
    bad[7].nan = 2;
#define POOL(desc, mask, y)                                                                        \
    s.api->pooling_forward(s.context, NULL, desc, x->tensor, (mask)->tensor, (y)->tensor, &op, NULL)
    for (size_t n = 0; n < 8; n++)
        cr_expect_eq(POOL(&bad[n], mask, y), CL_INVALID_VALUE, "case %zu", n);
    expect_code(CL_INVALID_VALUE, POOL(&good, box_typed(CL_SIGNED_INT32, 1, 4, 3, 2), y));
    expect_code(CL_INVALID_VALUE, POOL(&good, box_typed(CL_HALF_FLOAT, 1, 4, 3, 3), y));
    expect_code(CL_INVALID_VALUE, POOL(&good, mask, box_new(1, 5, 3, 3)));
    expect_code(CL_INVALID_VALUE, s.api->pooling_backward(s.context, training, &good, y->tensor,
                                                          unused->tensor, x->tensor, &op, NULL));
    emu_pooling average = good;
    average.mode = EMU_POOL_AVERAGE_VALID;
    expect_code(CL_INVALID_VALUE, POOL(&average, mask, y));
#undef POOL
}

/* ---- Binary, data, updates ------------------------------------------------------------------ */

Test(checks, binaries) {
    box *a = small(), *b = small(), *c = small(), *flat = box_new(1, 4, 1, 1),
        *unused = box_unused();
#define BINARY(operation, alpha, a, b, c)                                                          \
    s.api->binary(s.context, NULL,                                                                 \
                  &(emu_binary){operation, alpha, number(1), number(0), EMU_FP32}, (a)->tensor,    \
                  (b)->tensor, (c)->tensor, &op, NULL)
    expect_code(CL_INVALID_VALUE, BINARY(6, number(1), a, b, c));
    expect_code(CL_INVALID_VALUE, BINARY(EMU_ADD, ((emu_value){.type = 1}), a, b, c));
    expect_code(CL_INVALID_VALUE, BINARY(EMU_ADD, number(1), a, flat, c)); /* no broadcasting */
    expect_code(CL_INVALID_VALUE, BINARY(EMU_ADD, number(1), flat, b, c));
    expect_code(CL_INVALID_VALUE, BINARY(EMU_MUL, number(1), a, unused, c));
    expect_code(CL_INVALID_VALUE, BINARY(EMU_ADD, number(1), unused, b, c));
    expect_code(CL_INVALID_VALUE, BINARY(EMU_ADD, number(1), a, c, c));
#undef BINARY
    expect_code(CL_INVALID_VALUE,
                s.api->binary(s.context, NULL, NULL, a->tensor, b->tensor, c->tensor, &op, NULL));
}

Test(checks, data) {
    box *x = small(), *y = small(), *flat = box_new(1, 144, 1, 1),
        *half = box_typed(CL_HALF_FLOAT, 1, 4, 6, 6);
    expect_code(CL_INVALID_VALUE, s.api->reshape(s.context, NULL, x->tensor,
                                                 box_new(1, 143, 1, 1)->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->reshape(s.context, NULL, x->tensor, half->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->copy(s.context, NULL, x->tensor, flat->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->copy(s.context, NULL, x->tensor, x->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->fill(s.context, NULL, &(emu_fill){number(1), EMU_INT32},
                                              y->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->fill(s.context, NULL, &(emu_fill){{.type = 7}, EMU_FP32},
                                              y->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->fill(s.context, NULL, &(emu_fill){number(1), EMU_FP32},
                                              box_unused()->tensor, &op, NULL));
}

Test(checks, updates) {
    box *p = small(), *g = small(), *v = small(), *m = small(), *unused = box_unused(),
        *t = box_new(1, 1, 1, 1);
    const emu_adam adam = {number(0.1f), number(0.9f), number(0.9f), number(1e-8f), number(0), 0,
                           EMU_FP32};
#define SGD(function, g, v)                                                                        \
    s.api->update_sgd(s.context, training,                                                         \
                      &(emu_sgd){number(1), number(0), number(0.9f), function, EMU_FP32},          \
                      p->tensor, (g)->tensor, (v)->tensor, &op, NULL)
#define ADAM(desc, t, g, m, v)                                                                     \
    s.api->update_adam(s.context, training, desc, (t)->tensor, p->tensor, (g)->tensor,             \
                       (m)->tensor, (v)->tensor, &op, NULL)
    expect_code(CL_INVALID_VALUE, SGD(3, g, unused));
    expect_code(CL_INVALID_VALUE, SGD(EMU_SGD, g, v));
    expect_code(CL_INVALID_VALUE, SGD(EMU_SGD_MOMENTUM, g, unused));
    expect_code(CL_INVALID_VALUE, SGD(EMU_SGD, box_new(1, 4, 6, 5), unused));
    expect_code(CL_INVALID_VALUE, SGD(EMU_SGD, p, unused));
    expect_code(CL_INVALID_VALUE, SGD(EMU_SGD_MOMENTUM, g, box_new(1, 4, 6, 5)));
    expect_code(CL_INVALID_VALUE, ADAM(&adam, box_new(1, 2, 1, 1), g, m, v));
    expect_code(CL_INVALID_VALUE, ADAM(&adam, box_typed(CL_SIGNED_INT32, 1, 1, 1, 1), g, m, v));
    expect_code(CL_INVALID_VALUE, ADAM(&adam, t, g, m, box_new(1, 4, 6, 5)));
    expect_code(CL_INVALID_VALUE, ADAM(&adam, t, g, m, m));
    expect_code(CL_INVALID_VALUE, ADAM(&adam, t, box_new(2, 4, 6, 6), m, v));
    expect_code(CL_INVALID_VALUE, ADAM(NULL, t, g, m, v));
#undef SGD
#undef ADAM
}
