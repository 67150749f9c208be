/* Products, fully connected layers, fused ops and losses against plain loops in double. */
#include "scene.h"

#include <math.h>
#include <string.h>

TestSuite(matrix, .init = scene_open, .fini = scene_close);

static const emu_activation relu6 = {EMU_RELU6, EMU_NAN_PROPAGATED, EMU_FP32};

/* ---- Gemm ----------------------------------------------------------------------------------- */

enum { M = 5, N = 6, K = 7 };

static emu_gemm product(cl_uint transposes, float beta) {
    return (emu_gemm){
        M, N, K, transposes & 1, transposes >> 1, number(0.5f), number(beta), arithmetic()};
}

static void expected_product(cl_uint transposes, double beta, const box *a, const box *b,
                             const box *c, double *expected) {
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            double sum = 0;
            for (size_t k = 0; k < K; k++)
                sum += a->values[transposes & 1 ? k * M + i : i * K + k] *
                       b->values[transposes >> 1 ? j * K + k : k * N + j];
            expected[i * N + j] = 0.5 * sum + beta * c->values[i * N + j];
        }
}

/* A is (M,K,1,1), B (1,1,K,N) or transposed, C (M,N,1,1). */
static void gemms(void) {
    for (cl_uint transposes = 0; transposes < 4; transposes++) {
        emu_op *op = NULL;
        const float beta = transposes % 2 ? 0 : -0.75f;
        const emu_gemm desc = product(transposes, beta);
        box *a = transposes & 1 ? box_new(K, M, 1, 1) : box_new(M, K, 1, 1);
        box *b = transposes >> 1 ? box_new(1, 1, N, K) : box_new(1, 1, K, N);
        box *c = box_new(M, N, 1, 1);
        double expected[M * N];
        expected_product(transposes, beta, a, b, c, expected);
        expect_ok(s.api->gemm(s.context, NULL, &desc, a->tensor, b->tensor, c->tensor, &op, NULL));
        run(op);
        expect_values(c, expected, K);
    }
}

Test(matrix, gemm) {
    for_each_form(gemms);
}

Test(matrix, gemm_with_activation) {
    emu_op *op = NULL;
    const emu_gemm desc = product(2, 0.5f);
    box *a = box_new(M, K, 1, 1), *b = box_new(1, 1, N, K), *c = box_new(M, N, 1, 1);
    double expected[M * N];
    expected_product(2, 0.5, a, b, c, expected);
    for (size_t i = 0; i < M * N; i++)
        expected[i] = fmin(fmax(expected[i], 0), 6);
    expect_ok(s.api->gemm_activation(s.context, NULL, &desc, &relu6, a->tensor, b->tensor, NULL,
                                     c->tensor, &op, NULL));
    run(op);
    expect_values(c, expected, K);
}

