/* The graph: one ordered list of ops over values, from images to updated parameters.
 *
 * Built from a model and a freeze policy (plan.h), it knows shapes and lifetimes but no device. A
 * value is a tensor to be; a node is an op on values. Nodes are in the order they run. */
#ifndef RETUNE_GRAPH_H
#define RETUNE_GRAPH_H

#include "retune/backend.h"

#include "model/model.h"

#include <stdbool.h>

#define RETUNE_NO_VALUE (-1)

/* Where the host takes a value's content from before the first run. */
typedef enum retune_source {
    RETUNE_SOURCE_NONE,         /* an op writes it, or the caller does */
    RETUNE_SOURCE_NUMBER,       /* the same number everywhere */
    RETUNE_SOURCE_PARAMETER,    /* a parameter of the model */
    RETUNE_SOURCE_NORM_SCALE,   /* of batch norm `layer`: gamma / sqrt(variance + epsilon) */
    RETUNE_SOURCE_NORM_BIAS,    /* beta - mean * NORM_SCALE */
    RETUNE_SOURCE_NORM_INVERSE, /* 1 / sqrt(variance + epsilon) */
    RETUNE_SOURCE_NORM_SHIFT,   /* -mean * NORM_INVERSE */
    RETUNE_SOURCE_FOLDED_KERNEL /* `parameter`, each output channel times NORM_SCALE of `layer` */
} retune_source;

typedef struct retune_value {
    retune_tensor_desc desc;
    retune_usage usage;
    retune_source source;
    int32_t parameter; /* PARAMETER, FOLDED_KERNEL: index into the model's, else -1 */
    int32_t layer;     /* NORM_*, FOLDED_KERNEL: the batch norm */
    float number;      /* NUMBER */
    uint32_t slot;     /* memory shared with values that never live at the same time; 0: its own */
    const char *name;  /* for people: a literal or a name inside the model */
} retune_value;

typedef struct retune_node {
    retune_op_kind kind;
    int32_t inputs[RETUNE_OP_TENSORS_MAX]; /* values in the slots of ops.def, or RETUNE_NO_VALUE */
    int32_t outputs[RETUNE_OP_TENSORS_MAX];
    retune_op_attributes attributes;
    const char *layer; /* name of the layer it serves */
} retune_node;

/* Nodes [begin, end). */
typedef struct retune_range {
    size_t begin, end;
} retune_range;

typedef struct retune_graph {
    retune_value *values;
    size_t value_count, value_capacity;
    retune_node *nodes;
    size_t node_count, node_capacity;
    uint32_t slot_count; /* slots are numbered from 1 */
    size_t slot_bytes;   /* of all slots together */
} retune_graph;

retune_status retune_graph_create(retune_graph **out_graph, retune_error *error);
void retune_graph_destroy(retune_graph *graph); /* takes NULL */

/* Adds a value without a source. */
retune_status retune_graph_value(retune_graph *graph, const retune_tensor_desc *desc,
                                 retune_usage usage, const char *name, int32_t *out_value,
                                 retune_error *error);

/* Adds a node. `inputs` has the slots of ops.def; missing outputs that the op requires (entries of
 * RETUNE_NO_VALUE) are made as activations of the shape its rule gives. An optional output is made
 * when its entry is RETUNE_NEW_VALUE. `outputs` receives the values; NULL: one output, not wanted.
 */
#define RETUNE_NEW_VALUE (-2)
retune_status retune_graph_append(retune_graph *graph, const retune_node *node,
                                  int32_t outputs[RETUNE_OP_TENSORS_MAX], retune_error *error);

/* The op description of a node; the pointers inside are to the graph's values. */
retune_op_desc retune_graph_describe(const retune_graph *graph, const retune_node *node);

/* Gives every activation and gradient a memory slot, from first and last use. Called once, when the
 * list is complete. */
retune_status retune_graph_assign_slots(retune_graph *graph, retune_error *error);

/* Bytes a device needs for all values, slots counted once. */
retune_status retune_graph_bytes(const retune_graph *graph, uint64_t *out_bytes,
                                 retune_error *error);

/* An empty node of that kind: no tensors, attributes zero. */
retune_node retune_node_make(retune_op_kind kind, const char *layer);

#endif
