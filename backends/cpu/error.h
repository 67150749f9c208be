/* Filling error objects. */
#ifndef RETUNE_CPU_ERROR_H
#define RETUNE_CPU_ERROR_H

#include "retune/types.h"

/* Writes `format` into the error, as far as the caller's struct reaches (NULL is allowed), and
 * returns `code`. */
retune_status cpu_fail(retune_error *error, retune_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies the first `struct_size` bytes the caller has room for, but never more than `size`, from
 * `source` to an out-struct; the caller's own struct_size stays. INVALID when it is too small to
 * hold even that. */
retune_status cpu_fill_struct(void *out_struct, const void *source, size_t size,
                              retune_error *error);

#endif
