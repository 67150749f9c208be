/* The op lists of plans: which ops are there, what they read, and what was left out. */
#include "graph/plan.h"

#include "base/tensor_desc.h"
#include "graph/op_rule.h"

#include "network.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A plan and what it was made from. */
typedef struct scene {
    retune_model *model;
    retune_freeze freeze;
    retune_plan *plan;
} scene;

static const retune_training_options sgd = {.batch = 4, .optimizer = {.kind = RETUNE_OP_SGD}};

/* With `tabled`, the network above the frontier only. Takes the model over. */
static scene make_scene(retune_model *model, char *const *globs, size_t glob_count,
                        retune_norm_mode norms, retune_training_options options, bool tabled) {
    scene s = {.model = model};
    assert_ok(retune_freeze_make(model, globs, glob_count, norms, &s.freeze, &error));
    retune_tensor_desc table;
    if (tabled) {
        table = model->layers[s.freeze.frontier - 1].output;
        table.shape[0] = 100;
        table.dtype = RETUNE_F16;
        options.table = &table;
    }
    assert_ok(retune_plan_training(model, &s.freeze, &options, &s.plan, &error));
    return s;
}

static void close_scene(scene *s) {
    retune_plan_destroy(s->plan);
    retune_freeze_release(&s->freeze);
    retune_model_destroy(s->model);
}

/* The job of the seed, on features or on images. */
static scene seed_scene(bool tabled, retune_norm_mode norms, retune_training_options options) {
    char *globs[] = {"conv_pw_13", "dense"};
    return make_scene(network_make(1.0, 224, 5), globs, 2, norms, options, tabled);
}

static size_t count_nodes(const retune_plan *plan, retune_range range, retune_op_kind kind) {
    size_t count = 0;
    for (size_t n = range.begin; n < range.end; n++)
        count += plan->graph->nodes[n].kind == kind;
    return count;
}

static retune_range whole(const retune_plan *plan) {
    return (retune_range){0, plan->graph->node_count};
}

/* The only node of that kind and layer in a range. */
static const retune_node *find_node(const retune_plan *plan, retune_range range,
                                    retune_op_kind kind, const char *layer) {
    const retune_node *found = NULL;
    for (size_t n = range.begin; n < range.end; n++) {
        const retune_node *node = &plan->graph->nodes[n];
        if (node->kind != kind || strcmp(node->layer, layer) != 0)
            continue;
        cr_assert_null(found, "%s of %s is there twice", retune_op_name(kind), layer);
        found = node;
    }
    cr_assert_not_null(found, "there is no %s of %s", retune_op_name(kind), layer);
    return found;
}

static const retune_value *input_of(const retune_plan *plan, const retune_node *node, int slot) {
    cr_assert_geq(node->inputs[slot], 0);
    return &plan->graph->values[node->inputs[slot]];
}

static void expect_kinds(const retune_plan *plan, retune_range range, const retune_op_kind *kinds,
                         size_t count) {
    cr_assert_eq(range.end - range.begin, count, "%zu ops instead of %zu", range.end - range.begin,
                 count);
    for (size_t n = 0; n < count; n++)
        cr_expect_eq(plan->graph->nodes[range.begin + n].kind, kinds[n], "op %zu is %s, not %s", n,
                     retune_op_name(plan->graph->nodes[range.begin + n].kind),
                     retune_op_name(kinds[n]));
}

/* ---- The job of the seed ------------------------------------------------------------------- */

