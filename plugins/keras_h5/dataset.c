#include "dataset.h"

#include "chunks.h"

/* ---- Shape --------------------------------------------------------------------------------- */

static retune_status read_shape(const keras_h5_object *dataset, hid_t space, keras_h5_shape *shape,
                                retune_error *error) {
    hsize_t dims[KERAS_H5_RANK_MAX];
    H5S_class_t class = H5Sget_simple_extent_type(space);
    if (class != H5S_SCALAR && class != H5S_SIMPLE)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "has no shape");
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0)
        return keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "has no shape");
    if (rank > KERAS_H5_RANK_MAX)
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "rank %d, above %d", rank,
                             KERAS_H5_RANK_MAX);
    shape->rank = (unsigned)rank;
    shape->elements = 1;
    if (rank > 0 && H5Sget_simple_extent_dims(space, dims, NULL) < 0)
        return keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "has no shape");
    for (unsigned d = 0; d < shape->rank; d++) {
        shape->dims[d] = dims[d];
        if (shape->dims[d] == 0)
            return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "dimension %u is 0", d);
        if (__builtin_mul_overflow(shape->elements, shape->dims[d], &shape->elements) ||
            shape->elements > KERAS_H5_ELEMENTS_MAX)
            return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED,
                                 "a tensor of more than %llu elements",
                                 (unsigned long long)KERAS_H5_ELEMENTS_MAX);
    }
    return RETUNE_OK;
}

/* ---- Element type -------------------------------------------------------------------------- */

/* The floats of IEEE 754, as HDF5 describes them: positions and widths in bits. HDF5 would convert
 * odder ones too, but no Keras writes them and little else exercises that code. */
static const struct float_layout {
    size_t bytes, sign, exponent, exponent_bits, mantissa, mantissa_bits, bias;
} float_layouts[] = {
    {2, 15, 10, 5, 0, 10, 15},
    {4, 31, 23, 8, 0, 23, 127},
    {8, 63, 52, 11, 0, 52, 1023},
};

static bool is_ieee_float(hid_t type) {
    struct float_layout is = {.bytes = H5Tget_size(type), .bias = H5Tget_ebias(type)};
    H5T_order_t order = H5Tget_order(type);
    if (H5Tget_fields(type, &is.sign, &is.exponent, &is.exponent_bits, &is.mantissa,
                      &is.mantissa_bits) < 0 ||
        (order != H5T_ORDER_LE && order != H5T_ORDER_BE) || H5Tget_norm(type) != H5T_NORM_IMPLIED ||
        H5Tget_offset(type) != 0 || H5Tget_precision(type) != 8 * is.bytes)
        return false;
    for (size_t i = 0; i < sizeof float_layouts / sizeof float_layouts[0]; i++) {
        const struct float_layout *f = &float_layouts[i];
        if (is.bytes == f->bytes && is.sign == f->sign && is.exponent == f->exponent &&
            is.exponent_bits == f->exponent_bits && is.mantissa == f->mantissa &&
            is.mantissa_bits == f->mantissa_bits && is.bias == f->bias)
            return true;
    }
    return false;
}

static retune_status check_type(const keras_h5_object *dataset, hid_t type, retune_error *error) {
    H5T_class_t class = H5Tget_class(type);
    if (class == H5T_INTEGER)
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "holds integers, not floats");
    if (class != H5T_FLOAT || !is_ieee_float(type))
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED,
                             "holds no floats of 16, 32 or 64 bits");
    return RETUNE_OK;
}

/* ---- Storage ------------------------------------------------------------------------------- */

/* Comes before everything else: HDF5 opens the files a virtual dataset names just to tell its
 * shape.
 */
static retune_status check_layout(const keras_h5_object *dataset, hid_t creation,
                                  retune_error *error) {
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_VIRTUAL)
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "a virtual dataset");
    if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED)
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "an unknown storage layout");
    if (H5Pget_external_count(creation) != 0)
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "stored in other files");
    return RETUNE_OK;
}

