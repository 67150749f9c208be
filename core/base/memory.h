/* Allocation with checked sizes. Everything is released with free(). */
#ifndef RETUNE_BASE_MEMORY_H
#define RETUNE_BASE_MEMORY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdlib.h>

/* a * b and a + b; false when the result does not fit. */
static inline bool retune_size_multiply(size_t a, size_t b, size_t *out_product) {
    return !__builtin_mul_overflow(a, b, out_product);
}
static inline bool retune_size_add(size_t a, size_t b, size_t *out_sum) {
    return !__builtin_add_overflow(a, b, out_sum);
}

/* Zeroed array of `count` elements of `size` bytes; `what` names it in the error. Zero elements
 * still give a pointer that can be freed. `out_memory` is the address of any object pointer. */
retune_status retune_allocate(size_t count, size_t size, const char *what, void *out_memory,
                              retune_error *error);

/* Makes room for one more element in an array that grows by doubling. `array` is the address of an
 * object pointer; `count` is what is in use. The new element is zeroed. */
retune_status retune_grow(void *array, size_t *capacity, size_t count, size_t size,
                          const char *what, retune_error *error);

/* Copy of `text`. */
retune_status retune_copy_text(const char *text, char **out_text, retune_error *error);

/* printf into new memory. */
retune_status retune_format_text(char **out_text, retune_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Memory aligned to 64 bytes, zeroed, for tensors that backends may use in place. */
retune_status retune_allocate_aligned(size_t bytes, const char *what, void *out_memory,
                                      retune_error *error);

#endif
