#include "graph/plan.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/backward.h"
#include "graph/lower.h"

#include <string.h>

/* A plan being built. */
typedef struct builder {
    retune_plan *plan;
    retune_lowering lowering;
} builder;

void retune_plan_destroy(retune_plan *plan) {
    if (!plan)
        return;
    retune_graph_destroy(plan->graph);
    free(plan->parameters);
    free(plan->statistics);
    free(plan);
}

static retune_status builder_open(builder *b, const retune_model *model,
                                  const retune_freeze *freeze, int64_t batch,
                                  retune_dtype map_dtype, retune_error *error) {
    memset(b, 0, sizeof *b);
    RETUNE_TRY(retune_allocate(1, sizeof *b->plan, "a plan", &b->plan, error));
    retune_plan *plan = b->plan;
    plan->batch = batch;
    plan->images = plan->table = plan->index = plan->label = plan->weight = plan->total_weight =
        plan->features = plan->probability = plan->loss = plan->eval_probability = plan->eval_loss =
            RETUNE_NO_VALUE;
    RETUNE_TRY(retune_graph_create(&plan->graph, error));
    b->lowering = (retune_lowering){
        .model = model, .freeze = freeze, .graph = plan->graph, .map_dtype = map_dtype};
    RETUNE_TRY(retune_allocate(model->parameter_count, sizeof *b->lowering.parameter_values,
                               "a plan", &b->lowering.parameter_values, error));
    for (size_t p = 0; p < model->parameter_count; p++)
        b->lowering.parameter_values[p] = RETUNE_NO_VALUE;
    return RETUNE_OK;
}

/* Hands the plan over, or takes it down after a failure. */
static retune_status builder_close(builder *b, retune_status status, retune_plan **out_plan,
                                   retune_error *error) {
    free(b->lowering.parameter_values);
    if (status == RETUNE_OK)
        status = retune_graph_assign_slots(b->plan->graph, error);
    if (status == RETUNE_OK)
        *out_plan = b->plan;
    else
        retune_plan_destroy(b->plan);
    return status;
}

/* Bytes of images become numbers. */
static retune_status append_images(builder *b, int32_t *out_value, retune_error *error) {
    retune_plan *plan = b->plan;
    const retune_model *model = b->lowering.model;
    retune_tensor_desc images =
        retune_desc(RETUNE_U8, 4, plan->batch, model->input_size, model->input_size, 3);
    retune_tensor_desc vector = retune_desc_vector(RETUNE_F32, 3);
    RETUNE_TRY(retune_graph_value(plan->graph, &images, RETUNE_USAGE_INPUT, "images", &plan->images,
                                  error));
    retune_node node = retune_node_make(RETUNE_OP_NORMALIZE, "images");
    node.inputs[0] = plan->images;
    RETUNE_TRY(retune_lower_constant(&b->lowering, RETUNE_SOURCE_NUMBER, -1, -1, model->scale,
                                     &vector, "scale", &node.inputs[1], error));
    RETUNE_TRY(retune_lower_constant(&b->lowering, RETUNE_SOURCE_NUMBER, -1, -1, model->offset,
                                     &vector, "offset", &node.inputs[2], error));
    return retune_lower_append(&b->lowering, &node, out_value, error);
}

/* Rows of the feature table become a batch. */
static retune_status append_gather(builder *b, const retune_tensor_desc *table, int32_t *out_value,
                                   retune_error *error) {
    retune_plan *plan = b->plan;
    retune_tensor_desc index = retune_desc_vector(RETUNE_I32, plan->batch);
    RETUNE_TRY(retune_graph_value(plan->graph, table, RETUNE_USAGE_CONSTANT, "feature table",
                                  &plan->table, error));
    RETUNE_TRY(
        retune_graph_value(plan->graph, &index, RETUNE_USAGE_INPUT, "index", &plan->index, error));
    retune_node node = retune_node_make(RETUNE_OP_GATHER, "features");
    node.inputs[0] = plan->table;
    node.inputs[1] = plan->index;
    return retune_lower_append(&b->lowering, &node, out_value, error);
}

