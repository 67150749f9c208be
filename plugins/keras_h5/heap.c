#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAP_HEADER_BYTES   16 /* "GCOL", version 1, 3 bytes of nothing, size in 8 bytes */
#define OBJECT_HEADER_BYTES 16 /* number in 2 bytes, 6 bytes of others, size in 8 bytes */

static uint64_t read_little(const unsigned char *bytes, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* Reads [address, address + count) of the file. Addresses count from the end of the user block. */
static retune_status read_file(const keras_h5_object *at, uint64_t address, size_t count,
                               unsigned char *out_bytes, retune_error *error) {
    const keras_h5_file *file = at->file;
    uint64_t limit = file->bytes - file->user_block;
    if (address > limit || count > limit - address)
        return keras_h5_fail(at, error, RETUNE_CORRUPT,
                             "refers to text at byte %llu, beyond the end of the file",
                             (unsigned long long)address);
    for (size_t done = 0; done < count;) {
        ssize_t got = pread(file->descriptor, out_bytes + done, count - done,
                            (off_t)(file->user_block + address + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return keras_h5_fail(at, error, RETUNE_IO, "cannot be read: %s",
                                 got < 0 ? strerror(errno) : "the file became shorter");
        done += (size_t)got;
    }
    return RETUNE_OK;
}

static retune_status load_heap(keras_h5_heap *heap, const keras_h5_object *at, uint64_t address,
                               retune_error *error) {
    unsigned char header[HEAP_HEADER_BYTES];
    if (heap->bytes && heap->address == address)
        return RETUNE_OK;
    keras_h5_heap_free(heap);
    retune_status status = read_file(at, address, sizeof header, header, error);
    if (status != RETUNE_OK)
        return status;
    uint64_t size = read_little(header + 8, 8);
    if (memcmp(header, "GCOL\1", 5) != 0 || size < HEAP_HEADER_BYTES)
        return keras_h5_fail(at, error, RETUNE_CORRUPT,
                             "refers to text at byte %llu, where none is",
                             (unsigned long long)address);
    if (size > KERAS_H5_HEAP_MAX)
        return keras_h5_fail(at, error, RETUNE_UNSUPPORTED, "refers to %llu bytes of text",
                             (unsigned long long)size);
    unsigned char *bytes = malloc((size_t)size);
    if (!bytes)
        return keras_h5_fail(at, error, RETUNE_OUT_OF_MEMORY, "no memory for %llu bytes of text",
                             (unsigned long long)size);
    status = read_file(at, address, (size_t)size, bytes, error);
    if (status == RETUNE_OK)
        *heap = (keras_h5_heap){.address = address, .bytes = bytes, .size = (size_t)size};
    else
        free(bytes);
    return status;
}

/* Walks the heap to the object of this number, which is not 0: that is the free space at its end.
 * NULL when it is not there or sticks out. */
static const unsigned char *find_object(const keras_h5_heap *heap, uint64_t number,
                                        uint64_t *out_size) {
    size_t at = HEAP_HEADER_BYTES;
    while (heap->size - at >= OBJECT_HEADER_BYTES) {
        uint64_t its_number = read_little(heap->bytes + at, 2);
        uint64_t size = read_little(heap->bytes + at + 8, 8);
        at += OBJECT_HEADER_BYTES;
        if (its_number == 0 || size > heap->size - at)
            return NULL;
        *out_size = size;
        if (its_number == number)
            return heap->bytes + at;
        uint64_t padded = (size + 7) & ~(uint64_t)7;
        if (padded > heap->size - at)
            return NULL;
        at += (size_t)padded;
    }
    return NULL;
}

retune_status keras_h5_heap_fetch(keras_h5_heap *heap, const keras_h5_object *at, const char *what,
                                  const unsigned char reference[KERAS_H5_REFERENCE_BYTES],
                                  char **out_text, retune_error *error) {
    uint64_t length = read_little(reference, 4), address = read_little(reference + 4, 8);
    uint64_t number = read_little(reference + 12, 4), size = 0;
    const unsigned char *text = (const unsigned char *)"";
    *out_text = NULL;
    if (address == 0)
        return keras_h5_fail(at, error, RETUNE_CORRUPT, "attribute %s has a null string", what);
    if (length > 0) {
        retune_status status = load_heap(heap, at, address, error);
        if (status != RETUNE_OK)
            return status;
        text = find_object(heap, number, &size);
        if (!text || length > size)
            return keras_h5_fail(at, error, RETUNE_CORRUPT,
                                 "attribute %s refers to a string that is not there", what);
    }
    *out_text = strndup((const char *)text, (size_t)length);
    if (!*out_text)
        return keras_h5_fail(at, error, RETUNE_OUT_OF_MEMORY, "no memory for attribute %s", what);
    return RETUNE_OK;
}

void keras_h5_heap_free(keras_h5_heap *heap) {
    free(heap->bytes);
    *heap = (keras_h5_heap){0};
}
