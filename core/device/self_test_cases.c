#include "device/self_test_cases.h"

#include "base/half.h"
#include "base/random.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"

#include <math.h>
#include <string.h>

/* ---- The cases ----------------------------------------------------------------------------- */

#define DESC(type, dimensions, ...)                                                                \
    {                                                                                              \
        .struct_size = (uint32_t)sizeof(retune_tensor_desc), .dtype = RETUNE_##type,               \
        .rank = dimensions, .shape = {                                                             \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define MAP(n, h, w, c)    DESC(F32, 4, n, h, w, c)
#define KERNEL(o, h, w, i) DESC(F32, 4, o, h, w, i)
#define FILTERS(h, w, c)   DESC(F32, 3, h, w, c)
#define MATRIX(n, c)       DESC(F32, 2, n, c)
#define VECTOR(n)          DESC(F32, 1, n)
#define INTEGERS(n)        DESC(I32, 1, n)
#define PLACES(n, h, w, c) DESC(I32, 4, n, h, w, c)
#define PIXELS(n, h, w)    DESC(U8, 4, n, h, w, 3)

/* Stride, dilation (height, width), padding (top, left, bottom, right). */
#define WINDOW(sh, sw, dh, dw, t, l, b, r) sh, sw, dh, dw, t, l, b, r
#define PLAIN                              WINDOW(1, 1, 1, 1, 0, 0, 0, 0)
#define CONV(window, function)             .attributes.convolution = {window, RETUNE_ACTIVATION_##function}
#define POOL(kind, h, w, sh, sw, t, l, b, r)                                                       \
    .attributes.pooling = {RETUNE_POOL_##kind, h, w, sh, sw, t, l, b, r}

/* Shapes are odd on purpose: batches above 1, channels that fill no vector, maps that no stride
 * divides, and products a little larger than the tiles they are cut into. */
const retune_self_test_case retune_self_test_cases[] = {
    {.kind = RETUNE_OP_NORMALIZE,
     .inputs = {PIXELS(2, 5, 7), VECTOR(3), VECTOR(3)},
     .outputs = {MAP(2, 5, 7, 3)}},

    {.kind = RETUNE_OP_GATHER,
     .inputs = {DESC(F32, 4, 7, 3, 1, 5), INTEGERS(9)},
     .outputs = {MAP(9, 3, 1, 5)}},
    {.kind = RETUNE_OP_GATHER,
     .inputs = {DESC(F16, 4, 5, 1, 1, 33), INTEGERS(3)},
     .outputs = {MAP(3, 1, 1, 33)}},

    /* 1x1, above the tiles; a dense layer; what is left: strides, dilation, uneven padding */
    {.kind = RETUNE_OP_CONV2D,
     .inputs = {MAP(3, 7, 7, 37), KERNEL(70, 1, 1, 37), VECTOR(70), VECTOR(70)},
     .outputs = {MAP(3, 7, 7, 70)},
     CONV(PLAIN, RELU6)},
    {.kind = RETUNE_OP_CONV2D,
     .inputs = {MAP(5, 1, 1, 131), KERNEL(7, 1, 1, 131), {0}, VECTOR(7)},
     .outputs = {MAP(5, 1, 1, 7)},
     CONV(PLAIN, NONE),
     .terms = 131},
    {.kind = RETUNE_OP_CONV2D,
     .inputs = {MAP(2, 9, 11, 5), KERNEL(4, 3, 2, 5), VECTOR(4), VECTOR(4)},
     .outputs = {MAP(2, 9, 6, 4)},
     CONV(WINDOW(1, 2, 2, 1, 3, 0, 1, 1), RELU)},

    {.kind = RETUNE_OP_CONV2D_GRAD_INPUT,
     .inputs = {MAP(3, 7, 7, 70), KERNEL(70, 1, 1, 37)},
     .outputs = {MAP(3, 7, 7, 37)},
     CONV(PLAIN, NONE),
     .terms = 70},
    {.kind = RETUNE_OP_CONV2D_GRAD_INPUT,
     .inputs = {MAP(2, 9, 6, 4), KERNEL(4, 3, 2, 5)},
     .outputs = {MAP(2, 9, 11, 5)},
     CONV(WINDOW(1, 2, 2, 1, 3, 0, 1, 1), NONE)},

    {.kind = RETUNE_OP_CONV2D_GRAD_WEIGHT,
     .inputs = {MAP(3, 7, 7, 37), MAP(3, 7, 7, 70)},
     .outputs = {KERNEL(70, 1, 1, 37), VECTOR(70)},
     CONV(PLAIN, NONE),
     .terms = 147},
    {.kind = RETUNE_OP_CONV2D_GRAD_WEIGHT,
     .inputs = {MAP(2, 9, 11, 5), MAP(2, 9, 6, 4)},
     .outputs = {KERNEL(4, 3, 2, 5), VECTOR(4)},
     CONV(WINDOW(1, 2, 2, 1, 3, 0, 1, 1), NONE),
     .terms = 108},

    {.kind = RETUNE_OP_DEPTHWISE_CONV2D,
     .inputs = {MAP(2, 9, 7, 19), FILTERS(3, 3, 19), VECTOR(19), VECTOR(19)},
     .outputs = {MAP(2, 9, 7, 19)},
     CONV(WINDOW(1, 1, 1, 1, 1, 1, 1, 1), RELU6)},
    {.kind = RETUNE_OP_DEPTHWISE_CONV2D,
     .inputs = {MAP(3, 8, 6, 5), FILTERS(3, 3, 5), {0}, VECTOR(5)},
     .outputs = {MAP(3, 4, 3, 5)},
     CONV(WINDOW(2, 2, 1, 1, 0, 0, 1, 1), RELU)},
    {.kind = RETUNE_OP_DEPTHWISE_CONV2D,
     .inputs = {MAP(2, 9, 11, 6), FILTERS(3, 2, 6)},
     .outputs = {MAP(2, 9, 6, 6)},
     CONV(WINDOW(1, 2, 2, 1, 3, 0, 1, 1), NONE)},

    {.kind = RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT,
     .inputs = {MAP(2, 9, 7, 19), FILTERS(3, 3, 19)},
     .outputs = {MAP(2, 9, 7, 19)},
     CONV(WINDOW(1, 1, 1, 1, 1, 1, 1, 1), NONE)},
    {.kind = RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT,
     .inputs = {MAP(2, 9, 6, 6), FILTERS(3, 2, 6)},
     .outputs = {MAP(2, 9, 11, 6)},
     CONV(WINDOW(1, 2, 2, 1, 3, 0, 1, 1), NONE)},

    {.kind = RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT,
     .inputs = {MAP(2, 9, 7, 19), MAP(2, 9, 7, 19)},
     .outputs = {FILTERS(3, 3, 19), VECTOR(19)},
     CONV(WINDOW(1, 1, 1, 1, 1, 1, 1, 1), NONE),
     .terms = 126},
    {.kind = RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT,
     .inputs = {MAP(2, 9, 11, 6), MAP(2, 9, 6, 6)},
     .outputs = {FILTERS(3, 2, 6), VECTOR(6)},
     CONV(WINDOW(1, 2, 2, 1, 3, 0, 1, 1), NONE),
     .terms = 108},

    {.kind = RETUNE_OP_ACTIVATION,
     .inputs = {MAP(2, 3, 5, 7)},
     .outputs = {MAP(2, 3, 5, 7)},
     .attributes.activation = {RETUNE_ACTIVATION_RELU6}},
    {.kind = RETUNE_OP_ACTIVATION_GRAD,
     .inputs = {MAP(2, 3, 5, 7), MAP(2, 3, 5, 7), VECTOR(7)},
     .outputs = {MAP(2, 3, 5, 7)},
     .attributes.activation = {RETUNE_ACTIVATION_RELU6}},

    {.kind = RETUNE_OP_BATCH_NORM,
     .inputs = {MAP(3, 5, 3, 19), VECTOR(19), VECTOR(19), VECTOR(19), VECTOR(19)},
     .outputs = {MAP(3, 5, 3, 19), VECTOR(19), VECTOR(19), VECTOR(19), VECTOR(19)},
     .attributes.batch_norm = {1, 0.9f, 1e-3f}},
    {.kind = RETUNE_OP_BATCH_NORM,
     .inputs = {MAP(2, 3, 3, 5), VECTOR(5), VECTOR(5), VECTOR(5), VECTOR(5)},
     .outputs = {MAP(2, 3, 3, 5), VECTOR(5), VECTOR(5), VECTOR(5), VECTOR(5)},
     .attributes.batch_norm = {0, 0.9f, 0.25f}},
    {.kind = RETUNE_OP_BATCH_NORM_GRAD,
     .inputs = {MAP(3, 5, 3, 19), MAP(3, 5, 3, 19), VECTOR(19), VECTOR(19), VECTOR(19)},
     .outputs = {MAP(3, 5, 3, 19), VECTOR(19), VECTOR(19)},
     .attributes.batch_norm = {1, 0.9f, 1e-3f}},
    {.kind = RETUNE_OP_BATCH_NORM_GRAD,
     .inputs = {MAP(2, 3, 3, 5), MAP(2, 3, 3, 5), VECTOR(5), VECTOR(5), VECTOR(5)},
     .outputs = {MAP(2, 3, 3, 5), VECTOR(5), VECTOR(5)},
     .attributes.batch_norm = {0, 0.9f, 1e-3f}},

    {.kind = RETUNE_OP_POOL,
     .inputs = {MAP(3, 7, 7, 19)},
     .outputs = {MAP(3, 1, 1, 19)},
     POOL(AVERAGE, 7, 7, 1, 1, 0, 0, 0, 0)},
    {.kind = RETUNE_OP_POOL,
     .inputs = {MAP(2, 7, 6, 5)},
     .outputs = {MAP(2, 4, 3, 5)},
     POOL(AVERAGE, 3, 2, 2, 2, 1, 0, 1, 0)},
    {.kind = RETUNE_OP_POOL,
     .inputs = {MAP(2, 7, 6, 5)},
     .outputs = {MAP(2, 4, 3, 5), PLACES(2, 4, 3, 5)},
     POOL(MAX, 3, 2, 2, 2, 1, 0, 1, 0)},
    {.kind = RETUNE_OP_POOL_GRAD,
     .inputs = {MAP(3, 1, 1, 19)},
     .outputs = {MAP(3, 7, 7, 19)},
     POOL(AVERAGE, 7, 7, 1, 1, 0, 0, 0, 0)},
    {.kind = RETUNE_OP_POOL_GRAD,
     .inputs = {MAP(2, 4, 3, 5)},
     .outputs = {MAP(2, 7, 6, 5)},
     POOL(AVERAGE, 3, 2, 2, 2, 0, 0, 2, 0)},
    {.kind = RETUNE_OP_POOL_GRAD,
     .inputs = {MAP(2, 4, 3, 5), PLACES(2, 4, 3, 5)},
     .outputs = {MAP(2, 7, 6, 5)},
     POOL(MAX, 3, 2, 2, 2, 1, 0, 1, 0)},

    {.kind = RETUNE_OP_ADD,
     .inputs = {MAP(2, 3, 5, 7), MAP(2, 3, 5, 7)},
     .outputs = {MAP(2, 3, 5, 7)}},

    {.kind = RETUNE_OP_SOFTMAX_CROSS_ENTROPY,
     .inputs = {MATRIX(7, 11), INTEGERS(7), VECTOR(7)},
     .outputs = {MATRIX(7, 11), VECTOR(7)},
     .attributes.loss = {0.125f}},
    {.kind = RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD,
     .inputs = {MATRIX(7, 11), INTEGERS(7), VECTOR(7), VECTOR(1)},
     .outputs = {MATRIX(7, 11)},
     .attributes.loss = {0.125f}},

    {.kind = RETUNE_OP_SGD,
     .inputs = {VECTOR(131), VECTOR(131)},
     .outputs = {VECTOR(131)},
     .attributes.sgd = {0.0f, 0.0625f}},
    {.kind = RETUNE_OP_SGD,
     .inputs = {MATRIX(9, 15), MATRIX(9, 15), MATRIX(9, 15)},
     .outputs = {MATRIX(9, 15), MATRIX(9, 15)},
     .attributes.sgd = {0.875f, 0.0625f}},
    {.kind = RETUNE_OP_ADAM,
     .inputs = {MATRIX(9, 15), MATRIX(9, 15), MATRIX(9, 15), MATRIX(9, 15)},
     .outputs = {MATRIX(9, 15), MATRIX(9, 15), MATRIX(9, 15)},
     .attributes.adam = {0.875f, 0.96875f, 0.03125f, 0.25f, 1}},
    {.kind = RETUNE_OP_ADAM,
     .inputs = {VECTOR(131), VECTOR(131), VECTOR(131), VECTOR(131)},
     .outputs = {VECTOR(131), VECTOR(131), VECTOR(131)},
     .attributes.adam = {0.875f, 0.96875f, 0.03125f, 0.25f, 0}},

    {.kind = RETUNE_OP_FILL,
     .inputs = {{0}},
     .outputs = {MAP(2, 3, 5, 7)},
     .attributes.fill = {-2.5f}},
    {.kind = RETUNE_OP_CAST, .inputs = {MAP(2, 3, 5, 7)}, .outputs = {DESC(F16, 4, 2, 3, 5, 7)}},
    {.kind = RETUNE_OP_CAST, .inputs = {DESC(F16, 4, 2, 3, 5, 7)}, .outputs = {MAP(2, 3, 5, 7)}},
    {.kind = RETUNE_OP_ACCUMULATE,
     .inputs = {MAP(2, 3, 5, 7), MAP(2, 3, 5, 7)},
     .outputs = {MAP(2, 3, 5, 7)}},
};
const size_t retune_self_test_case_count =
    sizeof retune_self_test_cases / sizeof retune_self_test_cases[0];

const retune_run_args retune_self_test_args = {
    .struct_size = (uint32_t)sizeof(retune_run_args), .learning_rate = 0.125f, .step = 3};

/* ---- The known answers --------------------------------------------------------------------- */

static const retune_self_test_answer answers[] = {
#define ANSWER(test, output, a, b, c, d) {test, output, {a, b, c, d}},
#include "self_test_answers.def"
#undef ANSWER
    {UINT32_MAX, 0, {0}},
};

const retune_self_test_answer *retune_self_test_find_answer(size_t test, uint32_t output) {
    for (size_t a = 0; a + 1 < sizeof answers / sizeof answers[0]; a++)
        if (answers[a].test == test && answers[a].output == output)
            return &answers[a];
    return NULL;
}

void retune_self_test_add_up(const double *elements, size_t count,
                             retune_self_test_sums *out_sums) {
    *out_sums = (retune_self_test_sums){{0}, {0}, {0}};
    for (size_t s = 0; s < RETUNE_SELF_TEST_SUMS; s++) {
        retune_random random = retune_random_make(0x73756d, s); /* "sum" */
        for (size_t i = 0; i < count; i++) {
            double weight = 2.0 * (double)retune_random_unit(&random) - 1.0;
            out_sums->of[s] += weight * elements[i];
            out_sums->magnitude[s] += fabs(weight * elements[i]);
            out_sums->weight[s] += fabs(weight);
        }
    }
}

/* ---- Descriptions -------------------------------------------------------------------------- */

retune_op_desc retune_self_test_describe(const retune_self_test_case *test) {
    retune_op_desc op = {.struct_size = (uint32_t)sizeof op,
                         .kind = (uint32_t)test->kind,
                         .attributes = test->attributes};
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        op.inputs[slot] = test->inputs[slot].rank > 0 ? &test->inputs[slot] : NULL;
        op.outputs[slot] = test->outputs[slot].rank > 0 ? &test->outputs[slot] : NULL;
    }
    return op;
}

/* ---- Inputs -------------------------------------------------------------------------------- */

/* What the values of a slot must be; plain ones are uniform in [-1, 1). */
typedef enum role {
    ROLE_PLAIN,
    ROLE_BIAS,        /* carries results past both kinks of relu6 */
    ROLE_WHOLE,       /* whole numbers: 0 and 6 are among them */
    ROLE_ACTIVATED,   /* the same after relu6 */
    ROLE_POSITIVE,    /* variances, mean squares */
    ROLE_ROW,         /* below the first dimension of slot 0 */
    ROLE_CLASS,       /* below the last dimension of slot 0 */
    ROLE_IMPORTANCE,  /* weights of samples, some 0 */
    ROLE_TOTAL,       /* the sum of weights in a larger batch */
    ROLE_MEAN,        /* of slot 0, a channel */
    ROLE_INVERSE_STD, /* likewise */
    ROLE_PLACE        /* of a maximum in its window */
} role;

static const struct {
    retune_op_kind kind;
    int slot;
    role role;
} roles[] = {
    {RETUNE_OP_GATHER, 1, ROLE_ROW},
    {RETUNE_OP_CONV2D, 3, ROLE_BIAS},
    {RETUNE_OP_DEPTHWISE_CONV2D, 3, ROLE_BIAS},
    {RETUNE_OP_ACTIVATION, 0, ROLE_WHOLE},
    {RETUNE_OP_ACTIVATION_GRAD, 1, ROLE_ACTIVATED},
    {RETUNE_OP_BATCH_NORM, 4, ROLE_POSITIVE},
    {RETUNE_OP_BATCH_NORM_GRAD, 3, ROLE_MEAN},
    {RETUNE_OP_BATCH_NORM_GRAD, 4, ROLE_INVERSE_STD},
    {RETUNE_OP_POOL, 0, ROLE_WHOLE}, /* some maxima are shared */
    {RETUNE_OP_POOL_GRAD, 1, ROLE_PLACE},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY, 0, ROLE_BIAS},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY, 1, ROLE_CLASS},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY, 2, ROLE_IMPORTANCE},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, 1, ROLE_CLASS},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, 2, ROLE_IMPORTANCE},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, 3, ROLE_TOTAL},
    {RETUNE_OP_ADAM, 3, ROLE_POSITIVE},
};

