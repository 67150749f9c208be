#include "device/pin.h"

#include <sha256.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

_Static_assert(SHA256_DIGEST_STRING_LENGTH == RETUNE_SHA256_TEXT_MAX, "32 bytes and a NUL");

#define DIGITS (RETUNE_SHA256_TEXT_MAX - 1)

/* "retune_<name>.so:<64 digits>" */
static bool is_well_formed(const char *item) {
    static const char prefix[] = "retune_", suffix[] = ".so";
    const char *colon = strrchr(item, ':');
    const size_t around = sizeof prefix + sizeof suffix - 2;
    if (!colon || strlen(colon + 1) != DIGITS ||
        strspn(colon + 1, "0123456789abcdefABCDEF") != DIGITS)
        return false;
    const size_t length = (size_t)(colon - item);
    return length > around && strncmp(item, prefix, sizeof prefix - 1) == 0 &&
           strncmp(colon - (sizeof suffix - 1), suffix, sizeof suffix - 1) == 0 &&
           strspn(item + sizeof prefix - 1, "abcdefghijklmnopqrstuvwxyz0123456789_-") ==
               length - around;
}

/* Whether an item is about this file. */
static bool is_about(const char *item, const char *file_name, size_t length) {
    return strncmp(item, file_name, length) == 0 && item[length] == ':';
}

retune_status retune_pins_check(const retune_pins *pins, retune_error *error) {
    for (size_t i = 0; i < pins->count; i++) {
        const char *item = pins->items[i];
        if (!is_well_formed(item))
            return retune_fail(error, RETUNE_INVALID,
                               "[backend] plugin_sha256: '%.120s' is not FILE:SHA-256, such as "
                               "retune_cpu.so: and 64 hexadecimal digits",
                               item);
        const size_t length = (size_t)(strrchr(item, ':') - item);
        for (size_t j = 0; j < i; j++)
            if (is_about(pins->items[j], item, length))
                return retune_fail(error, RETUNE_INVALID,
                                   "[backend] plugin_sha256: '%.*s' stands there twice",
                                   (int)length, item);
    }
    return RETUNE_OK;
}

const char *retune_pins_find(const retune_pins *pins, const char *file_name) {
    const size_t length = strlen(file_name);
    for (size_t i = 0; i < pins->count; i++)
        if (is_about(pins->items[i], file_name, length))
            return pins->items[i] + length + 1;
    return NULL;
}

retune_status retune_pin_compare_hash(const char *path, const char *wanted, const char *hash,
                                      retune_error *error) {
    if (strcasecmp(wanted, hash) == 0)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_UNAVAILABLE,
                       "%s: refused, its SHA-256 is %s; [backend] plugin_sha256 says %s", path,
                       hash, wanted);
}

retune_status retune_pin_compare(const char *path, const char *wanted,
                                 char out_hash[RETUNE_SHA256_TEXT_MAX], retune_error *error) {
    if (!SHA256File(path, out_hash)) {
        out_hash[0] = '\0';
        return retune_fail(error, RETUNE_UNAVAILABLE, "%s: %s", path, strerror(errno));
    }
    return retune_pin_compare_hash(path, wanted, out_hash, error);
}
