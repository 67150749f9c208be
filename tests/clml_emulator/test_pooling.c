/* Pooling and softmax against plain loops in double. */
#include "scene.h"

#include <math.h>

TestSuite(pooling, .init = scene_open, .fini = scene_close);

typedef struct form {
    cl_uint mode, h, w, window, stride, before, after;
} form;

static const form forms[] = {
    {EMU_POOL_MAX, 6, 7, 3, 2, 0, 1},
    {EMU_POOL_MAX, 5, 5, 2, 1, 1, 0},
    {EMU_POOL_AVERAGE_ALL, 6, 7, 3, 2, 1, 1},
    {EMU_POOL_AVERAGE_VALID, 6, 7, 3, 2, 1, 1},
    {EMU_POOL_AVERAGE_VALID, 7, 7, 7, 1, 0, 0},
    {EMU_POOL_GLOBAL_MAX, 4, 5, 0, 0, 0, 0},
    {EMU_POOL_GLOBAL_AVERAGE, 4, 5, 0, 0, 0, 0},
};

static bool is_maximum(cl_uint mode) {
    return mode == EMU_POOL_MAX || mode == EMU_POOL_GLOBAL_MAX;
}

/* What pooling takes from one window: forward into *y, and its gradient gy spread over gx. */
static void pool(const form *f, const emu_pooling *d, const box *x, cl_uint n, cl_uint c, cl_uint h,
                 cl_uint w, double *y, double gy, double *gx) {
    const bool whole = f->mode >= EMU_POOL_GLOBAL_MAX;
    const cl_uint rows = whole ? f->h : d->window[0], columns = whole ? f->w : d->window[1];
    double sum = 0, most = -INFINITY;
    size_t best = 0, count = 0;
    for (int pass = 0; pass < 2; pass++) {
        const size_t parts = f->mode == EMU_POOL_AVERAGE_ALL ? (size_t)rows * columns : count;
        for (cl_uint i = 0; i < rows; i++)
            for (cl_uint j = 0; j < columns; j++) {
                const cl_uint row = h * f->stride + i - f->before,
                              col = w * f->stride + j - f->before;
                if (row >= f->h || col >= f->w)
                    continue;
                const size_t k = (size_t)(at(x, n, c, row, col) - x->values);
                if (pass) {
                    gx[k] += is_maximum(f->mode) ? (k == best ? gy : 0) : gy / (double)parts;
                    *y = is_maximum(f->mode) ? most : sum / (double)parts;
                    continue;
                }
                count++;
                sum += x->values[k];
                if (x->values[k] > most) {
                    most = x->values[k];
                    best = k;
                }
            }
    }
}

static void pool_of(const form *f) {
    emu_op *forward = NULL, *backward = NULL;
    const bool whole = f->mode >= EMU_POOL_GLOBAL_MAX;
    const emu_pooling desc = {.mode = f->mode,
                              .dimensions = 4,
                              .pad_before = {f->before, f->before},
                              .pad_after = {f->after, f->after},
                              .stride = {f->stride, f->stride},
                              .window = {f->window, f->window},
                              .nan = EMU_NAN_PROPAGATED,
                              .arithmetic = arithmetic()};
    const cl_uint h = whole ? 1 : (f->h + f->before + f->after - f->window) / f->stride + 1;
    const cl_uint w = whole ? 1 : (f->w + f->before + f->after - f->window) / f->stride + 1;
    box *x = box_new(2, 5, f->h, f->w), *y = box_new(2, 5, h, w), *gy = box_new(2, 5, h, w);
    box *gx = box_new(2, 5, f->h, f->w);
    box *mask = is_maximum(f->mode) ? box_typed(CL_SIGNED_INT32, 2, 5, h, w) : box_unused();
    double output[1024], gradient[1024] = {0};
    for (cl_uint n = 0; n < 2; n++)
        for (cl_uint c = 0; c < 5; c++)
            for (cl_uint i = 0; i < h; i++)
                for (cl_uint j = 0; j < w; j++)
                    pool(f, &desc, x, n, c, i, j, &output[at(y, n, c, i, j) - y->values],
                         *at(gy, n, c, i, j), gradient);
    expect_ok(s.api->pooling_forward(s.context, training, &desc, x->tensor, mask->tensor, y->tensor,
                                     &forward, NULL));
    expect_ok(s.api->pooling_backward(s.context, training, &desc, gy->tensor, mask->tensor,
                                      gx->tensor, &backward, NULL));
    run(forward);
    expect_values(y, output, 49);
    run(backward);
    expect_values(gx, gradient, 9);
}

