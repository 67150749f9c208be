/* Adding nodes: the outputs that are made, what does not fit, and what an op costs. */
#include "scratch_graph.h"

#define NONE RETUNE_NO_VALUE

static retune_graph *graph;

static void open_graph(void) {
    graph = scratch_graph();
}

static void close_graph(void) {
    retune_graph_destroy(graph);
}

TestSuite(append, .init = open_graph, .fini = close_graph);
TestSuite(cost, .init = open_graph, .fini = close_graph);

static int32_t map(int64_t n, int64_t h, int64_t w, int64_t c) {
    return scratch_map(graph, n, h, w, c);
}

static int32_t vector(int64_t length) {
    return scratch_vector(graph, RETUNE_F32, length);
}

static int32_t integers(int64_t length) {
    return scratch_vector(graph, RETUNE_I32, length);
}

static int32_t filter(int64_t h, int64_t w, int64_t c) {
    return scratch_value(graph, RETUNE_F32, RETUNE_USAGE_CONSTANT, 3, h, w, c, 0);
}

static void expect_shape(int32_t value, uint32_t dtype, const char *text) {
    char given[RETUNE_DESC_TEXT_MAX];
    const retune_value *v = &graph->values[value];
    cr_expect_str_eq(retune_desc_text(&v->desc, given), text);
    cr_expect_eq(v->desc.dtype, dtype, "%s", text);
}

/* The node is refused with that text and the layer's name, and the graph is as it was. */
static void refuse(retune_node node, retune_status code, const char *part) {
    size_t nodes = graph->node_count, values = graph->value_count;
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    expect_refused(code, part, retune_graph_append(graph, &node, outputs, &error));
    expect_refused(code, "'layer'", retune_graph_append(graph, &node, outputs, &error));
    cr_expect_eq(graph->node_count, nodes);
    cr_expect_eq(graph->value_count, values);
}

/* ---- Outputs ------------------------------------------------------------------------------- */

Test(append, makes_the_outputs_an_op_requires) {
    retune_node node = scratch_convolution(RETUNE_OP_CONV2D, map(2, 9, 8, 3), map(5, 3, 3, 3), 2);
    node.attributes.convolution.pad_bottom = node.attributes.convolution.pad_right = 1;
    int32_t y = scratch_append(graph, &node);
    expect_shape(y, RETUNE_F32, "[2,4,4,5]");
    cr_expect_eq(graph->values[y].usage, RETUNE_USAGE_ACTIVATION);
    cr_expect_eq(graph->values[y].source, RETUNE_SOURCE_NONE);
    cr_assert_eq(graph->node_count, 1);
    cr_expect_eq(graph->nodes[0].outputs[0], y);
    cr_expect_eq(graph->nodes[0].outputs[1], NONE);

    node = scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, y, filter(3, 2, 5), 1);
    expect_shape(scratch_append(graph, &node), RETUNE_F32, "[2,2,3,5]");
}

Test(append, makes_an_optional_output_only_when_asked) {
    retune_node node = scratch_node(RETUNE_OP_POOL, map(2, 4, 4, 3), NONE, NONE, NONE, NONE);
    node.attributes.pooling = (retune_pooling_attributes){RETUNE_POOL_MAX, 2, 2, 2, 2, 0, 0, 0, 0};
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    assert_ok(retune_graph_append(graph, &node, outputs, &error));
    cr_expect_eq(outputs[1], NONE);
    node.outputs[1] = RETUNE_NEW_VALUE;
    assert_ok(retune_graph_append(graph, &node, outputs, &error));
    expect_shape(outputs[0], RETUNE_F32, "[2,2,2,3]");
    expect_shape(outputs[1], RETUNE_I32, "[2,2,2,3]");
}

Test(append, takes_given_outputs) {
    int32_t sum = vector(7);
    retune_node node = scratch_node(RETUNE_OP_ACCUMULATE, sum, vector(7), NONE, NONE, NONE);
    node.outputs[0] = sum;
    size_t values = graph->value_count;
    cr_expect_eq(scratch_append(graph, &node), sum);
    cr_expect_eq(graph->value_count, values);
}

Test(append, gathered_and_normalised_values_are_floats) {
    int32_t table = scratch_value(graph, RETUNE_F16, RETUNE_USAGE_CONSTANT, 4, 100, 7, 7, 32);
    retune_node node = scratch_node(RETUNE_OP_GATHER, table, integers(6), NONE, NONE, NONE);
    expect_shape(scratch_append(graph, &node), RETUNE_F32, "[6,7,7,32]");
    int32_t bytes = scratch_value(graph, RETUNE_U8, RETUNE_USAGE_INPUT, 4, 2, 8, 8, 3);
    node = scratch_node(RETUNE_OP_NORMALIZE, bytes, vector(3), vector(3), NONE, NONE);
    expect_shape(scratch_append(graph, &node), RETUNE_F32, "[2,8,8,3]");
}

