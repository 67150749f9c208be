/* A batch norm with fixed statistics may fold into a frozen kernel, stand in the epilogue of a
 * trained one, split into two channel maps to be trained, or stay an op of its own. Whichever the
 * freeze policy leads to, the network is the same function of the image. */
#include "learner.h"

#include "base/memory.h"
#include "base/tensor_desc.h"

enum { BATCH = 8 };

/* Probabilities by evaluation: with the running statistics. */
static void evaluate(const learner_options *options, float probabilities[BATCH * LEARNER_CLASSES]) {
    learner l = learner_open(options);
    learner_feed(&l, 3, BATCH, 0.0f);
    assert_ok(retune_executable_run(l.executable, l.plan->evaluate, 0.0f, 0, &error));
    assert_ok(
        retune_executable_read_all(l.executable, l.plan->eval_probability, probabilities, &error));
    learner_close(&l);
}

Test(folding, every_policy_computes_the_same) {
    static const learner_options policies[] = {
        {.globs = {"*"}, .norms = RETUNE_NORM_FULL, .batch = BATCH},
        {.globs = {"*"}, .norms = RETUNE_NORM_AFFINE, .batch = BATCH},
        {.globs = {"*"}, .norms = RETUNE_NORM_FROZEN, .batch = BATCH},
        {.globs = {"dense"}, .norms = RETUNE_NORM_FROZEN, .batch = BATCH},
        {.globs = {"conv_dw_*", "dense"}, .norms = RETUNE_NORM_FROZEN, .batch = BATCH},
        {.globs = {"conv_pw_*", "dense"}, .norms = RETUNE_NORM_AFFINE, .batch = BATCH},
        {.globs = {"*_bn"}, .norms = RETUNE_NORM_AFFINE, .batch = BATCH},
        {.globs = {"conv_dw_5_bn", "conv_pw_9_bn"}, .norms = RETUNE_NORM_FULL, .batch = BATCH}};
    float expected[BATCH * LEARNER_CLASSES], given[BATCH * LEARNER_CLASSES];
    evaluate(&policies[0], expected);
    for (size_t p = 1; p < sizeof policies / sizeof *policies; p++) {
        evaluate(&policies[p], given);
        for (size_t i = 0; i < BATCH * LEARNER_CLASSES; i++)
            cr_expect_float_eq(given[i], expected[i], 1e-3, "policy %zu, number %zu: %g, not %g", p,
                               i, (double)given[i], (double)expected[i]);
    }
    /* The numbers tell images and classes apart, so that a wrong one would show. */
    for (size_t i = LEARNER_CLASSES; i < BATCH * LEARNER_CLASSES; i++)
        cr_expect_neq(expected[i], expected[i - LEARNER_CLASSES]);
}

/* ---- Features ------------------------------------------------------------------------------ */

/* The learner's images through the frozen prefix; free() them. */
static float *run_prefix(learner *l, retune_tensor_desc *out_table) {
    retune_plan *plan = NULL;
    retune_executable *executable = NULL;
    size_t pixels = 0, bytes = 0;
    assert_ok(retune_plan_features(l->model, &l->freeze, BATCH, RETUNE_F32, &plan, &error));
    assert_ok(retune_executable_create(l->device, plan->graph, l->model, RETUNE_NO_VALUE, NULL,
                                       &executable, &error));
    assert_ok(retune_desc_bytes(&plan->graph->values[plan->images].desc, &pixels, &error));
    unsigned char *images = malloc(pixels);
    assert_ok(retune_executable_read_all(l->executable, l->plan->images, images, &error));
    assert_ok(retune_executable_write_all(executable, plan->images, images, &error));
    assert_ok(retune_executable_run(executable, plan->forward, 0.0f, 0, &error));
    *out_table = plan->graph->values[plan->features].desc;
    assert_ok(retune_desc_bytes(out_table, &bytes, &error));
    float *features = NULL;
    assert_ok(retune_allocate_aligned(bytes, "features", &features, &error));
    assert_ok(retune_executable_read_all(executable, plan->features, features, &error));
    free(images);
    retune_executable_destroy(executable);
    retune_plan_destroy(plan);
    return features;
}

/* Features through the rest; rows are gathered from last to first. */
static void run_rest(learner *l, const retune_tensor_desc *table, const float *features,
                     float reversed[BATCH * LEARNER_CLASSES]) {
    static const int32_t index[BATCH] = {7, 6, 5, 4, 3, 2, 1, 0}, labels[BATCH];
    static const float weights[BATCH];
    retune_plan *plan = NULL;
    retune_executable *executable = NULL;
    retune_training_options options = {
        .batch = BATCH, .table = table, .optimizer = {.kind = RETUNE_OP_SGD}};
    assert_ok(retune_plan_training(l->model, &l->freeze, &options, &plan, &error));
    assert_ok(retune_executable_create(l->device, plan->graph, l->model, plan->table, features,
                                       &executable, &error));
    assert_ok(retune_executable_write_all(executable, plan->index, index, &error));
    assert_ok(retune_executable_write_all(executable, plan->label, labels, &error));
    assert_ok(retune_executable_write_all(executable, plan->weight, weights, &error));
    assert_ok(retune_executable_run(executable, plan->evaluate, 0.0f, 0, &error));
    assert_ok(retune_executable_read_all(executable, plan->eval_probability, reversed, &error));
    retune_executable_destroy(executable);
    retune_plan_destroy(plan);
}

/* The frontier cuts the network in two, before a convolution, a batch norm or the head. */
Test(folding, the_prefix_and_the_rest_are_the_whole) {
    static char *const lowest[] = {"conv_pw_13", "conv_dw_13_bn", "conv_dw_6", "conv_dw_1_bn",
                                   "dense"};
    for (size_t c = 0; c < sizeof lowest / sizeof *lowest; c++) {
        learner_options options = {
            .globs = {lowest[c]}, .norms = RETUNE_NORM_AFFINE, .batch = BATCH};
        float whole[BATCH * LEARNER_CLASSES], reversed[BATCH * LEARNER_CLASSES];
        evaluate(&options, whole);
        learner l = learner_open(&options);
        learner_feed(&l, 3, BATCH, 0.0f);
        retune_tensor_desc table;
        float *features = run_prefix(&l, &table);
        run_rest(&l, &table, features, reversed);
        for (size_t i = 0; i < BATCH * LEARNER_CLASSES; i++) {
            size_t image = BATCH - 1 - i / LEARNER_CLASSES;
            float given = reversed[image * LEARNER_CLASSES + i % LEARNER_CLASSES];
            cr_expect_float_eq(given, whole[i], 1e-5, "from %s, number %zu: %g, not %g", lowest[c],
                               i, (double)given, (double)whole[i]);
        }
        learner_close(&l);
        free(features);
    }
}
