#include "chain.h"

#include "base/random.h"
#include "base/status.h"
#include "base/tensor_desc.h"
#include "element.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The network --------------------------------------------------------------------------- */

/* TENSOR(name, usage, dtype, rank, shape...): normalize, convolution, depthwise convolution, batch
 * norm, residual sum, pooling, dense layer, loss. */
#define TENSORS(TENSOR)                                                                            \
    TENSOR(pixels, INPUT, U8, 4, 3, 9, 9, 3)                                                       \
    TENSOR(pixel_scale, CONSTANT, F32, 1, 3, 0, 0, 0)                                              \
    TENSOR(pixel_offset, CONSTANT, F32, 1, 3, 0, 0, 0)                                             \
    TENSOR(label, INPUT, I32, 1, 3, 0, 0, 0)                                                       \
    TENSOR(sample_weight, INPUT, F32, 1, 3, 0, 0, 0)                                               \
    TENSOR(total_weight, INPUT, F32, 1, 1, 0, 0, 0)                                                \
    TENSOR(weight_1, PARAMETER, F32, 4, 17, 3, 3, 3)                                               \
    TENSOR(scale_1, CONSTANT, F32, 1, 17, 0, 0, 0)                                                 \
    TENSOR(bias_1, CONSTANT, F32, 1, 17, 0, 0, 0)                                                  \
    TENSOR(m_1, STATE, F32, 4, 17, 3, 3, 3)                                                        \
    TENSOR(v_1, STATE, F32, 4, 17, 3, 3, 3)                                                        \
    TENSOR(weight_2, PARAMETER, F32, 3, 3, 3, 17, 0)                                               \
    TENSOR(velocity_2, STATE, F32, 3, 3, 3, 17, 0)                                                 \
    TENSOR(gamma, PARAMETER, F32, 1, 17, 0, 0, 0)                                                  \
    TENSOR(beta, PARAMETER, F32, 1, 17, 0, 0, 0)                                                   \
    TENSOR(running_mean, STATE, F32, 1, 17, 0, 0, 0)                                               \
    TENSOR(running_variance, STATE, F32, 1, 17, 0, 0, 0)                                           \
    TENSOR(weight_3, PARAMETER, F32, 4, 5, 1, 1, 17)                                               \
    TENSOR(bias_3, PARAMETER, F32, 1, 5, 0, 0, 0)                                                  \
    TENSOR(image, ACTIVATION, F32, 4, 3, 9, 9, 3)                                                  \
    TENSOR(y_1, ACTIVATION, F32, 4, 3, 4, 4, 17)                                                   \
    TENSOR(z_2, ACTIVATION, F32, 4, 3, 4, 4, 17)                                                   \
    TENSOR(n_2, ACTIVATION, F32, 4, 3, 4, 4, 17)                                                   \
    TENSOR(saved_mean, ACTIVATION, F32, 1, 17, 0, 0, 0)                                            \
    TENSOR(saved_inverse_std, ACTIVATION, F32, 1, 17, 0, 0, 0)                                     \
    TENSOR(y_2, ACTIVATION, F32, 4, 3, 4, 4, 17)                                                   \
    TENSOR(residual, ACTIVATION, F32, 4, 3, 4, 4, 17)                                              \
    TENSOR(pooled, ACTIVATION, F32, 4, 3, 1, 1, 17)                                                \
    TENSOR(logits, ACTIVATION, F32, 4, 3, 1, 1, 5)                                                 \
    TENSOR(probability, OUTPUT, F32, 4, 3, 1, 1, 5)                                                \
    TENSOR(loss, OUTPUT, F32, 1, 3, 0, 0, 0)                                                       \
    TENSOR(dlogits, GRADIENT, F32, 4, 3, 1, 1, 5)                                                  \
    TENSOR(dweight_3, GRADIENT, F32, 4, 5, 1, 1, 17)                                               \
    TENSOR(dbias_3, GRADIENT, F32, 1, 5, 0, 0, 0)                                                  \
    TENSOR(dpooled, GRADIENT, F32, 4, 3, 1, 1, 17)                                                 \
    TENSOR(dresidual, GRADIENT, F32, 4, 3, 4, 4, 17)                                               \
    TENSOR(dn_2, GRADIENT, F32, 4, 3, 4, 4, 17)                                                    \
    TENSOR(dz_2, GRADIENT, F32, 4, 3, 4, 4, 17)                                                    \
    TENSOR(dgamma, GRADIENT, F32, 1, 17, 0, 0, 0)                                                  \
    TENSOR(dbeta, GRADIENT, F32, 1, 17, 0, 0, 0)                                                   \
    TENSOR(dweight_2, GRADIENT, F32, 3, 3, 3, 17, 0)                                               \
    TENSOR(dy_1, GRADIENT, F32, 4, 3, 4, 4, 17)                                                    \
    TENSOR(dz_1, GRADIENT, F32, 4, 3, 4, 4, 17)                                                    \
    TENSOR(dweight_1, GRADIENT, F32, 4, 17, 3, 3, 3)