Test(plan, the_seed_job_on_features) {
    static const retune_op_kind forward[] = {RETUNE_OP_GATHER, RETUNE_OP_CONV2D, RETUNE_OP_POOL,
                                             RETUNE_OP_CONV2D, RETUNE_OP_SOFTMAX_CROSS_ENTROPY};
    static const retune_op_kind gradient[] = {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD,
                                              RETUNE_OP_CONV2D_GRAD_WEIGHT,
                                              RETUNE_OP_CONV2D_GRAD_INPUT,
                                              RETUNE_OP_POOL_GRAD,
                                              RETUNE_OP_ACTIVATION_GRAD,
                                              RETUNE_OP_CONV2D_GRAD_WEIGHT};
    static const retune_op_kind update[] = {RETUNE_OP_ADAM, RETUNE_OP_ADAM, RETUNE_OP_ADAM};
    retune_training_options options = {.batch = 163, .optimizer = {.kind = RETUNE_OP_ADAM}};
    scene s = seed_scene(true, RETUNE_NORM_FROZEN, options);
    expect_kinds(s.plan, s.plan->forward, forward, COUNT(forward));
    expect_kinds(s.plan, s.plan->gradient, gradient, COUNT(gradient));
    expect_kinds(s.plan, s.plan->update, update, COUNT(update));
    cr_expect_eq(s.plan->forward.begin, 0);
    cr_expect_eq(s.plan->update.end, s.plan->graph->node_count);
    cr_expect_eq(s.plan->clear.begin, s.plan->clear.end);
    cr_expect_eq(memcmp(&s.plan->evaluate, &s.plan->forward, sizeof(retune_range)), 0);
    cr_expect_eq(s.plan->eval_probability, s.plan->probability);
    cr_expect_eq(s.plan->eval_loss, s.plan->loss);
    cr_expect_eq(s.plan->images, RETUNE_NO_VALUE);
    cr_expect_eq(s.plan->statistic_count, 0);
    cr_assert_eq(s.plan->parameter_count, 3);
    close_scene(&s);
}

/* Without a table the frozen layers run in every step, but nothing of them is differentiated. */
Test(plan, backward_stops_at_the_first_trained_layer) {
    scene s = seed_scene(false, RETUNE_NORM_FROZEN, sgd);
    const retune_plan *plan = s.plan;
    cr_expect_eq(plan->table, RETUNE_NO_VALUE);
    cr_expect_eq(count_nodes(plan, plan->forward, RETUNE_OP_NORMALIZE), 1);
    cr_expect_eq(count_nodes(plan, plan->forward, RETUNE_OP_CONV2D), 15);
    cr_expect_eq(count_nodes(plan, plan->forward, RETUNE_OP_DEPTHWISE_CONV2D), 13);
    cr_expect_eq(plan->gradient.end - plan->gradient.begin, 6);
    for (size_t n = plan->gradient.begin; n < plan->gradient.end; n++) {
        const char *layer = plan->graph->nodes[n].layer;
        cr_expect(strcmp(layer, "conv_pw_13") == 0 ||
                      retune_model_find_layer(s.model, layer) >= (int32_t)s.model->head_begin,
                  "%s is differentiated", layer);
    }
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_CONV2D_GRAD_INPUT), 1);
    close_scene(&s);
}

Test(plan, only_the_head) {
    char *globs[] = {"dense"};
    scene s = make_scene(network_make(1.0, 224, 5), globs, 1, RETUNE_NORM_FULL, sgd, true);
    static const retune_op_kind forward[] = {RETUNE_OP_GATHER, RETUNE_OP_CONV2D,
                                             RETUNE_OP_SOFTMAX_CROSS_ENTROPY};
    static const retune_op_kind gradient[] = {RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD,
                                              RETUNE_OP_CONV2D_GRAD_WEIGHT};
    expect_kinds(s.plan, s.plan->forward, forward, COUNT(forward));
    expect_kinds(s.plan, s.plan->gradient, gradient, COUNT(gradient));
    close_scene(&s);
}

Test(plan, frozen_layers_between_trained_ones_get_no_parameter_gradient) {
    char *globs[] = {"conv_pw_12", "dense"};
    scene s = make_scene(network_make(1.0, 224, 5), globs, 2, RETUNE_NORM_FROZEN, sgd, true);
    const retune_plan *plan = s.plan;
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT), 0);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT), 1);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_CONV2D_GRAD_WEIGHT), 2);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_CONV2D_GRAD_INPUT), 2);
    find_node(plan, plan->gradient, RETUNE_OP_CONV2D_GRAD_INPUT, "conv_pw_13");
    find_node(plan, plan->gradient, RETUNE_OP_CONV2D_GRAD_WEIGHT, "conv_pw_12");
    cr_assert_eq(plan->parameter_count, 3);
    close_scene(&s);
}

