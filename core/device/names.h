/* A list of texts that owns them: folders searched, plugins found. */
#ifndef RETUNE_DEVICE_NAMES_H
#define RETUNE_DEVICE_NAMES_H

#include "base/status.h"

#include <stdbool.h>

/* Starts zeroed. */
typedef struct retune_names {
    char **items;
    size_t count, capacity;
} retune_names;

/* Adds a copy of the first `length` bytes of `text`, unless the list has it already. */
retune_status retune_names_add(retune_names *names, const char *text, size_t length,
                               retune_error *error);
bool retune_names_have(const retune_names *names, const char *text);
void retune_names_sort(retune_names *names);
void retune_names_free(retune_names *names); /* leaves it zeroed */

/* "a, b, c" into `text`, cut to fit, "none" for an empty list; returns `text`. */
const char *retune_names_text(const retune_names *names, char *text, size_t size);

/* The item a user who wrote `given` may have meant, or NULL when none is near. */
const char *retune_names_nearest(const retune_names *names, const char *given);

#endif