static void all_pools(void) {
    for (size_t n = 0; n < sizeof forms / sizeof forms[0]; n++)
        pool_of(&forms[n]);
}

Test(pooling, forward_and_backward) {
    for_each_form(all_pools);
}

/* The mask may be encoded as the device likes: its own backward op understands it. */
Test(pooling, private_masks) {
    scene_configure("CLML_EMULATOR_STRICT", "mask");
    for_each_form(all_pools);
}

Test(pooling, nan_wins_or_loses) {
    for (cl_uint nan = EMU_NAN_IGNORED; nan <= EMU_NAN_PROPAGATED; nan++) {
        emu_op *op = NULL;
        const emu_pooling desc = {
            .mode = EMU_POOL_GLOBAL_MAX, .dimensions = 4, .nan = nan, .arithmetic = EMU_FP32};
        box *x = box_new(1, 1, 1, 3), *y = box_new(1, 1, 1, 1);
        expect_ok(s.api->pooling_forward(s.context, NULL, &desc, x->tensor, box_unused()->tensor,
                                         y->tensor, &op, NULL));
        x->values[0] = -1;
        x->values[1] = NAN;
        x->values[2] = 2;
        run(op);
        expect_values(y, (double[]){nan ? NAN : 2}, 1);
    }
}

/* ---- Softmax -------------------------------------------------------------------------------- */

/* Whether elements i and j of a box are in one group of the mode. */
static bool same_group(const box *x, cl_uint mode, size_t i, size_t j) {
    const size_t map = x->h * x->w;
    if (i / map / x->c != j / map / x->c)
        return false;
    return mode == EMU_OVER_INSTANCE ||
           (mode == EMU_OVER_CHANNEL ? i / map == j / map : i % map == j % map);
}

static void softmax_of(cl_uint mode) {
    emu_op *forward = NULL, *backward = NULL;
    const emu_softmax desc = {EMU_SOFTMAX_ACCURATE, mode, arithmetic()};
    box *x = box_new(2, 6, 3, 2), *y = box_new(2, 6, 3, 2), *gy = box_new(2, 6, 3, 2);
    box *gx = box_new(2, 6, 3, 2);
    double output[72], gradient[72];
    for (size_t i = 0; i < 72; i++)
        x->values[i] *= 64; /* large: exp of it alone would overflow a half */
    for (size_t i = 0; i < 72; i++) {
        double sum = 0;
        for (size_t j = 0; j < 72; j++)
            sum += same_group(x, mode, i, j) ? exp(x->values[j] - x->values[i]) : 0;
        output[i] = 1 / sum;
    }
    expect_ok(s.api->softmax(s.context, training, &desc, x->tensor, y->tensor, &forward, NULL));
    expect_ok(s.api->softmax_backward(s.context, training, &desc, gy->tensor, gx->tensor, y->tensor,
                                      &backward, NULL));
    run(forward);
    expect_values(y, output, 8);
    for (size_t i = 0; i < 72; i++) {
        double sum = 0;
        for (size_t j = 0; j < 72; j++)
            sum += same_group(x, mode, i, j) ? y->values[j] * gy->values[j] : 0;
        gradient[i] = y->values[i] * (gy->values[i] - sum);
    }
    run(backward);
    expect_values(gx, gradient, 36);
}

static void all_softmaxes(void) {
    for (cl_uint mode = EMU_OVER_INSTANCE; mode <= EMU_OVER_SPATIAL; mode++)
        softmax_of(mode);
}

Test(pooling, softmax) {
    for_each_form(all_softmaxes);
}
