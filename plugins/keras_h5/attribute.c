#include "attribute.h"

#include "heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An attribute that is being read. All but `name` is released by attribute_close. */
typedef struct attribute {
    const char *name;
    hid_t id, space, file_type, memory_type;
    size_t count;
    size_t size; /* of an element in memory: a reference, or the characters and a NUL */
    bool variable;
} attribute;

static void attribute_close(attribute *a) {
    if (a->memory_type >= 0)
        H5Tclose(a->memory_type);
    if (a->file_type >= 0)
        H5Tclose(a->file_type);
    if (a->space >= 0)
        H5Sclose(a->space);
    if (a->id >= 0)
        H5Aclose(a->id);
}

/* Counts the elements: 1 for a scalar, 0 for the empty attribute. */
static retune_status measure_space(const keras_h5_object *object, attribute *a,
                                   retune_error *error) {
    H5S_class_t class = H5Sget_simple_extent_type(a->space);
    hssize_t count = class == H5S_NULL ? 0 : H5Sget_simple_extent_npoints(a->space);
    if (class == H5S_NO_CLASS || count < 0)
        return keras_h5_fail_library(object, error, RETUNE_CORRUPT, "attribute %s has no shape",
                                     a->name);
    if (class == H5S_SIMPLE && H5Sget_simple_extent_ndims(a->space) > 1)
        return keras_h5_fail(object, error, RETUNE_CORRUPT, "attribute %s is no list", a->name);
    if (count > KERAS_H5_TEXTS_MAX)
        return keras_h5_fail(object, error, RETUNE_UNSUPPORTED,
                             "attribute %s has %lld entries, more than %d", a->name,
                             (long long)count, KERAS_H5_TEXTS_MAX);
    a->count = (size_t)count;
    return RETUNE_OK;
}

/* Derives the type in memory. Fixed length: NUL-terminated, of the file's length and character set.
 * Variable length: the bare references. */
static retune_status choose_memory_type(const keras_h5_object *object, attribute *a,
                                        retune_error *error) {
    if (H5Tget_class(a->file_type) != H5T_STRING)
        return keras_h5_fail(object, error, RETUNE_CORRUPT, "attribute %s holds no strings",
                             a->name);
    htri_t variable = H5Tis_variable_str(a->file_type);
    size_t length = H5Tget_size(a->file_type);
    a->variable = variable > 0;
    a->size = a->variable ? KERAS_H5_REFERENCE_BYTES : length + 1;
    if (variable < 0 || length == 0 || length > KERAS_H5_TEXT_MEMORY_MAX ||
        a->size > KERAS_H5_TEXT_MEMORY_MAX / a->count)
        return keras_h5_fail(object, error, RETUNE_UNSUPPORTED,
                             "attribute %s has %zu strings of %zu bytes", a->name, a->count,
                             length);
    a->memory_type = a->variable ? H5Tcreate(H5T_OPAQUE, a->size) : H5Tcopy(H5T_C_S1);
    if (a->memory_type < 0 ||
        (!a->variable && (H5Tset_size(a->memory_type, a->size) < 0 ||
                          H5Tset_cset(a->memory_type, H5Tget_cset(a->file_type)) < 0)))
        return keras_h5_fail_library(object, error, RETUNE_CORRUPT, "attribute %s cannot be read",
                                     a->name);
    return RETUNE_OK;
}

static retune_status attribute_open(const keras_h5_object *object, attribute *a,
                                    retune_error *error) {
    a->id = H5Aopen(object->id, a->name, H5P_DEFAULT);
    if (a->id >= 0)
        a->space = H5Aget_space(a->id);
    if (a->space >= 0)
        a->file_type = H5Aget_type(a->id);
    if (a->file_type < 0)
        return keras_h5_fail_library(object, error, RETUNE_CORRUPT, "attribute %s cannot be opened",
                                     a->name);
    retune_status status = measure_space(object, a, error);
    /* h5py gives a list without entries the type of numbers: there is no string to ask for. */
    if (status != RETUNE_OK || a->count == 0)
        return status;
    return choose_memory_type(object, a, error);
}

/* ---- Values -------------------------------------------------------------------------------- */

/* What HDF5 calls to turn references in the file into opaque bytes: both are the same. */
static herr_t keep_references(hid_t from, hid_t to, H5T_cdata_t *call, size_t count, size_t stride,
                              size_t background_stride, void *elements, void *background,
                              hid_t transfer) {
    (void)count, (void)stride, (void)background_stride, (void)elements, (void)background;
    (void)transfer;
    if (call->command != H5T_CONV_INIT)
        return 0;
    call->need_bkg = H5T_BKG_NO;
    return H5Tget_size(from) == H5Tget_size(to) ? 0 : -1;
}

