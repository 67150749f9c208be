/* JSON into a buffer of fixed size, without allocating; what does not fit is counted, as snprintf
 * does. The text is NUL-terminated from retune_json_start on, whenever there is room for a NUL.
 *
 *   retune_json json = retune_json_start(text, size);
 *   retune_json_open(&json, NULL, '{');
 *   retune_json_text(&json, "event", "model");
 *   retune_json_close(&json, '}');
 */
#ifndef RETUNE_REPORT_JSON_WRITER_H
#define RETUNE_REPORT_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct retune_json {
    char *text;
    size_t size;
    size_t length; /* of the whole text, without the NUL, also beyond `size` */
    bool comma;    /* a value stands before, in the same object or array */
} retune_json;

retune_json retune_json_start(char *text, size_t size);

/* A member of an object, or with `key` NULL an element of an array. */
void retune_json_open(retune_json *json, const char *key, char bracket); /* '{' or '[' */
void retune_json_close(retune_json *json, char bracket);                 /* '}' or ']' */

/* NULL becomes null, and each byte that is no UTF-8 a U+FFFD. */
void retune_json_text(retune_json *json, const char *key, const char *value);
void retune_json_integer(retune_json *json, const char *key, uint64_t value);

/* In up to `digits` (1..17) significant digits, the same in every locale; null unless finite. */
void retune_json_number(retune_json *json, const char *key, double value, int digits);

#endif
