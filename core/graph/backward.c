#include "graph/backward.h"

#include "base/memory.h"

struct retune_backward {
    retune_graph *graph;
    size_t value_count; /* values of the forward pass; gradients come after them */
    bool *needs;
    int32_t *gradients;
};

retune_graph *retune_backward_graph(retune_backward *backward) {
    return backward->graph;
}

bool retune_backward_needs(const retune_backward *backward, int32_t value) {
    return value >= 0 && (size_t)value < backward->value_count && backward->needs[value];
}

int32_t retune_backward_gradient(const retune_backward *backward, int32_t value) {
    return value >= 0 && (size_t)value < backward->value_count ? backward->gradients[value]
                                                               : RETUNE_NO_VALUE;
}

retune_status retune_backward_make_gradient(retune_backward *backward, int32_t value,
                                            const char *name, int32_t *out_gradient,
                                            retune_error *error) {
    retune_tensor_desc desc = backward->graph->values[value].desc;
    desc.dtype = RETUNE_F32;
    return retune_graph_value(backward->graph, &desc, RETUNE_USAGE_GRADIENT, name, out_gradient,
                              error);
}

retune_status retune_backward_contribute(retune_backward *backward, int32_t value, int32_t gradient,
                                         retune_error *error) {
    int32_t *known = &backward->gradients[value];
    if (*known == RETUNE_NO_VALUE) {
        *known = gradient;
        return RETUNE_OK;
    }
    retune_node sum = retune_node_make(RETUNE_OP_ADD, backward->graph->values[value].name);
    sum.inputs[0] = *known;
    sum.inputs[1] = gradient;
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    RETUNE_TRY(retune_graph_append(backward->graph, &sum, outputs, error));
    *known = outputs[0];
    return RETUNE_OK;
}

/* A node's outputs need a gradient when one of its inputs does. */
static void spread_need(retune_backward *backward, const retune_node *node) {
    bool needs = false;
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        needs = needs || retune_backward_needs(backward, node->inputs[slot]);
    for (int slot = 0; needs && slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (node->outputs[slot] >= 0)
            backward->needs[node->outputs[slot]] = true;
}

/* True when some output has a gradient and some input needs one. */
static bool lies_on_path(const retune_backward *backward, const retune_node *node) {
    bool needed = false, given = false;
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        needed = needed || retune_backward_needs(backward, node->inputs[slot]);
        given = given || retune_backward_gradient(backward, node->outputs[slot]) != RETUNE_NO_VALUE;
    }
    return needed && given;
}

static retune_status walk(retune_backward *backward, retune_range range, retune_error *error) {
    for (size_t n = range.begin; n < range.end; n++)
        spread_need(backward, &backward->graph->nodes[n]);
    for (size_t n = range.end; n-- > range.begin;) {
        retune_node node = backward->graph->nodes[n]; /* a copy: rules append to the array */
        if (!lies_on_path(backward, &node))
            continue;
        const retune_op_rule *rule = retune_op_rule_get(node.kind);
        if (!rule->gradient)
            return retune_fail(error, RETUNE_UNSUPPORTED, "layer '%s': %s has no gradient",
                               node.layer, retune_op_name(node.kind));
        RETUNE_TRY(rule->gradient(backward, &node, error));
    }
    return RETUNE_OK;
}

retune_status retune_backward_append(retune_graph *graph, retune_range range, int32_t output,
                                     int32_t seed, const bool *trained, int32_t **out_gradients,
                                     retune_error *error) {
    *out_gradients = NULL;
    retune_backward backward = {.graph = graph, .value_count = graph->value_count};
    retune_status status = retune_allocate(backward.value_count, sizeof *backward.needs,
                                           "gradients", &backward.needs, error);
    if (status == RETUNE_OK)
        status = retune_allocate(backward.value_count, sizeof *backward.gradients, "gradients",
                                 &backward.gradients, error);
    if (status != RETUNE_OK)
        goto done;
    for (size_t v = 0; v < backward.value_count; v++) {
        backward.needs[v] = trained[v];
        backward.gradients[v] = RETUNE_NO_VALUE;
    }
    backward.gradients[output] = seed;
    status = walk(&backward, range, error);
    if (status == RETUNE_OK) {
        *out_gradients = backward.gradients;
        backward.gradients = NULL;
    }
done:
    free(backward.needs);
    free(backward.gradients);
    return status;
}
