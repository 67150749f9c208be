/* Which values of a plan are stored in fewer bits: the maps that the forward pass makes, and
 * nothing else. */
#include "graph/plan.h"

#include "base/tensor_desc.h"
#include "graph/op_rule.h"

#include "network.h"

/* Plans and what they were made from. */
typedef struct scene {
    retune_model *model;
    retune_freeze freeze;
} scene;

static scene make_scene(const char *glob, retune_norm_mode norms, const char *pool) {
    char *head[] = {(char *)(uintptr_t)pool, "flatten", "dense", "softmax"};
    char *globs[] = {(char *)(uintptr_t)glob};
    scene s = {.model = network_with_head(0.25, 64, 3, head, 4)};
    assert_ok(retune_freeze_make(s.model, globs, 1, norms, &s.freeze, &error));
    return s;
}

static void close_scene(scene *s) {
    retune_freeze_release(&s->freeze);
    retune_model_destroy(s->model);
}

/* On images, or on a table of f16 rows. */
static retune_plan *training(const scene *s, retune_dtype map_dtype, bool tabled) {
    retune_plan *plan = NULL;
    retune_tensor_desc table;
    retune_training_options options = {.batch = 4,
                                       .map_dtype = map_dtype,
                                       .accumulate = true,
                                       .optimizer = {.kind = RETUNE_OP_ADAM}};
    if (tabled) {
        table = s->model->layers[s->freeze.frontier - 1].output;
        table.shape[0] = 100;
        table.dtype = RETUNE_F16;
        options.table = &table;
    }
    assert_ok(retune_plan_training(s->model, &s->freeze, &options, &plan, &error));
    return plan;
}

/* Outputs that are maps of the forward pass have `map_dtype` but for the last one, `unnarrowed`;
 * the others are f32, or the i32 of an argmax. */
static void expect_forward(const retune_plan *plan, retune_range range, int32_t unnarrowed,
                           retune_dtype map_dtype) {
    cr_assert_lt(range.begin, range.end);
    for (size_t n = range.begin; n < range.end; n++) {
        const retune_node *node = &plan->graph->nodes[n];
        bool loss = node->kind == RETUNE_OP_SOFTMAX_CROSS_ENTROPY;
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
            int32_t output = node->outputs[slot];
            if (output == RETUNE_NO_VALUE)
                continue;
            bool map = slot == 0 && !loss && output != unnarrowed;
            bool argmax = node->kind == RETUNE_OP_POOL && slot == 1;
            uint32_t expected = (uint32_t)(map ? map_dtype : argmax ? RETUNE_I32 : RETUNE_F32);
            cr_expect_eq(plan->graph->values[output].desc.dtype, expected,
                         "%s of %s, output %d, is %s", retune_op_name(node->kind), node->layer,
                         slot, retune_dtype_text(plan->graph->values[output].desc.dtype));
        }
    }
}

static void expect_f32(const retune_plan *plan, retune_range range) {
    for (size_t n = range.begin; n < range.end; n++) {
        const retune_node *node = &plan->graph->nodes[n];
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
            if (node->outputs[slot] != RETUNE_NO_VALUE)
                cr_expect_eq(plan->graph->values[node->outputs[slot]].desc.dtype, RETUNE_F32,
                             "%s of %s, output %d", retune_op_name(node->kind), node->layer, slot);
    }
}

/* The logits are what the loss at the end of a range reads. */
static int32_t logits_of(const retune_plan *plan, retune_range range) {
    const retune_node *last = &plan->graph->nodes[range.end - 1];
    cr_assert_eq(last->kind, RETUNE_OP_SOFTMAX_CROSS_ENTROPY);
    return last->inputs[0];
}

/* What the host fills is f32 or integers, but for the table, which is as the caller says. */
static void expect_host_values(const retune_plan *plan) {
    for (size_t v = 0; v < plan->graph->value_count; v++) {
        const retune_value *value = &plan->graph->values[v];
        if (value->usage != RETUNE_USAGE_ACTIVATION && (int32_t)v != plan->table)
            cr_expect(value->desc.dtype != RETUNE_F16 && value->desc.dtype != RETUNE_BF16, "%s",
                      value->name);
    }
}

