/* Cases of the ops that look at one element, or one channel, at a time. */
#include "cases.h"

#include "base/tensor_desc.h"

#include <math.h>

static const retune_dtype floating[] = {RETUNE_F32, RETUNE_F16, RETUNE_BF16};

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define EACH(item, array) (size_t item = 0; item < COUNT(array); item++)
#define SHAPE(rank, a, b, c, d)                                                                    \
    {                                                                                              \
        sizeof(retune_tensor_desc), RETUNE_F32, rank, 0, {                                         \
            a, b, c, d                                                                             \
        }                                                                                          \
    }

/* Of every rank, around the widths that vectors and work groups have; the last is worth dividing
 * among threads. */
static const retune_tensor_desc shapes[] = {
    SHAPE(1, 1, 0, 0, 0),  SHAPE(1, 17, 0, 0, 0), SHAPE(1, 1025, 0, 0, 0), SHAPE(2, 3, 5, 0, 0),
    SHAPE(2, 1, 65, 0, 0), SHAPE(3, 3, 3, 33, 0), SHAPE(4, 1, 1, 1, 1),    SHAPE(4, 1, 7, 7, 3),
    SHAPE(4, 3, 5, 4, 17), SHAPE(4, 2, 8, 8, 16), SHAPE(4, 1, 9, 9, 129),  SHAPE(4, 3, 23, 29, 17),
};

static retune_tensor_desc with_dtype(retune_tensor_desc desc, retune_dtype dtype) {
    desc.dtype = (uint32_t)dtype;
    return desc;
}

static retune_tensor_desc channels_of(const retune_tensor_desc *desc) {
    return retune_desc_vector(RETUNE_F32, desc->shape[desc->rank - 1]);
}

/* ---- Activation ---------------------------------------------------------------------------- */

void cases_activation(uint32_t kind, case_list *list) {
    static const op_data data[] = {OP_DATA_UNIFORM, OP_DATA_KINKS, OP_DATA_INFINITE, OP_DATA_NAN};
    const bool gradient = kind == RETUNE_OP_ACTIVATION_GRAD;
    for
        EACH(s, shapes)
    for (uint32_t activation = RETUNE_ACTIVATION_NONE; activation <= RETUNE_ACTIVATION_RELU6;
         activation++)
            for
                EACH(t, floating)
    for (size_t d = 0; d < (gradient ? 2 : COUNT(data)); d++)
        for (int scaled = 0; scaled <= gradient; scaled++) {
            const retune_tensor_desc desc = with_dtype(shapes[s], floating[t]);
            op_case op = {.kind = kind,
                          .inputs = {desc},
                          .outputs = {desc},
                          .attributes.activation = {activation},
                          .data = data[d]};
            if (gradient)
                op.inputs[1] = desc;
            if (scaled)
                op.inputs[2] = channels_of(&desc);
            case_list_add(list, op);
            if (!gradient || floating[t] == RETUNE_F32)
                continue;
            /* As a training step has it: gradients are f32 beside a narrow y. */
            op.inputs[0].dtype = op.outputs[0].dtype = RETUNE_F32;
            case_list_add(list, op);
        }
}

/* ---- Batch norm ---------------------------------------------------------------------------- */

static const retune_tensor_desc batch_norm_shapes[] = {
    SHAPE(4, 1, 1, 1, 1),  SHAPE(4, 1, 1, 1, 17),  SHAPE(4, 2, 1, 1, 3),
    SHAPE(4, 3, 5, 5, 1),  SHAPE(4, 1, 7, 7, 8),   SHAPE(4, 5, 3, 2, 33),
    SHAPE(4, 2, 9, 9, 65), SHAPE(4, 3, 17, 17, 5), SHAPE(4, 1, 4, 4, 129),
};

