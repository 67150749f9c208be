#include "graph/graph.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"
#include "graph/slots.h"

#include <string.h>

retune_status retune_graph_create(retune_graph **out_graph, retune_error *error) {
    return retune_allocate(1, sizeof **out_graph, "a graph", out_graph, error);
}

void retune_graph_destroy(retune_graph *graph) {
    if (!graph)
        return;
    free(graph->values);
    free(graph->nodes);
    free(graph);
}

retune_node retune_node_make(retune_op_kind kind, const char *layer) {
    retune_node node;
    memset(&node, 0, sizeof node);
    node.kind = kind;
    node.layer = layer;
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        node.inputs[slot] = node.outputs[slot] = RETUNE_NO_VALUE;
    return node;
}

retune_status retune_graph_value(retune_graph *graph, const retune_tensor_desc *desc,
                                 retune_usage usage, const char *name, int32_t *out_value,
                                 retune_error *error) {
    *out_value = RETUNE_NO_VALUE;
    retune_tensor_desc copy = *desc; /* `desc` may lie in the array that grows */
    RETUNE_TRY(retune_grow(&graph->values, &graph->value_capacity, graph->value_count,
                           sizeof *graph->values, "graph values", error));
    graph->values[graph->value_count] =
        (retune_value){.desc = copy, .usage = usage, .parameter = -1, .layer = -1, .name = name};
    *out_value = (int32_t)graph->value_count++;
    return RETUNE_OK;
}

retune_op_desc retune_graph_describe(const retune_graph *graph, const retune_node *node) {
    retune_op_desc op;
    memset(&op, 0, sizeof op);
    op.struct_size = (uint32_t)sizeof op;
    op.kind = (uint32_t)node->kind;
    op.attributes = node->attributes;
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (node->inputs[slot] >= 0)
            op.inputs[slot] = &graph->values[node->inputs[slot]].desc;
        if (node->outputs[slot] >= 0)
            op.outputs[slot] = &graph->values[node->outputs[slot]].desc;
    }
    return op;
}

/* Every required input is there and none lies beyond the last slot. */
static retune_status check_inputs(const retune_node *node, retune_error *error) {
    const char *slots = retune_op_inputs(node->kind);
    uint32_t count = retune_slot_count(slots);
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        bool present = node->inputs[slot] >= 0;
        if (slot >= count ? present : !present && !retune_slot_optional(slots, slot))
            return retune_fail(error, RETUNE_INTERNAL, "%s of layer '%s': input %u is %s",
                               retune_op_name(node->kind), node->layer, slot,
                               present ? "too many" : "missing");
    }
    return RETUNE_OK;
}

retune_status retune_graph_append(retune_graph *graph, const retune_node *node,
                                  int32_t outputs[RETUNE_OP_TENSORS_MAX], retune_error *error) {
    retune_node made = *node;
    RETUNE_TRY(check_inputs(&made, error));
    retune_op_desc op = retune_graph_describe(graph, &made);
    retune_tensor_desc shapes[RETUNE_OP_TENSORS_MAX];
    memset(shapes, 0, sizeof shapes);
    retune_status status = retune_op_rule_get(made.kind)->shape(&op, shapes, error);
    if (status != RETUNE_OK)
        return retune_fail_context(error, status, "layer '%s'", made.layer);

    const char *slots = retune_op_outputs(made.kind);
    uint32_t count = retune_slot_count(slots);
    for (uint32_t slot = 0; slot < count; slot++) {
        bool wanted = made.outputs[slot] == RETUNE_NEW_VALUE ||
                      (made.outputs[slot] == RETUNE_NO_VALUE && !retune_slot_optional(slots, slot));
        if (wanted)
            RETUNE_TRY(retune_graph_value(graph, &shapes[slot], RETUNE_USAGE_ACTIVATION, made.layer,
                                          &made.outputs[slot], error));
        else if (made.outputs[slot] >= 0)
            RETUNE_TRY(retune_shape_expect(retune_op_name(made.kind), "an output",
                                           &graph->values[made.outputs[slot]].desc, &shapes[slot],
                                           error));
    }
    RETUNE_TRY(retune_grow(&graph->nodes, &graph->node_capacity, graph->node_count,
                           sizeof *graph->nodes, "graph nodes", error));
    graph->nodes[graph->node_count++] = made;
    if (outputs)
        memcpy(outputs, made.outputs, sizeof made.outputs);
    return RETUNE_OK;
}

/* First and last node that touches each value. */
static void find_lifetimes(const retune_graph *graph, retune_lifetime *lifetimes) {
    for (size_t v = 0; v < graph->value_count; v++)
        lifetimes[v] = (retune_lifetime){.first = SIZE_MAX};
    for (size_t n = 0; n < graph->node_count; n++)
        for (int slot = 0; slot < 2 * RETUNE_OP_TENSORS_MAX; slot++) {
            const retune_node *node = &graph->nodes[n];
            int32_t v = slot < RETUNE_OP_TENSORS_MAX ? node->inputs[slot]
                                                     : node->outputs[slot - RETUNE_OP_TENSORS_MAX];
            if (v < 0)
                continue;
            if (lifetimes[v].first == SIZE_MAX)
                lifetimes[v].first = n;
            lifetimes[v].last = n;
        }
}

static bool shares_memory(const retune_value *value) {
    return value->usage == RETUNE_USAGE_ACTIVATION || value->usage == RETUNE_USAGE_GRADIENT;
}

retune_status retune_graph_assign_slots(retune_graph *graph, retune_error *error) {
    retune_lifetime *lifetimes = NULL;
    RETUNE_TRY(
        retune_allocate(graph->value_count, sizeof *lifetimes, "lifetimes", &lifetimes, error));
    find_lifetimes(graph, lifetimes);
    retune_status status = RETUNE_OK;
    for (size_t v = 0; v < graph->value_count && status == RETUNE_OK; v++) {
        if (shares_memory(&graph->values[v]) && lifetimes[v].first != SIZE_MAX)
            status = retune_desc_bytes(&graph->values[v].desc, &lifetimes[v].bytes, error);
        else
            lifetimes[v].bytes = 0;
    }
    if (status == RETUNE_OK)
        status = retune_slots_assign(lifetimes, graph->value_count, &graph->slot_count,
                                     &graph->slot_bytes, error);
    for (size_t v = 0; v < graph->value_count && status == RETUNE_OK; v++)
        graph->values[v].slot = lifetimes[v].slot;
    free(lifetimes);
    return status;
}

retune_status retune_graph_bytes(const retune_graph *graph, uint64_t *out_bytes,
                                 retune_error *error) {
    *out_bytes = graph->slot_bytes;
    for (size_t v = 0; v < graph->value_count; v++) {
        size_t bytes = 0;
        if (graph->values[v].slot != 0)
            continue;
        RETUNE_TRY(retune_desc_bytes(&graph->values[v].desc, &bytes, error));
        *out_bytes += bytes;
    }
    return RETUNE_OK;
}
