/* Differentiating graphs in which a value is used more than once. The network that is trained has
 * none; the rule that sums gradients is held to central differences here, on graphs made by hand.
 */
#include "device/executable.h"
#include "graph/backward.h"

#include "base/random.h"

#include "cpu_device.h"
#include "scratch_graph.h"

#include <math.h>

enum { BATCH = 4, SIDE = 4, CHANNELS = 3, WEIGHTS = CHANNELS * CHANNELS };

/* x -> conv(weight) = y -> ... -> pool -> softmax: what lies between is the test's. */
typedef struct block {
    retune_graph *graph;
    int32_t x, weight, y, label, sample_weight, total, loss, gradient;
    retune_range forward, backward;
    retune_device *device;
    retune_executable *executable;
} block;

static block block_open(void) {
    block b = {.graph = scratch_graph()};
    b.x = scratch_map(b.graph, BATCH, SIDE, SIDE, CHANNELS);
    b.weight =
        scratch_value(b.graph, RETUNE_F32, RETUNE_USAGE_PARAMETER, 4, CHANNELS, 1, 1, CHANNELS);
    retune_node node = scratch_convolution(RETUNE_OP_CONV2D, b.x, b.weight, 1);
    b.y = scratch_append(b.graph, &node);
    return b;
}

static int32_t add(block *b, int32_t a, int32_t c) {
    retune_node node = scratch_node(RETUNE_OP_ADD, a, c, -1, -1, -1);
    return scratch_append(b->graph, &node);
}

static int32_t relu(block *b, int32_t a) {
    retune_node node = scratch_node(RETUNE_OP_ACTIVATION, a, -1, -1, -1, -1);
    node.attributes.activation.activation = RETUNE_ACTIVATION_RELU;
    return scratch_append(b->graph, &node);
}

static size_t count_kind(const block *b, retune_range range, retune_op_kind kind) {
    size_t count = 0;
    for (size_t n = range.begin; n < range.end; n++)
        count += b->graph->nodes[n].kind == kind;
    return count;
}

/* Pool, loss, gradients. */
static void block_differentiate(block *b, int32_t value) {
    retune_graph *graph = b->graph;
    retune_node node = scratch_node(RETUNE_OP_POOL, value, -1, -1, -1, -1);
    node.attributes.pooling =
        (retune_pooling_attributes){RETUNE_POOL_AVERAGE, SIDE, SIDE, SIDE, SIDE, 0, 0, 0, 0};
    int32_t logits = scratch_append(graph, &node);
    b->label = scratch_vector(graph, RETUNE_I32, BATCH);
    b->sample_weight = scratch_vector(graph, RETUNE_F32, BATCH);
    b->total = scratch_vector(graph, RETUNE_F32, 1);
    node =
        scratch_node(RETUNE_OP_SOFTMAX_CROSS_ENTROPY, logits, b->label, b->sample_weight, -1, -1);
    int32_t outputs[RETUNE_OP_TENSORS_MAX], *gradients = NULL;
    assert_ok(retune_graph_append(graph, &node, outputs, &error));
    b->loss = outputs[1];
    graph->values[b->loss].usage = RETUNE_USAGE_OUTPUT;
    b->forward.end = graph->node_count;

    node = scratch_node(RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD, outputs[0], b->label,
                        b->sample_weight, b->total, -1);
    int32_t seed = scratch_append(graph, &node);
    bool *trained = calloc(graph->value_count, sizeof *trained);
    trained[b->weight] = true;
    assert_ok(retune_backward_append(graph, b->forward, logits, seed, trained, &gradients, &error));
    free(trained);
    b->gradient = gradients[b->weight];
    cr_assert_neq(b->gradient, RETUNE_NO_VALUE);
    cr_expect_eq(gradients[b->x], RETUNE_NO_VALUE, "nobody needs the input's gradient");
    free(gradients);
    graph->values[b->gradient].usage = RETUNE_USAGE_OUTPUT;
    b->backward = (retune_range){b->forward.end, graph->node_count};
    assert_ok(retune_graph_assign_slots(graph, &error));
}

static void block_start(block *b, float *weights) {
    float x[BATCH * SIDE * SIDE * CHANNELS], ones[BATCH], total = BATCH;
    int32_t labels[BATCH];
    retune_random random = retune_random_make(3, 3);
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = 4.0f * retune_random_unit(&random) - 2.0f;
    for (size_t i = 0; i < WEIGHTS; i++)
        weights[i] = 2.0f * retune_random_unit(&random) - 1.0f;
    for (int i = 0; i < BATCH; i++) {
        ones[i] = 1.0f;
        labels[i] = i % CHANNELS;
    }
    b->device = cpu_device_open("cpu/scalar");
    assert_ok(retune_executable_create(b->device, b->graph, NULL, RETUNE_NO_VALUE, NULL,
                                       &b->executable, &error));
    assert_ok(retune_executable_write_all(b->executable, b->x, x, &error));
    assert_ok(retune_executable_write_all(b->executable, b->label, labels, &error));
    assert_ok(retune_executable_write_all(b->executable, b->sample_weight, ones, &error));
    assert_ok(retune_executable_write_all(b->executable, b->total, &total, &error));
}

