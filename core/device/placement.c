#include "device/placement.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"

#include <string.h>

static uint32_t bit(size_t device) {
    return UINT32_C(1) << device;
}

/* ---- Placing ------------------------------------------------------------------------------- */

void retune_placement_free(retune_placement *placement) {
    free(placement->device);
    free(placement->users);
    memset(placement, 0, sizeof *placement);
}

static retune_status place_node(retune_placement *placement, size_t n,
                                bool (*does)(void *user, size_t device, size_t node), void *user,
                                retune_error *error) {
    const retune_node *node = &placement->graph->nodes[n];
    for (size_t device = 0; device < placement->device_count; device++)
        if (does(user, device, n)) {
            placement->device[n] = (uint8_t)device;
            return RETUNE_OK;
        }
    return retune_fail(error, RETUNE_UNSUPPORTED, "no device does %s (%s)",
                       retune_op_name(node->kind), node->layer);
}

/* A value that no node touches is still written and read by the host: on the first device. */
static void find_users(retune_placement *placement) {
    const retune_graph *graph = placement->graph;
    for (size_t n = 0; n < graph->node_count; n++)
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
            const retune_node *node = &graph->nodes[n];
            if (node->inputs[slot] >= 0)
                placement->users[node->inputs[slot]] |= bit(placement->device[n]);
            if (node->outputs[slot] >= 0)
                placement->users[node->outputs[slot]] |= bit(placement->device[n]);
        }
    for (size_t v = 0; v < graph->value_count; v++)
        if (placement->users[v] == 0)
            placement->users[v] = bit(0);
}

retune_status retune_placement_make(const retune_graph *graph, size_t device_count,
                                    bool (*does)(void *user, size_t device, size_t node),
                                    void *user, retune_placement *out_placement,
                                    retune_error *error) {
    *out_placement = (retune_placement){.graph = graph, .device_count = device_count};
    if (device_count == 0 || device_count > RETUNE_PLACEMENT_DEVICES_MAX)
        return retune_fail(error, RETUNE_INVALID, "ops are placed on 1 to %u devices, not %zu",
                           RETUNE_PLACEMENT_DEVICES_MAX, device_count);
    retune_status status = retune_allocate(graph->node_count, sizeof *out_placement->device,
                                           "a placement", &out_placement->device, error);
    if (status == RETUNE_OK)
        status = retune_allocate(graph->value_count, sizeof *out_placement->users, "a placement",
                                 &out_placement->users, error);
    for (size_t n = 0; n < graph->node_count && status == RETUNE_OK; n++)
        status = place_node(out_placement, n, does, user, error);
    if (status == RETUNE_OK)
        find_users(out_placement);
    else
        retune_placement_free(out_placement);
    return status;
}

/* ---- Walking ------------------------------------------------------------------------------- */

static size_t lowest(uint32_t bits) {
    return (size_t)__builtin_ctz(bits);
}

/* Carries what a node needs, and notes what it writes. */
static retune_status step(const retune_placement *placement, size_t n, uint32_t *current,
                          const retune_placement_visitor *visitor, retune_error *error) {
    const retune_node *node = &placement->graph->nodes[n];
    size_t device = placement->device[n];
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        int32_t v = node->inputs[slot];
        if (v < 0 || current[v] == 0 || (current[v] & bit(device)))
            continue;
        RETUNE_TRY(visitor->copy(visitor->user, v, lowest(current[v]), device, error));
        current[v] |= bit(device);
    }
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (node->outputs[slot] >= 0)
            current[node->outputs[slot]] = bit(device);
    return RETUNE_OK;
}

/* All that the nodes of a stretch need from elsewhere is carried before it runs: it was written
 * before, and memory slots are given by the order of the whole list, so that nothing in the stretch
 * lies where it goes. */
retune_status retune_placement_walk(const retune_placement *placement, retune_range range,
                                    uint32_t *current, const retune_placement_visitor *visitor,
                                    retune_error *error) {
    for (size_t begin = range.begin; begin < range.end;) {
        size_t device = placement->device[begin], end = begin;
        for (; end < range.end && placement->device[end] == device; end++)
            RETUNE_TRY(step(placement, end, current, visitor, error));
        RETUNE_TRY(visitor->run(visitor->user, device, begin, end, error));
        begin = end;
    }
    return RETUNE_OK;
}

/* ---- Report -------------------------------------------------------------------------------- */

typedef struct counter {
    const retune_graph *graph;
    retune_placement_report *report;
} counter;

static retune_status count_copy(void *user, int32_t value, size_t from, size_t to,
                                retune_error *error) {
    counter *c = user;
    retune_placement_report *report = c->report;
    size_t bytes = 0;
    RETUNE_TRY(retune_desc_bytes(&c->graph->values[value].desc, &bytes, error));
    RETUNE_TRY(retune_grow(&report->crossings, &report->capacity, report->count,
                           sizeof *report->crossings, "crossings", error));
    report->crossings[report->count++] =
        (retune_placement_crossing){value, from, to, (uint64_t)bytes};
    report->bytes += bytes;
    return RETUNE_OK;
}

static retune_status ignore_run(void *user, size_t device, size_t begin, size_t end,
                                retune_error *error) {
    (void)user, (void)device, (void)begin, (void)end, (void)error;
    return RETUNE_OK;
}

static retune_status count_round(const retune_placement *placement, const retune_range *ranges,
                                 size_t range_count, uint32_t *current, counter *c,
                                 retune_error *error) {
    retune_placement_visitor visitor = {count_copy, ignore_run, c};
    for (size_t v = 0; v < placement->graph->value_count; v++)
        if (placement->graph->values[v].usage == RETUNE_USAGE_INPUT)
            current[v] = placement->users[v];
    for (size_t r = 0; r < range_count; r++)
        RETUNE_TRY(retune_placement_walk(placement, ranges[r], current, &visitor, error));
    return RETUNE_OK;
}

void retune_placement_report_free(retune_placement_report *report) {
    free(report->crossings);
    *report = (retune_placement_report){0};
}

/* The first round finds every tensor where it is needed; the second is one of many. */
retune_status retune_placement_count(const retune_placement *placement, const retune_range *ranges,
                                     size_t range_count, retune_placement_report *out_report,
                                     retune_error *error) {
    uint32_t *current = NULL;
    counter c = {placement->graph, out_report};
    *out_report = (retune_placement_report){0};
    RETUNE_TRY(retune_allocate(placement->graph->value_count, sizeof *current, "a placement",
                               &current, error));
    memcpy(current, placement->users, placement->graph->value_count * sizeof *current);
    retune_status status = count_round(placement, ranges, range_count, current, &c, error);
    out_report->count = 0;
    out_report->bytes = 0;
    if (status == RETUNE_OK)
        status = count_round(placement, ranges, range_count, current, &c, error);
    free(current);
    if (status != RETUNE_OK)
        retune_placement_report_free(out_report);
    return status;
}