Test(plan, a_frozen_kernel_has_no_gradient_beside_a_trained_norm) {
    char *globs[] = {"conv_pw_13_bn"};
    scene s = make_scene(network_make(1.0, 224, 5), globs, 1, RETUNE_NORM_AFFINE, sgd, true);
    const retune_plan *plan = s.plan;
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_CONV2D_GRAD_WEIGHT), 0);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT), 1);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT), 0);
    cr_assert_eq(plan->parameter_count, 2);
    close_scene(&s);
}

/* ---- Batch norms --------------------------------------------------------------------------- */

Test(plan, frozen_batch_norms_fold) {
    scene s = seed_scene(false, RETUNE_NORM_FROZEN, sgd);
    const retune_plan *plan = s.plan;
    cr_expect_eq(count_nodes(plan, whole(plan), RETUNE_OP_BATCH_NORM), 0);
    cr_expect_eq(count_nodes(plan, whole(plan), RETUNE_OP_ACTIVATION), 0);
    size_t folded = 0;
    for (size_t n = plan->forward.begin; n < plan->forward.end; n++) {
        const retune_node *node = &plan->graph->nodes[n];
        if (node->kind != RETUNE_OP_CONV2D && node->kind != RETUNE_OP_DEPTHWISE_CONV2D)
            continue;
        const retune_value *kernel = input_of(plan, node, 1);
        folded += kernel->source == RETUNE_SOURCE_FOLDED_KERNEL;
        if (kernel->source != RETUNE_SOURCE_FOLDED_KERNEL)
            continue;
        cr_expect_eq(kernel->usage, RETUNE_USAGE_CONSTANT);
        cr_expect_eq(node->inputs[2], RETUNE_NO_VALUE);
        cr_expect_eq(input_of(plan, node, 3)->source, RETUNE_SOURCE_NORM_BIAS);
        cr_expect_eq(node->attributes.convolution.activation, RETUNE_ACTIVATION_RELU6);
    }
    cr_expect_eq(folded, 26);
    const retune_node *trained = find_node(plan, plan->forward, RETUNE_OP_CONV2D, "conv_pw_13");
    cr_expect_eq(input_of(plan, trained, 1)->source, RETUNE_SOURCE_PARAMETER);
    cr_expect_eq(input_of(plan, trained, 1)->usage, RETUNE_USAGE_PARAMETER);
    cr_expect_eq(input_of(plan, trained, 2)->source, RETUNE_SOURCE_NORM_SCALE);
    cr_expect_eq(input_of(plan, trained, 3)->source, RETUNE_SOURCE_NORM_BIAS);
    cr_expect_eq(trained->attributes.convolution.activation, RETUNE_ACTIVATION_RELU6);
    close_scene(&s);
}

/* The trained parameter at that place in the plan's list. */
static const char *trained_name(const scene *s, size_t i) {
    return s->model->parameters[s->plan->parameters[i].parameter].name;
}

