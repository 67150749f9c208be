#include "case_data.h"

#include "base/random.h"
#include "element.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a slot's values must be, whatever the pattern of the case. */
typedef enum role {
    ROLE_DATA,          /* takes the pattern of the case when it is the op's first input */
    ROLE_VARIANCE,      /* positive */
    ROLE_BIAS,          /* carries results past both kinks of relu6 */
    ROLE_GRADIENT,      /* of a parameter */
    ROLE_MOMENT,        /* what an optimiser remembers of gradients */
    ROLE_SQUARE,        /* likewise of their squares */
    ROLE_PIXEL_SCALE,   /* keeps normalised pixels near 1 */
    ROLE_ROW,           /* a row of the table in slot 0 */
    ROLE_CLASS,         /* a class of the logits in slot 0 */
    ROLE_SAMPLE_WEIGHT, /* 0 for padded samples */
    ROLE_TOTAL_WEIGHT
} role;

typedef struct role_row {
    uint32_t kind;
    const char *slot;
    role role;
} role_row;

static const role_row roles[] = {
    {RETUNE_OP_NORMALIZE, "scale", ROLE_PIXEL_SCALE},
    {RETUNE_OP_GATHER, "index", ROLE_ROW},
    {RETUNE_OP_CONV2D, "bias", ROLE_BIAS},
    {RETUNE_OP_DEPTHWISE_CONV2D, "bias", ROLE_BIAS},
    {RETUNE_OP_BATCH_NORM, "running_variance", ROLE_VARIANCE},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY, "label", ROLE_CLASS},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY, "weight", ROLE_SAMPLE_WEIGHT},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, "label", ROLE_CLASS},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, "weight", ROLE_SAMPLE_WEIGHT},
    {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, "total_weight", ROLE_TOTAL_WEIGHT},
    {RETUNE_OP_SGD, "gradient", ROLE_GRADIENT},
    {RETUNE_OP_SGD, "velocity", ROLE_MOMENT},
    {RETUNE_OP_ADAM, "gradient", ROLE_GRADIENT},
    {RETUNE_OP_ADAM, "m", ROLE_MOMENT},
    {RETUNE_OP_ADAM, "v", ROLE_SQUARE},
};

static role role_of(const op_case *op, uint32_t slot) {
    for (size_t r = 0; r < sizeof roles / sizeof roles[0]; r++)
        if (roles[r].kind == op->kind &&
            strcmp(roles[r].slot, op_info_of(op->kind)->inputs[slot].name) == 0)
            return roles[r].role;
    return ROLE_DATA;
}

/* ---- Patterns ------------------------------------------------------------------------------ */

static const double kinks[] = {
    0, -0.0, 6, 0x1.7ffffep+2, 0x1.800002p+2, 1, 0x1p-20, -0x1p-20, 3, -1, 7, -7, 5.5};

/* Ties between neighbours of each narrow type, ends of their ranges, subnormals, infinities. */
static const double between[] = {
    0,           -0.0,          1,         -1,         0x1p-14,     0x1p-24,   0x1p-25,  0x1.8p-24,
    65504,       65519,         65520,     -70000,     0x1.002p0,   0x1.006p0, 0x1.01p0, 0x1.03p0,
    0x1.00201p0, -0x1.001ffep0, 0x1.8p-15, 0x1.fep127, 0x1.ff8p127, 0x1p-126,  0.1,      -1.0 / 3,
    INFINITY,    -INFINITY,     NAN};

#define PICK(random, array) (array)[retune_random_below(random, sizeof(array) / sizeof(array)[0])]

static double uniform(retune_random *random) {
    return 2 * (double)retune_random_unit(random) - 1;
}

static double draw(retune_random *random, uint32_t data, size_t index) {
    switch (data) {
    case OP_DATA_OFFSET:
        return 8 + uniform(random);
    case OP_DATA_KINKS:
        return PICK(random, kinks);
    case OP_DATA_TIES:
        return (double)retune_random_below(random, 3) - 1;
    case OP_DATA_INFINITE: {
        const uint64_t die = retune_random_below(random, 4);
        return die == 0 ? (double)INFINITY : die == 1 ? uniform(random) : (double)-INFINITY;
    }
    case OP_DATA_NAN:
        return index == 0 ? (double)NAN : uniform(random);
    case OP_DATA_LARGE:
        return 10000 * uniform(random);
    case OP_DATA_ROUNDING:
        return PICK(random, between);
    default:
        return uniform(random);
    }
}

