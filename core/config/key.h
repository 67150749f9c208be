/* The table of keys.def as data: what `explain`, the parser and the reference go by. */
#ifndef RETUNE_CONFIG_KEY_H
#define RETUNE_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum retune_key_type {
    RETUNE_KEY_TYPE_TEXT,
    RETUNE_KEY_TYPE_PATH,
    RETUNE_KEY_TYPE_LIST,
    RETUNE_KEY_TYPE_CHOICE,
    RETUNE_KEY_TYPE_INTEGER,
    RETUNE_KEY_TYPE_NUMBER
} retune_key_type;

typedef struct retune_key {
    retune_key_type type;
    const char *section, *key;
    const char *default_value; /* as a user would write it */
    const char *allowed;       /* "1..65536", "a | b", "path", or words */
    const char *description;
    size_t offset; /* of the member in retune_config */
    union {
        struct {
            int64_t minimum, maximum;
        } integer;
        struct {
            double minimum, maximum;
        } number;
    } limit;
} retune_key;

/* The rows, in the order of the reference; NULL from the last on. */
size_t retune_key_count(void);
const retune_key *retune_key_at(size_t index);

/* The row of a key; NULL when there is none. `out_index` may be NULL. */
const retune_key *retune_key_find(const char *section, const char *key, size_t *out_index);

/* True for a section of the table, such as "train". */
bool retune_key_section_exists(const char *section);

/* Steps through "a | b | c": gives the next choice and its length, and moves `cursor`, which starts
 * at the text. NULL at the end. */
const char *retune_key_next_choice(const char **cursor, size_t *out_length);

#endif
