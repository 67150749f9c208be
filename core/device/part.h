/* The share of a graph that one device runs: tensors of the values it works on, and a program of
 * its nodes. A graph on a single device is one part. */
#ifndef RETUNE_DEVICE_PART_H
#define RETUNE_DEVICE_PART_H

#include "device/device.h"
#include "graph/graph.h"

typedef struct retune_part {
    const retune_device *device;
    const retune_graph *graph;
    retune_backend_tensor **tensors; /* one a value; NULL: not here */
    retune_backend_program *program;
    size_t *first; /* by node: nodes of this part before it; NULL: it has all */
} retune_part;

/* Which nodes and values belong to it; NULL: all. */
typedef struct retune_part_share {
    bool (*node)(const void *user, size_t node);
    bool (*value)(const void *user, size_t value);
    const void *user;
} retune_part_share;

/* Makes tensors and program; nothing is filled but the table. `table` and `table_memory` as in
 * executable.h. The graph and the device outlive it. Destroy with retune_part_destroy, which takes
 * one that is all zero. */
retune_status retune_part_create(const retune_device *device, const retune_graph *graph,
                                 const retune_part_share *share, int32_t table,
                                 const void *table_memory, retune_part *out_part,
                                 retune_error *error);
void retune_part_destroy(retune_part *part);

/* As those of executable.h, for values and nodes that belong to the part. */
retune_status retune_part_write(const retune_part *part, int32_t value, int64_t first_row,
                                int64_t rows, const void *data, retune_error *error);
retune_status retune_part_read(const retune_part *part, int32_t value, int64_t first_row,
                               int64_t rows, void *data, retune_error *error);
retune_status retune_part_run(const retune_part *part, retune_range range,
                              const retune_run_args *args, retune_error *error);
retune_status retune_part_wait(const retune_part *part, retune_error *error);
/* Into the entries of its nodes; the others stay. */
retune_status retune_part_times(const retune_part *part, uint64_t *out_nanoseconds,
                                retune_error *error);

#endif
