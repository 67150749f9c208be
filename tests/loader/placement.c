/* Placement: who runs what, and what crosses, on made-up graphs and made-up devices. */
#include "support.h"

#include "base/tensor_desc.h"
#include "device/placement.h"

#include <stdio.h>
#include <string.h>

TestSuite(placement, .timeout = 30);

/* A graph of `add`s: node i makes value i + 2 from values i and i + 1. Values 0 and 1 are the
 * host's. */
enum { NODES = 6, BYTES = 3 * 4 };

static retune_graph *chain(void) {
    retune_graph *graph = NULL;
    retune_tensor_desc desc = retune_desc_vector(RETUNE_F32, 3);
    int32_t values[NODES + 2];
    cr_assert_eq(retune_graph_create(&graph, NULL), RETUNE_OK);
    for (int v = 0; v < 2; v++)
        cr_assert_eq(
            retune_graph_value(graph, &desc, RETUNE_USAGE_INPUT, "input", &values[v], NULL),
            RETUNE_OK);
    for (int n = 0; n < NODES; n++) {
        retune_node node = retune_node_make(RETUNE_OP_ADD, "layer");
        int32_t outputs[RETUNE_OP_TENSORS_MAX];
        node.inputs[0] = values[n];
        node.inputs[1] = values[n + 1];
        cr_assert_eq(retune_graph_append(graph, &node, outputs, NULL), RETUNE_OK);
        values[n + 2] = outputs[0];
    }
    return graph;
}

/* `rows[device][node]`: '1' where the device does the node. */
static bool does(void *user, size_t device, size_t node) {
    const char *const *rows = user;
    return rows[device][node] == '1';
}

static void place(const retune_graph *graph, const char *const *rows, size_t count,
                  retune_placement *out_placement) {
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(retune_placement_make(graph, count, does, (void *)rows, out_placement, &error),
                 RETUNE_OK, "%s", error.message);
}

/* What a walk did, as text: "0>1:v3" a copy, "[1:2-4)" a run. */
static char walked[512];

static retune_status note_copy(void *user, int32_t value, size_t from, size_t to,
                               retune_error *error) {
    (void)user, (void)error;
    snprintf(walked + strlen(walked), sizeof walked - strlen(walked), "%zu>%zu:v%d ", from, to,
             value);
    return RETUNE_OK;
}

static retune_status note_run(void *user, size_t device, size_t begin, size_t end,
                              retune_error *error) {
    (void)user, (void)error;
    snprintf(walked + strlen(walked), sizeof walked - strlen(walked), "[%zu:%zu-%zu) ", device,
             begin, end);
    return RETUNE_OK;
}

static const retune_placement_visitor notes = {note_copy, note_run, NULL};

static void expect_walk(const retune_placement *placement, retune_range range, uint32_t *current,
                        const char *expected) {
    walked[0] = '\0';
    cr_assert_eq(retune_placement_walk(placement, range, current, &notes, NULL), RETUNE_OK);
    cr_expect_str_eq(walked, expected);
}

