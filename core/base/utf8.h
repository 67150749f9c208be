/* Checks on text that came from a file. */
#ifndef RETUNE_BASE_UTF8_H
#define RETUNE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True when `size` bytes are well-formed UTF-8: no overlong forms, surrogates or numbers beyond
 * U+10FFFF. `out_offset`, which may be NULL, gets the first byte of the first bad sequence, or
 * `size`. */
bool retune_utf8_is_valid(const void *data, size_t size, size_t *out_offset);

/* True when NUL-terminated text is UTF-8 without control characters: fit to stand in one line. */
bool retune_utf8_is_line(const char *text);

#endif
