#include "chunks.h"

#include <stdlib.h>
#include <zlib.h>

/* ---- Description --------------------------------------------------------------------------- */

/* Notes filter `index` of the pipeline. Deflate and fletcher32 come once, in this order, and
 * nothing but fletcher32 after deflate, so that a stored chunk starts with its deflate stream. */
static retune_status note_filter(const keras_h5_object *dataset, hid_t creation, unsigned index,
                                 keras_h5_chunks *chunks, retune_error *error) {
    size_t values = 0;
    char name[64] = "";
    H5Z_filter_t filter =
        H5Pget_filter2(creation, index, NULL, &values, NULL, sizeof name - 1, name, NULL);
    if (filter < 0)
        return keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "its filters cannot be read");
    unsigned bit = 1u << index;
    switch (filter) {
    case H5Z_FILTER_SHUFFLE:
        if (!chunks->deflate && !chunks->fletcher32)
            return RETUNE_OK;
        break;
    case H5Z_FILTER_DEFLATE:
        if (!chunks->deflate && !chunks->fletcher32) {
            chunks->deflate = bit;
            return RETUNE_OK;
        }
        break;
    case H5Z_FILTER_FLETCHER32:
        if (!chunks->fletcher32) {
            chunks->fletcher32 = bit;
            return RETUNE_OK;
        }
        break;
    default:
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "filter %d", (int)filter);
    }
    return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "filters in an unusual order");
}

static retune_status measure_chunks(const keras_h5_object *dataset, const keras_h5_shape *shape,
                                    size_t element_bytes, keras_h5_chunks *chunks,
                                    retune_error *error) {
    uint64_t elements = 1, count = 1;
    for (unsigned d = 0; d < chunks->rank; d++) {
        hsize_t dim = chunks->dims[d];
        if (dim == 0)
            return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "a chunk of no elements");
        if (__builtin_mul_overflow(elements, dim, &elements) || elements > KERAS_H5_ELEMENTS_MAX)
            return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED,
                                 "a chunk of more than %llu elements",
                                 (unsigned long long)KERAS_H5_ELEMENTS_MAX);
        count *= (shape->dims[d] - 1) / dim + 1; /* at most the number of elements */
    }
    if (count > KERAS_H5_CHUNKS_MAX)
        return keras_h5_fail(dataset, error, RETUNE_UNSUPPORTED, "%llu chunks, more than %d",
                             (unsigned long long)count, KERAS_H5_CHUNKS_MAX);
    chunks->bytes = elements * element_bytes;
    return RETUNE_OK;
}

retune_status keras_h5_chunks_describe(const keras_h5_object *dataset, hid_t creation,
                                       const keras_h5_shape *shape, size_t element_bytes,
                                       keras_h5_chunks *out_chunks, retune_error *error) {
    *out_chunks = (keras_h5_chunks){.rank = shape->rank};
    if (H5Pget_chunk(creation, KERAS_H5_RANK_MAX, out_chunks->dims) != (int)shape->rank)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "its chunks have another rank");
    int filters = H5Pget_nfilters(creation);
    if (filters < 0)
        return keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "its filters cannot be read");
    out_chunks->filtered = filters > 0;
    retune_status status = RETUNE_OK;
    for (unsigned i = 0; status == RETUNE_OK && i < (unsigned)filters; i++)
        status = note_filter(dataset, creation, i, out_chunks, error);
    if (status == RETUNE_OK)
        status = measure_chunks(dataset, shape, element_bytes, out_chunks, error);
    return status;
}

/* ---- Verification -------------------------------------------------------------------------- */

/* Counts what a deflate stream comes to, without keeping it. Stops beyond `limit`. False when the
 * stream is broken. */
