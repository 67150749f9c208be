/* The sections [backend.<name>]: keys that only the backend of that name knows. */
#ifndef RETUNE_CONFIG_SECTIONS_H
#define RETUNE_CONFIG_SECTIONS_H

#include "retune/types.h"

/* The options of one backend, in order of appearance. `origins` runs beside them. */
typedef struct retune_section {
    char *title;            /* "backend.cpu" */
    const char *name;       /* "cpu", inside the title */
    retune_option *options; /* keys and values are owned */
    char **origins;
    size_t count, option_capacity, origin_capacity;
} retune_section;

typedef struct retune_sections {
    retune_section *items;
    size_t count, capacity;
} retune_sections;

#define RETUNE_SECTION_PREFIX "backend."

/* Sets an option, in place when it is there already. INVALID, without naming the key: names are
 * at most 40 letters, digits, '_' and '-'. */
retune_status retune_sections_set(retune_sections *sections, const char *name, const char *key,
                                  const char *value, const char *origin, retune_error *error);

/* NULL when there is no such section. */
const retune_section *retune_sections_find(const retune_sections *sections, const char *name);

void retune_sections_free(retune_sections *sections);

#endif