void cases_batch_norm(uint32_t kind, case_list *list) {
    static const struct {
        uint32_t training;
        float momentum, epsilon;
    } settings[] = {{1, 0.99f, 1e-3f}, {0, 0.99f, 1e-3f}, {1, 0, 1e-5f}};
    static const op_data data[] = {OP_DATA_UNIFORM, OP_DATA_OFFSET};
    for
        EACH(s, batch_norm_shapes)
        for
            EACH(a, settings)
            for
                EACH(t, floating)
                for
                    EACH(d, data) {
                        const retune_tensor_desc x = with_dtype(batch_norm_shapes[s], floating[t]);
                        const retune_tensor_desc c = channels_of(&x);
                        op_case op = {.kind = kind,
                                      .inputs = {x, c, c, c, c},
                                      .outputs = {x, c, c, c, c},
                                      .attributes.batch_norm = {settings[a].training,
                                                                settings[a].momentum,
                                                                settings[a].epsilon},
                                      .data = data[d]};
                        if (kind == RETUNE_OP_BATCH_NORM_GRAD) {
                            op.inputs[1] = x;
                            op.outputs[3] = op.outputs[4] = (retune_tensor_desc){0};
                        }
                        case_list_add(list, op);
                        /* A NaN stays in its channel. */
                        if (kind == RETUNE_OP_BATCH_NORM && floating[t] == RETUNE_F32 && d == 0) {
                            op.data = OP_DATA_NAN;
                            case_list_add(list, op);
                        }
                        if (kind != RETUNE_OP_BATCH_NORM_GRAD || floating[t] == RETUNE_F32)
                            continue;
                        /* As a training step has it: gradients are f32 beside a narrow x. */
                        op.inputs[1].dtype = op.outputs[0].dtype = RETUNE_F32;
                        case_list_add(list, op);
                    }
}

/* ---- Loss ---------------------------------------------------------------------------------- */

void cases_loss(uint32_t kind, case_list *list) {
    static const int64_t samples[] = {1, 3, 17}, classes[] = {1, 2, 5, 17, 102, 1001};
    static const float smoothings[] = {0, 0.1f};
    static const op_data data[] = {OP_DATA_UNIFORM, OP_DATA_LARGE, OP_DATA_PADDED, OP_DATA_TIES,
                                   OP_DATA_NAN};
    for
        EACH(n, samples)
        for
            EACH(c, classes)
            for
                EACH(s, smoothings)
                for
                    EACH(d, data) {
                        /* Both forms of logits that ops.def allows. */
                        const retune_tensor_desc logits =
                            (n + c + d) % 2
                                ? retune_desc(RETUNE_F32, 2, samples[n], classes[c], 0, 0)
                                : retune_desc(RETUNE_F32, 4, samples[n], 1, 1, classes[c]);
                        const retune_tensor_desc each = retune_desc_vector(RETUNE_F32, samples[n]);
                        op_case op = {.kind = kind,
                                      .inputs = {logits, with_dtype(each, RETUNE_I32), each},
                                      .outputs = {logits},
                                      .attributes.loss = {smoothings[s]},
                                      .data = data[d]};
                        if (kind == RETUNE_OP_SOFTMAX_CROSS_ENTROPY)
                            op.outputs[1] = each;
                        else
                            op.inputs[3] = retune_desc_vector(RETUNE_F32, 1);
                        case_list_add(list, op);
                    }
}

/* ---- Optimisers ---------------------------------------------------------------------------- */

static void add_sgd(const retune_tensor_desc *shape, case_list *list) {
    static const float momenta[] = {0, 0.9f}, decays[] = {0, 0.01f};
    for
        EACH(m, momenta)
        for
            EACH(d, decays)
        for (int velocity = 0; velocity <= 1; velocity++) {
            op_case op = {.kind = RETUNE_OP_SGD,
                          .inputs = {*shape, *shape},
                          .outputs = {*shape},
                          .attributes.sgd = {momenta[m], decays[d]},
                          .learning_rate = 0.1f,
                          .step = 1};
            if (velocity)
                op.inputs[2] = op.outputs[1] = *shape;
            case_list_add(list, op);
            op.data = OP_DATA_FRESH;
            case_list_add(list, op);
            op.data = OP_DATA_NAN;
            case_list_add(list, op);
        }
}

static void add_adam(const retune_tensor_desc *shape, case_list *list) {
    static const uint64_t steps[] = {1, 2, 1000};
    static const float decays[] = {0, 0.05f};
    for
        EACH(s, steps)
        for
            EACH(d, decays)
        for (uint32_t decoupled = 0; decoupled <= 1; decoupled++) {
            op_case op = {.kind = RETUNE_OP_ADAM,
                          .inputs = {*shape, *shape, *shape, *shape},
                          .outputs = {*shape, *shape, *shape},
                          .attributes.adam = {0.9f, 0.999f, 1e-7f, decays[d], decoupled},
                          .learning_rate = 0.01f,
                          .step = steps[s]};
            op.data = steps[s] == 1 ? OP_DATA_FRESH : OP_DATA_UNIFORM;
            case_list_add(list, op);
        }
}

void cases_optimiser(uint32_t kind, case_list *list) {
    for
        EACH(s, shapes)
    if (kind == RETUNE_OP_SGD)
        add_sgd(&shapes[s], list);
    else
        add_adam(&shapes[s], list);
}