Test(plan, affine_batch_norms_train_gamma_and_beta) {
    static const char *const names[] = {"conv_pw_13/kernel", "conv_pw_13_bn/gamma",
                                        "conv_pw_13_bn/beta", "dense/kernel", "dense/bias"};
    scene s = seed_scene(true, RETUNE_NORM_AFFINE, sgd);
    const retune_plan *plan = s.plan;
    cr_assert_eq(plan->parameter_count, COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        cr_expect_str_eq(trained_name(&s, i), names[i]);
    cr_expect_eq(count_nodes(plan, whole(plan), RETUNE_OP_BATCH_NORM), 0);
    cr_expect_eq(plan->statistic_count, 0);
    cr_expect_eq(plan->evaluate.begin, plan->forward.begin);
    const retune_node *affine =
        find_node(plan, plan->forward, RETUNE_OP_DEPTHWISE_CONV2D, "conv_pw_13_bn");
    cr_expect_eq(input_of(plan, affine, 1)->usage, RETUNE_USAGE_PARAMETER);
    cr_expect_eq(affine->attributes.convolution.activation, RETUNE_ACTIVATION_RELU6);
    const retune_node *grad =
        find_node(plan, plan->gradient, RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT, "conv_pw_13_bn");
    cr_expect_geq(grad->outputs[0], 0);
    cr_expect_geq(grad->outputs[1], 0);
    close_scene(&s);
}

Test(plan, full_batch_norms_evaluate_in_a_range_of_their_own) {
    scene s = seed_scene(true, RETUNE_NORM_FULL, sgd);
    const retune_plan *plan = s.plan;
    const retune_node *training =
        find_node(plan, plan->forward, RETUNE_OP_BATCH_NORM, "conv_pw_13_bn");
    const retune_node *evaluating =
        find_node(plan, plan->evaluate, RETUNE_OP_BATCH_NORM, "conv_pw_13_bn");
    cr_expect_eq(training->attributes.batch_norm.training, 1);
    cr_expect_eq(evaluating->attributes.batch_norm.training, 0);
    cr_expect_float_eq(training->attributes.batch_norm.momentum, 0.99f, 0);
    cr_expect_float_eq(training->attributes.batch_norm.epsilon, 1e-3f, 0);
    for (int slot = 1; slot <= 4; slot++)
        cr_expect_eq(training->inputs[slot], evaluating->inputs[slot], "slot %d", slot);
    for (int slot = 3; slot <= 4; slot++) {
        cr_expect_eq(training->outputs[slot], training->inputs[slot]);
        cr_expect_eq(input_of(plan, training, slot)->usage, RETUNE_USAGE_STATE);
        cr_expect_eq(input_of(plan, training, slot)->source, RETUNE_SOURCE_PARAMETER);
    }
    cr_expect_eq(plan->statistic_count, 2);
    cr_expect_eq(plan->parameter_count, 5);
    cr_expect_geq(plan->evaluate.begin, plan->update.end);
    cr_expect_eq(plan->evaluate.end, plan->graph->node_count);
    cr_expect_neq(plan->eval_probability, plan->probability);
    cr_expect_neq(plan->eval_loss, plan->loss);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_BATCH_NORM_GRAD), 1);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_ACTIVATION_GRAD), 1);
    close_scene(&s);
}

/* ---- Updates ------------------------------------------------------------------------------- */

Test(plan, accumulation_sums_gradients_between_clear_and_update) {
    retune_training_options options = sgd;
    options.accumulate = true;
    scene s = seed_scene(true, RETUNE_NORM_FROZEN, options);
    const retune_plan *plan = s.plan;
    cr_expect_eq(count_nodes(plan, plan->clear, RETUNE_OP_FILL), 3);
    cr_expect_eq(plan->clear.end - plan->clear.begin, 3);
    cr_expect_eq(count_nodes(plan, plan->gradient, RETUNE_OP_ACCUMULATE), 3);
    cr_expect_eq(count_nodes(plan, whole(plan), RETUNE_OP_ACCUMULATE), 3);
    for (size_t i = 0; i < 3; i++) {
        const retune_node *update = &plan->graph->nodes[plan->update.begin + i];
        const retune_node *clear = &plan->graph->nodes[plan->clear.begin + i];
        const retune_value *sum = input_of(plan, update, 1);
        cr_expect_eq(sum->usage, RETUNE_USAGE_STATE);
        cr_expect_eq(sum->slot, 0);
        cr_expect_eq(clear->outputs[0], update->inputs[1]);
        cr_expect_eq(clear->attributes.fill.value, 0.0f);
    }
    close_scene(&s);
}

