/* The self-test of devices: its known answers are those of the reference, it passes a device that
 * is right, and it finds the mistakes that kernels really have. */
#include "device/self_test.h"
#include "device/self_test_cases.h"
#include "element.h"
#include "graph/op_rule.h"
#include "reference.h"
#include "reference_backend.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_of(const retune_tensor_desc *desc) {
    size_t count = desc->rank > 0;
    for (uint32_t d = 0; d < desc->rank; d++)
        count *= (size_t)desc->shape[d];
    return count;
}

/* ---- Answers ------------------------------------------------------------------------------- */

static void compute(const retune_self_test_case *test, double *outputs[RETUNE_OP_TENSORS_MAX]) {
    void *given[RETUNE_OP_TENSORS_MAX] = {NULL};
    double *inputs[RETUNE_OP_TENSORS_MAX] = {NULL};
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (test->inputs[slot].rank > 0)
            given[slot] = calloc(count_of(&test->inputs[slot]), sizeof(double));
    retune_self_test_fill(test, given);
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        size_t count = count_of(&test->inputs[slot]);
        if (count > 0) {
            inputs[slot] = elements_allocate(count);
            elements_decode(test->inputs[slot].dtype, given[slot], count, inputs[slot]);
        }
        outputs[slot] =
            test->outputs[slot].rank > 0 ? elements_allocate(count_of(&test->outputs[slot])) : NULL;
    }
    retune_op_desc desc = retune_self_test_describe(test);
    reference_run(&desc, (const double *const *)inputs, outputs, &retune_self_test_args);
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        free(given[slot]);
        free(inputs[slot]);
    }
}

static bool is_close(double a, double b, double magnitude) {
    return fabs(a - b) <= 1e-12 * (1.0 + magnitude);
}

/* A failure prints the row as it must stand in self_test_answers.def. */
static void expect_answer(size_t test, uint32_t slot, const double *output) {
    const retune_self_test_answer *answer = retune_self_test_find_answer(test, slot);
    retune_self_test_sums sums;
    bool right = answer != NULL;
    retune_self_test_add_up(output, count_of(&retune_self_test_cases[test].outputs[slot]), &sums);
    for (int s = 0; s < RETUNE_SELF_TEST_SUMS && right; s++)
        right = is_close(sums.of[s], answer->sums[s], sums.magnitude[s]);
    cr_expect(right, "ANSWER(%zu, %u, %.16g, %.16g, %.16g, %.16g) /* %s */", test, slot, sums.of[0],
              sums.of[1], sums.of[2], sums.of[3],
              retune_op_name(retune_self_test_cases[test].kind));
}

Test(self_test, answers_are_those_of_the_reference) {
    for (size_t n = 0; n < retune_self_test_case_count; n++) {
        double *outputs[RETUNE_OP_TENSORS_MAX];
        compute(&retune_self_test_cases[n], outputs);
        for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
            if (outputs[slot])
                expect_answer(n, slot, outputs[slot]);
            free(outputs[slot]);
        }
    }
}

/* A row that no case has would never be looked at. */
Test(self_test, no_answer_without_a_case) {
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        cr_expect_null(retune_self_test_find_answer(retune_self_test_case_count, slot));
}

/* The shapes fit each other, as the core's own rules see it. */
Test(self_test, cases_are_ops_that_can_be) {
    for (size_t n = 0; n < retune_self_test_case_count; n++) {
        const retune_self_test_case *test = &retune_self_test_cases[n];
        retune_op_desc desc = retune_self_test_describe(test);
        retune_tensor_desc shapes[RETUNE_OP_TENSORS_MAX] = {{0}};
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(retune_op_rule_get(test->kind)->shape(&desc, shapes, &error), RETUNE_OK,
                     "case %zu: %s", n, error.message);
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
            if (test->outputs[slot].rank > 0)
                cr_expect_eq(memcmp(test->outputs[slot].shape, shapes[slot].shape,
                                    sizeof shapes[slot].shape),
                             0, "case %zu, output %d", n, slot);
    }
}

/* ---- Devices ------------------------------------------------------------------------------- */

static void judge(const char *fault, retune_verdict *out_verdict) {
    retune_option option = {"fault", fault};
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    cr_assert_eq(
        retune_device_open(reference_backend(), 0, &option, fault ? 1 : 0, &device, &error),
        RETUNE_OK, "%s", error.message);
    retune_self_test_run(device, NULL, NULL, out_verdict);
    retune_device_close(device);
}

Test(self_test, passes_a_device_that_is_right) {
    retune_verdict verdict;
    char text[2048];
    judge(NULL, &verdict);
    cr_expect_eq(verdict.failed, 0, "%s", retune_verdict_text(&verdict, text, sizeof text));
    cr_expect_eq(verdict.tested, RETUNE_OP_KIND_COUNT, "every op has a case");
    cr_expect_str_eq(verdict.fault, "");
    cr_expect_eq(verdict.known, 1);
}

/* What only infinities, vanishing probabilities or bf16 show. */
static const char *const beyond[] = {"POOL.finite_maximum",
                                     "SOFTMAX_CROSS_ENTROPY.logarithm_of_zero", "CAST.truncated"};

static bool is_beyond(const char *name) {
    for (size_t b = 0; b < sizeof beyond / sizeof beyond[0]; b++)
        if (strcmp(beyond[b], name) == 0)
            return true;
    return false;
}

Test(self_test, finds_the_mistakes_of_kernels) {
    for (size_t f = 0; f < reference_fault_count; f++) {
        const reference_fault *fault = &reference_faults[f];
        retune_verdict verdict;
        judge(fault->name, &verdict);
        if (!is_beyond(fault->name))
            cr_expect(verdict.failures[fault->kind][0] != '\0', "%s is not found", fault->name);
        for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
            cr_expect(kind == fault->kind || verdict.failures[kind][0] == '\0',
                      "%s: also %s is found wrong: %s", fault->name,
                      retune_op_name((retune_op_kind)kind), verdict.failures[kind]);
        cr_expect_str_eq(verdict.fault, "");
    }
}
