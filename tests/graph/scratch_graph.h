/* Graphs made by hand, a value or node a line. */
#ifndef RETUNE_TESTS_GRAPH_SCRATCH_GRAPH_H
#define RETUNE_TESTS_GRAPH_SCRATCH_GRAPH_H

#include "base/tensor_desc.h"
#include "graph/op_rule.h"

#include "expect.h"

static inline retune_graph *scratch_graph(void) {
    retune_graph *graph = NULL;
    assert_ok(retune_graph_create(&graph, &error));
    return graph;
}

/* A value of `rank` dimensions; the others are 0. */
static inline int32_t scratch_value(retune_graph *graph, retune_dtype dtype, retune_usage usage,
                                    uint32_t rank, int64_t d0, int64_t d1, int64_t d2, int64_t d3) {
    retune_tensor_desc desc = retune_desc(dtype, rank, d0, d1, d2, d3);
    int32_t value = RETUNE_NO_VALUE;
    assert_ok(retune_graph_value(graph, &desc, usage, "scratch", &value, &error));
    return value;
}

static inline int32_t scratch_map(retune_graph *graph, int64_t n, int64_t h, int64_t w, int64_t c) {
    return scratch_value(graph, RETUNE_F32, RETUNE_USAGE_INPUT, 4, n, h, w, c);
}

static inline int32_t scratch_vector(retune_graph *graph, retune_dtype dtype, int64_t length) {
    return scratch_value(graph, dtype, RETUNE_USAGE_INPUT, 1, length, 0, 0, 0);
}

/* A node with up to five inputs; RETUNE_NO_VALUE leaves a slot empty. */
static inline retune_node scratch_node(retune_op_kind kind, int32_t a, int32_t b, int32_t c,
                                       int32_t d, int32_t e) {
    retune_node node = retune_node_make(kind, "layer");
    int32_t inputs[] = {a, b, c, d, e};
    for (int slot = 0; slot < 5; slot++)
        node.inputs[slot] = inputs[slot];
    return node;
}

static inline retune_node scratch_convolution(retune_op_kind kind, int32_t x, int32_t weight,
                                              uint32_t stride) {
    retune_node node = scratch_node(kind, x, weight, -1, -1, -1);
    retune_convolution_attributes *a = &node.attributes.convolution;
    a->stride_height = a->stride_width = stride;
    a->dilation_height = a->dilation_width = 1;
    return node;
}

static inline int32_t scratch_append(retune_graph *graph, const retune_node *node) {
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    assert_ok(retune_graph_append(graph, node, outputs, &error));
    return outputs[0];
}

#endif
