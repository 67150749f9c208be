/* What the content of some plugin files has to be, from `[backend] plugin_sha256`. A file that is
 * not pinned may have any content. */
#ifndef RETUNE_DEVICE_PIN_H
#define RETUNE_DEVICE_PIN_H

#include "base/status.h"

/* Items are "<file name>:<SHA-256>", the hash in 64 hexadecimal digits of either case. */
typedef struct retune_pins {
    char *const *items;
    size_t count;
} retune_pins;

/* INVALID names an item that is malformed, or a file that is there twice. */
retune_status retune_pins_check(const retune_pins *pins, retune_error *error);

/* The hash that a file must have, or NULL. The pins were checked. */
const char *retune_pins_find(const retune_pins *pins, const char *file_name);

#define RETUNE_SHA256_TEXT_MAX 65

/* Compares the content of the file at `path` with `wanted`. UNAVAILABLE, with both hashes: it is
 * not the same. `out_hash` gets the file's, in lower case. */
retune_status retune_pin_compare(const char *path, const char *wanted,
                                 char out_hash[RETUNE_SHA256_TEXT_MAX], retune_error *error);

/* The same comparison for a file whose hash was taken earlier. */
retune_status retune_pin_compare_hash(const char *path, const char *wanted, const char *hash,
                                      retune_error *error);

#endif
