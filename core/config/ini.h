/* The sections, keys and values of an INI file in order, each with its line. What they mean is not
 * known here.
 *
 *   [section]
 *   key = value        ; comments begin a line (';' or '#') or follow a blank (';')
 *   long = first, \
 *          second      ; a backslash joins lines, without the blanks around the break
 */
#ifndef RETUNE_CONFIG_INI_H
#define RETUNE_CONFIG_INI_H

#include "base/status.h"

/* A section begins (`key` NULL), or a value is set. */
typedef struct retune_ini_entry {
    char *section, *key, *value;
    size_t line; /* from 1 */
} retune_ini_entry;

typedef struct retune_ini {
    retune_ini_entry *entries;
    size_t count, capacity;
} retune_ini;

/* Reads a file of at most 1 MiB; UTF-8 with or without byte order mark, either line end. IO: it
 * cannot be read. INVALID: "file:line: what is wrong", the first fault in the file. */
retune_status retune_ini_read(const char *path, retune_ini *out_ini, retune_error *error);
void retune_ini_free(retune_ini *ini);

#endif