static retune_status append_loss(builder *b, int32_t logits, float label_smoothing,
                                 int32_t *out_probability, int32_t *out_loss, retune_error *error) {
    retune_plan *plan = b->plan;
    if (plan->label == RETUNE_NO_VALUE) {
        retune_tensor_desc labels = retune_desc_vector(RETUNE_I32, plan->batch);
        retune_tensor_desc weights = retune_desc_vector(RETUNE_F32, plan->batch);
        RETUNE_TRY(retune_graph_value(plan->graph, &labels, RETUNE_USAGE_INPUT, "label",
                                      &plan->label, error));
        RETUNE_TRY(retune_graph_value(plan->graph, &weights, RETUNE_USAGE_INPUT, "weight",
                                      &plan->weight, error));
    }
    retune_node node = retune_node_make(RETUNE_OP_SOFTMAX_CROSS_ENTROPY, "softmax");
    node.attributes.loss.label_smoothing = label_smoothing;
    node.inputs[0] = logits;
    node.inputs[1] = plan->label;
    node.inputs[2] = plan->weight;
    retune_tensor_desc like_logits = plan->graph->values[logits].desc;
    retune_tensor_desc losses = retune_desc_vector(RETUNE_F32, plan->batch);
    RETUNE_TRY(retune_graph_value(plan->graph, &like_logits, RETUNE_USAGE_OUTPUT, "probability",
                                  &node.outputs[0], error));
    RETUNE_TRY(retune_graph_value(plan->graph, &losses, RETUNE_USAGE_OUTPUT, "loss",
                                  &node.outputs[1], error));
    *out_probability = node.outputs[0];
    *out_loss = node.outputs[1];
    return retune_graph_append(plan->graph, &node, NULL, error);
}

/* The loss's gradient, then everything down to the first trained layer. */
static retune_status append_gradients(builder *b, int32_t logits, float label_smoothing,
                                      int32_t **out_gradients, retune_error *error) {
    retune_plan *plan = b->plan;
    *out_gradients = NULL;
    retune_tensor_desc one = retune_desc_vector(RETUNE_F32, 1);
    RETUNE_TRY(retune_graph_value(plan->graph, &one, RETUNE_USAGE_INPUT, "total weight",
                                  &plan->total_weight, error));
    retune_node node = retune_node_make(RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, "softmax");
    node.attributes.loss.label_smoothing = label_smoothing;
    node.inputs[0] = plan->probability;
    node.inputs[1] = plan->label;
    node.inputs[2] = plan->weight;
    node.inputs[3] = plan->total_weight;
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(plan->graph, &node, outputs, error));

    bool *trained = NULL;
    RETUNE_TRY(
        retune_allocate(plan->graph->value_count, sizeof *trained, "a plan", &trained, error));
    const int32_t *values = b->lowering.parameter_values;
    for (size_t p = 0; p < b->lowering.model->parameter_count; p++)
        if (values[p] != RETUNE_NO_VALUE)
            trained[values[p]] = b->lowering.freeze->trained[p];
    retune_status status = retune_backward_append(plan->graph, plan->forward, logits, outputs[0],
                                                  trained, out_gradients, error);
    free(trained);
    return status;
}

/* A value of the optimiser, beside a parameter and of its shape. */
static retune_status add_state(builder *b, int32_t parameter_value, const char *name,
                               int32_t *out_value, retune_error *error) {
    retune_graph *graph = b->plan->graph;
    retune_tensor_desc desc = graph->values[parameter_value].desc;
    RETUNE_TRY(retune_graph_value(graph, &desc, RETUNE_USAGE_STATE, name, out_value, error));
    graph->values[*out_value].source = RETUNE_SOURCE_NUMBER;
    return RETUNE_OK;
}

static retune_status add_plan_parameter(builder *b, int32_t parameter,
                                        const retune_optimizer *optimizer, retune_error *error) {
    retune_plan_parameter *entry = &b->plan->parameters[b->plan->parameter_count++];
    bool adam = optimizer->kind == RETUNE_OP_ADAM;
    *entry = (retune_plan_parameter){.parameter = parameter,
                                     .value = b->lowering.parameter_values[parameter],
                                     .states = {RETUNE_NO_VALUE, RETUNE_NO_VALUE}};
    if (adam || optimizer->velocity)
        RETUNE_TRY(add_state(b, entry->value, adam ? "m" : "velocity", &entry->states[0], error));
    if (adam)
        RETUNE_TRY(add_state(b, entry->value, "v", &entry->states[1], error));
    return RETUNE_OK;
}

