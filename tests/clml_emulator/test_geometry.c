/* Ops that move elements against plain loops. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(geometry, .init = scene_open, .fini = scene_close);

enum { MOST = 1024 };

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

/* ---- Bad ops -------------------------------------------------------------------------------- */

Test(geometry, bad_moves) {
    box *x = box_new(2, 4, 4, 6), *y = box_new(2, 4, 4, 6), *z = box_new(2, 8, 4, 6),
        *deep = box_new(2, 16, 2, 3);
    emu_tensor *const pair[] = {x->tensor, y->tensor}, *const same[] = {x->tensor, NULL};
    expect_bad(concat, ((emu_concat){4, 2, EMU_FP32}), pair, z->tensor);
    expect_bad(concat, ((emu_concat){1, 0, EMU_FP32}), pair, z->tensor);
    expect_bad(concat, ((emu_concat){1, 16, EMU_FP32}), pair, z->tensor);
    expect_bad(concat, ((emu_concat){1, 2, EMU_FP32}), NULL, z->tensor);
    expect_bad(concat, ((emu_concat){1, 2, EMU_FP32}), same, z->tensor);
    expect_bad(concat, ((emu_concat){1, 2, EMU_FP32}), pair, deep->tensor);
    expect_bad(concat, ((emu_concat){1, 1, EMU_FP32}), pair, z->tensor);
    expect_bad(concat, ((emu_concat){0, 2, EMU_FP32}), pair, z->tensor);
    expect_bad(permute, ((emu_permute){4, {0, 1, 2, 2}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(permute, ((emu_permute){4, {0, 1, 2, 4}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(permute, ((emu_permute){3, {0, 1, 2, 3}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(permute, ((emu_permute){4, {1, 0, 2, 3}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(transpose, ((emu_transpose){8, 25, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(slice, ((emu_slice){{0, 0, 0, 0}, {2, 4, 4, 7}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(slice, ((emu_slice){{0, 1, 0, 0}, {2, 4, 4, 6}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(slice, ((emu_slice){{0, 4, 0, 0}, {2, 4, 4, 6}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(slice_backward, ((emu_slice){{0, 0, 0, 0}, {2, 4, 4, 7}, EMU_FP32}), x->tensor,
               y->tensor);
    expect_bad(pad, ((emu_pad){4, {4, 2}, {0}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(pad, ((emu_pad){0, {2, 4}, {0}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(pad, ((emu_pad){0, {4, 2}, {1}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(pad, ((emu_pad){EMU_PAD_REFLECT, {4, 2}, {0, 0, 4, 0}, EMU_FP32}), x->tensor,
               z->tensor);
    expect_bad(pad_backward, ((emu_pad){0, {4, 2}, {1}, EMU_FP32}), x->tensor, y->tensor);
    expect_bad(depth_to_space, ((emu_blocks){0, EMU_FP32}), deep->tensor, x->tensor);
    expect_bad(depth_to_space, ((emu_blocks){3, EMU_FP32}), deep->tensor, x->tensor);
    expect_bad(space_to_depth, ((emu_blocks){2, EMU_FP32}), deep->tensor, x->tensor);
}

Test(geometry, bad_indices) {
    box *x = box_new(2, 4, 1, 1), *y = box_new(2, 3, 1, 1),
        *index = box_typed(CL_SIGNED_INT32, 1, 3, 1, 1);
    box *half = box_typed(CL_HALF_FLOAT, 1, 3, 1, 1),
        *four = box_typed(CL_SIGNED_INT32, 1, 4, 1, 1);
    expect_bad(gather, ((emu_along){4, EMU_FP32}), x->tensor, index->tensor, y->tensor);
    expect_bad(gather, ((emu_along){0, EMU_FP32}), x->tensor, index->tensor, y->tensor);
    expect_bad(gather, ((emu_along){1, EMU_FP32}), x->tensor, half->tensor, y->tensor);
    expect_bad(gather, ((emu_along){1, EMU_FP32}), x->tensor, four->tensor, y->tensor);
    expect_bad(gather_backward, ((emu_along){1, EMU_FP32}), y->tensor, four->tensor, x->tensor);
    expect_bad(one_hot, ((emu_one_hot){1, number(1), number(0), 5, EMU_FP32}),
               box_typed(CL_SIGNED_INT32, 2, 1, 1, 1)->tensor, x->tensor);
    expect_bad(one_hot, ((emu_one_hot){4, number(1), number(0), 4, EMU_FP32}),
               box_typed(CL_SIGNED_INT32, 2, 1, 1, 1)->tensor, x->tensor);
    expect_bad(one_hot, ((emu_one_hot){1, number(1), number(0), 4, EMU_FP32}), half->tensor,
               x->tensor);
}
