#include "device/self_test.h"

#include "base/clock.h"
#include "base/half.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "device/self_test_cases.h"
#include "graph/op_rule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rounding that an element may show, in units of fp32's epsilon: a part of its own size, as the
 * functions of graphics devices promise it, and what each addition of a sum may lose. */
#define EPSILON       0x1p-23
#define RELATIVE      64.0
#define ABSOLUTE      64.0
#define LEAST_TERMS   64
#define HALF_RELATIVE 0x1p-10

enum { RUNS = 2 };

/* One case at work on a device. */
typedef struct trial {
    const retune_device *device;
    const retune_self_test_case *test;
    size_t number; /* of the case */
    retune_backend_tensor *inputs[RETUNE_OP_TENSORS_MAX], *outputs[RETUNE_OP_TENSORS_MAX];
    retune_backend_program *program;
    void *given[RETUNE_OP_TENSORS_MAX]; /* what the inputs are fed with */
    void *got[RUNS][RETUNE_OP_TENSORS_MAX];
    size_t input_bytes[RETUNE_OP_TENSORS_MAX], output_bytes[RETUNE_OP_TENSORS_MAX];
    char *failure; /* RETUNE_VERDICT_TEXT_MAX: what is wrong with the op; empty: nothing so far */
} trial;

static void fail_op(trial *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail_op(trial *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (t->failure[0] == '\0')
        vsnprintf(t->failure, RETUNE_VERDICT_TEXT_MAX, format, arguments);
    va_end(arguments);
}

/* ---- Making -------------------------------------------------------------------------------- */

static bool in_place(const trial *t, uint32_t output) {
    return retune_slot_in_place(t->test->kind, output) >= 0;
}

static retune_status allocate(trial *t, retune_error *error) {
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        const retune_tensor_desc *in = &t->test->inputs[slot], *out = &t->test->outputs[slot];
        if (in->rank > 0) {
            RETUNE_TRY(retune_desc_bytes(in, &t->input_bytes[slot], error));
            RETUNE_TRY(retune_allocate(t->input_bytes[slot], 1, "a test", &t->given[slot], error));
        }
        for (int run = 0; out->rank > 0 && run < RUNS; run++) {
            RETUNE_TRY(retune_desc_bytes(out, &t->output_bytes[slot], error));
            RETUNE_TRY(
                retune_allocate(t->output_bytes[slot], 1, "a test", &t->got[run][slot], error));
        }
    }
    retune_self_test_fill(t->test, t->given);
    return RETUNE_OK;
}

static retune_status make_tensors(trial *t, retune_error *error) {
    const retune_self_test_case *test = t->test;
    bool shared[RETUNE_OP_TENSORS_MAX] = {false};
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (test->outputs[slot].rank > 0 && in_place(t, slot))
            shared[retune_slot_in_place(test->kind, slot)] = true;
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (test->inputs[slot].rank > 0)
            RETUNE_TRY(retune_device_tensor(t->device, &test->inputs[slot],
                                            shared[slot] ? RETUNE_USAGE_STATE : RETUNE_USAGE_INPUT,
                                            0, "self-test", &t->inputs[slot], error));
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (test->outputs[slot].rank == 0)
            continue;
        if (in_place(t, slot))
            t->outputs[slot] = t->inputs[retune_slot_in_place(test->kind, slot)];
        else
            RETUNE_TRY(retune_device_tensor(t->device, &test->outputs[slot], RETUNE_USAGE_OUTPUT, 0,
                                            "self-test", &t->outputs[slot], error));
    }
    return RETUNE_OK;
}

static retune_status make_program(trial *t, const retune_op_desc *desc, retune_error *error) {
    retune_op op = {.struct_size = (uint32_t)sizeof op, .desc = desc};
    const retune_op *list = &op;
    memcpy(op.inputs, t->inputs, sizeof op.inputs);
    memcpy(op.outputs, t->outputs, sizeof op.outputs);
    return retune_device_program(t->device, &list, 1, &t->program, error);
}

