#include "train/crossings.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "device/executable.h"
#include "graph/op_rule.h"

#include <stdio.h>

enum { NAME_MAX_LENGTH = 160 };

/* Everything behind one event. */
typedef struct report {
    const retune_session *session;
    const retune_plan *plan;
    retune_placement placement;
    retune_placement_report crossings;
    retune_placed_range *ranges;
    size_t range_count;
    retune_crossing *list;
    char (*names)[2][NAME_MAX_LENGTH]; /* of ranges: first and last op */
} report;

static const retune_device *device_at(const report *r, size_t number) {
    const retune_device *device = r->session->device;
    for (; number > 0; number--)
        device = device->next;
    return device;
}

/* ---- Who runs what ------------------------------------------------------------------------- */

static void name_node(const retune_node *node, char text[NAME_MAX_LENGTH]) {
    snprintf(text, NAME_MAX_LENGTH, "%s (%s)", retune_op_name(node->kind), node->layer);
}

static retune_status list_ranges(report *r, retune_error *error) {
    const retune_graph *graph = r->plan->graph;
    const uint8_t *device = r->placement.device;
    size_t most = graph->node_count;
    RETUNE_TRY(retune_allocate(most, sizeof *r->ranges, "a placement", &r->ranges, error));
    RETUNE_TRY(retune_allocate(most, sizeof *r->names, "a placement", &r->names, error));
    for (size_t begin = 0, end; begin < graph->node_count; begin = end) {
        for (end = begin + 1; end < graph->node_count && device[end] == device[begin]; end++)
            continue;
        size_t i = r->range_count++;
        name_node(&graph->nodes[begin], r->names[i][0]);
        name_node(&graph->nodes[end - 1], r->names[i][1]);
        r->ranges[i] = (retune_placed_range){device_at(r, device[begin])->info.id, r->names[i][0],
                                             r->names[i][1], end - begin};
    }
    return RETUNE_OK;
}

/* ---- What crosses -------------------------------------------------------------------------- */

/* Reads a tensor of `desc` from one device and writes it to another, twice: the first time memory
 * is touched. */
static retune_status time_copy(const retune_device *from, retune_backend_tensor *source,
                               const retune_device *to, retune_backend_tensor *target,
                               const retune_tensor_desc *desc, void *cargo, double *out_seconds,
                               retune_error *error) {
    int64_t rows = desc->shape[0];
    RETUNE_TRY(retune_device_write(from, source, 0, rows, cargo, "a crossing", error));
    for (int copy = 0; copy < 2; copy++) {
        double began = retune_clock_seconds();
        RETUNE_TRY(retune_device_read(from, source, 0, rows, cargo, "a crossing", error));
        RETUNE_TRY(retune_device_write(to, target, 0, rows, cargo, "a crossing", error));
        *out_seconds = retune_clock_seconds() - began;
    }
    return RETUNE_OK;
}

static retune_status measure(const report *r, const retune_placement_crossing *crossing,
                             double *out_seconds, retune_error *error) {
    const retune_device *from = device_at(r, crossing->from), *to = device_at(r, crossing->to);
    const retune_tensor_desc *desc = &r->plan->graph->values[crossing->value].desc;
    retune_backend_tensor *source = NULL, *target = NULL;
    void *cargo = NULL;
    retune_status status = retune_allocate_aligned(crossing->bytes, "a crossing", &cargo, error);
    if (status == RETUNE_OK)
        status =
            retune_device_tensor(from, desc, RETUNE_USAGE_OUTPUT, 0, "a crossing", &source, error);
    if (status == RETUNE_OK)
        status =
            retune_device_tensor(to, desc, RETUNE_USAGE_INPUT, 0, "a crossing", &target, error);
    if (status == RETUNE_OK)
        status = time_copy(from, source, to, target, desc, cargo, out_seconds, error);
    if (source)
        from->backend->tensor_destroy(source);
    if (target)
        to->backend->tensor_destroy(target);
    free(cargo);
    return status;
}

/* The ranges of a step, or of a run. */
static retune_status count_crossings(report *r, retune_error *error) {
    const retune_plan *plan = r->plan;
    const retune_range step[] = {plan->clear, plan->forward, plan->gradient, plan->update};
    bool trains = plan->parameter_count > 0;
    const retune_range *pass = plan->features != RETUNE_NO_VALUE ? &plan->forward : &plan->evaluate;
    return trains ? retune_placement_count(&r->placement, step, 4, &r->crossings, error)
                  : retune_placement_count(&r->placement, pass, 1, &r->crossings, error);
}

static retune_status list_crossings(report *r, double *out_seconds, retune_error *error) {
    *out_seconds = 0.0;
    RETUNE_TRY(count_crossings(r, error));
    RETUNE_TRY(
        retune_allocate(r->crossings.count, sizeof *r->list, "a placement", &r->list, error));
    for (size_t c = 0; c < r->crossings.count; c++) {
        const retune_placement_crossing *crossing = &r->crossings.crossings[c];
        double seconds = 0.0;
        RETUNE_TRY(measure(r, crossing, &seconds, error));
        *out_seconds += seconds;
        r->list[c] = (retune_crossing){
            r->plan->graph->values[crossing->value].name, device_at(r, crossing->from)->info.id,
            device_at(r, crossing->to)->info.id, crossing->bytes, seconds};
    }
    return RETUNE_OK;
}

/* ---- Announcing ---------------------------------------------------------------------------- */

static const char *part_name(const retune_plan *plan) {
    return plan->features != RETUNE_NO_VALUE ? "features"
           : plan->parameter_count > 0       ? "training"
                                             : "inference";
}

retune_status retune_crossings_announce(retune_session *session, const retune_plan *plan,
                                        retune_error *error) {
    report r = {.session = session, .plan = plan};
    double seconds = 0.0;
    retune_status status =
        retune_executable_place(session->device, plan->graph, &r.placement, error);
    if (status == RETUNE_OK)
        status = list_ranges(&r, error);
    if (status == RETUNE_OK)
        status = list_crossings(&r, &seconds, error);
    if (status == RETUNE_OK) {
        retune_event event = {.kind = RETUNE_EVENT_PLACEMENT,
                              .of.placement = {part_name(plan), (uint64_t)plan->batch, r.ranges,
                                               r.range_count, r.list, r.crossings.count,
                                               r.crossings.bytes, seconds}};
        status = retune_events_send(session->events, &event, error);
    }
    retune_placement_free(&r.placement);
    retune_placement_report_free(&r.crossings);
    free(r.ranges);
    free(r.names);
    free(r.list);
    return status;
}
