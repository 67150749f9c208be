/* The format plugin keras_h5: weights and whole models that Keras saved as HDF5 (.h5).
 *
 * A file is read through libhdf5, and refused where it uses more of HDF5 than Keras does: links
 * other than hard ones, virtual and external storage, filters besides deflate, shuffle and
 * fletcher32, elements that are not floats. Sizes are compared with what is stored before memory is
 * taken, chunks and strings are checked before or without libhdf5's decoding them.
 *
 * What cannot be checked from outside is how libhdf5 decodes object headers. Version 1.10.8 takes
 * the lengths inside an attribute's header on trust: about one in 500 files with bits turned at
 * random makes it read (not write) beyond a buffer, and a crash that way is possible. Whoever takes
 * models from strangers converts them in a process of its own.
 *
 * HDF5 may have been built without locks, so one lock serialises all readers of the process; a host
 * that uses HDF5 itself must not do so at the same time. One thread at a time uses a reader. */
#include "reader.h"

static const retune_format format = {
    .struct_size = (uint32_t)sizeof(retune_format),
    .abi = RETUNE_FORMAT_ABI,
    .name = "keras_h5",
    .version = "1.0",
    .extensions = ".h5 .hdf5",
    .reader_open = keras_h5_reader_open,
    .reader_close = keras_h5_reader_close,
    .tensor_count = keras_h5_reader_tensor_count,
    .tensor_info = keras_h5_reader_tensor_info,
    .tensor_read = keras_h5_reader_tensor_read,
    .metadata = keras_h5_reader_metadata,
};

RETUNE_EXPORT const retune_format *retune_format_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_FORMAT_ABI_MAJOR ? &format : NULL;
}