/* States an optimiser keeps, and decay for kernels alone. */
static void check_updates(retune_optimizer optimizer, size_t states) {
    retune_training_options options = {.batch = 4, .optimizer = optimizer};
    scene s = seed_scene(true, RETUNE_NORM_AFFINE, options);
    const retune_plan *plan = s.plan;
    cr_assert_eq(plan->update.end - plan->update.begin, plan->parameter_count);
    for (size_t i = 0; i < plan->parameter_count; i++) {
        const retune_plan_parameter *entry = &plan->parameters[i];
        const retune_node *node = &plan->graph->nodes[plan->update.begin + i];
        bool adam = optimizer.kind == RETUNE_OP_ADAM;
        float decay = adam ? node->attributes.adam.weight_decay : node->attributes.sgd.weight_decay;
        bool kernel = s.model->parameters[entry->parameter].role == RETUNE_ROLE_KERNEL;
        cr_expect_eq(decay, kernel ? 0.5f : 0.0f, "%s", trained_name(&s, i));
        cr_expect_eq(node->inputs[0], entry->value);
        cr_expect_eq(node->outputs[0], entry->value);
        for (size_t state = 0; state < 2; state++) {
            int32_t value = entry->states[state];
            cr_expect_eq(value != RETUNE_NO_VALUE, state < states);
            cr_expect_eq(node->inputs[2 + state], value);
            cr_expect_eq(node->outputs[1 + state], value);
            if (value == RETUNE_NO_VALUE)
                continue;
            cr_expect_eq(plan->graph->values[value].usage, RETUNE_USAGE_STATE);
            cr_expect_eq(plan->graph->values[value].source, RETUNE_SOURCE_NUMBER);
            cr_expect_eq(plan->graph->values[value].number, 0.0f);
        }
    }
    close_scene(&s);
}

Test(plan, updates_of_each_optimiser) {
    check_updates((retune_optimizer){.kind = RETUNE_OP_SGD, .update.sgd = {0.0f, 0.5f}}, 0);
    check_updates((retune_optimizer){.kind = RETUNE_OP_SGD, true, .update.sgd = {0.9f, 0.5f}}, 1);
    check_updates(
        (retune_optimizer){.kind = RETUNE_OP_ADAM, .update.adam = {0.9f, 0.999f, 1e-7f, 0.5f, 1}},
        2);
}

/* ---- Heads --------------------------------------------------------------------------------- */

static scene head_scene(char *const *head, size_t count) {
    char *globs[] = {"conv_pw_13", "dense"};
    return make_scene(network_with_head(1.0, 224, 5, head, count), globs, 2, RETUNE_NORM_FROZEN,
                      sgd, true);
}

Test(plan, a_max_pool_keeps_where_its_maxima_were) {
    char *head[] = {"max_pool", "dense", "softmax"};
    scene s = head_scene(head, COUNT(head));
    const retune_node *pool = find_node(s.plan, s.plan->forward, RETUNE_OP_POOL, "max_pool");
    const retune_node *grad = find_node(s.plan, s.plan->gradient, RETUNE_OP_POOL_GRAD, "max_pool");
    cr_expect_geq(pool->outputs[1], 0);
    cr_expect_eq(grad->inputs[1], pool->outputs[1]);
    cr_expect_eq(s.plan->graph->values[pool->outputs[1]].desc.dtype, RETUNE_I32);
    close_scene(&s);
}

/* A dense layer on a flattened map is a convolution that covers it. */
Test(plan, a_dense_layer_on_a_map) {
    char *head[] = {"flatten", "dense", "softmax"};
    scene s = head_scene(head, COUNT(head));
    const retune_node *dense = find_node(s.plan, s.plan->forward, RETUNE_OP_CONV2D, "dense");
    retune_tensor_desc kernel = input_of(s.plan, dense, 1)->desc;
    cr_expect(kernel.rank == 4 && kernel.shape[0] == 5 && kernel.shape[1] == 7 &&
              kernel.shape[2] == 7 && kernel.shape[3] == 1024);
    cr_expect_eq(network_parameter(s.model, "dense/kernel")->elements, 5 * 7 * 7 * 1024);
    retune_tensor_desc logits = s.plan->graph->values[dense->outputs[0]].desc;
    cr_expect(logits.rank == 4 && logits.shape[0] == 4 && logits.shape[1] == 1 &&
              logits.shape[2] == 1 && logits.shape[3] == 5);
    cr_expect_eq(count_nodes(s.plan, whole(s.plan), RETUNE_OP_POOL), 0);
    cr_expect_eq(count_nodes(s.plan, s.plan->gradient, RETUNE_OP_CONV2D_GRAD_WEIGHT), 2);
    close_scene(&s);
}