static double sample_weight(const op_case *op, retune_random *random, size_t sample, size_t count) {
    static const double weights[] = {1, 0.5, 2, 1};
    const double weight = PICK(random, weights);
    return op->data == OP_DATA_PADDED && sample >= (count + 1) / 2 ? 0 : weight;
}

static double total_weight(const op_case *op, const case_data *data) {
    double total = 0;
    for (size_t n = 0; n < desc_count(&op->inputs[2]); n++)
        total += data->inputs[2][n];
    return total;
}

/* One value of a slot: what its role asks for, else what its type and the pattern give. */
static double draw_element(const op_case *op, uint32_t slot, size_t index, retune_random *random,
                           const case_data *data) {
    const retune_tensor_desc *desc = &op->inputs[slot], *first = &op->inputs[0];
    const bool fresh = op->data == OP_DATA_FRESH;
    switch (role_of(op, slot)) {
    case ROLE_VARIANCE:
        return 1.05 + 0.95 * uniform(random);
    case ROLE_BIAS:
        return 8 * uniform(random);
    case ROLE_GRADIENT:
        return draw(random, fresh ? OP_DATA_TIES : op->data, index);
    case ROLE_MOMENT:
        return fresh ? 0 : uniform(random);
    case ROLE_SQUARE:
        return fresh ? 0 : 1.05 + 0.95 * uniform(random);
    case ROLE_PIXEL_SCALE:
        return uniform(random) / 127.5;
    case ROLE_ROW:
        return (double)retune_random_below(random, (uint64_t)first->shape[0]);
    case ROLE_CLASS:
        return (double)retune_random_below(random, (uint64_t)first->shape[first->rank - 1]);
    case ROLE_SAMPLE_WEIGHT:
        return sample_weight(op, random, index, desc_count(desc));
    case ROLE_TOTAL_WEIGHT:
        return total_weight(op, data);
    default:
        if (desc->dtype == RETUNE_U8)
            return (double)retune_random_below(random, 256);
        if (desc->dtype == RETUNE_I32)
            return (double)retune_random_below(random, 2000) - 1000;
        return draw(random, slot == 0 ? op->data : (uint32_t)OP_DATA_UNIFORM, index);
    }
}

static void draw_slot(const op_case *op, uint32_t slot, case_data *data) {
    const retune_tensor_desc *desc = &op->inputs[slot];
    retune_random random = retune_random_make(op->seed, slot);
    for (size_t i = 0; i < desc_count(desc); i++)
        data->inputs[slot][i] =
            element_round(desc->dtype, draw_element(op, slot, i, &random, data));
}

/* ---- Inputs that other ops compute --------------------------------------------------------- */

static void run_reference(const retune_op_desc *desc,
                          const double *const inputs[RETUNE_OP_TENSORS_MAX],
                          double *const outputs[RETUNE_OP_TENSORS_MAX]) {
    const retune_run_args args = {.struct_size = sizeof args};
    reference_run(desc, inputs, outputs, &args);
}

/* The statistics of x, as training leaves them; other ones would not sum to what the gradient
 * through the statistics relies on. Without training any statistics do. */
static void derive_statistics(const op_case *op, case_data *data) {
    const size_t channels = desc_count(&op->inputs[2]);
    double *spare = elements_allocate(desc_count(&op->inputs[0])),
           *ones = elements_allocate(channels);
    double *running_mean = elements_allocate(channels);
    double *running_variance = elements_allocate(channels);
    for (size_t c = 0; c < channels; c++)
        ones[c] = 1;
    retune_op_desc forward = op_case_describe(op);
    forward.kind = RETUNE_OP_BATCH_NORM;
    forward.attributes.batch_norm.training = 1;
    run_reference(&forward,
                  (const double *[RETUNE_OP_TENSORS_MAX]){data->inputs[0], ones, ones, ones, ones},
                  (double *[RETUNE_OP_TENSORS_MAX]){spare, data->inputs[3], data->inputs[4],
                                                    running_mean, running_variance});
    free(spare);
    free(ones);
    free(running_mean);
    free(running_variance);
}