/* ---- What does not fit --------------------------------------------------------------------- */

Test(append, missing_and_surplus_inputs) {
    int32_t x = map(1, 4, 4, 3), w = map(2, 1, 1, 3);
    refuse(scratch_convolution(RETUNE_OP_CONV2D, NONE, w, 1), RETUNE_INTERNAL,
           "input 0 is missing");
    refuse(scratch_convolution(RETUNE_OP_CONV2D, x, NONE, 1), RETUNE_INTERNAL,
           "input 1 is missing");
    retune_node node = scratch_convolution(RETUNE_OP_CONV2D, x, w, 1);
    node.inputs[4] = x;
    refuse(node, RETUNE_INTERNAL, "input 4 is too many");
    refuse(scratch_node(RETUNE_OP_ADD, x, NONE, NONE, NONE, NONE), RETUNE_INTERNAL, "missing");
    refuse(scratch_node(RETUNE_OP_ADD, x, x, x, NONE, NONE), RETUNE_INTERNAL, "too many");
    refuse(scratch_node(RETUNE_OP_SGD, w, NONE, NONE, NONE, NONE), RETUNE_INTERNAL, "missing");
    refuse(scratch_node(RETUNE_OP_ADAM, w, w, w, NONE, NONE), RETUNE_INTERNAL, "input 3");
    refuse(scratch_node(RETUNE_OP_FILL, w, NONE, NONE, NONE, NONE), RETUNE_INTERNAL, "too many");
}

Test(append, convolutions_of_other_ranks) {
    int32_t x = map(1, 4, 4, 3), w = map(2, 1, 1, 3), d = filter(1, 1, 3);
    refuse(scratch_convolution(RETUNE_OP_CONV2D, vector(3), w, 1), RETUNE_INVALID, "rank 1");
    refuse(scratch_convolution(RETUNE_OP_CONV2D, x, d, 1), RETUNE_INVALID, "rank 3");
    refuse(scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, x, w, 1), RETUNE_INVALID, "rank 4");
    refuse(scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, d, d, 1), RETUNE_INVALID, "rank 3");
}

Test(append, convolutions_of_other_channels) {
    int32_t x = map(1, 4, 4, 3), w = map(2, 1, 1, 3), d = filter(1, 1, 3);
    refuse(scratch_convolution(RETUNE_OP_CONV2D, x, map(2, 1, 1, 4), 1), RETUNE_INVALID,
           "3 input channels, kernel for 4");
    refuse(scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, x, filter(1, 1, 1), 1), RETUNE_INVALID,
           "3 channels, kernel for 1");
    for (int slot = 2; slot <= 3; slot++) {
        retune_node node = scratch_convolution(RETUNE_OP_CONV2D, x, w, 1);
        node.inputs[slot] = vector(3);
        refuse(node, RETUNE_INVALID, slot == 2 ? "scale is [3], not [2]" : "bias is [3], not [2]");
        node = scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, x, d, 1);
        node.inputs[slot] = vector(1);
        refuse(node, RETUNE_INVALID, slot == 2 ? "scale is [1], not [3]" : "bias is [1], not [3]");
    }
}

Test(append, windows_larger_than_the_map) {
    int32_t x = map(1, 4, 4, 3);
    refuse(scratch_convolution(RETUNE_OP_CONV2D, x, map(2, 5, 1, 3), 1), RETUNE_INVALID,
           "does not fit");
    refuse(scratch_convolution(RETUNE_OP_CONV2D, x, map(2, 1, 5, 3), 1), RETUNE_INVALID,
           "does not fit");
    refuse(scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, x, filter(5, 5, 3), 1), RETUNE_INVALID,
           "does not fit");
    refuse(scratch_convolution(RETUNE_OP_CONV2D, x, map(2, 1, 1, 3), 0), RETUNE_INVALID,
           "does not fit");
    retune_node node = scratch_convolution(RETUNE_OP_CONV2D, x, map(2, 3, 3, 3), 1);
    node.attributes.convolution.dilation_width = 2;
    refuse(node, RETUNE_INVALID, "does not fit");
    node = scratch_node(RETUNE_OP_POOL, x, NONE, NONE, NONE, NONE);
    node.attributes.pooling =
        (retune_pooling_attributes){RETUNE_POOL_AVERAGE, 5, 4, 1, 1, 0, 0, 0, 0};
    refuse(node, RETUNE_INVALID, "window does not fit");
    node.inputs[0] = vector(9);
    refuse(node, RETUNE_INVALID, "window does not fit");
}

