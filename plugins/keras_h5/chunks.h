/* The chunks of a chunked dataset, checked one by one.
 *
 * HDF5 inflates a chunk to the end of its stream, however long, and takes for granted that what
 * comes out fills the chunk. Both are made certain here first. */
#ifndef KERAS_H5_CHUNKS_H
#define KERAS_H5_CHUNKS_H

#include "dataset.h"

/* How the chunks of a dataset are stored. */
typedef struct keras_h5_chunks {
    unsigned rank;
    hsize_t dims[KERAS_H5_RANK_MAX]; /* of a chunk */
    uint64_t bytes;                  /* of a chunk, decoded */
    bool filtered;                   /* by any filter */
    unsigned deflate, fletcher32;    /* bits of these filters in a chunk's mask, 0: not used */
} keras_h5_chunks;

/* Reads chunk shape and filters from the creation properties. UNSUPPORTED: other filters or another
 * order than Keras and h5py write, huge chunks or too many. */
retune_status keras_h5_chunks_describe(const keras_h5_object *dataset, hid_t creation,
                                       const keras_h5_shape *shape, size_t element_bytes,
                                       keras_h5_chunks *out_chunks, retune_error *error);

/* Decodes every chunk as far as needed to see that it comes to exactly its size. CORRUPT when one
 * is missing or does not. */
retune_status keras_h5_chunks_verify(const keras_h5_object *dataset, const keras_h5_shape *shape,
                                     const keras_h5_chunks *chunks, retune_error *error);

#endif