/* A contiguous or compact dataset stores exactly its elements, in the file. */
static retune_status check_plain_storage(const keras_h5_object *dataset, H5D_layout_t layout,
                                         uint64_t stored, uint64_t needed, retune_error *error) {
    if (stored != needed)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT,
                             "stores %llu bytes where its shape needs %llu",
                             (unsigned long long)stored, (unsigned long long)needed);
    if (layout == H5D_COMPACT)
        return RETUNE_OK;
    haddr_t offset = H5Dget_offset(dataset->id);
    if (offset == HADDR_UNDEF || offset > dataset->file->bytes ||
        stored > dataset->file->bytes - offset)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT,
                             "its values lie beyond the end of the file");
    return RETUNE_OK;
}

static retune_status check_chunked_storage(const keras_h5_object *dataset,
                                           const keras_h5_chunks *chunks, uint64_t stored,
                                           uint64_t needed, retune_error *error) {
    uint64_t expansion = chunks->deflate ? KERAS_H5_EXPANSION : 1;
    if (stored > dataset->file->bytes)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "its chunks are larger than the file");
    if (needed / expansion > stored || stored == 0)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT,
                             "stores %llu bytes where its shape needs %llu%s",
                             (unsigned long long)stored, (unsigned long long)needed,
                             chunks->deflate ? ", more than compression explains" : "");
    return RETUNE_OK;
}

static retune_status check_storage(const keras_h5_object *dataset, hid_t creation, hid_t type,
                                   const keras_h5_shape *shape, retune_error *error) {
    keras_h5_chunks chunks;
    size_t element_bytes = H5Tget_size(type);
    uint64_t needed = shape->elements * element_bytes; /* fits: both are limited */
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout != H5D_CHUNKED)
        return check_plain_storage(dataset, layout, H5Dget_storage_size(dataset->id), needed,
                                   error);
    retune_status status =
        keras_h5_chunks_describe(dataset, creation, shape, element_bytes, &chunks, error);
    if (status == RETUNE_OK)
        status = check_chunked_storage(dataset, &chunks, H5Dget_storage_size(dataset->id), needed,
                                       error);
    return status;
}

/* ---- The whole ----------------------------------------------------------------------------- */

retune_status keras_h5_dataset_check(const keras_h5_object *dataset, keras_h5_shape *out_shape,
                                     retune_error *error) {
    hid_t space = H5I_INVALID_HID, type = H5I_INVALID_HID;
    *out_shape = (keras_h5_shape){0};
    hid_t creation = H5Dget_create_plist(dataset->id);
    retune_status status =
        creation < 0 ? keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "cannot be looked at")
                     : check_layout(dataset, creation, error);
    if (status != RETUNE_OK)
        goto done;
    space = H5Dget_space(dataset->id);
    type = H5Dget_type(dataset->id);
    if (space < 0 || type < 0)
        status = keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "cannot be looked at");
    if (status == RETUNE_OK)
        status = read_shape(dataset, space, out_shape, error);
    if (status != RETUNE_OK || out_shape->rank == 0)
        goto done;
    status = check_type(dataset, type, error);
    if (status == RETUNE_OK)
        status = check_storage(dataset, creation, type, out_shape, error);
done:
    if (type >= 0)
        H5Tclose(type);
    if (space >= 0)
        H5Sclose(space);
    if (creation >= 0)
        H5Pclose(creation);
    return status;
}

/* Chunks are decoded once more to be sure of their sizes; see chunks.h. */
static retune_status verify_chunks(const keras_h5_object *dataset, const keras_h5_shape *shape,
                                   retune_error *error) {
    keras_h5_chunks chunks;
    retune_status status = RETUNE_OK;
    hid_t type = H5Dget_type(dataset->id), creation = H5Dget_create_plist(dataset->id);
    if (type < 0 || creation < 0) {
        status = keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "cannot be looked at");
    } else if (H5Pget_layout(creation) == H5D_CHUNKED) {
        status =
            keras_h5_chunks_describe(dataset, creation, shape, H5Tget_size(type), &chunks, error);
        if (status == RETUNE_OK)
            status = keras_h5_chunks_verify(dataset, shape, &chunks, error);
    }
    if (creation >= 0)
        H5Pclose(creation);
    if (type >= 0)
        H5Tclose(type);
    return status;
}

retune_status keras_h5_dataset_read(const keras_h5_object *dataset, const keras_h5_shape *shape,
                                    float *values, retune_error *error) {
    retune_status status = verify_chunks(dataset, shape, error);
    if (status == RETUNE_OK &&
        H5Dread(dataset->id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        status = keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "cannot be read");
    return status;
}
