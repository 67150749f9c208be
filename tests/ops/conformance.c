#include "conformance.h"

#include "base/tensor_desc.h"
#include "element.h"
#include "tolerance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is required ---------------------------------------------------------------------- */

typedef struct requirement {
    const char *device_prefix, *op, *types;
} requirement;

static const requirement requirements[] = {
#define REQUIRED(device_prefix, op, types) {device_prefix, #op, types},
#include "required.def"
#undef REQUIRED
};

/* True when `types`, words between spaces, has the name of `dtype`. */
static bool lists_type(const char *types, uint32_t dtype) {
    const char *name = retune_dtype_text(dtype);
    while (*(types += strspn(types, " "))) {
        const size_t length = strcspn(types, " ");
        if (length == strlen(name) && strncmp(types, name, length) == 0)
            return true;
        types += length;
    }
    return false;
}

bool conformance_requires(const char *device_id, const op_case *op) {
    for (size_t r = 0; r < sizeof requirements / sizeof requirements[0]; r++) {
        const requirement *row = &requirements[r];
        if (strncmp(device_id, row->device_prefix, strlen(row->device_prefix)) != 0 ||
            strcmp(row->op, op_info_of(op->kind)->name) != 0)
            continue;
        bool all = true;
        for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
            all = all && (!op->inputs[s].rank || lists_type(row->types, op->inputs[s].dtype)) &&
                  (!op->outputs[s].rank || lists_type(row->types, op->outputs[s].dtype));
        if (all)
            return true;
    }
    return false;
}

#define FAULT_MAX (RETUNE_ERROR_MESSAGE_MAX + 64)

/* ---- Judging ------------------------------------------------------------------------------- */

/* Compares one output. False: `fault` names the element furthest outside the tolerance. */
static bool compare_output(const op_case *op, uint32_t slot, const double *expected,
                           const void *data, char fault[FAULT_MAX]) {
    const retune_tensor_desc *desc = &op->outputs[slot];
    const op_tolerance tolerance = tolerance_of(op);
    const size_t count = desc_count(desc);
    /* Where the maximum of a map with NaN lies is as open as the maximum. */
    const bool open =
        tolerance.nan_is_anything && op->data == OP_DATA_NAN && desc->dtype == RETUNE_I32;
    double *got = elements_allocate(count), worst_error = -1;
    size_t worst = 0, wrong = 0;
    elements_decode(desc->dtype, data, count, got);
    for (size_t i = 0; i < count && !open; i++) {
        if (tolerance_passes(&tolerance, expected[i], got[i]))
            continue;
        const double error = fabs(got[i] - expected[i]);
        wrong++;
        if (!(error <= worst_error)) { /* a NaN is worst */
            worst_error = isnan(error) ? (double)INFINITY : error;
            worst = i;
        }
    }
    if (wrong)
        snprintf(fault, FAULT_MAX,
                 "%zu of %zu elements of %s are wrong, worst at %zu: expected %.9g, got %.9g, "
                 "tolerance %.3g + %.3g * |expected|",
                 wrong, count, op_info_of(op->kind)->outputs[slot].name, worst, expected[worst],
                 got[worst], tolerance.absolute, tolerance.relative);
    free(got);
    return wrong == 0;
}

/* Writes "fault" and the lines that rerun the case. */
static op_verdict fail(const device_under_test *device, const op_case *op, const char *fault,
                       char out_text[VERDICT_TEXT_MAX]) {
    char line[OP_CASE_TEXT_MAX];
    snprintf(out_text, VERDICT_TEXT_MAX, "%s\n    RETUNE_OP_DEVICE=%s RETUNE_OP_CASE='%s'", fault,
             device->info.id, op_case_format(op, line));
    return VERDICT_FAILED;
}

static op_verdict judge(const device_under_test *device, const op_case *op, const case_data *data,
                        const op_result *result, char out_text[VERDICT_TEXT_MAX]) {
    char fault[FAULT_MAX] = "";
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        if (data->outputs[s] && !compare_output(op, s, data->outputs[s], result->outputs[s], fault))
            return fail(device, op, fault, out_text);
    if (result->damage[0]) {
        snprintf(fault, sizeof fault, "the run changed its input %s", result->damage);
        return fail(device, op, fault, out_text);
    }
    if (!result->repeatable && device->info.features & RETUNE_FEATURE_DETERMINISTIC)
        return fail(device, op, "a second run gave other bits on a deterministic device", out_text);
    return VERDICT_PASSED;
}

/* For an op that the device promised to do. */
static op_verdict run_and_judge(device_under_test *device, const op_case *op,
                                char out_text[VERDICT_TEXT_MAX]) {
    case_data data;
    op_result result;
    retune_error error = RETUNE_ERROR_INIT;
    char fault[FAULT_MAX];
    case_data_make(op, &data);
    const retune_status status = device_under_test_run(device, op, &data, &result, &error);
    snprintf(fault, sizeof fault, "accepted, but gives status %d: %s", (int)status, error.message);
    const op_verdict verdict = status == RETUNE_OK ? judge(device, op, &data, &result, out_text)
                                                   : fail(device, op, fault, out_text);
    op_result_free(&result);
    case_data_free(&data);
    return verdict;
}

op_verdict conformance_run(device_under_test *device, const op_case *op,
                           char out_text[VERDICT_TEXT_MAX]) {
    retune_error error = RETUNE_ERROR_INIT;
    bool supported = false;
    char reason[256], fault[FAULT_MAX];
    out_text[0] = '\0';
    const retune_status status = device_under_test_query(device, op, &supported, reason, &error);
    if (status != RETUNE_OK) {
        snprintf(fault, sizeof fault, "op_query gives status %d: %s", (int)status, error.message);
        return fail(device, op, fault, out_text);
    }
    if (supported)
        return run_and_judge(device, op, out_text);
    if (conformance_requires(device->info.id, op)) {
        snprintf(fault, sizeof fault, "required, but refused: %s", reason);
        return fail(device, op, fault, out_text);
    }
    snprintf(out_text, VERDICT_TEXT_MAX, "%s", reason);
    return VERDICT_UNSUPPORTED;
}
