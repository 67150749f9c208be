#include "device/executable.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "device/part.h"
#include "device/placement.h"
#include "graph/constants.h"
#include "graph/op_rule.h"

/* On one device, `parts` has a single entry and nothing else is made: calls go straight to it. */
struct retune_executable {
    const retune_graph *graph;
    const retune_model *model;
    retune_part *parts; /* one a device, in their order */
    size_t part_count;
    retune_placement placement;
    uint32_t *current;    /* by value: see placement.h */
    unsigned char *cargo; /* room for the largest tensor that crosses */
};

retune_status retune_executable_check(const retune_device *device, const retune_graph *graph,
                                      retune_error *error) {
    for (size_t n = 0; n < graph->node_count; n++) {
        retune_op_desc op = retune_graph_describe(graph, &graph->nodes[n]);
        retune_op_support support = {.struct_size = (uint32_t)sizeof support};
        RETUNE_TRY(retune_device_query(device, &op, graph->nodes[n].layer, &support, error));
        if (!support.supported)
            return retune_fail(error, RETUNE_UNSUPPORTED, "%s: %s (%s): %s", device->info.id,
                               retune_op_name(graph->nodes[n].kind), graph->nodes[n].layer,
                               support.reason);
    }
    return RETUNE_OK;
}

/* ---- Placing ------------------------------------------------------------------------------- */

static size_t count_devices(const retune_device *device) {
    size_t count = 0;
    for (; device; device = device->next)
        count++;
    return count;
}

/* Asks the devices of a chain about the nodes of a graph. */
typedef struct question {
    const retune_device *first;
    const retune_graph *graph;
    retune_status status; /* of the first call that failed */
    retune_error *error;
} question;

static bool does(void *user, size_t number, size_t node) {
    question *q = user;
    const retune_device *device = q->first;
    for (; number > 0; number--)
        device = device->next;
    retune_op_desc op = retune_graph_describe(q->graph, &q->graph->nodes[node]);
    retune_op_support support = {.struct_size = (uint32_t)sizeof support};
    if (q->status == RETUNE_OK)
        q->status =
            retune_device_query(device, &op, q->graph->nodes[node].layer, &support, q->error);
    return q->status == RETUNE_OK && support.supported;
}

retune_status retune_executable_place(const retune_device *device, const retune_graph *graph,
                                      retune_placement *out_placement, retune_error *error) {
    retune_error fault = RETUNE_ERROR_INIT;
    question q = {device, graph, RETUNE_OK, &fault};
    retune_status status =
        retune_placement_make(graph, count_devices(device), does, &q, out_placement, error);
    return q.status == RETUNE_OK ? status : retune_fail(error, q.status, "%s", fault.message);
}

/* ---- Making -------------------------------------------------------------------------------- */

void retune_executable_destroy(retune_executable *executable) {
    if (!executable)
        return;
    for (size_t p = 0; p < executable->part_count; p++)
        retune_part_destroy(&executable->parts[p]);
    retune_placement_free(&executable->placement);
    free(executable->parts);
    free(executable->current);
    free(executable->cargo);
    free(executable);
}

/* The share of one device of a placement. */
typedef struct share {
    const retune_placement *placement;
    size_t device;
} share;

static bool shares_node(const void *user, size_t node) {
    const share *s = user;
    return s->placement->device[node] == s->device;
}

static bool shares_value(const void *user, size_t value) {
    const share *s = user;
    return s->placement->users[value] >> s->device & 1;
}

/* Room for any tensor that more than one device has. */
static retune_status open_cargo(retune_executable *executable, retune_error *error) {
    const retune_placement *placement = &executable->placement;
    size_t most = 0;
    for (size_t v = 0; v < executable->graph->value_count; v++) {
        size_t bytes = 0;
        RETUNE_TRY(retune_desc_bytes(&executable->graph->values[v].desc, &bytes, error));
        if ((placement->users[v] & (placement->users[v] - 1)) != 0 && bytes > most)
            most = bytes;
    }
    RETUNE_TRY(retune_allocate(executable->graph->value_count, sizeof *executable->current,
                               "a placement", &executable->current, error));
    return retune_allocate_aligned(most, "tensors on their way", &executable->cargo, error);
}

static retune_status create_parts(retune_executable *executable, const retune_device *device,
                                  int32_t table, const void *table_memory, retune_error *error) {
    size_t count = count_devices(device);
    RETUNE_TRY(retune_allocate(count, sizeof *executable->parts, "an executable",
                               &executable->parts, error));
    if (count > 1) {
        RETUNE_TRY(
            retune_executable_place(device, executable->graph, &executable->placement, error));
        RETUNE_TRY(open_cargo(executable, error));
    }
    for (size_t p = 0; p < count; p++, device = device->next) {
        share own = {&executable->placement, p};
        retune_part_share of = {shares_node, shares_value, &own};
        RETUNE_TRY(retune_part_create(device, executable->graph, count > 1 ? &of : NULL, table,
                                      table_memory, &executable->parts[p], error));
        executable->part_count++;
    }
    if (table_memory && count > 1)
        executable->current[table] = executable->placement.users[table];
    return RETUNE_OK;
}

