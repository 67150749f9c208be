#include "reader.h"

#include "attribute.h"
#include "dataset.h"
#include "layout.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct tensor {
    keras_h5_object dataset; /* stays open from check to read: both see the same */
    keras_h5_shape shape;    /* in the file */
    keras_h5_layout layout;
    char name[sizeof((retune_format_tensor *)0)->name];
} tensor;

struct retune_format_reader {
    keras_h5_object whole; /* the file as a place of errors; nothing is open */
    char *path;
    keras_h5_file file;
    hid_t id; /* of the file in HDF5 */
    tensor *tensors;
    size_t count, capacity;
    uint64_t total_bytes;
    keras_h5_texts description; /* the model_config, or nothing */
};

/* ---- The file ------------------------------------------------------------------------------ */

/* Finds out what HDF5 would not say as clearly. A pipe must not block, so it is not waited for. */
static retune_status open_descriptor(retune_format_reader *reader, retune_error *error) {
    const keras_h5_object *at = &reader->whole;
    struct stat facts;
    reader->file.descriptor = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->file.descriptor < 0 || fstat(reader->file.descriptor, &facts) != 0)
        return keras_h5_fail(at, error, RETUNE_IO, "cannot be opened: %s", strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return keras_h5_fail(at, error, RETUNE_IO, "%s",
                             S_ISDIR(facts.st_mode) ? "is a directory" : "is no regular file");
    if (facts.st_size == 0)
        return keras_h5_fail(at, error, RETUNE_CORRUPT, "is empty");
    reader->file.bytes = (uint64_t)facts.st_size;
    return RETUNE_OK;
}

static void close_descriptor(retune_format_reader *reader) {
    if (reader->file.descriptor >= 0)
        close(reader->file.descriptor);
    reader->file.descriptor = -1;
}

static retune_status open_file(retune_format_reader *reader, retune_error *error) {
    /* H5F_ACC_RDONLY, whose macro checks versions on the way and aborts when they differ. */
    const unsigned read_only = 0;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    retune_status status = RETUNE_OK;
    /* Each chunk is read once: a cache of them would only take memory. */
    if (access < 0 || H5Pset_cache(access, 0, 1, 0, 1.0) < 0) {
        status =
            keras_h5_fail_library(&reader->whole, error, RETUNE_INTERNAL, "HDF5 cannot be set up");
    } else {
        reader->id = H5Fopen(reader->path, read_only, access);
        if (reader->id < 0)
            status = keras_h5_fail_library(&reader->whole, error, RETUNE_CORRUPT,
                                           "not an HDF5 file, or damaged");
    }
    if (access >= 0)
        H5Pclose(access);
    return status;
}

/* Notes where HDF5's part of the file begins, and that it counts bytes as expected. */
static retune_status read_geometry(retune_format_reader *reader, retune_error *error) {
    const keras_h5_object *at = &reader->whole;
    size_t address_bytes = 0, length_bytes = 0;
    hsize_t user_block = 0;
    hid_t creation = H5Fget_create_plist(reader->id);
    retune_status status = RETUNE_OK;
    if (creation < 0 || H5Pget_sizes(creation, &address_bytes, &length_bytes) < 0 ||
        H5Pget_userblock(creation, &user_block) < 0 || user_block > reader->file.bytes)
        status = keras_h5_fail_library(at, error, RETUNE_CORRUPT, "cannot be looked at");
    else if (address_bytes != 8 || length_bytes != 8)
        status =
            keras_h5_fail(at, error, RETUNE_UNSUPPORTED, "counts in %zu and %zu bytes instead of 8",
                          address_bytes, length_bytes);
    reader->file.user_block = user_block;
    if (creation >= 0)
        H5Pclose(creation);
    return status;
}

