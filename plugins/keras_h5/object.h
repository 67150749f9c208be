/* Groups and datasets, reached by hard links only.
 *
 * Soft, external and user-defined links let a file point anywhere, on this machine too, so none is
 * followed: every step of a path is looked at before it is taken. */
#ifndef KERAS_H5_OBJECT_H
#define KERAS_H5_OBJECT_H

#include <hdf5.h>
#include <retune/types.h>
#include <stdbool.h>

#define KERAS_H5_DEPTH_MAX 16
#define KERAS_H5_PATH_MAX  512

/* The file on disk, which HDF5 has open too. */
typedef struct keras_h5_file {
    const char *name;
    int descriptor;      /* for what is read without HDF5 */
    uint64_t bytes;      /* its size */
    uint64_t user_block; /* bytes at its start that are not HDF5's */
} keras_h5_file;

typedef struct keras_h5_object {
    hid_t id; /* negative when nothing is open */
    bool is_dataset;
    const keras_h5_file *file;
    char path[KERAS_H5_PATH_MAX];          /* "/conv1/conv1/kernel:0", for messages */
    unsigned depth;                        /* groups on the way from the root */
    haddr_t ancestors[KERAS_H5_DEPTH_MAX]; /* their addresses, to notice loops */
} keras_h5_object;

/* Opens the root group of a file that HDF5 has open as `id`. */
retune_status keras_h5_object_open_root(hid_t id, const keras_h5_file *file,
                                        keras_h5_object *out_root, retune_error *error);

/* Opens what stands at `path` ("a/b/c"), counted from the group `from`. CORRUPT: not there.
 * UNSUPPORTED: behind a link that is not a hard one, in a group that contains itself, outside of
 * `from`, too deep, or neither a group nor a dataset. */
retune_status keras_h5_object_open(const keras_h5_object *from, const char *path,
                                   keras_h5_object *out_object, retune_error *error);

/* Takes one that is not open. */
void keras_h5_object_close(keras_h5_object *object);

/* Whether the group has an entry of this name, of any kind. */
bool keras_h5_object_has(const keras_h5_object *group, const char *name);

/* Writes "<file>: <path>: <message>" into the error (NULL is allowed) and returns `status`. The
 * second form adds what HDF5 said about its last call. */
retune_status keras_h5_fail(const keras_h5_object *at, retune_error *error, retune_status status,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
retune_status keras_h5_fail_library(const keras_h5_object *at, retune_error *error,
                                    retune_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
