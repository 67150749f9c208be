/* Ops that move, reduce and resize against plain loops in double. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(geometry, .init = scene_open, .fini = scene_close);

enum { MOST = 1024 };

/* The place of element i in the order n, c, h, w. */
typedef struct place {
    cl_uint at[4];
} place;

static place place_of(const box *x, size_t i) {
    const size_t map = (size_t)x->h * x->w;
    return (place){{(cl_uint)(i / map / x->c), (cl_uint)(i / map % x->c), (cl_uint)(i % map / x->w),
                    (cl_uint)(i % x->w)}};
}

static double *at_place(const box *x, place p) {
    return at(x, p.at[0], p.at[1], p.at[2], p.at[3]);
}

/* ---- Moving --------------------------------------------------------------------------------- */

static void concat(void) {
    for (cl_uint axis = 0; axis < 4; axis++) {
        emu_op *op = NULL;
        cl_uint sizes[3][4], out[4] = {2, 3, 2, 3}, offset = 0;
        box *parts[3];
        emu_tensor *tensors[3];
        double expected[MOST];
        out[axis] = 0;
        for (cl_uint n = 0; n < 3; n++) {
            memcpy(sizes[n], (cl_uint[]){2, 3, 2, 3}, sizeof sizes[n]);
            sizes[n][axis] = n + 1;
            out[axis] += n + 1;
            parts[n] = box_new(sizes[n][0], sizes[n][1], sizes[n][2], sizes[n][3]);
            tensors[n] = parts[n]->tensor;
        }
        box *y = box_new(out[0], out[1], out[2], out[3]);
        for (cl_uint n = 0; n < 3; offset += ++n)
            for (size_t i = 0; i < parts[n]->count; i++) {
                place p = place_of(parts[n], i);
                p.at[axis] += offset;
                expected[at_place(y, p) - y->values] = parts[n]->values[i];
            }
        const emu_concat desc = {axis, 3, arithmetic()};
        expect_ok(s.api->concat(s.context, NULL, &desc, tensors, y->tensor, &op, NULL));
        memset(tensors, 0, sizeof tensors); /* read by then */
        run(op);
        expect_values(y, expected, 0);
    }
}

Test(geometry, concat) {
    for_each_form(concat);
}

static void permute(void) {
    emu_op *op = NULL;
    const emu_permute desc = {4, {2, 0, 3, 1, 0}, arithmetic()};
    box *x = box_new(2, 3, 4, 5), *y = box_new(4, 2, 5, 3);
    double expected[120];
    for (size_t i = 0; i < 120; i++) {
        const place p = place_of(y, i);
        place q;
        for (size_t n = 0; n < 4; n++)
            q.at[desc.order[n]] = p.at[n];
        expected[i] = *at_place(x, q);
    }
    expect_ok(s.api->permute(s.context, NULL, &desc, x->tensor, y->tensor, &op, NULL));
    run(op);
    expect_values(y, expected, 0);
}

Test(geometry, permute) {
    for_each_form(permute);
}

static void transpose_and_reshape(void) {
    emu_op *transpose = NULL, *reshape = NULL;
    const emu_transpose desc = {6, 10, arithmetic()};
    box *x = box_new(3, 2, 5, 2), *y = box_new(10, 6, 1, 1), *z = box_new(1, 15, 2, 2);
    double expected[60];
    for (size_t i = 0; i < 60; i++)
        expected[i % 10 * 6 + i / 10] = x->values[i];
    expect_ok(s.api->transpose(s.context, NULL, &desc, x->tensor, y->tensor, &transpose, NULL));
    expect_ok(s.api->reshape(s.context, NULL, x->tensor, z->tensor, &reshape, NULL));
    run(transpose);
    run(reshape);
    expect_values(y, expected, 0);
    expect_values(z, x->values, 0);
}

Test(geometry, transpose_and_reshape) {
    for_each_form(transpose_and_reshape);
}

static void fill(void) {
    emu_op *op = NULL;
    const emu_fill desc = {number(0.1f), arithmetic()};
    box *x = box_new(2, 3, 2, 2);
    double expected[24];
    for (size_t i = 0; i < 24; i++)
        expected[i] = 0.1;
    expect_ok(s.api->fill(s.context, NULL, &desc, x->tensor, &op, NULL));
    run(op);
    expect_values(x, expected, 1);
}

Test(geometry, fill) {
    for_each_form(fill);
}

