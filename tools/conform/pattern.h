/* Patterns of lines, and files of them. */
#ifndef RETUNE_CONFORM_PATTERN_H
#define RETUNE_CONFORM_PATTERN_H

#include "retune/types.h"

#include <stdbool.h>

/* True when the whole text fits: `*` stands for any text, everything else for itself. */
bool pattern_fits(const char *wanted, const char *text);

typedef struct pattern {
    char *text;
    size_t line; /* in the file */
    size_t used; /* how often it fitted */
} pattern;

typedef struct pattern_list {
    const char *path;
    pattern *items;
    size_t count, capacity;
} pattern_list;

/* One pattern a line; blank lines and those that begin with # say nothing. IO: the file cannot be
 * read. INVALID: it holds a NUL byte. `path` outlives the list. Free with pattern_list_free. */
retune_status pattern_list_read(const char *path, pattern_list *out_list, retune_error *error);
void pattern_list_free(pattern_list *list);

/* True when a pattern of the list fits; all that fit are counted as used. */
bool pattern_list_fits(pattern_list *list, const char *text);

#endif
