/* Filling error objects. */
#ifndef RETUNE_COMMON_ERROR_H
#define RETUNE_COMMON_ERROR_H

#include "retune/types.h"

#include <stdbool.h>

/* Writes `format` into the error, as far as the caller's struct reaches (NULL is allowed), and
 * returns `code`. */
retune_status backend_fail(retune_error *error, retune_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes why something is refused into `out_reason` and returns false. */
bool backend_explain(char *out_reason, size_t reason_size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies `source`, of `size` bytes, to an out-struct of the same type, but for struct_size and not
 * beyond the struct_size the caller set there. INVALID when that is too small to be one. */
retune_status backend_fill_struct(void *out_struct, const void *source, size_t size,
                                  retune_error *error);

#endif