Test(append, operands_of_other_shapes) {
    int32_t x = map(2, 4, 4, 3), y = map(2, 4, 4, 4);
    refuse(scratch_node(RETUNE_OP_ADD, x, y, NONE, NONE, NONE), RETUNE_INVALID,
           "[2,4,4,4], not [2,4,4,3]");
    refuse(scratch_node(RETUNE_OP_ADD, x, vector(3), NONE, NONE, NONE), RETUNE_INVALID, "[3]");
    refuse(scratch_node(RETUNE_OP_ACTIVATION_GRAD, x, y, NONE, NONE, NONE), RETUNE_INVALID, "y is");
    refuse(scratch_node(RETUNE_OP_ACTIVATION_GRAD, x, x, vector(4), NONE, NONE), RETUNE_INVALID,
           "scale is [4], not [3]");
    int32_t bytes = scratch_value(graph, RETUNE_U8, RETUNE_USAGE_INPUT, 4, 2, 8, 8, 3);
    refuse(scratch_node(RETUNE_OP_NORMALIZE, bytes, vector(1), vector(3), NONE, NONE),
           RETUNE_INVALID, "scale is [1]");
    refuse(scratch_node(RETUNE_OP_NORMALIZE, bytes, vector(3), vector(8), NONE, NONE),
           RETUNE_INVALID, "offset is [8]");
    refuse(scratch_node(RETUNE_OP_GATHER, x, y, NONE, NONE, NONE), RETUNE_INVALID, "index");
}

Test(append, batch_norms_of_other_shapes) {
    static const char *const names[] = {"gamma", "beta", "running_mean", "running_variance"};
    int32_t x = map(2, 4, 4, 3);
    for (int slot = 1; slot <= 4; slot++) {
        retune_node node =
            scratch_node(RETUNE_OP_BATCH_NORM, x, vector(3), vector(3), vector(3), vector(3));
        node.inputs[slot] = vector(4);
        refuse(node, RETUNE_INVALID, names[slot - 1]);
    }
    refuse(scratch_node(RETUNE_OP_BATCH_NORM_GRAD, x, map(2, 4, 4, 4), vector(3), vector(3),
                        vector(3)),
           RETUNE_INVALID, "dy");
}

Test(append, losses_and_updates_of_other_shapes) {
    int32_t logits = map(4, 1, 1, 5), w = map(2, 1, 1, 3), other = map(3, 1, 1, 2);
    refuse(
        scratch_node(RETUNE_OP_SOFTMAX_CROSS_ENTROPY, logits, integers(5), vector(4), NONE, NONE),
        RETUNE_INVALID, "label is [5], not [4]");
    refuse(
        scratch_node(RETUNE_OP_SOFTMAX_CROSS_ENTROPY, logits, integers(4), vector(1), NONE, NONE),
        RETUNE_INVALID, "weight is [1], not [4]");
    refuse(scratch_node(RETUNE_OP_SGD, w, other, NONE, NONE, NONE), RETUNE_INVALID, "gradient");
    refuse(scratch_node(RETUNE_OP_SGD, w, w, other, NONE, NONE), RETUNE_INVALID, "state");
    refuse(scratch_node(RETUNE_OP_ADAM, w, w, w, other, NONE), RETUNE_INVALID, "state");
}

Test(append, ops_that_need_a_given_output) {
    int32_t x = map(1, 4, 4, 3), w = map(2, 1, 1, 3), dz = map(1, 4, 4, 2), d = filter(1, 1, 3);
    refuse(scratch_node(RETUNE_OP_FILL, NONE, NONE, NONE, NONE, NONE), RETUNE_INVALID, "given");
    refuse(scratch_node(RETUNE_OP_CAST, x, NONE, NONE, NONE, NONE), RETUNE_INVALID, "given");
    refuse(scratch_convolution(RETUNE_OP_CONV2D_GRAD_INPUT, dz, w, 1), RETUNE_INVALID, "given");
    refuse(scratch_convolution(RETUNE_OP_CONV2D_GRAD_WEIGHT, x, dz, 1), RETUNE_INVALID, "given");
    refuse(scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT, x, d, 1), RETUNE_INVALID,
           "given");
    refuse(scratch_node(RETUNE_OP_POOL_GRAD, x, NONE, NONE, NONE, NONE), RETUNE_INVALID, "given");
}