static double block_loss(block *b, const float *weights) {
    float losses[BATCH];
    assert_ok(retune_executable_write_all(b->executable, b->weight, weights, &error));
    assert_ok(retune_executable_run(b->executable, b->forward, 0.0f, 1, &error));
    assert_ok(retune_executable_read_all(b->executable, b->loss, losses, &error));
    double sum = 0.0;
    for (int i = 0; i < BATCH; i++)
        sum += (double)losses[i] / BATCH;
    return sum;
}

/* Each element of the weight's gradient against central differences; ends the block. */
static void block_check(block *b) {
    float weights[WEIGHTS], moved[WEIGHTS], gradient[WEIGHTS];
    static const double h = 1e-3;
    double length = 0.0;
    block_start(b, weights);
    block_loss(b, weights);
    assert_ok(retune_executable_run(b->executable, b->backward, 0.0f, 1, &error));
    assert_ok(retune_executable_read_all(b->executable, b->gradient, gradient, &error));
    for (int i = 0; i < WEIGHTS; i++)
        length += (double)gradient[i] * (double)gradient[i];
    length = sqrt(length);
    cr_expect_gt(length, 0.1);
    for (int i = 0; i < WEIGHTS; i++) {
        memcpy(moved, weights, sizeof moved);
        moved[i] = (float)((double)weights[i] + h);
        double change = block_loss(b, moved);
        moved[i] = (float)((double)weights[i] - h);
        change -= block_loss(b, moved);
        cr_expect_float_eq(change / (2.0 * h), (double)gradient[i], 0.01 * length,
                           "element %d: slope %g, gradient %g", i, change / (2.0 * h),
                           (double)gradient[i]);
    }
    retune_executable_destroy(b->executable);
    retune_device_close(b->device);
    retune_graph_destroy(b->graph);
}

Test(residual, a_connection_around_an_activation) {
    block b = block_open();
    block_differentiate(&b, add(&b, b.y, relu(&b, b.y)));
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_ADD), 1);
    block_check(&b);
}

Test(residual, a_value_added_to_itself) {
    block b = block_open();
    block_differentiate(&b, add(&b, b.y, b.y));
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_ADD), 1);
    block_check(&b);
}

Test(residual, a_value_used_three_times) {
    block b = block_open();
    int32_t once = relu(&b, b.y);
    int32_t twice = add(&b, once, b.y);
    block_differentiate(&b, add(&b, relu(&b, twice), add(&b, b.y, once)));
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_ADD), 3);
    block_check(&b);
}

/* The trained kernel itself is used by two convolutions. */
Test(residual, a_shared_kernel) {
    block b = block_open();
    retune_node node = scratch_convolution(RETUNE_OP_CONV2D, relu(&b, b.y), b.weight, 1);
    block_differentiate(&b, scratch_append(b.graph, &node));
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_CONV2D_GRAD_WEIGHT), 2);
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_CONV2D_GRAD_INPUT), 1);
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_ADD), 1);
    block_check(&b);
}

/* An input that joins below the loss but leads from nothing trained gets no gradient. */
Test(residual, a_constant_branch_is_left_out) {
    block b = block_open();
    block_differentiate(&b, add(&b, b.y, relu(&b, b.x)));
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_ADD), 0);
    cr_expect_eq(count_kind(&b, b.backward, RETUNE_OP_ACTIVATION_GRAD), 0);
    block_check(&b);
}

Test(residual, an_op_without_a_gradient_on_the_way_is_refused) {
    block b = block_open();
    retune_node node = scratch_node(RETUNE_OP_CAST, b.y, -1, -1, -1, -1);
    node.outputs[0] = scratch_map(b.graph, BATCH, SIDE, SIDE, CHANNELS);
    int32_t y = scratch_append(b.graph, &node), seed = scratch_map(b.graph, BATCH, SIDE, SIDE, 3);
    int32_t *gradients = (int32_t *)1;
    bool *trained = calloc(b.graph->value_count, sizeof *trained);
    trained[b.weight] = true;
    expect_refused(RETUNE_UNSUPPORTED, "cast has no gradient",
                   retune_backward_append(b.graph, (retune_range){0, b.graph->node_count}, y, seed,
                                          trained, &gradients, &error));
    cr_expect_null(gradients);
    free(trained);
    retune_graph_destroy(b.graph);
}