static role role_of(retune_op_kind kind, int slot) {
    for (size_t r = 0; r < sizeof roles / sizeof roles[0]; r++)
        if (roles[r].kind == kind && roles[r].slot == slot)
            return roles[r].role;
    return ROLE_PLAIN;
}

static size_t elements_of(const retune_tensor_desc *desc) {
    size_t count = desc->rank > 0;
    for (uint32_t d = 0; d < desc->rank; d++)
        count *= (size_t)desc->shape[d];
    return count;
}

/* Mean or 1 / standard deviation of channel `channel` of x. */
static double statistic(const retune_self_test_case *test, const float *x, size_t channel,
                        bool inverse_std) {
    size_t channels = (size_t)test->inputs[0].shape[3], count = elements_of(&test->inputs[0]);
    double sum = 0.0, squares = 0.0, terms = (double)(count / channels);
    for (size_t i = channel; i < count; i += channels)
        sum += (double)x[i];
    for (size_t i = channel; i < count; i += channels)
        squares += ((double)x[i] - sum / terms) * ((double)x[i] - sum / terms);
    return inverse_std ? 1.0 / sqrt(squares / terms + (double)test->attributes.batch_norm.epsilon)
                       : sum / terms;
}

/* Where the window of an output begins or ends in the map, which one decided by `last`. */
static int32_t place(const retune_self_test_case *test, size_t output, bool last) {
    const retune_pooling_attributes *a = &test->attributes.pooling;
    const int64_t *y = test->inputs[0].shape, *x = test->outputs[0].shape;
    int64_t i = (int64_t)output / y[3];
    int64_t h = i / y[2] % y[1] * a->stride_height - a->pad_top;
    int64_t w = i % y[2] * a->stride_width - a->pad_left;
    if (last) {
        h += a->window_height - 1;
        w += a->window_width - 1;
    }
    h = h < 0 ? 0 : h < x[1] ? h : x[1] - 1;
    w = w < 0 ? 0 : w < x[2] ? w : x[2] - 1;
    return (int32_t)(h * x[2] + w);
}

