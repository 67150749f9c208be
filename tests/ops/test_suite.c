/* The suite itself: it passes a backend that is right, it fails every backend with a known mistake,
 * and a case survives being written as a line. */
#include "cases.h"
#include "chain.h"
#include "conformance.h"
#include "reference_backend.h"
#include "required.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_device(const char *fault, device_under_test *out_device) {
    char options[128] = "";
    retune_error error = RETUNE_ERROR_INIT;
    if (fault)
        snprintf(options, sizeof options, "fault=%s", fault);
    cr_assert_eq(device_under_test_open(reference_backend(), 0, options, out_device, &error),
                 RETUNE_OK, "%s", error.message);
}

Test(suite, passes_the_reference) {
    static char text[VERDICT_TEXT_MAX];
    device_under_test device;
    case_list list = {0};
    open_device(NULL, &device);
    cases_all(false, &list);
    for (size_t i = 0; i < list.count; i++)
        cr_expect_eq(conformance_run(&device, &list.items[i], text), VERDICT_PASSED, "%s", text);
    case_list_free(&list);
    device_under_test_close(&device);
}

/* True when some case of the op fails on a device with this fault. */
static bool is_found(const reference_fault *fault, bool reduced) {
    static char text[VERDICT_TEXT_MAX];
    device_under_test device;
    case_list list = {0};
    bool found = false;
    open_device(fault->name, &device);
    cases_of(fault->kind, reduced, &list);
    for (size_t i = 0; i < list.count && !found; i++)
        found = conformance_run(&device, &list.items[i], text) == VERDICT_FAILED;
    case_list_free(&list);
    device_under_test_close(&device);
    return found;
}

Test(suite, finds_every_fault) {
    for (size_t f = 0; f < reference_fault_count; f++)
        cr_expect(is_found(&reference_faults[f], false), "%s is not found",
                  reference_faults[f].name);
}

Test(suite, finds_every_fault_with_small_shapes) {
    for (size_t f = 0; f < reference_fault_count; f++)
        cr_expect(is_found(&reference_faults[f], true), "%s is not found",
                  reference_faults[f].name);
}

Test(suite, has_a_fault_for_every_op) {
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        size_t count = 0;
        for (size_t f = 0; f < reference_fault_count; f++)
            count += reference_faults[f].kind == kind;
        cr_expect(count > 0, "%s", op_info_of(kind)->name);
    }
}

/* ---- The chain ----------------------------------------------------------------------------- */

/* Distance between the chain on a reference device and by the reference itself. */
static double chain_distance(const char *fault, chain_mode mode) {
    device_under_test device;
    chain_result got, expected;
    double distance = 0;
    open_device(fault, &device);
    cr_assert_eq(chain_run(&device, mode, 2, &got, NULL), RETUNE_OK);
    chain_reference(2, &expected);
    cr_assert_eq(got.count, expected.count);
    for (size_t i = 0; i < got.count; i++)
        distance = fmax(distance, fabs(got.values[i] - expected.values[i]));
    free(got.values);
    free(expected.values);
    device_under_test_close(&device);
    return distance;
}

Test(suite, chain_agrees_with_itself) {
    for (chain_mode mode = CHAIN_WHOLE; mode < CHAIN_MODE_COUNT; mode++)
        cr_expect_lt(chain_distance(NULL, mode), 1e-6, "%s", chain_mode_text(mode));
}

Test(suite, chain_shows_a_fault) {
    static const char *const faults[] = {"BATCH_NORM_GRAD.statistics_are_constant",
                                         "CONV2D_GRAD_INPUT.not_cleared", "SGD.no_momentum",
                                         "ADAM.step_from_zero", "ACTIVATION_GRAD.no_scale"};
    for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++)
        cr_expect_gt(chain_distance(faults[f], CHAIN_WHOLE), 1e-4, "%s", faults[f]);
}

/* ---- Lines --------------------------------------------------------------------------------- */

