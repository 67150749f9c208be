#include "train/summary.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"
#include "graph/plan.h"

#include <string.h>

/* The public struct and what its pointers lead to, freed together. */
typedef struct summary {
    retune_model_summary public;
    retune_layer_summary *layers;
    char **texts; /* every string in it */
    size_t text_count, text_capacity;
    const char **classes;
} summary;

void retune_model_summary_free(retune_model_summary *public) {
    summary *s = (summary *)(void *)public;
    if (!s)
        return;
    for (size_t t = 0; t < s->text_count; t++)
        free(s->texts[t]);
    free(s->texts);
    free(s->classes);
    free(s->layers);
    free(s);
}

static retune_status keep_text(summary *s, const char *text, const char **out_text,
                               retune_error *error) {
    RETUNE_TRY(retune_grow(&s->texts, &s->text_capacity, s->text_count, sizeof *s->texts,
                           "a summary", error));
    RETUNE_TRY(retune_copy_text(text, &s->texts[s->text_count], error));
    *out_text = s->texts[s->text_count++];
    return RETUNE_OK;
}

static retune_status fill_layer(summary *s, const retune_model *model, const retune_freeze *freeze,
                                size_t index, bool *flat, retune_error *error) {
    const retune_layer *layer = &model->layers[index];
    retune_layer_summary *row = &s->layers[index];
    RETUNE_TRY(keep_text(s, layer->name, &row->name, error));
    row->type = retune_layer_type_text(layer->type);
    *flat = *flat || layer->type == RETUNE_LAYER_FLATTEN;
    row->rank = *flat ? 1 : 3;
    for (uint32_t d = 0; d < row->rank; d++)
        row->shape[d] = layer->output.shape[*flat ? 3 : d + 1];
    for (int role = 0; role < RETUNE_ROLE_COUNT; role++) {
        int32_t p = layer->parameters[role];
        if (p < 0)
            continue;
        row->parameters += model->parameters[p].elements;
        row->trainable += freeze->trained[p] ? model->parameters[p].elements : 0;
    }
    s->public.total += row->parameters;
    s->public.trainable += row->trainable;
    return RETUNE_OK;
}

/* Costs are those of the ops a layer becomes; what folds into another layer's op costs nothing. */
static retune_status fill_costs(summary *s, const retune_model *model, retune_error *error) {
    retune_plan *plan = NULL;
    RETUNE_TRY(retune_plan_inference(model, 1, RETUNE_F32, &plan, error));
    for (size_t n = 0; n < plan->graph->node_count; n++) {
        retune_op_desc op = retune_graph_describe(plan->graph, &plan->graph->nodes[n]);
        int32_t layer = retune_model_find_layer(model, plan->graph->nodes[n].layer);
        if (layer < 0)
            continue;
        retune_cost cost = retune_op_cost(&op);
        s->layers[layer].flops += cost.flops;
        s->layers[layer].bytes += cost.bytes;
    }
    retune_plan_destroy(plan);
    return RETUNE_OK;
}

static retune_status fill(summary *s, const retune_model *model, const retune_freeze *freeze,
                          retune_error *error) {
    bool flat = false;
    s->public.struct_size = (uint32_t)sizeof s->public;
    s->public.alpha = model->alpha;
    s->public.input_size = model->input_size;
    RETUNE_TRY(keep_text(s, model->architecture, &s->public.architecture, error));
    RETUNE_TRY(
        retune_allocate(model->layer_count, sizeof *s->layers, "a summary", &s->layers, error));
    for (size_t l = 0; l < model->layer_count; l++)
        RETUNE_TRY(fill_layer(s, model, freeze, l, &flat, error));
    RETUNE_TRY(fill_costs(s, model, error));
    s->public.layers = s->layers;
    s->public.layer_count = (uint32_t)model->layer_count;
    s->public.non_trainable = s->public.total - s->public.trainable;
    if (freeze->frontier > 0 && freeze->frontier < model->layer_count)
        RETUNE_TRY(
            keep_text(s, model->layers[freeze->frontier - 1].name, &s->public.frontier, error));
    RETUNE_TRY(
        retune_allocate(model->class_count, sizeof *s->classes, "a summary", &s->classes, error));
    for (size_t c = 0; c < model->class_count; c++)
        RETUNE_TRY(keep_text(s, model->classes[c], &s->classes[c], error));
    s->public.classes = s->classes;
    s->public.class_count = (uint32_t)model->class_count;
    return RETUNE_OK;
}

retune_status retune_summary_make(const retune_model *model, const retune_freeze *freeze,
                                  retune_model_summary **out_summary, retune_error *error) {
    *out_summary = NULL;
    summary *s = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *s, "a summary", &s, error));
    retune_status status = fill(s, model, freeze, error);
    if (status == RETUNE_OK)
        *out_summary = &s->public;
    else
        retune_model_summary_free(&s->public);
    return status;
}
