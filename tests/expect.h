/* Assertions on statuses that show the message. The expression calls its error `&error`. */
#ifndef RETUNE_TESTS_EXPECT_H
#define RETUNE_TESTS_EXPECT_H

#include <string.h>

#include <criterion/criterion.h>

#include "retune/types.h"

#define assert_ok(expression)                                                                      \
    do {                                                                                           \
        retune_error error = RETUNE_ERROR_INIT;                                                    \
        retune_status given_status = (expression);                                                 \
        cr_assert_eq(given_status, RETUNE_OK, "%s gives %d: %s", #expression, (int)given_status,   \
                     error.message);                                                               \
    } while (0)

/* The status is `code`, and the message holds `part`. */
#define expect_refused(code, part, expression)                                                     \
    do {                                                                                           \
        retune_error error = RETUNE_ERROR_INIT;                                                    \
        retune_status given_status = (expression);                                                 \
        cr_expect_eq(given_status, (code), "%s gives %d: %s", #expression, (int)given_status,      \
                     error.message);                                                               \
        cr_expect_not_null(strstr(error.message, (part)), "\"%s\" is not in \"%s\"", (part),       \
                           error.message);                                                         \
    } while (0)

#endif