enum {
    T_none, /* so that a slot left out of an op is absent */
#define TENSOR(name, usage, dtype, rank, a, b, c, d) T_##name,
    TENSORS(TENSOR)
#undef TENSOR
        TENSOR_COUNT
};

typedef struct chain_tensor {
    const char *name;
    retune_usage usage;
    retune_tensor_desc desc;
} chain_tensor;

#define TENSOR(name, usage, dtype, rank, a, b, c, d)                                               \
    [T_##name] = {#name,                                                                           \
                  RETUNE_USAGE_##usage,                                                            \
                  {sizeof(retune_tensor_desc), RETUNE_##dtype, rank, 0, {a, b, c, d}}},
static const chain_tensor tensors[TENSOR_COUNT] = {TENSORS(TENSOR)};
#undef TENSOR

typedef struct chain_op {
    uint32_t kind;
    int inputs[5], outputs[5]; /* numbers of tensors */
    const retune_op_attributes *attributes;
} chain_op;

static const retune_op_attributes
    stride_2 = {.convolution = {2, 2, 1, 1, 0, 0, 1, 1, RETUNE_ACTIVATION_RELU6}},
    same = {.convolution = {1, 1, 1, 1, 1, 1, 1, 1, RETUNE_ACTIVATION_NONE}},
    dense = {.convolution = {1, 1, 1, 1, 0, 0, 0, 0, RETUNE_ACTIVATION_NONE}},
    training = {.batch_norm = {1, 0.9f, 1e-3f}}, relu6 = {.activation = {RETUNE_ACTIVATION_RELU6}},
    global = {.pooling = {RETUNE_POOL_AVERAGE, 4, 4, 1, 1, 0, 0, 0, 0}},
    smoothed = {.loss = {0.1f}}, plain = {.sgd = {0, 0}}, momentum = {.sgd = {0.9f, 0.01f}},
    adam = {.adam = {0.9f, 0.999f, 1e-3f, 0.01f, 1}}, nothing = {.words = {0}};

#define OP(kind) RETUNE_OP_##kind
#define IN(...)                                                                                    \
    { __VA_ARGS__ }
#define OUT(...) IN(__VA_ARGS__)

static const chain_op ops[] = {
    {OP(NORMALIZE), IN(T_pixels, T_pixel_scale, T_pixel_offset), OUT(T_image), &nothing},
    {OP(CONV2D), IN(T_image, T_weight_1, T_scale_1, T_bias_1), OUT(T_y_1), &stride_2},
    {OP(DEPTHWISE_CONV2D), IN(T_y_1, T_weight_2), OUT(T_z_2), &same},
    {OP(BATCH_NORM), IN(T_z_2, T_gamma, T_beta, T_running_mean, T_running_variance),
     OUT(T_n_2, T_saved_mean, T_saved_inverse_std, T_running_mean, T_running_variance), &training},
    {OP(ACTIVATION), IN(T_n_2), OUT(T_y_2), &relu6},
    {OP(ADD), IN(T_y_1, T_y_2), OUT(T_residual), &nothing},
    {OP(POOL), IN(T_residual), OUT(T_pooled), &global},
    {OP(CONV2D), IN(T_pooled, T_weight_3, T_none, T_bias_3), OUT(T_logits), &dense},
    {OP(SOFTMAX_CROSS_ENTROPY), IN(T_logits, T_label, T_sample_weight), OUT(T_probability, T_loss),
     &smoothed},
    /* FORWARD_END */
    {OP(SOFTMAX_CROSS_ENTROPY_GRAD), IN(T_probability, T_label, T_sample_weight, T_total_weight),
     OUT(T_dlogits), &smoothed},
    {OP(CONV2D_GRAD_WEIGHT), IN(T_pooled, T_dlogits), OUT(T_dweight_3, T_dbias_3), &dense},
    {OP(CONV2D_GRAD_INPUT), IN(T_dlogits, T_weight_3), OUT(T_dpooled), &dense},
    {OP(POOL_GRAD), IN(T_dpooled), OUT(T_dresidual), &global},
    {OP(ACTIVATION_GRAD), IN(T_dresidual, T_y_2), OUT(T_dn_2), &relu6},
    {OP(BATCH_NORM_GRAD), IN(T_z_2, T_dn_2, T_gamma, T_saved_mean, T_saved_inverse_std),
     OUT(T_dz_2, T_dgamma, T_dbeta), &training},
    {OP(DEPTHWISE_CONV2D_GRAD_WEIGHT), IN(T_y_1, T_dz_2), OUT(T_dweight_2), &same},
    {OP(DEPTHWISE_CONV2D_GRAD_INPUT), IN(T_dz_2, T_weight_2), OUT(T_dy_1), &same},
    {OP(ACCUMULATE), IN(T_dy_1, T_dresidual), OUT(T_dy_1), &nothing},
    {OP(ACTIVATION_GRAD), IN(T_dy_1, T_y_1, T_scale_1), OUT(T_dz_1), &relu6},
    {OP(CONV2D_GRAD_WEIGHT), IN(T_image, T_dz_1), OUT(T_dweight_1), &stride_2},
    /* BACKWARD_END */
    {OP(SGD), IN(T_weight_3, T_dweight_3), OUT(T_weight_3), &plain},
    {OP(SGD), IN(T_bias_3, T_dbias_3), OUT(T_bias_3), &plain},
    {OP(SGD), IN(T_gamma, T_dgamma), OUT(T_gamma), &plain},
    {OP(SGD), IN(T_beta, T_dbeta), OUT(T_beta), &plain},
    {OP(SGD), IN(T_weight_2, T_dweight_2, T_velocity_2), OUT(T_weight_2, T_velocity_2), &momentum},
    {OP(ADAM), IN(T_weight_1, T_dweight_1, T_m_1, T_v_1), OUT(T_weight_1, T_m_1, T_v_1), &adam},
};
#define FORWARD_END  9
#define BACKWARD_END 20
#define OP_COUNT     (sizeof ops / sizeof ops[0])

/* What the host may read: the rest is the ops' own. */
static bool is_kept(int tensor) {
    const retune_usage usage = tensors[tensor].usage;
    return usage == RETUNE_USAGE_PARAMETER || usage == RETUNE_USAGE_STATE ||
           usage == RETUNE_USAGE_OUTPUT;
}

/* What the host writes. */
static bool is_given(int tensor) {
    return tensors[tensor].usage <= RETUNE_USAGE_STATE;
}

const char *chain_tensor_at(size_t index) {
    for (int t = 1; t < TENSOR_COUNT; t++) {
        const size_t count = is_kept(t) ? desc_count(&tensors[t].desc) : 0;
        if (index < count)
            return tensors[t].name;
        index -= count;
    }
    return "";
}

const char *chain_mode_text(chain_mode mode) {
    static const char *const texts[] = {"whole", "single", "ranges", "shared"};
    return texts[mode];
}

/* The first values of a tensor: small weights, statistics of nothing yet, moments 0. The last
 * sample is padding. */
static double *initial_values(int tensor) {
    const retune_tensor_desc *desc = &tensors[tensor].desc;
    double *values = elements_allocate(desc_count(desc));
    retune_random random = retune_random_make(1, (uint64_t)tensor);
    for (size_t i = 0; i < desc_count(desc); i++) {
        const double unit = (double)retune_random_unit(&random);
        double value = 0.6 * unit - 0.3;
        if (tensor == T_pixels)
            value = (double)retune_random_below(&random, 256);
        else if (tensor == T_label)
            value = (double)retune_random_below(&random, 5);
        else if (tensor == T_pixel_scale)
            value = 1 / 127.5;
        else if (tensor == T_pixel_offset)
            value = -1;
        else if (tensor == T_sample_weight)
            value = i < 2;
        else if (tensor == T_total_weight)
            value = 2;
        else if (tensor == T_running_variance || tensor == T_gamma || tensor == T_scale_1)
            value = 0.5 + unit;
        else if (tensors[tensor].usage == RETUNE_USAGE_STATE)
            value = 0;
        values[i] = element_round(desc->dtype, value);
    }
    return values;
}

static retune_op_desc describe(const chain_op *op) {
    retune_op_desc desc = {
        .struct_size = sizeof desc, .kind = op->kind, .attributes = *op->attributes};
    for (int s = 0; s < 5; s++) {
        desc.inputs[s] = op->inputs[s] ? &tensors[op->inputs[s]].desc : NULL;
        desc.outputs[s] = op->outputs[s] ? &tensors[op->outputs[s]].desc : NULL;
    }
    return desc;
}

static retune_run_args args_of(uint64_t step) {
    return (retune_run_args){
        .struct_size = sizeof(retune_run_args), .learning_rate = 0.05f, .step = step};
}

static size_t kept_count(void) {
    size_t count = 0;
    for (int t = 1; t < TENSOR_COUNT; t++)
        count += is_kept(t) ? desc_count(&tensors[t].desc) : 0;
    return count;
}

/* ---- By the reference ---------------------------------------------------------------------- */

static void run_reference_op(const chain_op *op, uint64_t step, double *values[TENSOR_COUNT]) {
    const double *inputs[RETUNE_OP_TENSORS_MAX] = {NULL};
    double *outputs[RETUNE_OP_TENSORS_MAX] = {NULL};
    const retune_op_desc desc = describe(op);
    const retune_run_args args = args_of(step);
    for (int s = 0; s < 5; s++) {
        inputs[s] = op->inputs[s] ? values[op->inputs[s]] : NULL;
        outputs[s] = op->outputs[s] ? elements_allocate(desc_count(desc.outputs[s])) : NULL;
    }
    reference_run(&desc, inputs, outputs, &args);
    for (int s = 0; s < 5; s++)
        if (outputs[s]) {
            free(values[op->outputs[s]]);
            values[op->outputs[s]] = outputs[s];
        }
}

void chain_reference(uint64_t steps, chain_result *out_result) {
    double *values[TENSOR_COUNT] = {NULL};
    for (int t = 1; t < TENSOR_COUNT; t++)
        values[t] = initial_values(t);
    for (uint64_t step = 1; step <= steps; step++)
        for (size_t i = 0; i < OP_COUNT; i++)
            run_reference_op(&ops[i], step, values);
    *out_result = (chain_result){.supported = true};
    out_result->values = elements_allocate(kept_count());
    for (int t = 1; t < TENSOR_COUNT; t++) {
        for (size_t i = 0; is_kept(t) && i < desc_count(&tensors[t].desc); i++)
            out_result->values[out_result->count++] = values[t][i];
        free(values[t]);
    }
}

/* ---- On a device --------------------------------------------------------------------------- */

typedef struct loaded_chain {
    const retune_backend *backend;
    retune_backend_tensor *tensors[TENSOR_COUNT];
    retune_backend_program *program;
} loaded_chain;

/* First and last op that touch a tensor. */
static void lifetime_of(int tensor, size_t *out_first, size_t *out_last) {
    *out_first = OP_COUNT;
    *out_last = 0;
    for (size_t i = 0; i < OP_COUNT; i++)
        for (int s = 0; s < 5; s++)
            if (ops[i].inputs[s] == tensor || ops[i].outputs[s] == tensor) {
                *out_first = i < *out_first ? i : *out_first;
                *out_last = i;
            }
}

/* Gives tensors that only ops touch the first slot whose tensors are all dead before they begin or
 * begin after they are dead. */
static void assign_slots(uint32_t slots[TENSOR_COUNT]) {
    for (int t = 1; t < TENSOR_COUNT; t++) {
        size_t first, last;
        slots[t] = 0;
        if (is_given(t) || is_kept(t))
            continue;
        lifetime_of(t, &first, &last);
        for (bool taken = true; taken;) {
            slots[t]++;
            taken = false;
            for (int other = 1; other < t; other++) {
                size_t other_first, other_last;
                lifetime_of(other, &other_first, &other_last);
                taken = taken ||
                        (slots[other] == slots[t] && first <= other_last && other_first <= last);
            }
        }
    }
}

static retune_status load_tensors(loaded_chain *chain, retune_backend_device *device,
                                  chain_mode mode, retune_error *error) {
    uint32_t slots[TENSOR_COUNT] = {0};
    if (mode == CHAIN_SHARED)
        assign_slots(slots);
    for (int t = 1; t < TENSOR_COUNT; t++)
        RETUNE_TRY(chain->backend->tensor_create(device, &tensors[t].desc, tensors[t].usage,
                                                 slots[t], &chain->tensors[t], error));
    return RETUNE_OK;
}

static retune_status load_program(loaded_chain *chain, retune_backend_device *device,
                                  retune_error *error) {
    retune_op_desc descs[OP_COUNT];
    retune_op bound[OP_COUNT];
    const retune_op *list[OP_COUNT];
    for (size_t i = 0; i < OP_COUNT; i++) {
        descs[i] = describe(&ops[i]);
        bound[i] = (retune_op){.struct_size = sizeof bound[i], .desc = &descs[i]};
        for (int s = 0; s < 5; s++) {
            bound[i].inputs[s] = chain->tensors[ops[i].inputs[s]];
            bound[i].outputs[s] = chain->tensors[ops[i].outputs[s]];
        }
        list[i] = &bound[i];
    }
    return chain->backend->program_create(device, list, OP_COUNT, &chain->program, error);
}

static retune_status write_tensors(const loaded_chain *chain, retune_error *error) {
    for (int t = 1; t < TENSOR_COUNT; t++) {
        const retune_tensor_desc *desc = &tensors[t].desc;
        if (!is_given(t))
            continue;
        double *values = initial_values(t), *image = elements_allocate(desc_count(desc));
        elements_encode(desc->dtype, values, desc_count(desc), image);
        const retune_status status =
            chain->backend->tensor_write(chain->tensors[t], 0, desc->shape[0], image, error);
        free(values);
        free(image);
        RETUNE_TRY(status);
    }
    return RETUNE_OK;
}

static retune_status read_tensors(const loaded_chain *chain, chain_result *result,
                                  retune_error *error) {
    result->values = elements_allocate(kept_count());
    for (int t = 1; t < TENSOR_COUNT; t++) {
        const retune_tensor_desc *desc = &tensors[t].desc;
        if (!is_kept(t))
            continue;
        double *image = elements_allocate(desc_count(desc));
        const retune_status status =
            chain->backend->tensor_read(chain->tensors[t], 0, desc->shape[0], image, error);
        elements_decode(desc->dtype, image, desc_count(desc), result->values + result->count);
        result->count += desc_count(desc);
        free(image);
        RETUNE_TRY(status);
    }
    return RETUNE_OK;
}

static retune_status run_range(const loaded_chain *chain, size_t begin, size_t end, uint64_t step,
                               retune_error *error) {
    const retune_run_args args = args_of(step);
    return chain->backend->program_run(chain->program, begin, end, &args, error);
}

static retune_status run_step(const loaded_chain *chain, chain_mode mode, uint64_t step,
                              retune_error *error) {
    if (mode == CHAIN_RANGES) {
        RETUNE_TRY(run_range(chain, 0, FORWARD_END, step, error));
        RETUNE_TRY(run_range(chain, FORWARD_END, BACKWARD_END, step, error));
        return run_range(chain, BACKWARD_END, OP_COUNT, step, error);
    }
    if (mode != CHAIN_SINGLE)
        return run_range(chain, 0, OP_COUNT, step, error);
    for (size_t i = 0; i < OP_COUNT; i++) {
        RETUNE_TRY(run_range(chain, i, i + 1, step, error));
        RETUNE_TRY(chain->backend->program_wait(chain->program, error));
    }
    return RETUNE_OK;
}

static retune_status run_steps(const loaded_chain *chain, chain_mode mode, uint64_t steps,
                               chain_result *result, retune_error *error) {
    RETUNE_TRY(write_tensors(chain, error));
    for (uint64_t step = 1; step <= steps; step++)
        RETUNE_TRY(run_step(chain, mode, step, error));
    RETUNE_TRY(chain->backend->program_wait(chain->program, error));
    return read_tensors(chain, result, error);
}

/* Asks the device about every op. */
static retune_status ask(device_under_test *device, chain_result *result, retune_error *error) {
    result->supported = true;
    for (size_t i = 0; i < OP_COUNT && result->supported; i++) {
        const retune_op_desc desc = describe(&ops[i]);
        retune_op_support support = {.struct_size = sizeof support};
        RETUNE_TRY(device->backend->op_query(device->device, &desc, &support, error));
        result->supported = support.supported != 0;
        snprintf(result->reason, sizeof result->reason, "%s: %s", op_info_of(ops[i].kind)->name,
                 support.reason);
    }
    return RETUNE_OK;
}

retune_status chain_run(device_under_test *device, chain_mode mode, uint64_t steps,
                        chain_result *out_result, retune_error *error) {
    loaded_chain chain = {.backend = device->backend};
    *out_result = (chain_result){0};
    RETUNE_TRY(ask(device, out_result, error));
    if (!out_result->supported)
        return RETUNE_OK;
    retune_status status = load_tensors(&chain, device->device, mode, error);
    if (status == RETUNE_OK)
        status = load_program(&chain, device->device, error);
    if (status == RETUNE_OK)
        status = run_steps(&chain, mode, steps, out_result, error);
    if (chain.program)
        chain.backend->program_destroy(chain.program);
    for (int t = 1; t < TENSOR_COUNT; t++)
        if (chain.tensors[t])
            chain.backend->tensor_destroy(chain.tensors[t]);
    return status;
}

/* ---- Judging ------------------------------------------------------------------------------- */

/* Errors add up over layers and steps; the tolerance of single ops does not apply. */
#define TOLERANCE_PER_STEP 5e-5

/* The value furthest from what it should be, in tolerances. */
static op_verdict compare(const chain_result *got, const chain_result *expected, double tolerance,
                          const char *against, char out_text[VERDICT_TEXT_MAX]) {
    double worst_error = -1;
    size_t worst = 0, wrong = 0;
    for (size_t i = 0; i < got->count; i++) {
        const double error =
            fabs(got->values[i] - expected->values[i]) / (1 + fabs(expected->values[i]));
        if (error <= tolerance)
            continue;
        wrong++;
        if (!(error <= worst_error)) { /* a NaN is worst */
            worst_error = isnan(error) ? (double)INFINITY : error;
            worst = i;
        }
    }
    if (wrong == 0)
        return VERDICT_PASSED;
    snprintf(out_text, VERDICT_TEXT_MAX,
             "%zu of %zu values are not those of %s, worst in %s: expected %.9g, got %.9g", wrong,
             got->count, against, chain_tensor_at(worst), expected->values[worst],
             got->values[worst]);
    return VERDICT_FAILED;
}

/* Compares a deterministic device with itself: cut into other ranges, the same bits. */
static op_verdict compare_with_whole(device_under_test *device, uint64_t steps,
                                     const chain_result *got, char out_text[VERDICT_TEXT_MAX]) {
    chain_result whole;
    retune_error error = RETUNE_ERROR_INIT;
    const retune_status status = chain_run(device, CHAIN_WHOLE, steps, &whole, &error);
    op_verdict verdict = VERDICT_FAILED;
    if (status == RETUNE_OK)
        verdict = compare(got, &whole, 0, "the same steps run as a whole", out_text);
    else
        snprintf(out_text, VERDICT_TEXT_MAX, "status %d: %s", (int)status, error.message);
    free(whole.values);
    return verdict;
}

op_verdict chain_check(device_under_test *device, chain_mode mode, uint64_t steps,
                       char out_text[VERDICT_TEXT_MAX]) {
    chain_result got, expected = {0};
    retune_error error = RETUNE_ERROR_INIT;
    op_verdict verdict = VERDICT_FAILED;
    out_text[0] = '\0';
    const retune_status status = chain_run(device, mode, steps, &got, &error);
    if (status != RETUNE_OK) {
        snprintf(out_text, VERDICT_TEXT_MAX, "status %d: %s", (int)status, error.message);
    } else if (!got.supported) {
        snprintf(out_text, VERDICT_TEXT_MAX, "%s", got.reason);
        verdict = VERDICT_UNSUPPORTED;
    } else {
        chain_reference(steps, &expected);
        verdict =
            compare(&got, &expected, TOLERANCE_PER_STEP * (double)steps, "the reference", out_text);
    }
    if (verdict == VERDICT_PASSED && mode != CHAIN_WHOLE &&
        device->info.features & RETUNE_FEATURE_DETERMINISTIC)
        verdict = compare_with_whole(device, steps, &got, out_text);
    free(got.values);
    free(expected.values);
    return verdict;
}