static retune_status list_trained(builder *b, const retune_optimizer *optimizer,
                                  retune_error *error) {
    const retune_model *model = b->lowering.model;
    RETUNE_TRY(retune_allocate(model->parameter_count, sizeof *b->plan->parameters, "a plan",
                               &b->plan->parameters, error));
    RETUNE_TRY(retune_allocate(model->parameter_count, sizeof *b->plan->statistics, "a plan",
                               &b->plan->statistics, error));
    for (size_t p = 0; p < model->parameter_count; p++) {
        int32_t value = b->lowering.parameter_values[p];
        if (b->lowering.freeze->trained[p])
            RETUNE_TRY(add_plan_parameter(b, (int32_t)p, optimizer, error));
        else if (value != RETUNE_NO_VALUE &&
                 b->plan->graph->values[value].usage == RETUNE_USAGE_STATE)
            b->plan->statistics[b->plan->statistic_count++] = value;
    }
    return RETUNE_OK;
}

/* Adds each gradient to a sum that outlives a run, and lets the update read the sum. */
static retune_status append_accumulate(builder *b, int32_t *gradients, retune_error *error) {
    retune_plan *plan = b->plan;
    for (size_t i = 0; i < plan->parameter_count; i++) {
        int32_t *gradient = &gradients[plan->parameters[i].value], sum;
        RETUNE_TRY(add_state(b, plan->parameters[i].value, "gradient sum", &sum, error));
        retune_node node = retune_node_make(RETUNE_OP_ACCUMULATE, "gradient sum");
        node.inputs[0] = node.outputs[0] = sum;
        node.inputs[1] = *gradient;
        RETUNE_TRY(retune_graph_append(plan->graph, &node, NULL, error));
        *gradient = sum;
    }
    return RETUNE_OK;
}

static retune_status append_clear(builder *b, const int32_t *sums, retune_error *error) {
    retune_plan *plan = b->plan;
    plan->clear.begin = plan->graph->node_count;
    for (size_t i = 0; i < plan->parameter_count; i++) {
        retune_node node = retune_node_make(RETUNE_OP_FILL, "gradient sum");
        node.outputs[0] = sums[plan->parameters[i].value];
        RETUNE_TRY(retune_graph_append(plan->graph, &node, NULL, error));
    }
    plan->clear.end = plan->graph->node_count;
    return RETUNE_OK;
}

static retune_status append_updates(builder *b, const retune_optimizer *optimizer,
                                    const int32_t *gradients, retune_error *error) {
    retune_plan *plan = b->plan;
    for (size_t i = 0; i < plan->parameter_count; i++) {
        const retune_plan_parameter *entry = &plan->parameters[i];
        const retune_parameter *parameter = &b->lowering.model->parameters[entry->parameter];
        retune_node node = retune_node_make(optimizer->kind, parameter->name);
        node.attributes = optimizer->update;
        if (parameter->role != RETUNE_ROLE_KERNEL) {
            if (optimizer->kind == RETUNE_OP_ADAM)
                node.attributes.adam.weight_decay = 0.0f;
            else
                node.attributes.sgd.weight_decay = 0.0f;
        }
        node.inputs[0] = node.outputs[0] = entry->value;
        node.inputs[1] = gradients[entry->value];
        for (int s = 0; s < 2 && entry->states[s] != RETUNE_NO_VALUE; s++)
            node.inputs[2 + s] = node.outputs[1 + s] = entry->states[s];
        RETUNE_TRY(retune_graph_append(plan->graph, &node, NULL, error));
    }
    return RETUNE_OK;
}

/* From the input value to the loss, with the statistics of training or fixed ones. */
static retune_status append_pass(builder *b, size_t first_layer, int32_t input, bool training,
                                 float label_smoothing, int32_t *out_logits,
                                 int32_t *out_probability, int32_t *out_loss, retune_error *error) {
    RETUNE_TRY(retune_lower_layers(&b->lowering, first_layer, b->lowering.model->layer_count,
                                   training, input, out_logits, error));
    return append_loss(b, *out_logits, label_smoothing, out_probability, out_loss, error);
}

/* Gradients, updates and, with accumulation, the sums between them. */
static retune_status append_learning(builder *b, const retune_training_options *o, int32_t logits,
                                     retune_error *error) {
    retune_plan *plan = b->plan;
    int32_t *gradients = NULL;
    plan->gradient.begin = plan->graph->node_count;
    retune_status status = append_gradients(b, logits, o->label_smoothing, &gradients, error);
    if (status == RETUNE_OK && o->accumulate)
        status = append_accumulate(b, gradients, error);
    plan->gradient.end = plan->update.begin = plan->graph->node_count;
    if (status == RETUNE_OK)
        status = append_updates(b, &o->optimizer, gradients, error);
    plan->update.end = plan->graph->node_count;
    if (status == RETUNE_OK && o->accumulate)
        status = append_clear(b, gradients, error);
    free(gradients);
    return status;
}

