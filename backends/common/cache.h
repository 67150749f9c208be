/* Files of the user's cache folder: what took long to find out and can be found out again. A file
 * is written beside its place and renamed into it, so that it is whole or not there; one that is
 * damaged, or that others could have written, counts as not there. */
#ifndef RETUNE_COMMON_CACHE_H
#define RETUNE_COMMON_CACHE_H

#include "retune/types.h"

#include <stdbool.h>

/* Makes the folder and those above it, for its owner alone. IO names the one that failed. */
retune_status backend_cache_open(const char *folder, retune_error *error);

/* The content of folder/name, NULL when there is none that can be trusted. Free it. */
void *backend_cache_read(const char *folder, const char *name, size_t *out_bytes);

/* Replaces folder/name. Failing costs time on the next start and nothing else, so it is silent. */
void backend_cache_write(const char *folder, const char *name, const void *data, size_t bytes);

/* 32 hexadecimal digits that stand for the texts, which a NULL ends. */
void backend_cache_key(char key[33], const char *const *texts);

#endif