Test(append, given_outputs_of_other_shapes) {
    int32_t x = map(2, 4, 4, 3);
    retune_node node = scratch_node(RETUNE_OP_ADD, x, x, NONE, NONE, NONE);
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    node.outputs[0] = map(2, 4, 4, 2);
    expect_refused(RETUNE_INVALID, "add: an output is [2,4,4,2], not [2,4,4,3]",
                   retune_graph_append(graph, &node, outputs, &error));
    node = scratch_node(RETUNE_OP_CAST, x, NONE, NONE, NONE, NONE);
    node.outputs[0] = map(2, 4, 4, 2);
    expect_refused(RETUNE_INVALID, "cast", retune_graph_append(graph, &node, outputs, &error));
    cr_expect_eq(graph->node_count, 0);
}

/* ---- Cost ---------------------------------------------------------------------------------- */

static void expect_cost(retune_node node, double flops, double bytes) {
    scratch_append(graph, &node);
    const retune_node *appended = &graph->nodes[graph->node_count - 1];
    retune_op_desc op = retune_graph_describe(graph, appended);
    retune_cost cost = retune_op_cost(&op);
    cr_expect_eq(cost.flops, flops, "%s: %g flops instead of %g", retune_op_name(node.kind),
                 cost.flops, flops);
    cr_expect_eq(cost.bytes, bytes, "%s: %g bytes instead of %g", retune_op_name(node.kind),
                 cost.bytes, bytes);
}

/* x [2,6,6,3], y [2,4,4,5] or, depthwise, [2,4,4,3]; 3x3 kernels. */
Test(cost, convolutions) {
    const double taps = 9, pixels = 2 * 4 * 4;
    const double conv = 2 * taps * 3 * pixels * 5, depth = 2 * taps * pixels * 3;
    const double x_bytes = 4 * 2 * 36 * 3, y_bytes = 4 * pixels * 5, z_bytes = 4 * pixels * 3;
    int32_t x = map(2, 6, 6, 3), w = map(5, 3, 3, 3), d = filter(3, 3, 3);
    int32_t dy = map(2, 4, 4, 5), dz = map(2, 4, 4, 3);
    expect_cost(scratch_convolution(RETUNE_OP_CONV2D, x, w, 1), conv, x_bytes + y_bytes + 4 * 135);
    expect_cost(scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D, x, d, 1), depth,
                x_bytes + z_bytes + 4 * 27);
    retune_node node = scratch_convolution(RETUNE_OP_CONV2D, x, w, 1);
    node.inputs[2] = vector(5);
    node.inputs[3] = vector(5);
    expect_cost(node, conv, x_bytes + y_bytes + 4 * 145);

    node = scratch_convolution(RETUNE_OP_CONV2D_GRAD_INPUT, dy, w, 1);
    node.outputs[0] = map(2, 6, 6, 3);
    expect_cost(node, conv, x_bytes + y_bytes + 4 * 135);
    node = scratch_convolution(RETUNE_OP_CONV2D_GRAD_WEIGHT, x, dy, 1);
    node.outputs[0] = map(5, 3, 3, 3);
    expect_cost(node, conv, x_bytes + y_bytes + 4 * 135);
    node = scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT, dz, d, 1);
    node.outputs[0] = map(2, 6, 6, 3);
    expect_cost(node, depth, x_bytes + z_bytes + 4 * 27);
    node = scratch_convolution(RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT, x, dz, 1);
    node.outputs[0] = filter(3, 3, 3);
    expect_cost(node, depth, x_bytes + z_bytes + 4 * 27);
}

Test(cost, elementwise) {
    int32_t x = map(2, 4, 4, 3);
    expect_cost(scratch_node(RETUNE_OP_ADD, x, x, NONE, NONE, NONE), 96, 3 * 4 * 96);
    expect_cost(scratch_node(RETUNE_OP_ACTIVATION, x, NONE, NONE, NONE, NONE), 96, 2 * 4 * 96);
    int32_t bytes = scratch_value(graph, RETUNE_U8, RETUNE_USAGE_INPUT, 4, 2, 4, 4, 3);
    expect_cost(scratch_node(RETUNE_OP_NORMALIZE, bytes, vector(3), vector(3), NONE, NONE), 2 * 96,
                96 + 4 * 96 + 4 * 6);
    retune_node node = scratch_node(RETUNE_OP_POOL, x, NONE, NONE, NONE, NONE);
    node.attributes.pooling =
        (retune_pooling_attributes){RETUNE_POOL_AVERAGE, 4, 4, 4, 4, 0, 0, 0, 0};
    expect_cost(node, 16 * 6, 4 * 96 + 4 * 6);
}
