/* Reductions, clipping, resizing, response norm and the gradients of binary ops against plain loops
 * in double. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(reduce, .init = scene_open, .fini = scene_close);

/* ---- Reducing ------------------------------------------------------------------------------- */

/* Which group of the mode element i is in. */
static size_t group_of(const box *x, cl_uint mode, size_t i) {
    const size_t map = (size_t)x->h * x->w;
    return mode == EMU_OVER_INSTANCE  ? i / map / x->c
           : mode == EMU_OVER_CHANNEL ? i / map
                                      : i / map / x->c * map + i % map;
}

static box *reduced(cl_uint type, cl_uint mode) {
    const bool channels = mode == EMU_OVER_CHANNEL, places = mode == EMU_OVER_SPATIAL;
    return box_typed(type, 2, channels ? 5 : 1, places ? 2 : 1, places ? 3 : 1);
}

static void unary_of(cl_uint mode, cl_uint operation) {
    emu_op *op = NULL;
    const emu_unary desc = {operation, mode, number(0.5f), arithmetic()};
    box *x = box_new(2, 5, 2, 3), *y = reduced(s.type, mode);
    double expected[12];
    for (size_t g = 0; g < y->count; g++) {
        double sum = 0, square = 0, least = INFINITY, most = -INFINITY;
        for (size_t i = 0; i < 60; i++)
            if (group_of(x, mode, i) == g) {
                sum += x->values[i];
                square += x->values[i] * x->values[i];
                least = fmin(least, x->values[i]);
                most = fmax(most, x->values[i]);
            }
        expected[g] = 0.5 * (double[]){sum, least, most, sqrt(square)}[operation];
    }
    expect_ok(s.api->unary(s.context, NULL, &desc, x->tensor, y->tensor, &op, NULL));
    run(op);
    expect_values(y, expected, 30);
}

static void unaries(void) {
    for (cl_uint n = 0; n < 12; n++)
        unary_of(n / 4, n % 4);
}

Test(reduce, unary) {
    for_each_form(unaries);
}

static void arg_max_of(cl_uint mode, cl_uint type) {
    emu_op *op = NULL;
    const emu_along desc = {mode, arithmetic()};
    box *x = box_new(2, 5, 2, 3), *y = reduced(type, mode);
    double expected[12];
    for (size_t g = 0; g < y->count; g++) {
        double most = -INFINITY;
        size_t member = 0;
        for (size_t i = 0; i < 60; i++)
            if (group_of(x, mode, i) == g) {
                if (x->values[i] > most)
                    expected[g] = (double)member;
                most = fmax(most, x->values[i]);
                member++;
            }
    }
    expect_ok(s.api->arg_max(s.context, NULL, &desc, x->tensor, y->tensor, &op, NULL));
    run(op);
    expect_values(y, expected, 0);
}

static void arg_maxes(void) {
    for (cl_uint mode = 0; mode < 3; mode++) {
        arg_max_of(mode, CL_SIGNED_INT32);
        arg_max_of(mode, s.type);
    }
}

Test(reduce, arg_max) {
    for_each_form(arg_maxes);
}

/* ---- Clipping ------------------------------------------------------------------------------- */

static void clips(void) {
    emu_op *ops[3];
    box *x = box_new(2, 5, 2, 3), *by_value = box_new(2, 5, 2, 3), *by_norm = box_new(2, 5, 2, 3),
        *kept = box_new(2, 5, 2, 3);
    double value[60], norm[60], square = 0;
    for (size_t i = 0; i < 60; i++)
        square += x->values[i] * x->values[i];
    for (size_t i = 0; i < 60; i++) {
        value[i] = fmin(fmax(x->values[i], -0.25), 0.5);
        norm[i] = x->values[i] * 2 / sqrt(square);
    }
    cr_assert_gt(square, 4);
    expect_ok(s.api->clip(s.context, NULL,
                          &(emu_clip){EMU_CLIP_VALUE, number(0.5f), number(-0.25f), arithmetic()},
                          x->tensor, by_value->tensor, &ops[0], NULL));
    expect_ok(s.api->clip(s.context, NULL,
                          &(emu_clip){EMU_CLIP_NORM, number(2), number(0), arithmetic()}, x->tensor,
                          by_norm->tensor, &ops[1], NULL));
    expect_ok(s.api->clip(s.context, NULL,
                          &(emu_clip){EMU_CLIP_NORM, number(100), number(0), arithmetic()},
                          x->tensor, kept->tensor, &ops[2], NULL));
    for (size_t n = 0; n < 3; n++)
        run(ops[n]);
    expect_values(by_value, value, 0);
    expect_values(by_norm, norm, 4);
    expect_values(kept, x->values, 0);
}

