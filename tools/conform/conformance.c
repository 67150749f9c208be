#include "conformance.h"

#include "element.h"
#include "tolerance.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Compares one output. False: `out_text` names the element furthest outside the tolerance. */
static bool compare_output(const op_case *op, uint32_t slot, const double *expected,
                           const void *data, char out_text[VERDICT_TEXT_MAX]) {
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
        snprintf(out_text, VERDICT_TEXT_MAX,
                 "%zu of %zu elements of %s are wrong, worst at %zu: expected %.9g, got %.9g, "
                 "tolerance %.3g + %.3g * |expected|",
                 wrong, count, op_info_of(op->kind)->outputs[slot].name, worst, expected[worst],
                 got[worst], tolerance.absolute, tolerance.relative);
    free(got);
    return wrong == 0;
}

static op_verdict fail(char out_text[VERDICT_TEXT_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static op_verdict fail(char out_text[VERDICT_TEXT_MAX], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out_text, VERDICT_TEXT_MAX, format, arguments);
    va_end(arguments);
    return VERDICT_FAILED;
}

static op_verdict judge(const device_under_test *device, const op_case *op, const case_data *data,
                        const op_result *result, char out_text[VERDICT_TEXT_MAX]) {
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        if (data->outputs[s] &&
            !compare_output(op, s, data->outputs[s], result->outputs[s], out_text))
            return VERDICT_FAILED;
    if (result->damage[0])
        return fail(out_text, "the run changed its input %s", result->damage);
    if (!result->repeatable && device->info.features & RETUNE_FEATURE_DETERMINISTIC)
        return fail(out_text, "a second run gave other bits on a deterministic device");
    return VERDICT_PASSED;
}

/* For an op that the device promised to do. */
static op_verdict run_and_judge(device_under_test *device, const op_case *op,
                                char out_text[VERDICT_TEXT_MAX]) {
    case_data data;
    op_result result;
    retune_error error = RETUNE_ERROR_INIT;
    case_data_make(op, &data);
    const retune_status status = device_under_test_run(device, op, &data, &result, &error);
    const op_verdict verdict =
        status == RETUNE_OK
            ? judge(device, op, &data, &result, out_text)
            : fail(out_text, "accepted, but gives status %d: %s", (int)status, error.message);
    op_result_free(&result);
    case_data_free(&data);
    return verdict;
}

/* For an op that the device refused, for `reason`. */
static op_verdict check_refusal(device_under_test *device, const op_case *op, const char *reason,
                                char out_text[VERDICT_TEXT_MAX]) {
    retune_error error = RETUNE_ERROR_INIT;
    bool refuses = false;
    const retune_status status = device_under_test_refuses(device, op, &refuses, &error);
    if (reason[0] == '\0')
        return fail(out_text, "op_query refuses it without a reason");
    if (status != RETUNE_OK)
        return fail(out_text,
                    "op_query refuses it (%s); preparing it gives status %d, not "
                    "UNSUPPORTED: %s",
                    reason, (int)status, error.message);
    if (!refuses)
        return fail(out_text, "op_query refuses it (%s), but program_create takes it", reason);
    snprintf(out_text, VERDICT_TEXT_MAX, "%s", reason);
    return VERDICT_UNSUPPORTED;
}

op_verdict conformance_run(device_under_test *device, const op_case *op,
                           char out_text[VERDICT_TEXT_MAX]) {
    retune_error error = RETUNE_ERROR_INIT;
    bool supported = false;
    char reason[256];
    out_text[0] = '\0';
    const retune_status status = device_under_test_query(device, op, &supported, reason, &error);
    if (status != RETUNE_OK)
        return fail(out_text, "op_query gives status %d: %s", (int)status, error.message);
    return supported ? run_and_judge(device, op, out_text)
                     : check_refusal(device, op, reason, out_text);
}
