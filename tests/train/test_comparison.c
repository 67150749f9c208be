/* Verdicts from made-up findings, and the paired test. */
#include "train/comparison.h"
#include "train/paired_test.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- McNemar's test ------------------------------------------------------------------------ */

static void expect_p(uint64_t only_a, uint64_t only_b, double p) {
    double got = retune_mcnemar(only_a, only_b);
    cr_expect(fabs(got - p) <= 1e-9 * p, "%llu, %llu: %.12g, not %.12g", (unsigned long long)only_a,
              (unsigned long long)only_b, got, p);
    cr_expect(got == retune_mcnemar(only_b, only_a));
}

/* Sums of binomial coefficients over powers of 2, by hand. */
Test(mcnemar, small_counts) {
    expect_p(0, 0, 1.0);
    expect_p(1, 0, 1.0);
    expect_p(5, 0, 2.0 / 32);
    expect_p(6, 0, 2.0 / 64);
    expect_p(9, 1, 2.0 * (1 + 10) / 1024);
    expect_p(3, 3, 1.0);
    expect_p(10, 4, 2.0 * (1 + 14 + 91 + 364 + 1001) / 16384);
}

/* With many, the normal approximation: z = (|b - c| - 1) / sqrt(b + c). */
Test(mcnemar, large_counts) {
    double z = (5200.0 - 4800.0 - 1.0) / sqrt(10000.0);
    cr_expect(fabs(retune_mcnemar(5200, 4800) - erfc(z / sqrt(2.0))) < 1e-6);
    cr_expect(retune_mcnemar(100000, 0) == 0.0);
    cr_expect(retune_mcnemar(50000, 50000) == 1.0);
}

/* ---- Verdicts ------------------------------------------------------------------------------ */

typedef struct findings {
    retune_comparison comparison;
    retune_events events;
} findings;

static void add_op(findings *f, retune_op_kind kind, const char *layer, double share) {
    retune_compared_op op = {.part = "forward", .layer = layer, .kind = kind, .share = share};
    snprintf(op.output, sizeof op.output, "y");
    cr_assert(retune_comparison_add_op(&f->comparison, &op, &f->events, NULL) == RETUNE_OK);
}

static void add_step(findings *f, double loss_a, double loss_b) {
    retune_compared_step step = {.step = f->comparison.step_count + 1, .loss = {loss_a, loss_b}};
    cr_assert(retune_comparison_add_step(&f->comparison, &step, &f->events, NULL) == RETUNE_OK);
}

static findings good(void) {
    findings f = {.comparison = {.loss_tolerance = 0.01}};
    add_op(&f, RETUNE_OP_CONV2D, "conv1", 0.5);
    add_op(&f, RETUNE_OP_POOL, "average_pool", 1.0);
    add_step(&f, 1.0, 1.0);
    add_step(&f, 0.5, 0.504);
    f.comparison.test = (retune_compared_test){
        .total = 100, .correct = {90, 88}, .only = {3, 1}, .p = retune_mcnemar(3, 1)};
    return f;
}

/* NULL: equivalent. */
static void expect_verdict(findings *f, const char *reason) {
    bool equivalent = false;
    char *text = NULL;
    cr_assert(retune_comparison_verdict(&f->comparison, &equivalent, &text, NULL) == RETUNE_OK);
    cr_expect(equivalent == !reason, "%s", text);
    cr_expect(reason ? strstr(text, reason) != NULL && strncmp(text, "different: ", 11) == 0
                     : strcmp(text, "equivalent") == 0,
              "%s", text);
    free(text);
    retune_comparison_free(&f->comparison);
}

Test(comparison, of_equals) {
    findings f = good();
    expect_verdict(&f, NULL);
    f = (findings){.comparison = {.loss_tolerance = 0.01}}; /* nothing was found at all */
    expect_verdict(&f, NULL);
}