/* Numbers of every type arrive in elements of every type, small and large ones too. */
Test(geometry, fill_converts_numbers) {
    const emu_value values[] = {
        {.u.f = 65504, .type = CL_FLOAT},       {.u.f = 0x1p-24f, .type = CL_FLOAT},
        {.u.f = 0x1.8p-15f, .type = CL_FLOAT},  {.u.f = -1e6f, .type = CL_FLOAT},
        {.u.h = 0xc500, .type = CL_HALF_FLOAT}, {.u.i = -7, .type = CL_SIGNED_INT32}};
    const double expected[] = {65504, 0x1p-24, 0x1.8p-15, -INFINITY, -5, -7};
    s.type = CL_HALF_FLOAT;
    for (size_t n = 0; n < 6; n++) {
        emu_op *op = NULL;
        const emu_fill desc = {values[n], EMU_FP16};
        box *x = box_new(1, 1, 1, 1);
        expect_ok(s.api->fill(s.context, NULL, &desc, x->tensor, &op, NULL));
        run(op);
        cr_assert_eq(x->values[0], expected[n], "case %zu: %g", n, x->values[0]);
    }
    s.type = CL_SIGNED_INT32;
    emu_op *op = NULL;
    const emu_fill desc = {{.u.i = 0x7ffffff1, .type = CL_SIGNED_INT32}, EMU_INT32};
    box *x = box_new(1, 1, 1, 1);
    expect_ok(s.api->fill(s.context, NULL, &desc, x->tensor, &op, NULL));
    run(op);
    cr_assert_eq(x->values[0], 0x7ffffff1);
}

/* A slice, and the gradient that puts it back among zeros. */
static void slice(void) {
    emu_op *forward = NULL, *backward = NULL;
    const emu_slice desc = {{1, 0, 2, 1, 0}, {3, 2, 4, 3, 0}, arithmetic()};
    box *x = box_new(3, 4, 5, 3), *y = box_new(2, 2, 2, 2), *gy = box_new(2, 2, 2, 2),
        *gx = box_new(3, 4, 5, 3);
    double output[16], gradient[180] = {0};
    for (size_t i = 0; i < 16; i++) {
        place p = place_of(y, i);
        for (size_t n = 0; n < 4; n++)
            p.at[n] += desc.begin[n];
        output[i] = *at_place(x, p);
        gradient[at_place(x, p) - x->values] = gy->values[i];
    }
    expect_ok(s.api->slice(s.context, training, &desc, x->tensor, y->tensor, &forward, NULL));
    expect_ok(
        s.api->slice_backward(s.context, training, &desc, gy->tensor, gx->tensor, &backward, NULL));
    run(forward);
    run(backward);
    expect_values(y, output, 0);
    expect_values(gx, gradient, 0);
}

Test(geometry, slice) {
    for_each_form(slice);
}

/* Where padded element i of an axis comes from, by walking: -1 outside. */
static int padded_from(int i, int before, int size, cl_uint mode) {
    int k = i - before;
    if (k >= 0 && k < size)
        return k;
    switch (mode) {
    case EMU_PAD_CONSTANT:
        return -1;
    case EMU_PAD_EDGE:
        return k < 0 ? 0 : size - 1;
    case EMU_PAD_REFLECT: /* c b | a b c | b a */
        return k < 0 ? -k : size - 2 - (k - size);
    default: /* b a | a b c | c b */
        return k < 0 ? -1 - k : size - 1 - (k - size);
    }
}

static void pads(void) {
    const float constant = 0.25f;
    intptr_t properties[] = {EMU_PROPERTY_TRAINING, 1, EMU_PROPERTY_PAD_VALUE, 0, 0};
    uint32_t bits;
    memcpy(&bits, &constant, sizeof bits);
    properties[3] = (intptr_t)bits;
    for (cl_uint mode = 0; mode <= EMU_PAD_EDGE; mode++) {
        emu_op *forward = NULL, *backward = NULL;
        const emu_pad desc = {mode, {4, 2}, {0, 1, 1, 0, 2, 1, 0, 2}, arithmetic()};
        box *x = box_new(2, 3, 4, 3), *y = box_new(3, 4, 7, 5), *gy = box_new(3, 4, 7, 5),
            *gx = box_new(2, 3, 4, 3);
        double output[MOST], gradient[72] = {0};
        for (size_t i = 0; i < y->count; i++) {
            place p = place_of(y, i);
            const int sizes[] = {2, 3, 4, 3};
            bool inside = true;
            for (size_t n = 0; n < 4; n++) {
                const int from =
                    padded_from((int)p.at[n], (int)desc.paddings[2 * n], sizes[n], mode);
                inside &= from >= 0;
                p.at[n] = (cl_uint)from;
            }
            output[i] = inside ? *at_place(x, p) : constant;
            if (inside)
                gradient[at_place(x, p) - x->values] += gy->values[i];
        }
        expect_ok(s.api->pad(s.context, properties, &desc, x->tensor, y->tensor, &forward, NULL));
        expect_ok(s.api->pad_backward(s.context, properties, &desc, gy->tensor, gx->tensor,
                                      &backward, NULL));
        run(forward);
        run(backward);
        expect_values(y, output, 0);
        expect_values(gx, gradient, 32);
    }
}

