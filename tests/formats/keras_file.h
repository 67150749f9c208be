/* Writes files as Keras does, and as it never would. */
#ifndef TESTS_KERAS_FILE_H
#define TESTS_KERAS_FILE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* How a file is written; all zero is what Keras writes by default. */
typedef struct keras_style {
    bool whole_model;   /* weights below /model_weights, model_config at the root */
    bool fixed_strings; /* strings padded to a common length */
    bool compressed;    /* chunks, shuffled and deflated, with checksums */
    bool newest;        /* latest version of everything in the file */
    hsize_t user_block; /* bytes before HDF5's part */
    hid_t type;         /* of the elements in the file; 0: 32-bit floats */
} keras_style;

typedef struct keras_file {
    keras_style style;
    char path[256];
    hid_t file, model; /* `model` holds the layers */
    char layers[160][64];
    size_t layer_count;
} keras_file;

/* A folder for the files of one test, and a name in it. */
const char *keras_folder(void);
const char *keras_path(const char *name, char path[256]);

/* Begins a file in the test's folder; end writes layer_names. */
void keras_file_begin(keras_file *file, const char *name, keras_style style);
void keras_file_end(keras_file *file);

/* Adds a layer with these comma-separated weight_names ("conv1/kernel:0"). Close the group. */
hid_t keras_layer(keras_file *file, const char *name, const char *weights);

/* Adds a dataset filled with keras_value(seed, i), and the groups on the way. Ranks to 5. */
void keras_weight(keras_file *file, hid_t layer, const char *path, unsigned seed, int rank,
                  const hsize_t *dims);
/* The usual case: a layer with one weight. `shape` is like "3x3x8x1". */
void keras_single(keras_file *file, const char *layer, const char *weight, const char *shape);

/* Makes the dataset "w:0" of `group`, with nothing written to it. Closes `creation`. */
hid_t keras_dataset(hid_t group, hid_t type, int rank, const hsize_t *dims, const hsize_t *limits,
                    hid_t creation);
/* Creation properties for such a dataset in chunks. */
hid_t keras_chunked(int rank, const hsize_t *chunk);

/* Writes an attribute with the comma-separated strings. */
void keras_strings(hid_t object, const char *name, const char *list, bool fixed);

/* Whole numbers that every float type holds exactly. */
float keras_value(unsigned seed, size_t index);

/* All layers of MobileNet V1; the classifier when `classes` is not 0. */
void keras_mobilenet(keras_file *file, double alpha, unsigned classes);

/* A 16-bit IEEE float, as h5py makes it. Close the type. */
hid_t keras_half_type(void);

/* Files, groups, datasets and attributes that are open in the process. */
long keras_open_objects(void);

/* Where HDF5's identifiers stand. The check fails the test when one made since the mark is open. */
typedef struct keras_handles {
    hid_t space, type, properties;
} keras_handles;
keras_handles keras_handles_mark(void);
void keras_handles_check(const keras_handles *mark);

/* Writes bytes to a file of the test's folder. */
void keras_write_bytes(const char *path, const void *data, size_t size);
unsigned char *keras_read_bytes(const char *path, size_t *out_size);

#endif
