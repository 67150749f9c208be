/* Whether a dataset is what it claims to be, found out before memory is taken for it. */
#ifndef KERAS_H5_DATASET_H
#define KERAS_H5_DATASET_H

#include "object.h"

#define KERAS_H5_RANK_MAX     RETUNE_RANK_MAX
#define KERAS_H5_ELEMENTS_MAX ((uint64_t)64 << 20) /* of a tensor, and of a chunk */
#define KERAS_H5_CHUNKS_MAX   65536                /* of a dataset */
#define KERAS_H5_EXPANSION    2000                 /* more than deflate can do (1032) */

/* The shape of a dataset of floats. Rank 0 is a single value. */
typedef struct keras_h5_shape {
    unsigned rank;
    uint64_t dims[KERAS_H5_RANK_MAX];
    uint64_t elements;
} keras_h5_shape;

/* Reads the shape and compares it with what the file stores. UNSUPPORTED:
 * virtual or external storage, a filter other than deflate, shuffle and fletcher32, elements that
 * are not IEEE floats, rank above 4, too large. CORRUPT: a dimension of 0, less or more stored than
 * the shape needs, storage outside of the file. A rank of 0 is answered before the elements are
 * looked at. */
retune_status keras_h5_dataset_check(const keras_h5_object *dataset, keras_h5_shape *out_shape,
                                     retune_error *error);

/* Reads the values of a dataset that passed the check into `values`, as floats. CORRUPT: what is
 * stored does not decode to the shape. */
retune_status keras_h5_dataset_read(const keras_h5_object *dataset, const keras_h5_shape *shape,
                                    float *values, retune_error *error);

#endif