/* ---- Names --------------------------------------------------------------------------------- */

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Length of the name "kernel" in "kernel:0". */
static size_t weight_name_length(const char *part) {
    size_t length = strlen(part);
    return length > 2 && !strcmp(part + length - 2, ":0") ? length - 2 : length;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts `names` and gives one that occurs twice, or NULL. */
static const char *find_repeated(const char **names, size_t count) {
    qsort(names, count, sizeof *names, compare_texts);
    for (size_t i = 1; i < count; i++)
        if (!strcmp(names[i - 1], names[i]))
            return names[i];
    return NULL;
}

/* A model inside a model is one layer of the outer one, with the weights of all its layers: their
 * names repeat. Its weights are called by their own paths, "conv1/kernel", not by the outer layer's
 * name. */
static retune_status is_nested_model(const keras_h5_object *layer, const keras_h5_texts *weights,
                                     bool *out_nested, retune_error *error) {
    *out_nested = false;
    const char **names = calloc(weights->count + 1, sizeof *names);
    if (!names)
        return keras_h5_fail(layer, error, RETUNE_OUT_OF_MEMORY, "no memory for names");
    for (size_t i = 0; i < weights->count; i++)
        names[i] = keras_h5_parameter_name(last_part(weights->items[i]));
    *out_nested = find_repeated(names, weights->count) != NULL;
    free(names);
    return RETUNE_OK;
}

/* Writes "<layer>/<parameter>" into t->name. `layer` need not end where its name does. */
static retune_status name_tensor(tensor *t, const char *layer, size_t layer_length,
                                 const char *parameter, retune_error *error) {
    int length = layer_length < sizeof t->name
                     ? snprintf(t->name, sizeof t->name, "%.*s/%s", (int)layer_length, layer,
                                keras_h5_parameter_name(parameter))
                     : -1;
    if (length >= 0 && (size_t)length < sizeof t->name)
        return RETUNE_OK;
    return keras_h5_fail(&t->dataset, error, RETUNE_UNSUPPORTED,
                         "the tensor's name has more than %zu characters", sizeof t->name - 1);
}

static retune_status check_names_unique(const retune_format_reader *reader, retune_error *error) {
    const char **names = calloc(reader->count + 1, sizeof *names);
    if (!names)
        return keras_h5_fail(&reader->whole, error, RETUNE_OUT_OF_MEMORY, "no memory for names");
    for (size_t i = 0; i < reader->count; i++)
        names[i] = reader->tensors[i].name;
    const char *repeated = find_repeated(names, reader->count);
    free(names);
    if (repeated)
        return keras_h5_fail(&reader->whole, error, RETUNE_CORRUPT, "two tensors are called %s",
                             repeated);
    return RETUNE_OK;
}

/* ---- Table of contents --------------------------------------------------------------------- */

/* Checks an open dataset and says how it is handed over. Rank 0 leaves the layout alone. */
static retune_status describe_tensor(retune_format_reader *reader, tensor *t, const char *layer,
                                     const char *weight, bool nested, retune_error *error) {
    char parameter[KERAS_H5_PATH_MAX]; /* a part of a path that was opened */
    const char *part = last_part(weight);
    snprintf(parameter, sizeof parameter, "%.*s", (int)weight_name_length(part), part);
    retune_status status = keras_h5_dataset_check(&t->dataset, &t->shape, error);
    if (status != RETUNE_OK || t->shape.rank == 0)
        return status;
    const char *refusal = keras_h5_layout_find(parameter, t->shape.rank, t->shape.dims, &t->layout);
    if (refusal)
        return keras_h5_fail(&t->dataset, error, RETUNE_UNSUPPORTED, "%s", refusal);
    reader->total_bytes += t->shape.elements * sizeof(float);
    if (reader->total_bytes > KERAS_H5_BYTES_MAX)
        return keras_h5_fail(&t->dataset, error, RETUNE_UNSUPPORTED,
                             "the tensors up to here need more than %llu bytes",
                             (unsigned long long)KERAS_H5_BYTES_MAX);
    if (nested && part != weight)
        return name_tensor(t, weight, (size_t)(part - weight) - 1, parameter, error);
    return name_tensor(t, layer, strlen(layer), parameter, error);
}

static retune_status grow_tensors(retune_format_reader *reader, const keras_h5_object *layer,
                                  retune_error *error) {
    if (reader->count < reader->capacity)
        return RETUNE_OK;
    if (reader->count == KERAS_H5_TENSORS_MAX)
        return keras_h5_fail(layer, error, RETUNE_UNSUPPORTED, "more than %d tensors",
                             KERAS_H5_TENSORS_MAX);
    size_t capacity = reader->capacity ? reader->capacity * 2 : 64; /* divides the maximum */
    tensor *larger = realloc(reader->tensors, capacity * sizeof *larger);
    if (!larger)
        return keras_h5_fail(layer, error, RETUNE_OUT_OF_MEMORY, "no memory for %zu tensors",
                             capacity);
    reader->tensors = larger;
    reader->capacity = capacity;
    return RETUNE_OK;
}

/* Adds the tensor of a weight. Single values (counters of steps) are no tensors and are left out.
 */
static retune_status add_weight(retune_format_reader *reader, const keras_h5_object *group,
                                const char *layer, const char *weight, bool nested,
                                retune_error *error) {
    retune_status status = grow_tensors(reader, group, error);
    if (status != RETUNE_OK)
        return status;
    tensor *t = &reader->tensors[reader->count];
    memset(t, 0, sizeof *t);
    status = keras_h5_object_open(group, weight, &t->dataset, error);
    if (status == RETUNE_OK && !t->dataset.is_dataset)
        status = keras_h5_fail(&t->dataset, error, RETUNE_CORRUPT, "a group, not a dataset");
    if (status == RETUNE_OK)
        status = describe_tensor(reader, t, layer, weight, nested, error);
    if (status == RETUNE_OK && t->shape.rank > 0)
        reader->count++;
    else
        keras_h5_object_close(&t->dataset);
    return status;
}

static retune_status add_layer(retune_format_reader *reader, const keras_h5_object *model,
                               const char *layer, retune_error *error) {
    keras_h5_object group;
    keras_h5_texts weights = {0};
    bool nested = false;
    retune_status status = keras_h5_object_open(model, layer, &group, error);
    if (status == RETUNE_OK && group.is_dataset)
        status = keras_h5_fail(&group, error, RETUNE_CORRUPT, "a dataset, not a layer's group");
    if (status == RETUNE_OK)
        status = keras_h5_texts_read(&group, "weight_names", &weights, error);
    if (status == RETUNE_OK)
        status = is_nested_model(&group, &weights, &nested, error);
    for (size_t i = 0; status == RETUNE_OK && i < weights.count; i++)
        status = add_weight(reader, &group, layer, weights.items[i], nested, error);
    keras_h5_texts_free(&weights);
    keras_h5_object_close(&group);
    return status;
}

static retune_status add_layers(retune_format_reader *reader, const keras_h5_object *model,
                                retune_error *error) {
    keras_h5_texts layers;
    retune_status status = keras_h5_texts_read(model, "layer_names", &layers, error);
    for (size_t i = 0; status == RETUNE_OK && i < layers.count; i++)
        status = add_layer(reader, model, layers.items[i], error);
    keras_h5_texts_free(&layers);
    if (status == RETUNE_OK)
        status = check_names_unique(reader, error);
    return status;
}

static retune_status read_description(retune_format_reader *reader, const keras_h5_object *root,
                                      retune_error *error) {
    if (!keras_h5_attribute_exists(root, "model_config"))
        return RETUNE_OK;
    retune_status status = keras_h5_texts_read(root, "model_config", &reader->description, error);
    if (status == RETUNE_OK && reader->description.count != 1)
        status = keras_h5_fail(root, error, RETUNE_CORRUPT, "attribute model_config is no text");
    return status;
}

static retune_status read_contents(retune_format_reader *reader, retune_error *error) {
    keras_h5_object root, model = {.id = H5I_INVALID_HID};
    retune_status status = keras_h5_object_open_root(reader->id, &reader->file, &root, error);
    if (status != RETUNE_OK)
        return status;
    status = read_description(reader, &root, error);
    if (status == RETUNE_OK && !keras_h5_object_has(&root, "model_weights")) {
        status = add_layers(reader, &root, error);
    } else if (status == RETUNE_OK) {
        status = keras_h5_object_open(&root, "model_weights", &model, error);
        if (status == RETUNE_OK)
            status = add_layers(reader, &model, error);
    }
    keras_h5_object_close(&model);
    keras_h5_object_close(&root);
    return status;
}

/* ---- The table's functions ----------------------------------------------------------------- */

/* Inside a session. */
static void release(retune_format_reader *reader) {
    for (size_t i = 0; i < reader->count; i++)
        keras_h5_object_close(&reader->tensors[i].dataset);
    if (reader->id >= 0)
        H5Fclose(reader->id);
    close_descriptor(reader);
    keras_h5_texts_free(&reader->description);
    free(reader->tensors);
    free(reader->path);
    free(reader);
}

retune_status keras_h5_reader_open(const char *path, retune_format_reader **out_reader,
                                   retune_error *error) {
    *out_reader = NULL;
    keras_h5_file unread = {.name = path, .descriptor = -1};
    keras_h5_object nowhere = {.id = H5I_INVALID_HID, .file = &unread};
    retune_format_reader *reader = calloc(1, sizeof *reader);
    char *copy = strdup(path);
    if (!reader || !copy) {
        free(reader);
        free(copy);
        return keras_h5_fail(&nowhere, error, RETUNE_OUT_OF_MEMORY, "no memory for a reader");
    }
    *reader = (retune_format_reader){
        .whole = nowhere, .path = copy, .file = unread, .id = H5I_INVALID_HID};
    reader->file.name = copy;
    reader->whole.file = &reader->file;

    keras_h5_session session;
    keras_h5_session_begin(&session);
    retune_status status = open_descriptor(reader, error);
    if (status == RETUNE_OK)
        status = open_file(reader, error);
    if (status == RETUNE_OK)
        status = read_geometry(reader, error);
    if (status == RETUNE_OK)
        status = read_contents(reader, error);
    if (status == RETUNE_OK) {
        close_descriptor(reader); /* from here on, HDF5's own is enough */
        *out_reader = reader;
    } else {
        release(reader);
    }
    keras_h5_session_end(&session);
    return status;
}

void keras_h5_reader_close(retune_format_reader *reader) {
    if (!reader)
        return;
    keras_h5_session session;
    keras_h5_session_begin(&session);
    release(reader);
    keras_h5_session_end(&session);
}

size_t keras_h5_reader_tensor_count(const retune_format_reader *reader) {
    return reader->count;
}

static retune_status check_index(const retune_format_reader *reader, size_t index,
                                 retune_error *error) {
    if (index < reader->count)
        return RETUNE_OK;
    return keras_h5_fail(&reader->whole, error, RETUNE_INVALID, "tensor %zu of %zu", index,
                         reader->count);
}

retune_status keras_h5_reader_tensor_info(const retune_format_reader *reader, size_t index,
                                          retune_format_tensor *out_tensor, retune_error *error) {
    *out_tensor = (retune_format_tensor){.struct_size = (uint32_t)sizeof *out_tensor};
    retune_status status = check_index(reader, index, error);
    if (status != RETUNE_OK)
        return status;
    out_tensor->desc = reader->tensors[index].layout.desc;
    memcpy(out_tensor->name, reader->tensors[index].name, sizeof out_tensor->name);
    return RETUNE_OK;
}

/* Reads a transposed tensor by way of a second buffer. */
static retune_status read_transposed(const tensor *t, float *values, retune_error *error) {
    float *stored = malloc((size_t)t->shape.elements * sizeof *stored);
    if (!stored)
        return keras_h5_fail(&t->dataset, error, RETUNE_OUT_OF_MEMORY, "no memory for %llu floats",
                             (unsigned long long)t->shape.elements);
    retune_status status = keras_h5_dataset_read(&t->dataset, &t->shape, stored, error);
    if (status == RETUNE_OK)
        keras_h5_transpose(stored, t->layout.rows, t->layout.columns, values);
    free(stored);
    return status;
}

retune_status keras_h5_reader_tensor_read(retune_format_reader *reader, size_t index, void *data,
                                          size_t bytes, retune_error *error) {
    retune_status status = check_index(reader, index, error);
    if (status != RETUNE_OK)
        return status;
    const tensor *t = &reader->tensors[index];
    if (bytes != t->shape.elements * sizeof(float))
        return keras_h5_fail(&t->dataset, error, RETUNE_INVALID, "needs %llu bytes, not %zu",
                             (unsigned long long)(t->shape.elements * sizeof(float)), bytes);
    keras_h5_session session;
    keras_h5_session_begin(&session);
    status = t->layout.transposed ? read_transposed(t, data, error)
                                  : keras_h5_dataset_read(&t->dataset, &t->shape, data, error);
    keras_h5_session_end(&session);
    return status;
}

const char *keras_h5_reader_metadata(const retune_format_reader *reader) {
    return reader->description.count ? reader->description.items[0] : NULL;
}