retune_status retune_executable_create(const retune_device *device, const retune_graph *graph,
                                       const retune_model *model, int32_t table,
                                       const void *table_memory, retune_executable **out_executable,
                                       retune_error *error) {
    *out_executable = NULL;
    retune_executable *executable = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *executable, "an executable", &executable, error));
    executable->graph = graph;
    executable->model = model;
    retune_status status = create_parts(executable, device, table, table_memory, error);
    if (status == RETUNE_OK)
        status = retune_executable_load(executable, error);
    if (status != RETUNE_OK) {
        retune_executable_destroy(executable);
        return status;
    }
    *out_executable = executable;
    return RETUNE_OK;
}

/* Elements of the largest value that has a source. */
static retune_status largest_source(const retune_graph *graph, size_t *out_elements,
                                    retune_error *error) {
    *out_elements = 0;
    for (size_t v = 0; v < graph->value_count; v++) {
        size_t elements = 0;
        if (graph->values[v].source == RETUNE_SOURCE_NONE)
            continue;
        RETUNE_TRY(retune_desc_elements(&graph->values[v].desc, &elements, error));
        if (elements > *out_elements)
            *out_elements = elements;
    }
    return RETUNE_OK;
}

retune_status retune_executable_load(retune_executable *executable, retune_error *error) {
    const retune_graph *graph = executable->graph;
    size_t elements = 0;
    float *content = NULL;
    RETUNE_TRY(largest_source(graph, &elements, error));
    RETUNE_TRY(retune_allocate(elements, sizeof *content, "parameters", &content, error));
    retune_status status = RETUNE_OK;
    for (size_t v = 0; v < graph->value_count && status == RETUNE_OK; v++) {
        if (graph->values[v].source == RETUNE_SOURCE_NONE)
            continue;
        retune_constant_fill(executable->model, &graph->values[v], content);
        status = retune_executable_write_all(executable, (int32_t)v, content, error);
    }
    free(content);
    return status;
}

/* ---- Use ----------------------------------------------------------------------------------- */

retune_status retune_executable_write(retune_executable *executable, int32_t value,
                                      int64_t first_row, int64_t rows, const void *data,
                                      retune_error *error) {
    if (executable->part_count == 1)
        return retune_part_write(executable->parts, value, first_row, rows, data, error);
    uint32_t users = executable->placement.users[value];
    for (size_t p = 0; p < executable->part_count; p++)
        if (users >> p & 1)
            RETUNE_TRY(
                retune_part_write(&executable->parts[p], value, first_row, rows, data, error));
    executable->current[value] = users;
    return RETUNE_OK;
}

/* A device that has the value as it should be. */
static const retune_part *owner(const retune_executable *executable, int32_t value) {
    if (executable->part_count == 1)
        return executable->parts;
    uint32_t holders = executable->current[value];
    if (holders == 0)
        holders = executable->placement.users[value];
    return &executable->parts[__builtin_ctz(holders)];
}

retune_status retune_executable_read(retune_executable *executable, int32_t value,
                                     int64_t first_row, int64_t rows, void *data,
                                     retune_error *error) {
    return retune_part_read(owner(executable, value), value, first_row, rows, data, error);
}

retune_status retune_executable_write_all(retune_executable *executable, int32_t value,
                                          const void *data, retune_error *error) {
    return retune_executable_write(executable, value, 0,
                                   executable->graph->values[value].desc.shape[0], data, error);
}

retune_status retune_executable_read_all(retune_executable *executable, int32_t value, void *data,
                                         retune_error *error) {
    return retune_executable_read(executable, value, 0,
                                  executable->graph->values[value].desc.shape[0], data, error);
}

/* A range at work on several devices. */
typedef struct run {
    retune_executable *executable;
    const retune_run_args *args;
} run;

static retune_status carry(void *user, int32_t value, size_t from, size_t to, retune_error *error) {
    retune_executable *executable = ((run *)user)->executable;
    int64_t rows = executable->graph->values[value].desc.shape[0];
    RETUNE_TRY(
        retune_part_read(&executable->parts[from], value, 0, rows, executable->cargo, error));
    return retune_part_write(&executable->parts[to], value, 0, rows, executable->cargo, error);
}

static retune_status run_stretch(void *user, size_t device, size_t begin, size_t end,
                                 retune_error *error) {
    const run *r = user;
    return retune_part_run(&r->executable->parts[device], (retune_range){begin, end}, r->args,
                           error);
}

retune_status retune_executable_run(retune_executable *executable, retune_range range,
                                    float learning_rate, uint64_t step, retune_error *error) {
    retune_run_args args = {
        .struct_size = (uint32_t)sizeof args, .learning_rate = learning_rate, .step = step};
    if (range.begin == range.end)
        return RETUNE_OK;
    if (executable->part_count == 1)
        return retune_part_run(executable->parts, range, &args, error);
    run r = {executable, &args};
    retune_placement_visitor visitor = {carry, run_stretch, &r};
    return retune_placement_walk(&executable->placement, range, executable->current, &visitor,
                                 error);
}

retune_status retune_executable_wait(retune_executable *executable, retune_error *error) {
    for (size_t p = 0; p < executable->part_count; p++)
        RETUNE_TRY(retune_part_wait(&executable->parts[p], error));
    return RETUNE_OK;
}

retune_status retune_executable_times(retune_executable *executable, uint64_t *out_nanoseconds,
                                      retune_error *error) {
    for (size_t p = 0; p < executable->part_count; p++)
        RETUNE_TRY(retune_part_times(&executable->parts[p], out_nanoseconds, error));
    return RETUNE_OK;
}
