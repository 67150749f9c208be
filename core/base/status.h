/* Filling error objects. */
#ifndef RETUNE_BASE_STATUS_H
#define RETUNE_BASE_STATUS_H

#include "retune/types.h"

#include <stdarg.h>

/* Writes `format` into the error (NULL is allowed) and returns `code`. Text that does not fit is
 * cut. */
retune_status retune_fail(retune_error *error, retune_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the message that is already there, and returns the code in `error`.
 */
retune_status retune_fail_context(retune_error *error, retune_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Shorthand for the error of a failed allocation of `bytes`. */
retune_status retune_fail_memory(retune_error *error, size_t bytes, const char *what);

/* Returns from the calling function when `expression` is not RETUNE_OK. For functions that hold
 * nothing yet; others `goto` their one exit path. */
#define RETUNE_TRY(expression)                                                                     \
    do {                                                                                           \
        retune_status try_status = (expression);                                                   \
        if (try_status != RETUNE_OK)                                                               \
            return try_status;                                                                     \
    } while (0)

#endif