Test(reduce, clips) {
    for_each_form(clips);
}

/* ---- Images --------------------------------------------------------------------------------- */

/* Twice as large, with TensorFlow's three ways to place pixels; the gradient is the transposed map.
 */
static void resizes(void) {
    for (cl_uint way = 0; way < 3; way++) {
        emu_op *forward = NULL, *backward = NULL;
        const emu_resize desc = {way == 1, way == 2, arithmetic()};
        box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 6, 8), *gy = box_new(1, 2, 6, 8),
            *gx = box_new(1, 2, 3, 4);
        double output[96] = {0}, gradient[24] = {0};
        for (size_t i = 0; i < 96; i++) {
            const place p = place_of(y, i);
            double from[2];
            for (size_t n = 0; n < 2; n++) {
                const double in = n ? 4 : 3, out = 2 * in, k = p.at[2 + n];
                from[n] = way == 1   ? k * (in - 1) / (out - 1)
                          : way == 2 ? fmax((k + 0.5) / 2 - 0.5, 0)
                                     : k / 2;
            }
            for (cl_uint h = 0; h < 3; h++)
                for (cl_uint w = 0; w < 4; w++) {
                    const double row = fmin(from[0], 2), column = fmin(from[1], 3);
                    const double share = fmax(1 - fabs(row - h), 0) * fmax(1 - fabs(column - w), 0);
                    output[i] += share * *at(x, 0, p.at[1], h, w);
                    gradient[at(x, 0, p.at[1], h, w) - x->values] += share * gy->values[i];
                }
        }
        expect_ok(s.api->resize_bilinear(s.context, training, &desc, x->tensor, y->tensor, &forward,
                                         NULL));
        expect_ok(s.api->resize_bilinear_backward(s.context, training, &desc, gy->tensor,
                                                  gx->tensor, &backward, NULL));
        run(forward);
        run(backward);
        expect_values(y, output, 4);
        expect_values(gx, gradient, 16);
    }
}

Test(reduce, resizes) {
    for_each_form(resizes);
}

/* y_c = x_c s_c^-beta with s_c = bias + alpha sum of x^2 nearby; dy_j/dx_c by differentiating that.
 */
static void response_norms(void) {
    emu_op *forward = NULL, *backward = NULL;
    const double bias = 1.5, alpha = 0.25, beta = 0.75;
    const emu_response_norm desc = {0, 1, number(1.5f), number(0.25f), number(0.75f)};
    box *x = box_new(1, 5, 1, 2), *y = box_new(1, 5, 1, 2), *gy = box_new(1, 5, 1, 2),
        *gx = box_new(1, 5, 1, 2);
    double output[10], gradient[10] = {0}, sums[10];
    for (size_t i = 0; i < 10; i++) {
        sums[i] = bias;
        for (size_t j = i % 2; j < 10; j += 2)
            sums[i] += labs((long)(j / 2) - (long)(i / 2)) <= 1 ? alpha * pow(x->values[j], 2) : 0;
        output[i] = x->values[i] * pow(sums[i], -beta);
    }
    for (size_t i = 0; i < 10; i++)
        for (size_t j = i % 2; j < 10; j += 2) {
            const double near = labs((long)(j / 2) - (long)(i / 2)) <= 1;
            gradient[i] += gy->values[j] * ((i == j) * pow(sums[j], -beta) -
                                            near * 2 * alpha * beta * x->values[i] * x->values[j] *
                                                pow(sums[j], -beta - 1));
        }
    expect_ok(
        s.api->response_norm(s.context, training, &desc, x->tensor, y->tensor, &forward, NULL));
    expect_ok(s.api->response_norm_backward(s.context, training, &desc, x->tensor, y->tensor,
                                            gx->tensor, gy->tensor, &backward, NULL));
    run(forward);
    expect_values(y, output, 4);
    run(backward);
    expect_values(gx, gradient, 8);
}

Test(reduce, response_norms) {
    for_each_form(response_norms);
}