Test(suite, a_line_gives_the_case_back) {
    case_list list = {0};
    char line[OP_CASE_TEXT_MAX], again[OP_CASE_TEXT_MAX];
    retune_error error = RETUNE_ERROR_INIT;
    cases_all(false, &list);
    for (size_t i = 0; i < list.count; i++) {
        op_case read;
        op_case_format(&list.items[i], line);
        cr_assert_eq(op_case_parse(line, &read, &error), RETUNE_OK, "%s", error.message);
        cr_expect_str_eq(op_case_format(&read, again), line);
        cr_expect(memcmp(&read.attributes, &list.items[i].attributes, sizeof read.attributes) == 0,
                  "%s", line);
    }
    case_list_free(&list);
}

Test(suite, a_bad_line_is_refused) {
    static const char *const lines[] = {"",
                                        "multiply a=f32[1] b=f32[1] -> y=f32[1]",
                                        "add a=f32[1] b=f32[1]",
                                        "add a=f32[1] -> y=f32[1]",
                                        "add a=f32[1] b=f32[1] c=f32[1] -> y=f32[1]",
                                        "add a=f64[1] b=f32[1] -> y=f32[1]",
                                        "add a=f32[0] b=f32[1] -> y=f32[1]",
                                        "add a=f32[-1] b=f32[1] -> y=f32[1]",
                                        "add a=f32[] b=f32[1] -> y=f32[1]",
                                        "add a=f32[1 b=f32[1] -> y=f32[1]",
                                        "add a=f32[1]] b=f32[1] -> y=f32[1]",
                                        "add a=f32[1,1,1,1,1] b=f32[1] -> y=f32[1]",
                                        "add a=f32[99999999999] b=f32[1] -> y=f32[1]",
                                        "add a b=f32[1] -> y=f32[1]",
                                        "add a=f32[1] b=f32[1] -> y=f32[1] stride_height=1",
                                        "add a=f32[1] b=f32[1] -> y=f32[1] data=nonsense",
                                        "add a=f32[1] b=f32[1] -> y=f32[1] seed=",
                                        "add a=f32[1] b=f32[1] -> y=f32[1] seed=1x",
                                        "activation x=f32[1] -> y=f32[1] activation=six"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        op_case op;
        retune_error error = RETUNE_ERROR_INIT;
        cr_expect_eq(op_case_parse(lines[i], &op, &error), RETUNE_INVALID, "'%s'", lines[i]);
        cr_expect(error.message[0] != '\0', "'%s' is refused without a reason", lines[i]);
    }
}

Test(suite, a_failure_reruns_from_its_line) {
    static char text[VERDICT_TEXT_MAX];
    char line[OP_CASE_TEXT_MAX];
    device_under_test device;
    case_list list = {0};
    op_case again;
    open_device("ADD.last_element_left", &device);
    cases_of(RETUNE_OP_ADD, false, &list);
    cr_assert_eq(conformance_run(&device, &list.items[0], text), VERDICT_FAILED);
    op_case_format(&list.items[0], line);
    cr_assert_eq(op_case_parse(line, &again, NULL), RETUNE_OK, "%s", line);
    cr_expect_eq(conformance_run(&device, &again, text), VERDICT_FAILED, "%s", line);
    case_list_free(&list);
    device_under_test_close(&device);
}

Test(suite, required_means_all_types_listed) {
    op_case op;
    cr_assert_eq(op_case_parse("cast x=f32[1] -> y=f16[1]", &op, NULL), RETUNE_OK);
    cr_expect(required_of("cpu/scalar", &op));
    cr_expect_not(required_of("gpu/0", &op));
    cr_expect_not(required_of("cpu", &op));
    cr_assert_eq(op_case_parse("cast x=f32[1] -> y=i32[1]", &op, NULL), RETUNE_OK);
    cr_expect_not(required_of("cpu/scalar", &op));
}
