#include "device/part.h"

#include "base/memory.h"

#include <string.h>

void retune_part_destroy(retune_part *part) {
    if (part->program)
        part->device->backend->program_destroy(part->program);
    for (size_t v = 0; part->tensors && v < part->graph->value_count; v++)
        if (part->tensors[v])
            part->device->backend->tensor_destroy(part->tensors[v]);
    free(part->tensors);
    free(part->first);
    memset(part, 0, sizeof *part);
}

/* ---- Tensors ------------------------------------------------------------------------------- */

static retune_status create_table(retune_part *part, int32_t table, const void *memory,
                                  retune_error *error) {
    const retune_device *device = part->device;
    const retune_value *value = &part->graph->values[table];
    retune_backend_tensor **tensor = &part->tensors[table];
    if (device->info.features & RETUNE_FEATURE_HOST_MEMORY) {
        retune_status status =
            retune_device_wrap(device, &value->desc, memory, value->name, tensor, error);
        if (status != RETUNE_UNSUPPORTED)
            return status;
    }
    RETUNE_TRY(
        retune_device_tensor(device, &value->desc, value->usage, 0, value->name, tensor, error));
    return retune_part_write(part, table, 0, value->desc.shape[0], memory, error);
}

static retune_status create_tensors(retune_part *part, const retune_part_share *share,
                                    int32_t table, const void *table_memory, retune_error *error) {
    const retune_graph *graph = part->graph;
    RETUNE_TRY(retune_allocate(graph->value_count, sizeof(retune_backend_tensor *), "tensors",
                               &part->tensors, error));
    for (size_t v = 0; v < graph->value_count; v++) {
        const retune_value *value = &graph->values[v];
        if (share && !share->value(share->user, v))
            continue;
        if ((int32_t)v == table && table_memory)
            RETUNE_TRY(create_table(part, table, table_memory, error));
        else
            RETUNE_TRY(retune_device_tensor(part->device, &value->desc, value->usage, value->slot,
                                            value->name, &part->tensors[v], error));
    }
    return RETUNE_OK;
}

/* ---- Program ------------------------------------------------------------------------------- */

/* Numbers the nodes of the part. */
static retune_status count_nodes(retune_part *part, const retune_part_share *share,
                                 retune_error *error) {
    size_t count = part->graph->node_count, used = 0;
    if (!share)
        return RETUNE_OK;
    RETUNE_TRY(retune_allocate(count + 1, sizeof *part->first, "a program", &part->first, error));
    for (size_t n = 0; n < count; n++) {
        part->first[n] = used;
        used += share->node(share->user, n);
    }
    part->first[count] = used;
    return RETUNE_OK;
}

/* Place of a node in the program, or of the next one that is in it. */
static size_t place(const retune_part *part, size_t node) {
    return part->first ? part->first[node] : node;
}

static bool has_node(const retune_part *part, size_t node) {
    return place(part, node) < place(part, node + 1);
}

static void fill_op(const retune_part *part, const retune_node *node, const retune_op_desc *desc,
                    retune_op *op) {
    op->struct_size = (uint32_t)sizeof *op;
    op->desc = desc;
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (node->inputs[slot] >= 0)
            op->inputs[slot] = part->tensors[node->inputs[slot]];
        if (node->outputs[slot] >= 0)
            op->outputs[slot] = part->tensors[node->outputs[slot]];
    }
}

static retune_status create_program(retune_part *part, retune_error *error) {
    const retune_graph *graph = part->graph;
    size_t count = place(part, graph->node_count);
    if (count == 0)
        return RETUNE_OK; /* this graph needs nothing of the device */
    retune_op_desc *descs = NULL;
    retune_op *ops = NULL;
    const retune_op **list = NULL;
    retune_status status = retune_allocate(count, sizeof *descs, "a program", &descs, error);
    if (status == RETUNE_OK)
        status = retune_allocate(count, sizeof *ops, "a program", &ops, error);
    if (status == RETUNE_OK)
        status = retune_allocate(count, sizeof *list, "a program", &list, error);
    if (status != RETUNE_OK)
        goto done;
    for (size_t n = 0; n < graph->node_count; n++) {
        size_t i = place(part, n);
        if (!has_node(part, n))
            continue;
        descs[i] = retune_graph_describe(graph, &graph->nodes[n]);
        fill_op(part, &graph->nodes[n], &descs[i], &ops[i]);
        list[i] = &ops[i];
    }
    status = retune_device_program(part->device, list, count, &part->program, error);
done:
    free(descs);
    free(ops);
    free(list);
    return status;
}

retune_status retune_part_create(const retune_device *device, const retune_graph *graph,
                                 const retune_part_share *share, int32_t table,
                                 const void *table_memory, retune_part *out_part,
                                 retune_error *error) {
    *out_part = (retune_part){.device = device, .graph = graph};
    retune_status status = create_tensors(out_part, share, table, table_memory, error);
    if (status == RETUNE_OK)
        status = count_nodes(out_part, share, error);
    if (status == RETUNE_OK)
        status = create_program(out_part, error);
    if (status != RETUNE_OK)
        retune_part_destroy(out_part);
    return status;
}

/* ---- Use ----------------------------------------------------------------------------------- */

retune_status retune_part_write(const retune_part *part, int32_t value, int64_t first_row,
                                int64_t rows, const void *data, retune_error *error) {
    return retune_device_write(part->device, part->tensors[value], first_row, rows, data,
                               part->graph->values[value].name, error);
}

retune_status retune_part_read(const retune_part *part, int32_t value, int64_t first_row,
                               int64_t rows, void *data, retune_error *error) {
    return retune_device_read(part->device, part->tensors[value], first_row, rows, data,
                              part->graph->values[value].name, error);
}

retune_status retune_part_run(const retune_part *part, retune_range range,
                              const retune_run_args *args, retune_error *error) {
    return retune_device_run(part->device, part->program, place(part, range.begin),
                             place(part, range.end), args, error);
}

retune_status retune_part_wait(const retune_part *part, retune_error *error) {
    return part->program ? retune_device_wait(part->device, part->program, error) : RETUNE_OK;
}

retune_status retune_part_times(const retune_part *part, uint64_t *out_nanoseconds,
                                retune_error *error) {
    size_t count = place(part, part->graph->node_count);
    if (!part->first)
        return retune_device_times(part->device, part->program, out_nanoseconds, count, error);
    uint64_t *times = NULL;
    if (!part->program)
        return RETUNE_OK;
    RETUNE_TRY(retune_allocate(count, sizeof *times, "times", &times, error));
    retune_status status = retune_device_times(part->device, part->program, times, count, error);
    for (size_t n = 0; n < part->graph->node_count && status == RETUNE_OK; n++)
        if (has_node(part, n))
            out_nanoseconds[n] = times[place(part, n)];
    free(times);
    return status;
}