/* Reads the elements: strings in place, or references. HDF5 is told for the length of the call how
 * to give references away, which spares it the following of them. */
static retune_status read_elements(const keras_h5_object *object, const attribute *a,
                                   unsigned char *elements, retune_error *error) {
    static const char name[] = "retune references";
    if (a->variable &&
        H5Tregister(H5T_PERS_SOFT, name, a->file_type, a->memory_type, keep_references) < 0)
        return keras_h5_fail_library(object, error, RETUNE_INTERNAL, "attribute %s cannot be read",
                                     a->name);
    retune_status status = RETUNE_OK;
    if (H5Aread(a->id, a->memory_type, elements) < 0)
        status = keras_h5_fail_library(object, error, RETUNE_CORRUPT, "attribute %s cannot be read",
                                       a->name);
    if (a->variable)
        H5Tunregister(H5T_PERS_SOFT, name, a->file_type, a->memory_type, keep_references);
    return status;
}

/* Copies the strings of an attribute to the end of `texts`, which has room for them. */
static retune_status copy_texts(const keras_h5_object *object, const attribute *a,
                                const unsigned char *elements, keras_h5_texts *texts,
                                retune_error *error) {
    keras_h5_heap heap = {0};
    retune_status status = RETUNE_OK;
    for (size_t i = 0; status == RETUNE_OK && i < a->count; i++) {
        const unsigned char *element = elements + i * a->size;
        char *copy = NULL;
        if (a->variable)
            status = keras_h5_heap_fetch(&heap, object, a->name, element, &copy, error);
        else if (!(copy = strdup((const char *)element)))
            status = keras_h5_fail(object, error, RETUNE_OUT_OF_MEMORY,
                                   "no memory for attribute %s", a->name);
        if (status == RETUNE_OK)
            texts->items[texts->count++] = copy;
    }
    keras_h5_heap_free(&heap);
    return status;
}

static retune_status append_attribute(const keras_h5_object *object, const char *name,
                                      keras_h5_texts *texts, retune_error *error) {
    attribute a = {.name = name,
                   .id = H5I_INVALID_HID,
                   .space = H5I_INVALID_HID,
                   .file_type = H5I_INVALID_HID,
                   .memory_type = H5I_INVALID_HID};
    unsigned char *elements = NULL;
    retune_status status = attribute_open(object, &a, error);
    if (status != RETUNE_OK || a.count == 0)
        goto done;
    if (texts->count + a.count > KERAS_H5_TEXTS_MAX) {
        status = keras_h5_fail(object, error, RETUNE_UNSUPPORTED,
                               "attribute %s and those before it have more than %d entries", name,
                               KERAS_H5_TEXTS_MAX);
        goto done;
    }
    char **items = realloc(texts->items, (texts->count + a.count) * sizeof *items);
    if (items)
        texts->items = items;
    elements = calloc(a.count, a.size);
    if (!items || !elements) {
        status =
            keras_h5_fail(object, error, RETUNE_OUT_OF_MEMORY, "no memory for attribute %s", name);
        goto done;
    }
    status = read_elements(object, &a, elements, error);
    if (status == RETUNE_OK)
        status = copy_texts(object, &a, elements, texts, error);
done:
    free(elements);
    attribute_close(&a);
    return status;
}

bool keras_h5_attribute_exists(const keras_h5_object *object, const char *name) {
    return H5Aexists(object->id, name) > 0;
}

retune_status keras_h5_texts_read(const keras_h5_object *object, const char *name,
                                  keras_h5_texts *out_texts, retune_error *error) {
    char part[64];
    *out_texts = (keras_h5_texts){0};
    if (keras_h5_attribute_exists(object, name))
        return append_attribute(object, name, out_texts, error);
    for (unsigned i = 0;; i++) {
        snprintf(part, sizeof part, "%s%u", name, i);
        if (i < KERAS_H5_TEXTS_MAX && keras_h5_attribute_exists(object, part)) {
            retune_status status = append_attribute(object, part, out_texts, error);
            if (status != RETUNE_OK)
                return status;
        } else if (i == 0) {
            return keras_h5_fail(object, error, RETUNE_CORRUPT, "no attribute %s", name);
        } else {
            return RETUNE_OK;
        }
    }
}

void keras_h5_texts_free(keras_h5_texts *texts) {
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (keras_h5_texts){0};
}