Test(comparison, names_the_first_op_outside) {
    findings f = good();
    add_op(&f, RETUNE_OP_ADD, "residual", 3.5);
    add_op(&f, RETUNE_OP_CONV2D, "late", INFINITY);
    size_t count = 0;
    const retune_compared_op *first = retune_comparison_first_outside(&f.comparison, &count);
    cr_expect(count == 2 && first && strcmp(first->layer, "residual") == 0);
    expect_verdict(&f, "add of residual (forward) is off, by 3.5 times its tolerance, in y; 2 of 4 "
                       "ops");
}

Test(comparison, an_op_that_must_be_exact) {
    findings f = good();
    add_op(&f, RETUNE_OP_GATHER, "features", INFINITY);
    expect_verdict(&f, "gather of features (forward) is off, where nothing may be, in y");
}

Test(comparison, a_share_that_is_no_number_is_outside) {
    findings f = good();
    add_op(&f, RETUNE_OP_ADD, "residual", NAN);
    expect_verdict(&f, "add of residual");
}

Test(comparison, losses_that_part) {
    findings f = good();
    add_step(&f, 0.5, 0.506);
    add_step(&f, 0.5, 0.9);
    expect_verdict(&f, "the losses part in step 3: 0.5 and 0.506, more than 1 % apart");
}

/* Small losses of networks that have learnt everything are not held to their own size. */
Test(comparison, small_losses) {
    findings f = good();
    add_step(&f, 1e-5, 9e-4);
    expect_verdict(&f, NULL);
    f = good();
    add_step(&f, 1e-5, 2e-3);
    expect_verdict(&f, "the losses part in step 3");
    f = good();
    add_step(&f, 1.0, NAN);
    expect_verdict(&f, "the losses part in step 3");
}

/* Roundings that grew are no difference; a step that goes elsewhere at once is one. */
Test(comparison, weights_that_drift) {
    findings f = good();
    f.comparison.steps[1].drift = 0.02;
    add_step(&f, 0.5, 0.9);
    expect_verdict(&f, NULL);
    f = good();
    f.comparison.steps[1].drift = 0.005;
    add_step(&f, 0.5, 0.9);
    expect_verdict(&f, "the losses part in step 3");
    f = good();
    f.comparison.steps[0].drift = 0.3;
    expect_verdict(&f, "one step from equal weights leaves them apart by 0.3 of the way");
    f = good();
    f.comparison.steps[0].drift = NAN;
    expect_verdict(&f, "one step from equal weights");
}

Test(comparison, accuracies_that_differ) {
    findings f = good();
    f.comparison.test.only[0] = 20;
    f.comparison.test.only[1] = 4;
    f.comparison.test.p = retune_mcnemar(20, 4);
    expect_verdict(&f, "of 100 test images a alone gets 20 right and b alone 4");
}

Test(comparison, training_that_diverges_on_one) {
    findings f = good();
    f.comparison.diverged = strdup("on vulkan/0 alone training diverged");
    expect_verdict(&f, "on vulkan/0 alone training diverged");
}

Test(comparison, every_reason_is_given) {
    findings f = good();
    add_op(&f, RETUNE_OP_ADD, "residual", 2.0);
    add_step(&f, 1.0, 2.0);
    f.comparison.test.p = 0.001;
    bool equivalent = true;
    char *text = NULL;
    cr_assert(retune_comparison_verdict(&f.comparison, &equivalent, &text, NULL) == RETUNE_OK);
    cr_expect(!equivalent && strstr(text, "add of") && strstr(text, "the losses part") &&
                  strstr(text, "test images"),
              "%s", text);
    free(text);
    retune_comparison_free(&f.comparison);
}

/* However many layers a network has and whatever they are called, the text is cut, not overrun. */
Test(comparison, long_names) {
    findings f = good();
    char name[RETUNE_ERROR_MESSAGE_MAX + 100];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    add_op(&f, RETUNE_OP_ADD, name, 2.0);
    add_step(&f, 1.0, 2.0);
    expect_verdict(&f, "add of xxx");
}