/* The gradients of binary ops, ties apart. */
static void binary_gradients(void) {
    for (cl_uint kind = EMU_ADD; kind <= EMU_DIV; kind++) {
        emu_op *op = NULL;
        const emu_binary desc = {kind, number(0.5f), number(-2), number(0), arithmetic()};
        box *a = box_new(1, 5, 2, 2), *b = box_new(1, 5, 2, 2), *g = box_new(1, 5, 2, 2),
            *ga = box_new(1, 5, 2, 2), *gb = box_new(1, 5, 2, 2);
        double to_a[20], to_b[20];
        for (size_t i = 0; i < 20; i++) {
            b->values[i] += b->values[i] < 0 ? -1 : 1.00390625;
            const double l = 0.5 * a->values[i], r = -2 * b->values[i];
            const double less = l<r, more = l> r;
            const double slopes_a[] = {1, 1, r, less, more, 1 / r};
            const double slopes_b[] = {1, -1, l, more, less, -l / r / r};
            to_a[i] = 0.5 * g->values[i] * slopes_a[kind];
            to_b[i] = -2 * g->values[i] * slopes_b[kind];
        }
        expect_ok(s.api->binary_backward(s.context, training, &desc, a->tensor, b->tensor,
                                         g->tensor, ga->tensor, gb->tensor, &op, NULL));
        run(op);
        expect_values(ga, to_a, 2);
        expect_values(gb, to_b, 2);
    }
}

Test(reduce, binary_gradients) {
    for_each_form(binary_gradients);
}

/* ---- Bad ops -------------------------------------------------------------------------------- */

Test(reduce, bad_reductions) {
    box *x = box_new(2, 4, 1, 1);
    expect_bad(arg_max, ((emu_along){3, EMU_FP32}), x->tensor,
               box_typed(CL_SIGNED_INT32, 2, 1, 1, 1)->tensor);
    expect_bad(arg_max, ((emu_along){EMU_OVER_SPATIAL, EMU_FP32}), x->tensor,
               box_typed(CL_SIGNED_INT32, 2, 4, 1, 1)->tensor);
    expect_bad(arg_max, ((emu_along){EMU_OVER_SPATIAL, EMU_FP32}), x->tensor,
               box_typed(CL_HALF_FLOAT, 2, 1, 1, 1)->tensor);
    expect_bad(unary, ((emu_unary){4, EMU_OVER_SPATIAL, number(1), EMU_FP32}), x->tensor,
               box_new(2, 1, 1, 1)->tensor);
    expect_bad(unary, ((emu_unary){0, EMU_OVER_SPATIAL, number(1), EMU_FP32}), x->tensor,
               box_new(1, 4, 1, 1)->tensor);
}

Test(reduce, bad_images) {
    box *x = box_new(1, 4, 4, 6), *y = box_new(1, 4, 4, 6), *z = box_new(1, 5, 8, 12);
    expect_bad(clip, ((emu_clip){2, number(1), number(0), EMU_FP32}), x->tensor, y->tensor);
    expect_bad(clip, ((emu_clip){EMU_CLIP_VALUE, number(0), number(1), EMU_FP32}), x->tensor,
               y->tensor);
    expect_bad(clip, ((emu_clip){EMU_CLIP_VALUE, number(1), number(0), EMU_FP32}), x->tensor,
               z->tensor);
    expect_bad(resize_bilinear, ((emu_resize){1, 1, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(resize_bilinear, ((emu_resize){2, 0, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(resize_bilinear, ((emu_resize){0, 0, EMU_FP32}), x->tensor, z->tensor);
    expect_bad(resize_bilinear_backward, ((emu_resize){0, 0, EMU_FP32}), z->tensor, x->tensor);
    expect_bad(response_norm, ((emu_response_norm){1, 1, number(1), number(1), number(1)}),
               x->tensor, y->tensor);
    expect_bad(response_norm, ((emu_response_norm){0, 1, number(1), {.type = 3}, number(1)}),
               x->tensor, y->tensor);
    expect_bad(response_norm, ((emu_response_norm){0, 1, number(1), number(1), number(1)}),
               x->tensor, z->tensor);
    expect_bad(response_norm_backward, ((emu_response_norm){0, 1, number(1), number(1), number(1)}),
               x->tensor, y->tensor, z->tensor, box_new(1, 4, 4, 6)->tensor);
    expect_bad(binary_backward, ((emu_binary){6, number(1), number(1), number(0), EMU_FP32}),
               x->tensor, y->tensor, box_new(1, 4, 4, 6)->tensor, box_new(1, 4, 4, 6)->tensor,
               box_new(1, 4, 4, 6)->tensor);
    expect_bad(binary_backward, ((emu_binary){0, number(1), number(1), number(0), EMU_FP32}),
               x->tensor, y->tensor, z->tensor, box_new(1, 4, 4, 6)->tensor,
               box_new(1, 4, 4, 6)->tensor);
}