static double real_value(const retune_self_test_case *test, role what, size_t i, const float *x,
                         retune_random *random) {
    static const double importance[] = {1.0, 0.5, 0.0, 2.0};
    double uniform = 2.0 * (double)retune_random_unit(random) - 1.0;
    double whole = floor(8.0 * uniform);
    switch (what) {
    case ROLE_BIAS:
        return 8.0 * uniform;
    case ROLE_WHOLE:
        return whole;
    case ROLE_ACTIVATED:
        return whole < 0.0 ? 0.0 : whole > 6.0 ? 6.0 : whole;
    case ROLE_POSITIVE:
        return 1.0625 + uniform;
    case ROLE_IMPORTANCE:
        return importance[i % 4];
    case ROLE_TOTAL:
        return 9.5;
    case ROLE_MEAN:
    case ROLE_INVERSE_STD:
        return statistic(test, x, i, what == ROLE_INVERSE_STD);
    default:
        return uniform;
    }
}

static int32_t integer_value(const retune_self_test_case *test, role what, size_t i,
                             retune_random *random) {
    const retune_tensor_desc *first = &test->inputs[0];
    uint64_t drawn = retune_random_next(random) >> 8;
    if (what == ROLE_PLACE)
        return place(test, i, drawn & 1);
    return (int32_t)(drawn % (uint64_t)first->shape[what == ROLE_ROW ? 0 : first->rank - 1]);
}

static void fill_slot(const retune_self_test_case *test, int slot, void *data, const float *x) {
    const retune_tensor_desc *desc = &test->inputs[slot];
    role what = role_of(test->kind, slot);
    retune_random random = retune_random_make(0x74657374, (uint64_t)slot); /* "test" */
    for (size_t i = 0; i < elements_of(desc); i++) {
        if (desc->dtype == RETUNE_U8) {
            ((uint8_t *)data)[i] = (uint8_t)(retune_random_next(&random) >> 16);
        } else if (desc->dtype == RETUNE_I32) {
            ((int32_t *)data)[i] = integer_value(test, what, i, &random);
        } else {
            float value = (float)real_value(test, what, i, x, &random);
            if (desc->dtype == RETUNE_F16)
                retune_half_from_float(&value, (uint16_t *)data + i, 1);
            else
                ((float *)data)[i] = value;
        }
    }
}

void retune_self_test_fill(const retune_self_test_case *test,
                           void *const inputs[RETUNE_OP_TENSORS_MAX]) {
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (inputs[slot])
            fill_slot(test, slot, inputs[slot], inputs[0]);
}