Test(placement, the_first_that_does_it) {
    static const char *const rows[] = {"110010", "101111", "111111"};
    static const uint8_t expected[] = {0, 0, 1, 1, 0, 1};
    retune_graph *graph = chain();
    retune_placement placement;
    place(graph, rows, 3, &placement);
    cr_expect_eq(memcmp(placement.device, expected, sizeof expected), 0);
    cr_expect_eq(placement.users[0], 1);
    cr_expect_eq(placement.users[3], 3, "made by 0, needed by 1");
    cr_expect_eq(placement.users[NODES + 1], 2);
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

Test(placement, what_crosses) {
    static const char *const rows[] = {"110010", "111111"};
    retune_graph *graph = chain();
    retune_placement placement;
    uint32_t current[NODES + 2] = {1, 1};
    place(graph, rows, 2, &placement);
    expect_walk(&placement, (retune_range){0, NODES}, current,
                "[0:0-2) 0>1:v2 0>1:v3 [1:2-4) 1>0:v4 1>0:v5 [0:4-5) 0>1:v6 [1:5-6) ");
    /* Again: all was written anew, nothing stale is taken for current. */
    expect_walk(&placement, (retune_range){0, NODES}, current,
                "[0:0-2) 0>1:v2 0>1:v3 [1:2-4) 1>0:v4 1>0:v5 [0:4-5) 0>1:v6 [1:5-6) ");
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

Test(placement, what_crossed_once_does_not_cross_again) {
    static const char *const rows[] = {"111010", "111111"};
    retune_graph *graph = chain();
    retune_placement placement;
    uint32_t current[NODES + 2] = {1, 1};
    place(graph, rows, 2, &placement);
    expect_walk(&placement, (retune_range){0, 4}, current, "[0:0-3) 0>1:v3 0>1:v4 [1:3-4) ");
    expect_walk(&placement, (retune_range){3, 4}, current, "[1:3-4) ");
    expect_walk(&placement, (retune_range){2, 3}, current, "[0:2-3) ");
    expect_walk(&placement, (retune_range){3, 4}, current, "0>1:v4 [1:3-4) ");
    expect_walk(&placement, (retune_range){2, 2}, current, "");
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

Test(placement, nobody_wrote_it_yet) {
    static const char *const rows[] = {"010000", "101111"};
    retune_graph *graph = chain();
    retune_placement placement;
    uint32_t current[NODES + 2] = {0};
    place(graph, rows, 2, &placement);
    expect_walk(&placement, (retune_range){1, 3}, current, "[0:1-2) 0>1:v3 [1:2-3) ");
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

Test(placement, one_device_has_no_crossings) {
    static const char *const rows[] = {"111111"};
    retune_graph *graph = chain();
    retune_placement placement;
    retune_placement_report report;
    retune_range all = {0, NODES};
    uint32_t current[NODES + 2] = {1, 1};
    place(graph, rows, 1, &placement);
    expect_walk(&placement, all, current, "[0:0-6) ");
    cr_assert_eq(retune_placement_count(&placement, &all, 1, &report, NULL), RETUNE_OK);
    cr_expect_eq(report.count, 0);
    cr_expect_eq(report.bytes, 0);
    retune_placement_report_free(&report);
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

Test(placement, report) {
    static const char *const rows[] = {"110010", "111111"};
    retune_graph *graph = chain();
    retune_placement placement;
    retune_placement_report report;
    retune_range halves[] = {{0, 3}, {3, NODES}};
    place(graph, rows, 2, &placement);
    cr_assert_eq(retune_placement_count(&placement, halves, 2, &report, NULL), RETUNE_OK);
    cr_assert_eq(report.count, 5);
    cr_expect_eq(report.bytes, 5 * BYTES);
    cr_expect_eq(report.crossings[0].value, 2);
    cr_expect_eq(report.crossings[0].from, 0);
    cr_expect_eq(report.crossings[0].to, 1);
    cr_expect_eq(report.crossings[4].value, 6);
    retune_placement_report_free(&report);
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

/* An input that several devices use is written to each by the host: it does not cross. */
Test(placement, inputs_do_not_cross) {
    static const char *const rows[] = {"100000", "011111"};
    retune_graph *graph = chain();
    retune_placement placement;
    retune_placement_report report;
    retune_range all = {0, NODES};
    place(graph, rows, 2, &placement);
    cr_expect_eq(placement.users[1], 3);
    cr_assert_eq(retune_placement_count(&placement, &all, 1, &report, NULL), RETUNE_OK);
    cr_assert_eq(report.count, 1);
    cr_expect_eq(report.crossings[0].value, 2);
    retune_placement_report_free(&report);
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}

Test(placement, nobody_does_it) {
    static const char *const rows[] = {"110111", "010111"};
    retune_graph *graph = chain();
    retune_placement placement;
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect_eq(retune_placement_make(graph, 2, does, (void *)rows, &placement, &error),
                 RETUNE_UNSUPPORTED);
    cr_expect_str_eq(error.message, "no device does add (layer)");
    cr_expect_null(placement.device);
    cr_expect_eq(retune_placement_make(graph, 0, does, (void *)rows, &placement, &error),
                 RETUNE_INVALID);
    cr_expect_eq(retune_placement_make(graph, 33, does, (void *)rows, &placement, &error),
                 RETUNE_INVALID);
    retune_graph_destroy(graph);
}

static retune_status fail_copy(void *user, int32_t value, size_t from, size_t to,
                               retune_error *error) {
    (void)user, (void)value, (void)from, (void)to;
    return retune_fail(error, RETUNE_DEVICE_LOST, "gone");
}

Test(placement, a_walk_ends_at_the_first_failure) {
    static const char *const rows[] = {"100000", "111111"};
    retune_graph *graph = chain();
    retune_placement placement;
    retune_placement_visitor visitor = {fail_copy, note_run, NULL};
    uint32_t current[NODES + 2] = {3, 3};
    place(graph, rows, 2, &placement);
    walked[0] = '\0';
    cr_expect_eq(
        retune_placement_walk(&placement, (retune_range){0, NODES}, current, &visitor, NULL),
        RETUNE_DEVICE_LOST);
    cr_expect_str_eq(walked, "[0:0-1) ");
    retune_placement_free(&placement);
    retune_graph_destroy(graph);
}
