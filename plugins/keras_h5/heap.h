/* Strings of variable length, fetched from the file's global heaps without libhdf5.
 *
 * An attribute of such strings holds references: 4 bytes of length, 8 of the address of a heap, 4
 * of an object's number in it. libhdf5 (1.10) follows them without comparing the length with the
 * object's, nor the object's with the heap's, and writes beyond its buffers on a damaged file. The
 * format of a heap is simple, so it is read here. */
#ifndef KERAS_H5_HEAP_H
#define KERAS_H5_HEAP_H

#include "object.h"

#define KERAS_H5_REFERENCE_BYTES 16
#define KERAS_H5_HEAP_MAX        ((uint64_t)64 << 20) /* bytes of a heap */

/* The heap that was needed last. All zero: none yet. */
typedef struct keras_h5_heap {
    uint64_t address;
    unsigned char *bytes; /* owned */
    size_t size;
} keras_h5_heap;

/* Fetches the string behind a reference as found in the file; free it. CORRUPT: a null string, or
 * the reference, the heap or the object in it contradict each other or the file. Errors name `at`
 * and `what`. */
retune_status keras_h5_heap_fetch(keras_h5_heap *heap, const keras_h5_object *at, const char *what,
                                  const unsigned char reference[KERAS_H5_REFERENCE_BYTES],
                                  char **out_text, retune_error *error);
void keras_h5_heap_free(keras_h5_heap *heap);

#endif