/* A map of random values decides where the maxima are. */
static void derive_argmax(const op_case *op, case_data *data) {
    const size_t count = desc_count(&op->outputs[0]);
    double *x = elements_allocate(count), *y = elements_allocate(desc_count(&op->inputs[0]));
    retune_random random = retune_random_make(op->seed, RETUNE_OP_TENSORS_MAX);
    for (size_t i = 0; i < count; i++)
        x[i] = draw(&random, op->data, i);
    const retune_op_desc forward = {.struct_size = sizeof forward,
                                    .kind = RETUNE_OP_POOL,
                                    .inputs = {&op->outputs[0]},
                                    .outputs = {&op->inputs[0], &op->inputs[1]},
                                    .attributes = op->attributes};
    run_reference(&forward, (const double *[RETUNE_OP_TENSORS_MAX]){x},
                  (double *[RETUNE_OP_TENSORS_MAX]){y, data->inputs[1]});
    free(x);
    free(y);
}

static void derive_probability(const op_case *op, case_data *data) {
    double *loss = elements_allocate(desc_count(&op->inputs[1]));
    retune_op_desc forward = op_case_describe(op);
    forward.kind = RETUNE_OP_SOFTMAX_CROSS_ENTROPY;
    forward.outputs[0] = &op->inputs[0];
    forward.outputs[1] = &op->inputs[2];
    double *logits = elements_allocate(desc_count(&op->inputs[0]));
    memcpy(logits, data->inputs[0], desc_count(&op->inputs[0]) * sizeof *logits);
    run_reference(&forward,
                  (const double *[RETUNE_OP_TENSORS_MAX]){logits, data->inputs[1], data->inputs[2]},
                  (double *[RETUNE_OP_TENSORS_MAX]){data->inputs[0], loss});
    free(logits);
    free(loss);
}

/* y is what the activation gives for the pattern of the case. */
static void derive_activation(const op_case *op, case_data *data) {
    const retune_tensor_desc *desc = &op->inputs[1];
    double *x = elements_allocate(desc_count(desc));
    retune_random random = retune_random_make(op->seed, RETUNE_OP_TENSORS_MAX);
    for (size_t i = 0; i < desc_count(desc); i++)
        x[i] = draw(&random, op->data, i);
    const retune_op_desc forward = {.struct_size = sizeof forward,
                                    .kind = RETUNE_OP_ACTIVATION,
                                    .inputs = {desc},
                                    .outputs = {desc},
                                    .attributes = op->attributes};
    run_reference(&forward, (const double *[RETUNE_OP_TENSORS_MAX]){x},
                  (double *[RETUNE_OP_TENSORS_MAX]){data->inputs[1]});
    free(x);
}

static void derive_inputs(const op_case *op, case_data *data) {
    if (op->kind == RETUNE_OP_BATCH_NORM_GRAD)
        derive_statistics(op, data);
    else if (op->kind == RETUNE_OP_POOL_GRAD && data->inputs[1])
        derive_argmax(op, data);
    else if (op->kind == RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD)
        derive_probability(op, data);
    else if (op->kind == RETUNE_OP_ACTIVATION_GRAD)
        derive_activation(op, data);
    else
        return;
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        for (size_t i = 0; data->inputs[s] && i < desc_count(&op->inputs[s]); i++)
            data->inputs[s][i] = element_round(op->inputs[s].dtype, data->inputs[s][i]);
}

void case_data_make(const op_case *op, case_data *out_data) {
    *out_data = (case_data){0};
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (op->inputs[s].rank) {
            out_data->inputs[s] = elements_allocate(desc_count(&op->inputs[s]));
            draw_slot(op, s, out_data);
        }
        if (op->outputs[s].rank)
            out_data->outputs[s] = elements_allocate(desc_count(&op->outputs[s]));
    }
    derive_inputs(op, out_data);
    const retune_op_desc desc = op_case_describe(op);
    const retune_run_args args = {
        .struct_size = sizeof args, .learning_rate = op->learning_rate, .step = op->step};
    reference_run(&desc, (const double *const *)out_data->inputs, out_data->outputs, &args);
}

void case_data_free(case_data *data) {
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        free(data->inputs[s]);
        free(data->outputs[s]);
    }
    *data = (case_data){0};
}