static void destroy(trial *t) {
    const retune_backend *backend = t->device->backend;
    if (t->program)
        backend->program_destroy(t->program);
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (t->outputs[slot] && !in_place(t, slot))
            backend->tensor_destroy(t->outputs[slot]);
        free(t->got[0][slot]);
        free(t->got[1][slot]);
    }
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (t->inputs[slot])
            backend->tensor_destroy(t->inputs[slot]);
        free(t->given[slot]);
    }
}

/* ---- Running ------------------------------------------------------------------------------- */

static retune_status write_all(const trial *t, retune_backend_tensor *tensor,
                               const retune_tensor_desc *desc, const void *data,
                               retune_error *error) {
    return retune_device_write(t->device, tensor, 0, desc->shape[0], data, "self-test", error);
}

static retune_status read_all(const trial *t, retune_backend_tensor *tensor,
                              const retune_tensor_desc *desc, void *data, retune_error *error) {
    return retune_device_read(t->device, tensor, 0, desc->shape[0], data, "self-test", error);
}

/* Outputs start as garbage that is not the same in both runs: nothing may depend on it. */
static retune_status run_once(trial *t, int run, retune_error *error) {
    const retune_self_test_case *test = t->test;
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (t->inputs[slot])
            RETUNE_TRY(write_all(t, t->inputs[slot], &test->inputs[slot], t->given[slot], error));
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (t->outputs[slot] && !in_place(t, slot)) {
            memset(t->got[run][slot], 0x41 + run, t->output_bytes[slot]);
            RETUNE_TRY(
                write_all(t, t->outputs[slot], &test->outputs[slot], t->got[run][slot], error));
        }
    RETUNE_TRY(retune_device_run(t->device, t->program, 0, 1, &retune_self_test_args, error));
    RETUNE_TRY(retune_device_wait(t->device, t->program, error));
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (t->outputs[slot])
            RETUNE_TRY(
                read_all(t, t->outputs[slot], &test->outputs[slot], t->got[run][slot], error));
    return RETUNE_OK;
}

/* Inputs that no output updates must be as they were. */
static retune_status check_inputs(trial *t, retune_error *error) {
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        void *now = NULL;
        bool updated = false;
        for (uint32_t out = 0; out < RETUNE_OP_TENSORS_MAX; out++)
            updated = updated || (t->outputs[out] && t->outputs[out] == t->inputs[slot]);
        if (!t->inputs[slot] || updated)
            continue;
        RETUNE_TRY(retune_allocate(t->input_bytes[slot], 1, "a test", &now, error));
        retune_status status = read_all(t, t->inputs[slot], &t->test->inputs[slot], now, error);
        if (status == RETUNE_OK && memcmp(now, t->given[slot], t->input_bytes[slot]) != 0)
            fail_op(t, "case %zu: it changes its input %u", t->number, slot);
        free(now);
        RETUNE_TRY(status);
    }
    return RETUNE_OK;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

static retune_status decode(const retune_tensor_desc *desc, const void *data, double **out_elements,
                            size_t *out_count, retune_error *error) {
    RETUNE_TRY(retune_desc_elements(desc, out_count, error));
    RETUNE_TRY(retune_allocate(*out_count, sizeof **out_elements, "a test", out_elements, error));
    for (size_t i = 0; i < *out_count; i++) {
        float value = 0.0f;
        if (desc->dtype == RETUNE_F16)
            retune_half_to_float((const uint16_t *)data + i, &value, 1);
        else if (desc->dtype == RETUNE_F32)
            value = ((const float *)data)[i];
        (*out_elements)[i] =
            desc->dtype == RETUNE_I32 ? (double)((const int32_t *)data)[i] : (double)value;
    }
    return RETUNE_OK;
}

