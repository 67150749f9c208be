/* A case: one op, its shapes, attributes and the kind of data it is tried with. A case is written
 * as one line, and a line is read back into the same case, so that any failure can be run again. */
#ifndef RETUNE_CONFORM_OP_CASE_H
#define RETUNE_CONFORM_OP_CASE_H

#include "op_info.h"

/* What the inputs hold. case_data.c says which slots a pattern reaches. */
#define OP_DATA_LIST(DATA)                                                                         \
    DATA(UNIFORM, uniform)   /* uniform in [-1, 1) */                                              \
    DATA(OFFSET, offset)     /* uniform in [7, 9): a mean far from 0 */                            \
    DATA(KINKS, kinks)       /* exactly 0 and 6, and their neighbours */                           \
    DATA(TIES, ties)         /* -1, 0 and 1, so that most maxima are shared */                     \
    DATA(INFINITE, infinite) /* infinities of both signs among uniform values */                   \
    DATA(NAN, nan)           /* a NaN at the first element of the first tensor */                  \
    DATA(LARGE, large)       /* uniform in [-10000, 10000) */                                      \
    DATA(ROUNDING, rounding) /* values that fall between those of the narrow types */              \
    DATA(PADDED, padded)     /* the last samples have weight 0 */                                  \
    DATA(FRESH, fresh)       /* a first step: state is 0, gradients are -1, 0 or 1 */

typedef enum op_data {
#define DATA(CONSTANT, name) OP_DATA_##CONSTANT,
    OP_DATA_LIST(DATA)
#undef DATA
        OP_DATA_COUNT
} op_data;

typedef struct op_case {
    uint32_t kind;
    retune_tensor_desc inputs[RETUNE_OP_TENSORS_MAX];  /* rank 0: absent */
    retune_tensor_desc outputs[RETUNE_OP_TENSORS_MAX]; /* likewise */
    retune_op_attributes attributes;
    float learning_rate;
    uint64_t step;
    uint32_t data; /* an op_data */
    uint64_t seed;
} op_case;

#define OP_CASE_TEXT_MAX 1024

/* "conv2d x=f32[1,7,7,3] weight=f32[8,3,3,3] -> y=f32[1,4,4,8] stride_height=2 ... data=uniform
 * seed=12". Whatever is 0 or absent is left out. Returns `text`. */
const char *op_case_format(const op_case *op, char text[OP_CASE_TEXT_MAX]);

/* Reads such a line. INVALID names the word at fault: an unknown op, slot or attribute, a malformed
 * shape, a required tensor that is missing. Shapes are not compared with each other. */
retune_status op_case_parse(const char *text, op_case *out_case, retune_error *error);

/* The description a backend gets. It points into `op`, which must outlive it. */
retune_op_desc op_case_describe(const op_case *op);

/* Terms of the longest sum the op computes per output element, at least 1. */
double op_case_reduction(const op_case *op);

/* Multiply-adds and elements moved, roughly. */
double op_case_work(const op_case *op);

/* The floating type with the fewest bits among the tensors, RETUNE_F32 when none is floating. */
uint32_t op_case_dtype(const op_case *op);

/* Number of elements of a description; 0 for an absent tensor. */
size_t desc_count(const retune_tensor_desc *desc);

#endif