static void check_training(const scene *s, retune_dtype map_dtype, bool tabled) {
    retune_plan *plan = training(s, map_dtype, tabled);
    expect_forward(plan, plan->forward, logits_of(plan, plan->forward), map_dtype);
    expect_forward(plan, plan->evaluate, logits_of(plan, plan->evaluate), map_dtype);
    expect_f32(plan, plan->gradient);
    expect_f32(plan, plan->update);
    expect_f32(plan, plan->clear);
    expect_host_values(plan);
    retune_plan_destroy(plan);
}

Test(precision, maps_of_a_training_plan) {
    static const retune_norm_mode norms[] = {RETUNE_NORM_FROZEN, RETUNE_NORM_AFFINE,
                                             RETUNE_NORM_FULL};
    for (int n = 0; n < 3; n++)
        for (retune_dtype dtype = RETUNE_F32; dtype <= RETUNE_BF16; dtype++) {
            scene s = make_scene("*", norms[n], "average_pool");
            check_training(&s, dtype, false);
            close_scene(&s);
            s = make_scene("conv_pw_1[23]*", norms[n], "max_pool");
            check_training(&s, dtype, true);
            close_scene(&s);
        }
}

/* The table is handed on as it is stored. */
Test(precision, a_table_of_halves_is_gathered_as_halves) {
    scene s = make_scene("dense", RETUNE_NORM_FROZEN, "average_pool");
    retune_plan *plan = training(&s, RETUNE_F16, true);
    const retune_node *gather = &plan->graph->nodes[0];
    cr_assert_eq(gather->kind, RETUNE_OP_GATHER);
    cr_expect_eq(plan->graph->values[gather->inputs[0]].desc.dtype, RETUNE_F16);
    cr_expect_eq(plan->graph->values[gather->outputs[0]].desc.dtype, RETUNE_F16);
    retune_plan_destroy(plan);
    close_scene(&s);
}

/* The host reads features and probabilities as f32. */
Test(precision, what_the_host_reads_is_f32) {
    scene s = make_scene("dense", RETUNE_NORM_FROZEN, "average_pool");
    for (retune_dtype dtype = RETUNE_F16; dtype <= RETUNE_BF16; dtype++) {
        retune_plan *features = NULL, *inference = NULL;
        assert_ok(retune_plan_features(s.model, &s.freeze, 2, dtype, &features, &error));
        expect_forward(features, features->forward, features->features, dtype);
        cr_expect_eq(features->graph->values[features->features].desc.dtype, RETUNE_F32);
        expect_host_values(features);
        assert_ok(retune_plan_inference(s.model, 2, dtype, &inference, &error));
        expect_forward(inference, inference->forward, logits_of(inference, inference->forward),
                       dtype);
        expect_host_values(inference);
        retune_plan_destroy(features);
        retune_plan_destroy(inference);
    }
    close_scene(&s);
}

/* ---- Memory -------------------------------------------------------------------------------- */

/* An inference plan shares memory among maps alone, so its slots are half as large; the weights
 * stay what they are. */
Test(precision, narrow_maps_take_half_the_memory) {
    scene s = make_scene("dense", RETUNE_NORM_FROZEN, "average_pool");
    retune_plan *wide = NULL, *narrow = NULL;
    uint64_t wide_bytes = 0, narrow_bytes = 0;
    assert_ok(retune_plan_inference(s.model, 32, RETUNE_F32, &wide, &error));
    assert_ok(retune_plan_inference(s.model, 32, RETUNE_BF16, &narrow, &error));
    cr_expect_eq(narrow->graph->slot_bytes, wide->graph->slot_bytes / 2);
    assert_ok(retune_graph_bytes(wide->graph, &wide_bytes, &error));
    assert_ok(retune_graph_bytes(narrow->graph, &narrow_bytes, &error));
    cr_expect_eq(wide_bytes - narrow_bytes, wide->graph->slot_bytes / 2);
    retune_plan_destroy(wide);
    retune_plan_destroy(narrow);
    close_scene(&s);
}

/* What the backward pass reads again is narrow, what it makes is not. */
Test(precision, training_takes_less_memory) {
    scene s = make_scene("*", RETUNE_NORM_FULL, "average_pool");
    retune_plan *wide = training(&s, RETUNE_F32, false), *narrow = training(&s, RETUNE_F16, false);
    cr_expect_lt(narrow->graph->slot_bytes, wide->graph->slot_bytes * 3 / 4);
    cr_expect_gt(narrow->graph->slot_bytes, wide->graph->slot_bytes / 2);
    retune_plan_destroy(wide);
    retune_plan_destroy(narrow);
    close_scene(&s);
}