/* Compares what came out of a slot with the known answer. */
static retune_status check_output(trial *t, uint32_t slot, retune_error *error) {
    const retune_self_test_answer *answer = retune_self_test_find_answer(t->number, slot);
    const retune_tensor_desc *desc = &t->test->outputs[slot];
    double *elements = NULL;
    size_t count = 0;
    retune_self_test_sums sums;
    if (!answer)
        return retune_fail(error, RETUNE_INTERNAL, "case %zu has no known answer", t->number);
    RETUNE_TRY(decode(desc, t->got[0][slot], &elements, &count, error));
    retune_self_test_add_up(elements, count, &sums);
    free(elements);
    int terms = t->test->terms > LEAST_TERMS ? t->test->terms : LEAST_TERMS;
    double relative = desc->dtype == RETUNE_F16 ? HALF_RELATIVE : RELATIVE * EPSILON;
    for (int s = 0; s < RETUNE_SELF_TEST_SUMS; s++) {
        double off = fabs(sums.of[s] - answer->sums[s]);
        double allowed =
            relative * sums.magnitude[s] + (ABSOLUTE + (double)terms) * EPSILON * sums.weight[s];
        if (!(off <= allowed)) /* NaN fails */
            fail_op(t, "case %zu: output %u is wrong (a check sum is %.6g, not %.6g)", t->number,
                    slot, sums.of[s], answer->sums[s]);
    }
    return RETUNE_OK;
}

static retune_status compare(trial *t, retune_error *error) {
    bool steady = t->device->info.features & RETUNE_FEATURE_DETERMINISTIC;
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (!t->outputs[slot])
            continue;
        RETUNE_TRY(check_output(t, slot, error));
        if (steady && memcmp(t->got[0][slot], t->got[1][slot], t->output_bytes[slot]) != 0)
            fail_op(t, "case %zu: two runs differ", t->number);
    }
    return check_inputs(t, error);
}

/* ---- All cases ----------------------------------------------------------------------------- */

/* `*out_tried`: the device does the op of this case, or says so. */
static retune_status try_case(trial *t, bool *out_tried, retune_error *error) {
    retune_op_desc desc = retune_self_test_describe(t->test);
    retune_op_support support;
    RETUNE_TRY(retune_device_query(t->device, &desc, "self-test", &support, error));
    *out_tried = support.supported;
    if (!support.supported)
        return RETUNE_OK;
    RETUNE_TRY(allocate(t, error));
    retune_error refusal = RETUNE_ERROR_INIT;
    retune_status status = make_tensors(t, &refusal);
    if (status == RETUNE_OK)
        status = make_program(t, &desc, &refusal);
    if (status == RETUNE_UNSUPPORTED) {
        fail_op(t, "case %zu: promised by op_query and then refused: %.60s", t->number,
                refusal.message);
        return RETUNE_OK;
    }
    if (status != RETUNE_OK)
        return retune_fail(error, status, "%s", refusal.message);
    for (int run = 0; run < RUNS; run++)
        RETUNE_TRY(run_once(t, run, error));
    return compare(t, error);
}

void retune_self_test_run(const retune_device *device,
                          void (*on_op)(void *user, retune_op_kind kind), void *user,
                          retune_verdict *out_verdict) {
    bool tested[RETUNE_OP_KIND_COUNT] = {false};
    double began = retune_clock_seconds();
    *out_verdict = (retune_verdict){.known = 1};
    for (size_t n = 0; n < retune_self_test_case_count && out_verdict->fault[0] == '\0'; n++) {
        const retune_self_test_case *test = &retune_self_test_cases[n];
        retune_error fault = RETUNE_ERROR_INIT;
        bool tried = false;
        trial t = {.device = device,
                   .test = test,
                   .number = n,
                   .failure = out_verdict->failures[test->kind]};
        if (t.failure[0] != '\0')
            continue; /* one failure is enough */
        if (on_op)
            on_op(user, test->kind);
        retune_status status = try_case(&t, &tried, &fault);
        destroy(&t);
        if (status != RETUNE_OK)
            snprintf(out_verdict->fault, sizeof out_verdict->fault, "self-test of %s: %.90s",
                     retune_op_name(test->kind), fault.message);
        out_verdict->known = status != RETUNE_OUT_OF_MEMORY;
        tested[test->kind] = tested[test->kind] || tried;
    }
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        out_verdict->tested += tested[kind];
        out_verdict->failed += out_verdict->failures[kind][0] != '\0';
    }
    out_verdict->seconds = (float)(retune_clock_seconds() - began);
}
