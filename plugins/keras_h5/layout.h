/* What Keras calls a weight and how it stores it, turned into retune's names and layouts. Pure:
 * knows nothing of files. */
#ifndef KERAS_H5_LAYOUT_H
#define KERAS_H5_LAYOUT_H

#include <retune/types.h>
#include <stdbool.h>
#include <stddef.h>

/* How a weight's values are handed over: in another shape, as they are or transposed. */
typedef struct keras_h5_layout {
    retune_tensor_desc desc; /* what retune sees */
    bool transposed;         /* stored as [rows, columns], handed over as [columns, rows] */
    size_t rows, columns;    /* set when transposed */
} keras_h5_layout;

/* What retune calls the weight "depthwise_kernel" or "gamma", with or without the ":0" that may
 * follow; points into `weight`. Names it does not know stay. */
const char *keras_h5_parameter_name(const char *weight);

/* Derives the layout from the weight's name in Keras and its shape in the file, of rank 1 to 4 and
 * with no dimension of 0. A weight that is not known stays as it is. Answers NULL, or why retune
 * has no layout for it. */
const char *keras_h5_layout_find(const char *weight, unsigned rank, const uint64_t *shape,
                                 keras_h5_layout *out_layout);

/* Writes the transpose of `from`, [rows, columns], to `to`. The two do not overlap. */
void keras_h5_transpose(const float *from, size_t rows, size_t columns, float *to);

#endif