/* ---- Data movement ------------------------------------------------------------------------- */

static void add_normalize(case_list *list) {
    static const int64_t images[][4] = {{1, 1, 1, 3}, {3, 5, 7, 3},   {2, 8, 8, 1},
                                        {1, 3, 3, 4}, {1, 33, 33, 3}, {1, 2, 9, 17}};
    for
        EACH(i, images)
        for
            EACH(t, floating) {
                const retune_tensor_desc x = retune_desc(RETUNE_U8, 4, images[i][0], images[i][1],
                                                         images[i][2], images[i][3]);
                case_list_add(list, (op_case){.kind = RETUNE_OP_NORMALIZE,
                                              .inputs = {x, channels_of(&x), channels_of(&x)},
                                              .outputs = {with_dtype(x, floating[t])}});
            }
}

static void add_gather(case_list *list) {
    static const struct {
        retune_dtype from, to;
    } conversions[] = {
        {RETUNE_F32, RETUNE_F32}, {RETUNE_F32, RETUNE_F16},   {RETUNE_F32, RETUNE_BF16},
        {RETUNE_F16, RETUNE_F32}, {RETUNE_F16, RETUNE_F16},   {RETUNE_BF16, RETUNE_F32},
        {RETUNE_U8, RETUNE_F32},  {RETUNE_BF16, RETUNE_BF16}, {RETUNE_F16, RETUNE_BF16},
        {RETUNE_U8, RETUNE_U8},   {RETUNE_I32, RETUNE_I32}};
    static const int64_t rows[] = {1, 3, 33};
    for
        EACH(s, shapes)
        for
            EACH(c, conversions)
            for
                EACH(r, rows) {
                    retune_tensor_desc table = with_dtype(shapes[s], conversions[c].from);
                    retune_tensor_desc y = with_dtype(shapes[s], conversions[c].to);
                    /* The first dimension is the row; more rows than the table has repeat some. */
                    y.shape[0] = rows[r];
                    const bool plain = table.dtype == RETUNE_U8 || table.dtype == RETUNE_I32;
                    case_list_add(
                        list, (op_case){.kind = RETUNE_OP_GATHER,
                                        .inputs = {table, retune_desc_vector(RETUNE_I32, rows[r])},
                                        .outputs = {y},
                                        .data = plain ? OP_DATA_UNIFORM : OP_DATA_ROUNDING});
                }
}

static void add_sum(uint32_t kind, case_list *list) {
    static const op_data data[] = {OP_DATA_UNIFORM, OP_DATA_INFINITE, OP_DATA_NAN};
    for
        EACH(s, shapes)
    for (size_t t = 0; t < (kind == RETUNE_OP_ADD ? COUNT(floating) : 1); t++)
            for
                EACH(d, data) {
                    const retune_tensor_desc desc = with_dtype(shapes[s], floating[t]);
                    case_list_add(list, (op_case){.kind = kind,
                                                  .inputs = {desc, desc},
                                                  .outputs = {desc},
                                                  .data = data[d]});
                }
}

static void add_fill(case_list *list) {
    static const float values[] = {0, -1.5f, 0.1f, INFINITY};
    for
        EACH(s, shapes)
        for
            EACH(t, floating)
            for
                EACH(v, values)
            case_list_add(list, (op_case){.kind = RETUNE_OP_FILL,
                                          .outputs = {with_dtype(shapes[s], floating[t])},
                                          .attributes.fill = {values[v]}});
}

static void add_cast(case_list *list) {
    static const op_data data[] = {OP_DATA_UNIFORM, OP_DATA_ROUNDING};
    static const retune_dtype sources[] = {RETUNE_F32, RETUNE_F16, RETUNE_BF16, RETUNE_U8};
    for
        EACH(s, shapes)
        for
            EACH(from, sources)
            for
                EACH(to, floating)
                for
                    EACH(d, data)
                case_list_add(list, (op_case){.kind = RETUNE_OP_CAST,
                                              .inputs = {with_dtype(shapes[s], sources[from])},
                                              .outputs = {with_dtype(shapes[s], floating[to])},
                                              .data = data[d]});
}

void cases_data_movement(uint32_t kind, case_list *list) {
    switch (kind) {
    case RETUNE_OP_NORMALIZE:
        add_normalize(list);
        break;
    case RETUNE_OP_GATHER:
        add_gather(list);
        break;
    case RETUNE_OP_FILL:
        add_fill(list);
        break;
    case RETUNE_OP_CAST:
        add_cast(list);
        break;
    default:
        add_sum(kind, list);
    }
}