Test(geometry, pads) {
    for_each_form(pads);
}

/* There and back, and channel (i * b + j) * C + c of the deep tensor at (i, j) of each block. */
static void depth_and_space(void) {
    emu_op *there = NULL, *back = NULL, *activated = NULL;
    const emu_blocks desc = {2, arithmetic()};
    const emu_activation relu = {EMU_RELU, 1, arithmetic()};
    box *deep = box_new(2, 12, 2, 3), *wide = box_new(2, 3, 4, 6), *again = box_new(2, 12, 2, 3),
        *positive = box_new(2, 3, 4, 6);
    double expected[144], kept[144];
    for (size_t i = 0; i < 144; i++) {
        const place p = place_of(wide, i);
        expected[i] = *at(deep, p.at[0], (p.at[2] % 2 * 2 + p.at[3] % 2) * 3 + p.at[1], p.at[2] / 2,
                          p.at[3] / 2);
        kept[i] = fmax(expected[i], 0);
    }
    expect_ok(
        s.api->depth_to_space(s.context, NULL, &desc, deep->tensor, wide->tensor, &there, NULL));
    expect_ok(
        s.api->space_to_depth(s.context, NULL, &desc, wide->tensor, again->tensor, &back, NULL));
    expect_ok(s.api->depth_to_space_activation(s.context, NULL, &desc, &relu, deep->tensor, NULL,
                                               positive->tensor, &activated, NULL));
    run(there);
    run(back);
    run(activated);
    expect_values(wide, expected, 0);
    expect_values(again, deep->values, 0);
    expect_values(positive, kept, 0);
}

Test(geometry, depth_and_space) {
    for_each_form(depth_and_space);
}

static void gather_by(cl_uint index_type) {
    emu_op *forward = NULL, *backward = NULL;
    const emu_along desc = {1, arithmetic()};
    box *x = box_new(2, 4, 2, 3), *y = box_new(2, 5, 2, 3), *gy = box_new(2, 5, 2, 3),
        *gx = box_new(2, 4, 2, 3);
    box *index = box_typed(index_type, 1, 5, 1, 1);
    const cl_uint from[] = {3, 0, 3, 2, 0};
    double output[60], gradient[48] = {0};
    for (size_t i = 0; i < 5; i++)
        index->values[i] = from[i];
    for (size_t i = 0; i < 60; i++) {
        place p = place_of(y, i);
        p.at[1] = from[p.at[1]];
        output[i] = *at_place(x, p);
        gradient[at_place(x, p) - x->values] += gy->values[i];
    }
    expect_ok(s.api->gather(s.context, training, &desc, x->tensor, index->tensor, y->tensor,
                            &forward, NULL));
    expect_ok(s.api->gather_backward(s.context, training, &desc, gy->tensor, index->tensor,
                                     gx->tensor, &backward, NULL));
    run(forward);
    run(backward);
    expect_values(y, output, 0);
    expect_values(gx, gradient, 2);
}

static void gather(void) {
    gather_by(CL_SIGNED_INT32);
    gather_by(s.type);
}

Test(geometry, gather) {
    for_each_form(gather);
}

static void one_hot(void) {
    emu_op *op = NULL;
    const emu_one_hot desc = {1, number(0.75f), number(-0.25f), 4, arithmetic()};
    box *x = box_typed(CL_SIGNED_INT32, 3, 1, 1, 2), *y = box_new(3, 4, 1, 2);
    double expected[24];
    for (size_t i = 0; i < 6; i++)
        x->values[i] = (double)(i % 4);
    for (size_t i = 0; i < 24; i++) {
        const place p = place_of(y, i);
        expected[i] = *at(x, p.at[0], 0, 0, p.at[3]) == p.at[1] ? 0.75 : -0.25;
    }
    expect_ok(s.api->one_hot(s.context, NULL, &desc, x->tensor, y->tensor, &op, NULL));
    run(op);
    expect_values(y, expected, 0);
}

Test(geometry, one_hot) {
    for_each_form(one_hot);
}

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

