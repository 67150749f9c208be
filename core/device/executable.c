#include "device/executable.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/constants.h"
#include "graph/op_rule.h"

struct retune_executable {
    const retune_device *device;
    const retune_graph *graph;
    const retune_model *model;
    retune_backend_tensor **tensors; /* one a value */
    retune_backend_program *program;
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

void retune_executable_destroy(retune_executable *executable) {
    if (!executable)
        return;
    const retune_backend *backend = executable->device->backend;
    if (executable->program)
        backend->program_destroy(executable->program);
    for (size_t v = 0; executable->tensors && v < executable->graph->value_count; v++)
        if (executable->tensors[v])
            backend->tensor_destroy(executable->tensors[v]);
    free(executable->tensors);
    free(executable);
}

static retune_status create_table(retune_executable *executable, int32_t table, const void *memory,
                                  retune_error *error) {
    const retune_device *device = executable->device;
    const retune_value *value = &executable->graph->values[table];
    retune_backend_tensor **tensor = &executable->tensors[table];
    if (device->info.features & RETUNE_FEATURE_HOST_MEMORY) {
        retune_status status =
            retune_device_wrap(device, &value->desc, memory, value->name, tensor, error);
        if (status != RETUNE_UNSUPPORTED)
            return status;
    }
    RETUNE_TRY(
        retune_device_tensor(device, &value->desc, value->usage, 0, value->name, tensor, error));
    return retune_executable_write_all(executable, table, memory, error);
}

static retune_status create_tensors(retune_executable *executable, int32_t table,
                                    const void *table_memory, retune_error *error) {
    const retune_graph *graph = executable->graph;
    RETUNE_TRY(retune_allocate(graph->value_count, sizeof(retune_backend_tensor *), "tensors",
                               &executable->tensors, error));
    for (size_t v = 0; v < graph->value_count; v++) {
        const retune_value *value = &graph->values[v];
        if ((int32_t)v == table && table_memory)
            RETUNE_TRY(create_table(executable, table, table_memory, error));
        else
            RETUNE_TRY(retune_device_tensor(executable->device, &value->desc, value->usage,
                                            value->slot, value->name, &executable->tensors[v],
                                            error));
    }
    return RETUNE_OK;
}

static retune_status create_program(retune_executable *executable, retune_error *error) {
    const retune_graph *graph = executable->graph;
    retune_op_desc *descs = NULL;
    retune_op *ops = NULL;
    const retune_op **list = NULL;
    retune_status status =
        retune_allocate(graph->node_count, sizeof *descs, "a program", &descs, error);
    if (status == RETUNE_OK)
        status = retune_allocate(graph->node_count, sizeof *ops, "a program", &ops, error);
    if (status == RETUNE_OK)
        status = retune_allocate(graph->node_count, sizeof *list, "a program", &list, error);
    if (status != RETUNE_OK)
        goto done;
    for (size_t n = 0; n < graph->node_count; n++) {
        const retune_node *node = &graph->nodes[n];
        descs[n] = retune_graph_describe(graph, node);
        ops[n].struct_size = (uint32_t)sizeof ops[n];
        ops[n].desc = &descs[n];
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
            if (node->inputs[slot] >= 0)
                ops[n].inputs[slot] = executable->tensors[node->inputs[slot]];
            if (node->outputs[slot] >= 0)
                ops[n].outputs[slot] = executable->tensors[node->outputs[slot]];
        }
        list[n] = &ops[n];
    }
    status = retune_device_program(executable->device, list, graph->node_count,
                                   &executable->program, error);
done:
    free(descs);
    free(ops);
    free(list);
    return status;
}

retune_status retune_executable_create(const retune_device *device, const retune_graph *graph,
                                       const retune_model *model, int32_t table,
                                       const void *table_memory, retune_executable **out_executable,
                                       retune_error *error) {
    *out_executable = NULL;
    retune_executable *executable = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *executable, "an executable", &executable, error));
    executable->device = device;
    executable->graph = graph;
    executable->model = model;
    retune_status status = create_tensors(executable, table, table_memory, error);
    if (status == RETUNE_OK)
        status = create_program(executable, error);
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

retune_status retune_executable_write(retune_executable *executable, int32_t value,
                                      int64_t first_row, int64_t rows, const void *data,
                                      retune_error *error) {
    return retune_device_write(executable->device, executable->tensors[value], first_row, rows,
                               data, executable->graph->values[value].name, error);
}

retune_status retune_executable_read(retune_executable *executable, int32_t value,
                                     int64_t first_row, int64_t rows, void *data,
                                     retune_error *error) {
    return retune_device_read(executable->device, executable->tensors[value], first_row, rows, data,
                              executable->graph->values[value].name, error);
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

retune_status retune_executable_run(retune_executable *executable, retune_range range,
                                    float learning_rate, uint64_t step, retune_error *error) {
    retune_run_args args = {
        .struct_size = (uint32_t)sizeof args, .learning_rate = learning_rate, .step = step};
    if (range.begin == range.end)
        return RETUNE_OK;
    return retune_device_run(executable->device, executable->program, range.begin, range.end, &args,
                             error);
}

retune_status retune_executable_wait(retune_executable *executable, retune_error *error) {
    return retune_device_wait(executable->device, executable->program, error);
}

retune_status retune_executable_times(retune_executable *executable, uint64_t *out_nanoseconds,
                                      retune_error *error) {
    return retune_device_times(executable->device, executable->program, out_nanoseconds,
                               executable->graph->node_count, error);
}