/* ---- Memory -------------------------------------------------------------------------------- */

typedef struct life {
    size_t first, last;
    bool used;
} life;

static life life_of(const retune_graph *graph, int32_t value) {
    life l = {0};
    for (size_t n = 0; n < graph->node_count; n++)
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
            if (graph->nodes[n].inputs[slot] == value || graph->nodes[n].outputs[slot] == value) {
                l.first = l.used ? l.first : n;
                l.last = n;
                l.used = true;
            }
    return l;
}

static void check_slots(const retune_graph *graph) {
    for (size_t v = 0; v < graph->value_count; v++) {
        const retune_value *value = &graph->values[v];
        bool inner =
            value->usage == RETUNE_USAGE_ACTIVATION || value->usage == RETUNE_USAGE_GRADIENT;
        life a = life_of(graph, (int32_t)v);
        cr_expect_eq(value->slot != 0, inner && a.used, "value %zu, %s", v, value->name);
        cr_expect_leq(value->slot, graph->slot_count);
        for (size_t w = 0; w < v && value->slot; w++) {
            life b = life_of(graph, (int32_t)w);
            cr_expect(graph->values[w].slot != value->slot || a.last < b.first || b.last < a.first,
                      "%zu (%s) and %zu (%s) share a slot", v, value->name, w,
                      graph->values[w].name);
        }
    }
}

Test(plan, values_in_one_slot_never_meet) {
    static const retune_norm_mode modes[] = {RETUNE_NORM_FROZEN, RETUNE_NORM_AFFINE,
                                             RETUNE_NORM_FULL};
    for (size_t m = 0; m < COUNT(modes); m++) {
        char *globs[] = {"conv_*", "dense"};
        retune_training_options options = sgd;
        options.accumulate = modes[m] != RETUNE_NORM_FULL;
        scene s = make_scene(network_make(0.25, 32, 3), globs, 2, modes[m], options, false);
        check_slots(s.plan->graph);
        close_scene(&s);
    }
}

Test(plan, a_slot_saves_memory) {
    scene s = seed_scene(false, RETUNE_NORM_FROZEN, sgd);
    uint64_t bytes = 0;
    size_t sum = 0, one = 0;
    assert_ok(retune_graph_bytes(s.plan->graph, &bytes, &error));
    for (size_t v = 0; v < s.plan->graph->value_count; v++) {
        assert_ok(retune_desc_bytes(&s.plan->graph->values[v].desc, &one, &error));
        sum += one;
    }
    /* The two largest maps of the forward pass, [4,112,112,64] and [4,112,112,32], and 13 MB of
     * weights are what it cannot do without. */
    cr_expect_leq(bytes, (uint64_t)sum / 2);
    cr_expect_geq(bytes, (uint64_t)4 * 4 * 112 * 112 * (64 + 32) + 4 * 3200000);
    close_scene(&s);
}

/* ---- Features and inference ---------------------------------------------------------------- */

Test(plan, features_end_at_the_frontier) {
    retune_model *model = network_make(1.0, 224, 5);
    char *globs[] = {"conv_pw_13", "dense"};
    retune_freeze freeze;
    retune_plan *plan = NULL;
    assert_ok(retune_freeze_make(model, globs, 2, RETUNE_NORM_FROZEN, &freeze, &error));
    assert_ok(retune_plan_features(model, &freeze, 32, RETUNE_F32, &plan, &error));
    char text[RETUNE_DESC_TEXT_MAX];
    const retune_value *features = &plan->graph->values[plan->features];
    cr_expect_str_eq(retune_desc_text(&features->desc, text), "[32,7,7,1024]");
    cr_expect_eq(features->usage, RETUNE_USAGE_OUTPUT);
    cr_expect_eq(features->slot, 0);
    cr_expect_eq(plan->graph->node_count, 1 + 13 + 13);
    cr_expect_eq(plan->forward.end, plan->graph->node_count);
    cr_expect_eq(plan->parameter_count, 0);
    /* 567,716,352 multiply-adds in all convolutions of MobileNet V1, 51,380,224 of them in the last
     * one; 2 a byte of the image. */
    double flops = 0.0;
    for (size_t n = 0; n < plan->graph->node_count; n++) {
        retune_op_desc op = retune_graph_describe(plan->graph, &plan->graph->nodes[n]);
        flops += retune_op_cost(&op).flops;
    }
    cr_expect_eq(flops, 32.0 * 2.0 * (567716352.0 - 51380224.0 + 224 * 224 * 3), "%.0f",
                 flops / 32);
    retune_plan_destroy(plan);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
}