Test(geometry, unary) {
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

Test(geometry, arg_max) {
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

Test(geometry, clips) {
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

Test(geometry, resizes) {
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

Test(geometry, response_norms) {
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
            const double slopes_a[] = {1, 1, r, l<r, l> r, 1 / r},
                         slopes_b[] = {1, -1, l, l > r, l < r, -l / r / r};
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

Test(geometry, binary_gradients) {
    for_each_form(binary_gradients);
}

/* ---- Bad ops -------------------------------------------------------------------------------- */

static emu_op *none;

#define BAD(name, desc, ...)                                                                       \
    expect_code(CL_INVALID_VALUE,                                                                  \
                s.api->name(s.context, training, &(desc), __VA_ARGS__, &none, NULL))

Test(geometry, bad_moves) {
    box *x = box_new(2, 4, 4, 6), *y = box_new(2, 4, 4, 6), *z = box_new(2, 8, 4, 6),
        *deep = box_new(2, 16, 2, 3);
    emu_tensor *const pair[] = {x->tensor, y->tensor}, *const same[] = {x->tensor, NULL};
    BAD(concat, ((emu_concat){4, 2, EMU_FP32}), pair, z->tensor);
    BAD(concat, ((emu_concat){1, 0, EMU_FP32}), pair, z->tensor);
    BAD(concat, ((emu_concat){1, 16, EMU_FP32}), pair, z->tensor);
    BAD(concat, ((emu_concat){1, 2, EMU_FP32}), NULL, z->tensor);
    BAD(concat, ((emu_concat){1, 2, EMU_FP32}), same, z->tensor);
    BAD(concat, ((emu_concat){1, 2, EMU_FP32}), pair, deep->tensor);
    BAD(concat, ((emu_concat){1, 1, EMU_FP32}), pair, z->tensor);
    BAD(concat, ((emu_concat){0, 2, EMU_FP32}), pair, z->tensor);
    BAD(permute, ((emu_permute){4, {0, 1, 2, 2}, EMU_FP32}), x->tensor, y->tensor);
    BAD(permute, ((emu_permute){4, {0, 1, 2, 4}, EMU_FP32}), x->tensor, y->tensor);
    BAD(permute, ((emu_permute){3, {0, 1, 2, 3}, EMU_FP32}), x->tensor, y->tensor);
    BAD(permute, ((emu_permute){4, {1, 0, 2, 3}, EMU_FP32}), x->tensor, y->tensor);
    BAD(transpose, ((emu_transpose){8, 25, EMU_FP32}), x->tensor, y->tensor);
    BAD(slice, ((emu_slice){{0, 0, 0, 0}, {2, 4, 4, 7}, EMU_FP32}), x->tensor, y->tensor);
    BAD(slice, ((emu_slice){{0, 1, 0, 0}, {2, 4, 4, 6}, EMU_FP32}), x->tensor, y->tensor);
    BAD(slice, ((emu_slice){{0, 4, 0, 0}, {2, 4, 4, 6}, EMU_FP32}), x->tensor, y->tensor);
    BAD(slice_backward, ((emu_slice){{0, 0, 0, 0}, {2, 4, 4, 7}, EMU_FP32}), x->tensor, y->tensor);
    BAD(pad, ((emu_pad){4, {4, 2}, {0}, EMU_FP32}), x->tensor, y->tensor);
    BAD(pad, ((emu_pad){0, {2, 4}, {0}, EMU_FP32}), x->tensor, y->tensor);
    BAD(pad, ((emu_pad){0, {4, 2}, {1}, EMU_FP32}), x->tensor, y->tensor);
    BAD(pad, ((emu_pad){EMU_PAD_REFLECT, {4, 2}, {0, 0, 4, 0}, EMU_FP32}), x->tensor, z->tensor);
    BAD(pad_backward, ((emu_pad){0, {4, 2}, {1}, EMU_FP32}), x->tensor, y->tensor);
    BAD(depth_to_space, ((emu_blocks){0, EMU_FP32}), deep->tensor, x->tensor);
    BAD(depth_to_space, ((emu_blocks){3, EMU_FP32}), deep->tensor, x->tensor);
    BAD(space_to_depth, ((emu_blocks){2, EMU_FP32}), deep->tensor, x->tensor);
}

Test(geometry, bad_indices) {
    box *x = box_new(2, 4, 1, 1), *y = box_new(2, 3, 1, 1),
        *index = box_typed(CL_SIGNED_INT32, 1, 3, 1, 1);
    box *half = box_typed(CL_HALF_FLOAT, 1, 3, 1, 1),
        *four = box_typed(CL_SIGNED_INT32, 1, 4, 1, 1);
    BAD(gather, ((emu_along){4, EMU_FP32}), x->tensor, index->tensor, y->tensor);
    BAD(gather, ((emu_along){0, EMU_FP32}), x->tensor, index->tensor, y->tensor);
    BAD(gather, ((emu_along){1, EMU_FP32}), x->tensor, half->tensor, y->tensor);
    BAD(gather, ((emu_along){1, EMU_FP32}), x->tensor, four->tensor, y->tensor);
    BAD(gather_backward, ((emu_along){1, EMU_FP32}), y->tensor, four->tensor, x->tensor);
    BAD(one_hot, ((emu_one_hot){1, number(1), number(0), 5, EMU_FP32}),
        box_typed(CL_SIGNED_INT32, 2, 1, 1, 1)->tensor, x->tensor);
    BAD(one_hot, ((emu_one_hot){4, number(1), number(0), 4, EMU_FP32}),
        box_typed(CL_SIGNED_INT32, 2, 1, 1, 1)->tensor, x->tensor);
    BAD(one_hot, ((emu_one_hot){1, number(1), number(0), 4, EMU_FP32}), half->tensor, x->tensor);
    BAD(arg_max, ((emu_along){3, EMU_FP32}), x->tensor,
        box_typed(CL_SIGNED_INT32, 2, 1, 1, 1)->tensor);
    BAD(arg_max, ((emu_along){EMU_OVER_SPATIAL, EMU_FP32}), x->tensor,
        box_typed(CL_SIGNED_INT32, 2, 4, 1, 1)->tensor);
    BAD(arg_max, ((emu_along){EMU_OVER_SPATIAL, EMU_FP32}), x->tensor,
        box_typed(CL_HALF_FLOAT, 2, 1, 1, 1)->tensor);
    BAD(unary, ((emu_unary){4, EMU_OVER_SPATIAL, number(1), EMU_FP32}), x->tensor,
        box_new(2, 1, 1, 1)->tensor);
    BAD(unary, ((emu_unary){0, EMU_OVER_SPATIAL, number(1), EMU_FP32}), x->tensor,
        box_new(1, 4, 1, 1)->tensor);
}

Test(geometry, bad_images) {
    box *x = box_new(1, 4, 4, 6), *y = box_new(1, 4, 4, 6), *z = box_new(1, 5, 8, 12);
    BAD(clip, ((emu_clip){2, number(1), number(0), EMU_FP32}), x->tensor, y->tensor);
    BAD(clip, ((emu_clip){EMU_CLIP_VALUE, number(0), number(1), EMU_FP32}), x->tensor, y->tensor);
    BAD(clip, ((emu_clip){EMU_CLIP_VALUE, number(1), number(0), EMU_FP32}), x->tensor, z->tensor);
    BAD(resize_bilinear, ((emu_resize){1, 1, EMU_FP32}), x->tensor, y->tensor);
    BAD(resize_bilinear, ((emu_resize){2, 0, EMU_FP32}), x->tensor, y->tensor);
    BAD(resize_bilinear, ((emu_resize){0, 0, EMU_FP32}), x->tensor, z->tensor);
    BAD(resize_bilinear_backward, ((emu_resize){0, 0, EMU_FP32}), z->tensor, x->tensor);
    BAD(response_norm, ((emu_response_norm){1, 1, number(1), number(1), number(1)}), x->tensor,
        y->tensor);
    BAD(response_norm, ((emu_response_norm){0, 1, number(1), {.type = 3}, number(1)}), x->tensor,
        y->tensor);
    BAD(response_norm, ((emu_response_norm){0, 1, number(1), number(1), number(1)}), x->tensor,
        z->tensor);
    BAD(response_norm_backward, ((emu_response_norm){0, 1, number(1), number(1), number(1)}),
        x->tensor, y->tensor, z->tensor, box_new(1, 4, 4, 6)->tensor);
    BAD(binary_backward, ((emu_binary){6, number(1), number(1), number(0), EMU_FP32}), x->tensor,
        y->tensor, box_new(1, 4, 4, 6)->tensor, box_new(1, 4, 4, 6)->tensor,
        box_new(1, 4, 4, 6)->tensor);
    BAD(binary_backward, ((emu_binary){0, number(1), number(1), number(0), EMU_FP32}), x->tensor,
        y->tensor, z->tensor, box_new(1, 4, 4, 6)->tensor, box_new(1, 4, 4, 6)->tensor);
}
