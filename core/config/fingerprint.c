/* What a checkpoint depends on, as one number. */
#include "config/details.h"

#include "base/memory.h"

#include <xxhash.h>

#include <string.h>

/* Settings that change how long or how fast a run goes, not where it goes. */
static bool matters(const retune_key *key) {
    static const char *const sections[] = {"model", "data", "freeze", "train"};
    static const char *const neutral[][2] = {
        {"train", "epochs"}, {"train", "early_stop"}, {"data", "threads"}};
    bool inside = false;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        inside = inside || strcmp(key->section, sections[i]) == 0;
    for (size_t i = 0; i < sizeof neutral / sizeof *neutral; i++)
        if (strcmp(key->section, neutral[i][0]) == 0 && strcmp(key->key, neutral[i][1]) == 0)
            return false;
    return inside;
}

/* Texts go in with their NUL, so that neighbours cannot run together. */
static uint64_t mix_text(uint64_t hash, const char *text) {
    return XXH64(text, strlen(text) + 1, hash);
}

static uint64_t mix_number(uint64_t hash, uint64_t bits) {
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(bits >> (8 * i));
    return XXH64(bytes, sizeof bytes, hash);
}

static uint64_t mix_path(uint64_t hash, const char *path) {
    char *absolute = NULL;
    /* Without a current folder, or memory, the path as given is the best there is. */
    bool known = retune_config_absolute_path(path, &absolute, NULL) == RETUNE_OK;
    hash = mix_text(hash, known ? absolute : path);
    free(absolute);
    return hash;
}

/* The value, not its spelling: 0.2 and 0.20 are the same setting. */
static uint64_t mix_value(uint64_t hash, const retune_key *key, const void *field) {
    switch (key->type) {
    case RETUNE_KEY_TYPE_TEXT:
        return mix_text(hash, *(char *const *)field);
    case RETUNE_KEY_TYPE_PATH:
        return mix_path(hash, *(char *const *)field);
    case RETUNE_KEY_TYPE_LIST: {
        const retune_text_list *list = field;
        for (size_t i = 0; i < list->count; i++)
            hash = mix_text(hash, list->items[i]);
        return mix_number(hash, list->count);
    }
    case RETUNE_KEY_TYPE_CHOICE:
        return mix_number(hash, (uint64_t) * (const int *)field);
    case RETUNE_KEY_TYPE_INTEGER:
        return mix_number(hash, (uint64_t) * (const int64_t *)field);
    case RETUNE_KEY_TYPE_NUMBER: {
        double number = *(const double *)field + 0.0; /* -0 is 0 */
        uint64_t bits;
        memcpy(&bits, &number, sizeof bits);
        return mix_number(hash, bits);
    }
    }
    return hash;
}

uint64_t retune_config_fingerprint(const retune_config *config) {
    uint64_t hash = 0;
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        if (!matters(key))
            continue;
        hash = mix_text(hash, key->section);
        hash = mix_text(hash, key->key);
        hash = mix_value(hash, key, retune_config_field(config, key));
    }
    return hash;
}
