#include "config/key.h"

#include "config/config.h"

#include <string.h>

/* A constant, so that its address and text live for ever. */
static const retune_key keys[] = {
#define OFFSET(section, key) offsetof(retune_config, section##_##key)
#define RETUNE_KEY_TEXT(section, key, value, allowed, description)                                 \
    {RETUNE_KEY_TYPE_TEXT, #section, #key, value, allowed, description,                            \
     OFFSET(section, key), {{0}}},
#define RETUNE_KEY_PATH(section, key, value, description)                                          \
    {RETUNE_KEY_TYPE_PATH, #section, #key, value, "path", description, OFFSET(section, key), {{0}}},
#define RETUNE_KEY_LIST(section, key, value, allowed, description)                                 \
    {RETUNE_KEY_TYPE_LIST, #section, #key, value, allowed, description,                            \
     OFFSET(section, key), {{0}}},
#define RETUNE_KEY_CHOICE(section, key, value, allowed, description)                               \
    {RETUNE_KEY_TYPE_CHOICE, #section, #key, value, allowed, description,                          \
     OFFSET(section, key),   {{0}}},
#define RETUNE_KEY_INTEGER(section, key, value, low, high, description)                            \
    {RETUNE_KEY_TYPE_INTEGER,                                                                      \
     #section,                                                                                     \
     #key,                                                                                         \
     value,                                                                                        \
     #low ".." #high,                                                                              \
     description,                                                                                  \
     OFFSET(section, key),                                                                         \
     {.integer = {low, high}}},
#define RETUNE_KEY_NUMBER(section, key, value, low, high, description)                             \
    {RETUNE_KEY_TYPE_NUMBER,                                                                       \
     #section,                                                                                     \
     #key,                                                                                         \
     value,                                                                                        \
     #low ".." #high,                                                                              \
     description,                                                                                  \
     OFFSET(section, key),                                                                         \
     {.number = {low, high}}},
#include "config/keys.def"
};

size_t retune_key_count(void) {
    return sizeof keys / sizeof *keys;
}

const retune_key *retune_key_at(size_t index) {
    return index < retune_key_count() ? &keys[index] : NULL;
}

const retune_key *retune_key_find(const char *section, const char *key, size_t *out_index) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, key) == 0) {
            if (out_index)
                *out_index = i;
            return &keys[i];
        }
    }
    return NULL;
}

bool retune_key_section_exists(const char *section) {
    for (size_t i = 0; i < retune_key_count(); i++)
        if (strcmp(keys[i].section, section) == 0)
            return true;
    return false;
}

const char *retune_key_next_choice(const char **cursor, size_t *out_length) {
    static const char separator[] = " | ";
    const char *choice = *cursor;
    if (*choice == '\0')
        return NULL;
    const char *end = strstr(choice, separator);
    *out_length = end ? (size_t)(end - choice) : strlen(choice);
    *cursor = end ? end + strlen(separator) : choice + *out_length;
    return choice;
}