/* The forward pass once more, with fixed statistics. */
static retune_status append_evaluation(builder *b, size_t first_layer, float label_smoothing,
                                       retune_error *error) {
    retune_plan *plan = b->plan;
    plan->evaluate.begin = plan->graph->node_count;
    retune_node input = plan->graph->nodes[0]; /* the gather or the normalize */
    input.outputs[0] = RETUNE_NO_VALUE;
    int32_t map, logits;
    RETUNE_TRY(retune_lower_append(&b->lowering, &input, &map, error));
    RETUNE_TRY(append_pass(b, first_layer, map, false, label_smoothing, &logits,
                           &plan->eval_probability, &plan->eval_loss, error));
    plan->evaluate.end = plan->graph->node_count;
    return RETUNE_OK;
}

static retune_status build_training(builder *b, const retune_training_options *o,
                                    retune_error *error) {
    retune_plan *plan = b->plan;
    size_t first_layer = o->table ? b->lowering.freeze->frontier : 0;
    int32_t input, logits;
    RETUNE_TRY(o->table ? append_gather(b, o->table, &input, error)
                        : append_images(b, &input, error));
    RETUNE_TRY(append_pass(b, first_layer, input, true, o->label_smoothing, &logits,
                           &plan->probability, &plan->loss, error));
    plan->forward.end = plan->graph->node_count;
    RETUNE_TRY(list_trained(b, &o->optimizer, error));
    RETUNE_TRY(append_learning(b, o, logits, error));
    if (retune_freeze_has_full_norm(b->lowering.freeze, b->lowering.model))
        return append_evaluation(b, first_layer, o->label_smoothing, error);
    plan->evaluate = plan->forward;
    plan->eval_probability = plan->probability;
    plan->eval_loss = plan->loss;
    return RETUNE_OK;
}

retune_status retune_plan_training(const retune_model *model, const retune_freeze *freeze,
                                   const retune_training_options *options, retune_plan **out_plan,
                                   retune_error *error) {
    *out_plan = NULL;
    builder b;
    retune_status status =
        builder_open(&b, model, freeze, options->batch, options->map_dtype, error);
    if (status == RETUNE_OK)
        status = build_training(&b, options, error);
    return builder_close(&b, status, out_plan, error);
}

retune_status retune_plan_features(const retune_model *model, const retune_freeze *freeze,
                                   int64_t batch, retune_dtype map_dtype, retune_plan **out_plan,
                                   retune_error *error) {
    *out_plan = NULL;
    builder b;
    int32_t images = RETUNE_NO_VALUE;
    retune_status status = builder_open(&b, model, freeze, batch, map_dtype, error);
    if (status == RETUNE_OK)
        status = append_images(&b, &images, error);
    if (status == RETUNE_OK)
        status = retune_lower_layers(&b.lowering, 0, freeze->frontier, false, images,
                                     &b.plan->features, error);
    if (status == RETUNE_OK) {
        b.plan->graph->values[b.plan->features].usage = RETUNE_USAGE_OUTPUT;
        b.plan->forward.end = b.plan->graph->node_count;
    }
    return builder_close(&b, status, out_plan, error);
}

retune_status retune_plan_inference(const retune_model *model, int64_t batch,
                                    retune_dtype map_dtype, retune_plan **out_plan,
                                    retune_error *error) {
    *out_plan = NULL;
    builder b;
    retune_freeze freeze;
    int32_t input, logits;
    RETUNE_TRY(retune_freeze_all(model, &freeze, error));
    retune_status status = builder_open(&b, model, &freeze, batch, map_dtype, error);
    if (status == RETUNE_OK)
        status = append_images(&b, &input, error);
    if (status == RETUNE_OK)
        status = append_pass(&b, 0, input, false, 0.0f, &logits, &b.plan->probability,
                             &b.plan->loss, error);
    if (status == RETUNE_OK) {
        b.plan->forward.end = b.plan->graph->node_count;
        b.plan->evaluate = b.plan->forward;
        b.plan->eval_probability = b.plan->probability;
        b.plan->eval_loss = b.plan->loss;
    }
    retune_freeze_release(&freeze);
    return builder_close(&b, status, out_plan, error);
}