static bool inflated_bytes(const unsigned char *data, size_t size, uint64_t limit,
                           uint64_t *out_bytes) {
    unsigned char scratch[16384];
    /* zlib takes its input without writing to it, but not as const. */
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)data, .avail_in = (uInt)size};
    int answer = inflateInit(&stream);
    *out_bytes = 0;
    while (answer == Z_OK && *out_bytes <= limit) {
        stream.next_out = scratch;
        stream.avail_out = sizeof scratch;
        answer = inflate(&stream, Z_NO_FLUSH);
        *out_bytes += sizeof scratch - stream.avail_out;
    }
    inflateEnd(&stream);
    return answer == Z_STREAM_END || *out_bytes > limit;
}

/* Checks one chunk as it is stored. A set bit in `skipped` says that a filter was not applied. */
static retune_status verify_stored(const keras_h5_object *dataset, const keras_h5_chunks *chunks,
                                   const unsigned char *data, uint64_t size, unsigned skipped,
                                   retune_error *error) {
    uint64_t checksum = (chunks->fletcher32 & ~skipped) ? 4 : 0, bytes = 0;
    if (!(chunks->deflate & ~skipped)) {
        bytes = size;
        if (size >= checksum)
            bytes -= checksum;
    } else if (!inflated_bytes(data, (size_t)size, chunks->bytes, &bytes)) {
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "a chunk is no deflate stream");
    }
    if (bytes != chunks->bytes)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "a chunk does not come to %llu bytes",
                             (unsigned long long)chunks->bytes);
    return RETUNE_OK;
}

/* Checks the chunk that begins at `offset`. `buffer` grows as needed.
 *
 * H5Dread_chunk fills as much as the file's index says, which is the size asked for before only
 * when there are filters; without, nothing needs decoding. */
static retune_status verify_chunk(const keras_h5_object *dataset, const keras_h5_chunks *chunks,
                                  const hsize_t *offset, unsigned char **buffer, hsize_t *capacity,
                                  retune_error *error) {
    hsize_t stored = 0;
    uint32_t skipped = 0;
    if (H5Dget_chunk_storage_size(dataset->id, offset, &stored) < 0 || stored == 0)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "a chunk is missing");
    if (!chunks->filtered)
        return verify_stored(dataset, chunks, NULL, stored, 0, error);
    /* Deflate adds a few bytes to what it cannot compress, never as much again. */
    if (stored > chunks->bytes * 2 + 64)
        return keras_h5_fail(dataset, error, RETUNE_CORRUPT, "a chunk is stored in %llu bytes",
                             (unsigned long long)stored);
    if (stored > *capacity) {
        unsigned char *larger = realloc(*buffer, stored);
        if (!larger)
            return keras_h5_fail(dataset, error, RETUNE_OUT_OF_MEMORY, "no memory for a chunk");
        *buffer = larger;
        *capacity = stored;
    }
    if (H5Dread_chunk(dataset->id, H5P_DEFAULT, offset, &skipped, *buffer) < 0)
        return keras_h5_fail_library(dataset, error, RETUNE_CORRUPT, "a chunk cannot be read");
    return verify_stored(dataset, chunks, *buffer, stored, skipped, error);
}

/* Moves `offset` to the next chunk, the last dimension fastest; false after the last. */
static bool next_chunk(const keras_h5_shape *shape, const keras_h5_chunks *chunks,
                       hsize_t *offset) {
    for (unsigned d = chunks->rank; d-- > 0;) {
        offset[d] += chunks->dims[d];
        if (offset[d] < shape->dims[d])
            return true;
        offset[d] = 0;
    }
    return false;
}

retune_status keras_h5_chunks_verify(const keras_h5_object *dataset, const keras_h5_shape *shape,
                                     const keras_h5_chunks *chunks, retune_error *error) {
    hsize_t offset[KERAS_H5_RANK_MAX] = {0}, capacity = 0;
    unsigned char *buffer = NULL;
    retune_status status;
    do
        status = verify_chunk(dataset, chunks, offset, &buffer, &capacity, error);
    while (status == RETUNE_OK && next_chunk(shape, chunks, offset));
    free(buffer);
    return status;
}