Test(matrix, bad_gemms) {
    emu_op *op = NULL;
    box *a = box_new(M, K, 1, 1), *b = box_new(1, 1, N, K), *c = box_new(M, N, 1, 1);
    emu_gemm bad[4];
    for (size_t n = 0; n < 4; n++)
        bad[n] = product(2, 0);
    bad[0].m = M + 1;
    bad[1].k = 0;
    bad[2].transpose_a = 2;
    bad[3].arithmetic = EMU_INT32;
    for (size_t n = 0; n < 4; n++)
        expect_code(CL_INVALID_VALUE, s.api->gemm(s.context, NULL, &bad[n], a->tensor, b->tensor,
                                                  c->tensor, &op, NULL));
    const emu_gemm good = product(2, 0);
    expect_code(CL_INVALID_VALUE,
                s.api->gemm(s.context, NULL, &good, b->tensor, a->tensor, c->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->gemm(s.context, NULL, &good, a->tensor, b->tensor, a->tensor, &op, NULL));
    expect_code(CL_INVALID_VALUE, s.api->gemm_activation(s.context, NULL, &good, NULL, a->tensor,
                                                         b->tensor, NULL, c->tensor, &op, NULL));
}

/* ---- Fully connected ------------------------------------------------------------------------ */

static void connect(bool transposed, bool fused) {
    emu_op *op = NULL;
    const emu_fully_connected desc = {1, transposed, arithmetic()};
    emu_activation activation = relu6;
    activation.arithmetic = arithmetic();
    box *x = box_new(2, 3, 2, 2), *w = transposed ? box_new(1, 1, 5, 12) : box_new(1, 1, 12, 5);
    box *b = box_new(1, 5, 1, 1), *y = box_new(2, 5, 1, 1);
    double expected[10];
    for (size_t i = 0; i < 10; i++) {
        expected[i] = b->values[i % 5];
        for (size_t k = 0; k < 12; k++)
            expected[i] +=
                x->values[i / 5 * 12 + k] * w->values[transposed ? i % 5 * 12 + k : k * 5 + i % 5];
        if (fused)
            expected[i] = fmin(fmax(expected[i], 0), 6);
    }
    if (fused)
        expect_ok(s.api->fully_connected_activation(s.context, NULL, &desc, &activation, x->tensor,
                                                    w->tensor, b->tensor, NULL, y->tensor, &op,
                                                    NULL));
    else
        expect_ok(s.api->fully_connected(s.context, NULL, &desc, x->tensor, w->tensor, b->tensor,
                                         y->tensor, &op, NULL));
    run(op);
    expect_values(y, expected, 13);
}

static void all_connections(void) {
    for (int n = 0; n < 4; n++)
        connect(n & 1, n & 2);
}

Test(matrix, fully_connected) {
    for_each_form(all_connections);
}

Test(matrix, bad_connections) {
    emu_op *op = NULL;
    box *x = box_new(2, 3, 2, 2), *w = box_new(1, 1, 5, 12), *b = box_new(1, 5, 1, 1),
        *y = box_new(2, 5, 1, 1);
#define CONNECT(axis, transposed, w, b, y)                                                         \
    s.api->fully_connected(s.context, NULL, &(emu_fully_connected){axis, transposed, EMU_FP32},    \
                           x->tensor, (w)->tensor, (b)->tensor, (y)->tensor, &op, NULL)
    expect_code(CL_INVALID_VALUE, CONNECT(2, 1, w, b, y));
    expect_code(CL_INVALID_VALUE, CONNECT(1, 0, w, b, y));
    expect_code(CL_INVALID_VALUE, CONNECT(1, 2, w, b, y));
    expect_code(CL_INVALID_VALUE, CONNECT(1, 1, box_new(5, 12, 1, 1), b, y));
    expect_code(CL_INVALID_VALUE, CONNECT(1, 1, w, box_new(5, 1, 1, 1), y));
    expect_code(CL_INVALID_VALUE, CONNECT(1, 1, w, b, box_new(1, 5, 1, 1)));
#undef CONNECT
}

/* ---- Fused ops: the same as their parts one after the other --------------------------------- */

/* The parts of a convolution, batch norm and activation, run as three ops into `y`. */
typedef struct parts {
    emu_convolution convolution;
    emu_batch_norm norm;
    emu_activation activation;
    box *x, *w, *b, *mean, *variance, *scale, *shift, *y, *fused;
} parts;

static parts parts_new(void) {
    parts p = {.convolution = {.group_count = 1,
                               .dimensions = 4,
                               .pad_after = {1, 1},
                               .stride = {2, 2},
                               .dilation = {1, 1},
                               .arithmetic = arithmetic()},
               .norm = {0, arithmetic()},
               .activation = {EMU_RELU6, EMU_NAN_PROPAGATED, arithmetic()}};
    box **vectors[] = {&p.b, &p.mean, &p.variance, &p.scale, &p.shift};
    p.x = box_new(1, 3, 6, 6);
    p.w = box_new(5, 3, 3, 3);
    for (size_t n = 0; n < 5; n++)
        *vectors[n] = box_new(1, 5, 1, 1);
    for (size_t n = 0; n < 5; n++)
        p.variance->values[n] = 0.5 + (double)n;
    p.y = box_new(1, 5, 3, 3);
    p.fused = box_new(1, 5, 3, 3);
    return p;
}

#define P(name) p->name->tensor

static emu_op *convolution_part(const parts *p, const box *y) {
    emu_op *op = NULL;
    expect_ok(s.api->convolution_forward(s.context, NULL, &p->convolution, P(x), P(w), P(b),
                                         y->tensor, &op, NULL));
    return op;
}

static emu_op *norm_part(const parts *p, const box *x, const box *y) {
    emu_op *op = NULL;
    expect_ok(s.api->batch_norm_forward(s.context, NULL, &p->norm, x->tensor, P(mean), P(variance),
                                        P(scale), P(shift), y->tensor, &op, NULL));
    return op;
}

static emu_op *activation_part(const parts *p, const box *x, const box *y) {
    emu_op *op = NULL;
    expect_ok(s.api->activation_forward(s.context, NULL, &p->activation, x->tensor,
                                        box_unused()->tensor, y->tensor, &op, NULL));
    return op;
}

static void fused(void) {
    const parts parts_ = parts_new(), *p = &parts_;
    emu_op *ops[3];
    box *u = box_new(1, 5, 3, 3), *v = box_new(1, 5, 3, 3), *activated = box_new(1, 5, 3, 3);
    box *with_norm = box_new(1, 5, 3, 3), *with_both = box_new(1, 5, 3, 3);
    emu_op *steps[] = {convolution_part(p, u), activation_part(p, u, activated), norm_part(p, u, v),
                       activation_part(p, v, p->y)};
    expect_ok(s.api->convolution_activation(s.context, NULL, &p->convolution, &p->activation, P(x),
                                            P(w), P(b), NULL, P(fused), &ops[0], NULL));
    expect_ok(s.api->convolution_batch_norm(s.context, NULL, &p->convolution, &p->norm, P(x), P(w),
                                            P(b), with_norm->tensor, P(mean), P(variance), P(scale),
                                            P(shift), &ops[1], NULL));
    expect_ok(s.api->convolution_batch_norm_activation(
        s.context, NULL, &p->convolution, &p->norm, &p->activation, P(x), P(w), P(b),
        with_both->tensor, NULL, P(mean), P(variance), P(scale), P(shift), &ops[2], NULL));
    for (size_t n = 0; n < 4; n++)
        run(steps[n]);
    for (size_t n = 0; n < 3; n++)
        run(ops[n]);
    expect_values(p->fused, activated->values, 1);
    expect_values(with_norm, v->values, 1);
    expect_values(with_both, p->y->values, 1);
}

Test(matrix, fused_convolutions) {
    for_each_form(fused);
}

Test(matrix, fused_binary) {
    emu_op *op = NULL;
    const emu_binary desc = {EMU_ADD, number(4), number(4), number(0), EMU_FP32};
    box *a = box_new(1, 5, 2, 2), *b = box_new(1, 5, 2, 2), *c = box_new(1, 5, 2, 2);
    double expected[20];
    for (size_t i = 0; i < 20; i++)
        expected[i] = fmin(fmax(4 * a->values[i] + 4 * b->values[i], 0), 6);
    expect_ok(s.api->binary_activation(s.context, NULL, &desc, &relu6, a->tensor, b->tensor, NULL,
                                       c->tensor, &op, NULL));
    run(op);
    expect_values(c, expected, 2);
}

Test(matrix, bad_fused_ops) {
    emu_op *op = NULL;
    const parts parts_ = parts_new(), *p = &parts_;
    emu_activation prelu = p->activation;
    emu_batch_norm bad_norm = {1, EMU_FP32};
    emu_convolution bad = p->convolution;
    prelu.function = EMU_PRELU;
    bad.pad_after[0] = 0;
    bad.stride[0] = 3;
#define FUSED(convolution, norm, activation, param)                                                \
    s.api->convolution_batch_norm_activation(s.context, NULL, convolution, norm, activation, P(x), \
                                             P(w), P(b), P(y), param, P(mean), P(variance),        \
                                             P(scale), P(shift), &op, NULL)
    expect_code(CL_INVALID_VALUE, FUSED(&p->convolution, &p->norm, &prelu, NULL));
    expect_code(CL_INVALID_VALUE, FUSED(&p->convolution, &p->norm, &p->activation, P(b)));
    expect_code(CL_INVALID_VALUE, FUSED(&p->convolution, &bad_norm, &p->activation, NULL));
    expect_code(CL_INVALID_VALUE, FUSED(&bad, &p->norm, &p->activation, NULL));
    expect_code(CL_INVALID_VALUE, FUSED(&p->convolution, NULL, &p->activation, NULL));
    expect_code(CL_INVALID_VALUE, FUSED(&p->convolution, &p->norm, NULL, NULL));
#undef FUSED
    expect_code(CL_INVALID_VALUE, s.api->convolution_batch_norm(
                                      s.context, NULL, &p->convolution, NULL, P(x), P(w), P(b),
                                      P(y), P(mean), P(variance), P(scale), P(shift), &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->convolution_activation(s.context, NULL, &p->convolution, NULL, P(x), P(w),
                                              P(b), NULL, P(y), &op, NULL));
    expect_code(CL_INVALID_VALUE,
                s.api->binary_activation(s.context, NULL, NULL, &p->activation, P(b), P(mean), NULL,
                                         P(scale), &op, NULL));
}

/* ---- Losses --------------------------------------------------------------------------------- */

/* Predictions and targets in (0, 1). */
static void make_probabilities(box *x) {
    for (size_t i = 0; i < x->count; i++)
        x->values[i] = 0.5 + x->values[i] / 4;
}

static double loss(cl_uint function, double p, double t) {
    const double all[] = {(p - t) * (p - t), -t * log(p), -t * log(p) - (1 - t) * log(1 - p),
                          fabs(p - t)};
    return all[function];
}

static double loss_slope(cl_uint function, double p, double t) {
    const double all[] = {
        2 * (p - t), p - t, p - t, -t / p, (1 - t) / (1 - p) - t / p, p > t ? 1 : p < t ? -1 : 0};
    return all[function];
}

static void losses(void) {
    box *p = box_new(2, 3, 2, 2), *t = box_new(2, 3, 2, 2), *w = box_new(2, 3, 2, 2);
    box *each = box_new(2, 3, 2, 2), *sum = box_new(2, 1, 1, 1), *unused = box_unused();
    make_probabilities(p);
    make_probabilities(t);
    for (cl_uint function = 0; function <= EMU_LOSS_MAE; function++) {
        emu_op *ops[2];
        double one[24], all[2] = {0};
        for (size_t i = 0; i < 24; i++) {
            one[i] = 0.5 * w->values[i] * loss(function, p->values[i], t->values[i]);
            all[i / 12] += 0.5 * loss(function, p->values[i], t->values[i]);
        }
        const emu_loss_forward_desc desc = {function, EMU_LOSS_EACH, 1, number(0.5f), arithmetic()};
        const emu_loss_forward_desc summed = {function, EMU_LOSS_SUM_INSTANCE, 1, number(0.5f),
                                              arithmetic()};
        expect_ok(s.api->loss_forward(s.context, NULL, &desc, p->tensor, t->tensor, w->tensor,
                                      each->tensor, &ops[0], NULL));
        expect_ok(s.api->loss_forward(s.context, NULL, &summed, p->tensor, t->tensor,
                                      unused->tensor, sum->tensor, &ops[1], NULL));
        run(ops[0]);
        run(ops[1]);
        expect_values(each, one, 4);
        expect_values(sum, all, 24);
    }
}

Test(matrix, losses) {
    for_each_form(losses);
}

static void loss_gradients(void) {
    box *p = box_new(2, 3, 2, 2), *t = box_new(2, 3, 2, 2), *w = box_new(2, 3, 2, 2),
        *g = box_new(2, 3, 2, 2);
    make_probabilities(p);
    make_probabilities(t);
    for (cl_uint function = 0; function <= EMU_LOSS_GRAD_MAE; function++) {
        emu_op *op = NULL;
        double expected[24];
        for (size_t i = 0; i < 24; i++)
            expected[i] = 0.5 * w->values[i] * loss_slope(function, p->values[i], t->values[i]);
        const emu_loss_backward_desc desc = {function, 1, number(0.5f), arithmetic()};
        expect_ok(s.api->loss_backward(s.context, training, &desc, p->tensor, t->tensor, w->tensor,
                                       g->tensor, &op, NULL));
        run(op);
        expect_values(g, expected, 8);
    }
}

Test(matrix, loss_gradients) {
    for_each_form(loss_gradients);
}

/* The other reading: softmax and sigmoid are the op's own. */
Test(matrix, loss_gradients_of_logits) {
    scene_configure("CLML_EMULATOR_VARIANT", "logits");
    box *x = box_new(2, 3, 1, 2), *t = box_new(2, 3, 1, 2), *g = box_new(2, 3, 1, 2),
        *unused = box_unused();
    for (cl_uint function = EMU_LOSS_GRAD_SOFTMAX_CROSS_ENTROPY;
         function <= EMU_LOSS_GRAD_SIGMOID_CROSS_ENTROPY; function++) {
        emu_op *op = NULL;
        double expected[12];
        for (size_t i = 0; i < 12; i++) {
            double sum = 0;
            for (size_t c = 0; c < 3; c++)
                sum += exp(x->values[i / 6 * 6 + c * 2 + i % 2] - x->values[i]);
            expected[i] =
                (function == EMU_LOSS_GRAD_SOFTMAX_CROSS_ENTROPY ? 1 / sum
                                                                 : 1 / (1 + exp(-x->values[i]))) -
                t->values[i];
        }
        const emu_loss_backward_desc desc = {function, 1, number(1), EMU_FP32};
        expect_ok(s.api->loss_backward(s.context, training, &desc, x->tensor, t->tensor,
                                       unused->tensor, g->tensor, &op, NULL));
        run(op);
        expect_values(g, expected, 4);
    }
}

Test(matrix, bad_losses) {
    emu_op *op = NULL;
    box *p = box_new(2, 3, 1, 1), *t = box_new(2, 3, 1, 1), *y = box_new(2, 3, 1, 1),
        *sum = box_new(2, 1, 1, 1), *unused = box_unused();
#define LOSS(function, mode, t, w, y)                                                              \
    s.api->loss_forward(s.context, NULL,                                                           \
                        &(emu_loss_forward_desc){function, mode, 1, number(1), EMU_FP32},          \
                        p->tensor, (t)->tensor, (w)->tensor, (y)->tensor, &op, NULL)
#define GRADIENT(function, t, g)                                                                   \
    s.api->loss_backward(s.context, training,                                                      \
                         &(emu_loss_backward_desc){function, 1, number(1), EMU_FP32}, p->tensor,   \
                         (t)->tensor, unused->tensor, (g)->tensor, &op, NULL)
    expect_code(CL_INVALID_VALUE, LOSS(4, EMU_LOSS_EACH, t, unused, y));
    expect_code(CL_INVALID_VALUE, LOSS(0, 2, t, unused, y));
    expect_code(CL_INVALID_VALUE, LOSS(0, EMU_LOSS_EACH, t, unused, sum));
    expect_code(CL_INVALID_VALUE, LOSS(0, EMU_LOSS_SUM_INSTANCE, t, unused, y));
    expect_code(CL_INVALID_VALUE, LOSS(0, EMU_LOSS_EACH, sum, unused, y));
    expect_code(CL_INVALID_VALUE, LOSS(0, EMU_LOSS_EACH, t, sum, y));
    expect_code(CL_INVALID_VALUE, GRADIENT(6, t, y));
    expect_code(CL_INVALID_VALUE, GRADIENT(1, sum, y));
    expect_code(CL_INVALID_VALUE, GRADIENT(1, t, sum));
    expect_code(CL_INVALID_VALUE, GRADIENT(1, t, p));
#undef LOSS
#undef GRADIENT
}
