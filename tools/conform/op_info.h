/* ops.def as a table to look things up in: the slots of an op by name, its attributes by name. */
#ifndef RETUNE_CONFORM_OP_INFO_H
#define RETUNE_CONFORM_OP_INFO_H

#include "retune/backend.h"

#include <stdbool.h>

#define OP_SLOT_NAME_MAX 32

typedef struct op_slot {
    char name[OP_SLOT_NAME_MAX];
    bool optional;
    int same_as; /* of an output: the input slot that is the same tensor, or -1 */
} op_slot;

typedef struct op_info {
    const char *name;       /* "conv2d" */
    const char *attributes; /* "convolution", or "none" */
    uint32_t input_count, output_count;
    op_slot inputs[RETUNE_OP_TENSORS_MAX], outputs[RETUNE_OP_TENSORS_MAX];
} op_info;

/* One 32-bit field of a member of retune_op_attributes. */
typedef struct op_attribute {
    const char *member; /* "convolution" */
    const char *name;   /* "stride_height" */
    bool real;          /* float rather than uint32_t */
    size_t offset;      /* in retune_op_attributes */
} op_attribute;

/* The row of an op; `kind` is below RETUNE_OP_KIND_COUNT. */
const op_info *op_info_of(uint32_t kind);

/* The op of this name, or RETUNE_OP_KIND_COUNT. */
uint32_t op_kind_named(const char *name);

/* Index of the slot of this name, or -1. */
int op_slot_named(const op_slot slots[RETUNE_OP_TENSORS_MAX], uint32_t count, const char *name);

/* All attributes of all members. */
extern const op_attribute op_attributes[];
extern const size_t op_attribute_count;

/* True when ops of this kind read the attribute. */
bool op_reads_attribute(uint32_t kind, const op_attribute *attribute);

#endif
