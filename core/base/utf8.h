/* Checks on text that came from a file. */
#ifndef RETUNE_BASE_UTF8_H
#define RETUNE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed sequence at `data`, of which `size` (at least 1) may be read; 0 when
 * there is none. Text that ends with a NUL may be given any size: no sequence goes on beyond a NUL.
 */
size_t retune_utf8_sequence(const void *data, size_t size);

/* True when `size` bytes are well-formed UTF-8: no overlong forms, surrogates or numbers beyond
 * U+10FFFF. `out_offset`, which may be NULL, gets the first byte of the first bad sequence, or
 * `size`. */
bool retune_utf8_is_valid(const void *data, size_t size, size_t *out_offset);

/* True when NUL-terminated text is UTF-8 without control characters: fit to stand in one line. */
bool retune_utf8_is_line(const char *text);

#endif