/* The frontier may fall between a convolution and its batch norm. */
Test(plan, a_frontier_before_a_batch_norm) {
    retune_model *model = network_make(1.0, 224, 5);
    char *globs[] = {"conv_dw_13_bn"};
    retune_freeze freeze;
    retune_plan *plan = NULL;
    assert_ok(retune_freeze_make(model, globs, 1, RETUNE_NORM_AFFINE, &freeze, &error));
    assert_ok(retune_plan_features(model, &freeze, 1, RETUNE_F32, &plan, &error));
    const retune_node *last = &plan->graph->nodes[plan->graph->node_count - 1];
    cr_expect_str_eq(last->layer, "conv_dw_13");
    cr_expect_eq(input_of(plan, last, 1)->source, RETUNE_SOURCE_PARAMETER);
    cr_expect_eq(last->inputs[3], RETUNE_NO_VALUE);
    cr_expect_eq(last->attributes.convolution.activation, RETUNE_ACTIVATION_NONE);
    retune_plan_destroy(plan);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
}

Test(plan, inference_has_one_range_and_no_parameters) {
    retune_model *model = network_make(1.0, 224, 5);
    retune_plan *plan = NULL;
    assert_ok(retune_plan_inference(model, 1, RETUNE_F32, &plan, &error));
    cr_expect_eq(plan->graph->node_count, 1 + 27 + 1 + 1 + 1);
    cr_expect_eq(plan->forward.end, plan->graph->node_count);
    cr_expect_eq(plan->update.end, plan->update.begin);
    cr_expect_eq(plan->gradient.end, plan->gradient.begin);
    for (size_t v = 0; v < plan->graph->value_count; v++)
        cr_expect_neq(plan->graph->values[v].usage, RETUNE_USAGE_PARAMETER);
    retune_plan_destroy(plan);
    retune_model_destroy(model);
}

/* ---- Refused ------------------------------------------------------------------------------- */

Test(plan, a_batch_of_no_images_is_refused) {
    retune_model *model = network_make(0.25, 32, 3);
    retune_freeze freeze;
    retune_plan *plan = (retune_plan *)1;
    char *globs[] = {"dense"};
    assert_ok(retune_freeze_make(model, globs, 1, RETUNE_NORM_FROZEN, &freeze, &error));
    retune_training_options options = sgd;
    options.batch = 0;
    expect_refused(RETUNE_INVALID, "0",
                   retune_plan_training(model, &freeze, &options, &plan, &error));
    cr_expect_null(plan);
    plan = (retune_plan *)1;
    expect_refused(RETUNE_INVALID, "0",
                   retune_plan_features(model, &freeze, 0, RETUNE_F32, &plan, &error));
    cr_expect_null(plan);
    plan = (retune_plan *)1;
    expect_refused(RETUNE_INVALID, "-1",
                   retune_plan_inference(model, -1, RETUNE_F32, &plan, &error));
    cr_expect_null(plan);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
}

Test(plan, a_table_of_another_shape_is_refused) {
    retune_model *model = network_make(0.25, 32, 3);
    retune_freeze freeze;
    retune_plan *plan = (retune_plan *)1;
    char *globs[] = {"conv_pw_13", "dense"};
    assert_ok(retune_freeze_make(model, globs, 2, RETUNE_NORM_FROZEN, &freeze, &error));
    retune_tensor_desc table = model->layers[freeze.frontier - 1].output;
    table.shape[3]++;
    retune_training_options options = sgd;
    options.table = &table;
    expect_refused(RETUNE_INVALID, "conv_pw_13",
                   retune_plan_training(model, &freeze, &options, &plan, &error));
    cr_expect_null(plan);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
}
