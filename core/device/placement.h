/* Which of several devices runs each op of a graph, and what has to be carried between them.
 *
 * Each op runs on the first device that does it. Devices share no memory: a tensor that one device
 * wrote and another needs crosses through the host, when it is needed and only where it changed.
 * What crosses follows from the graph alone, so that it can be known, and tested, without a device.
 */
#ifndef RETUNE_DEVICE_PLACEMENT_H
#define RETUNE_DEVICE_PLACEMENT_H

#include "graph/graph.h"

/* Devices are bits of a word. */
#define RETUNE_PLACEMENT_DEVICES_MAX 32u

typedef struct retune_placement {
    const retune_graph *graph; /* outlives it */
    size_t device_count;
    uint8_t *device; /* by node: its number */
    uint32_t *users; /* by value: a bit for each device with a tensor of it, at least one */
} retune_placement;

/* `does` says whether a device does a node. UNSUPPORTED: nobody does one; the message names it.
 * Free with retune_placement_free, which takes one that is all zero. */
retune_status retune_placement_make(const retune_graph *graph, size_t device_count,
                                    bool (*does)(void *user, size_t device, size_t node),
                                    void *user, retune_placement *out_placement,
                                    retune_error *error);
void retune_placement_free(retune_placement *placement);

/* What running a range takes, in order: tensors to carry, and nodes [begin, end) that one device
 * runs on end. */
typedef struct retune_placement_visitor {
    retune_status (*copy)(void *user, int32_t value, size_t from, size_t to, retune_error *error);
    retune_status (*run)(void *user, size_t device, size_t begin, size_t end, retune_error *error);
    void *user;
} retune_placement_visitor;

/* `current` has for each value a bit for each device whose tensor holds what it should; 0: nobody
 * wrote it yet, and nothing is carried. It is updated as the nodes would run. */
retune_status retune_placement_walk(const retune_placement *placement, retune_range range,
                                    uint32_t *current, const retune_placement_visitor *visitor,
                                    retune_error *error);

/* ---- Report -------------------------------------------------------------------------------- */

/* A tensor that crosses in every repetition of some ranges. */
typedef struct retune_placement_crossing {
    int32_t value;
    size_t from, to;
    uint64_t bytes;
} retune_placement_crossing;

typedef struct retune_placement_report {
    retune_placement_crossing *crossings;
    size_t count, capacity;
    uint64_t bytes; /* of all of them */
} retune_placement_report;

/* What crosses when the ranges are run over and over, as steps of training are, with the host
 * writing the inputs before each. Free with retune_placement_report_free. */
retune_status retune_placement_count(const retune_placement *placement, const retune_range *ranges,
                                     size_t range_count, retune_placement_report *out_report,
                                     retune_error *error);
void retune_placement_report_free(retune_placement_report *report);

#endif
