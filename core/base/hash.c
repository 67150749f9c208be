#include "base/hash.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

struct retune_hasher {
    XXH3_state_t *state; /* needs more alignment than malloc gives; xxhash makes it */
};

static retune_hash from_xxh(XXH128_hash_t hash) {
    return (retune_hash){.low = hash.low64, .high = hash.high64};
}

retune_hash retune_hash_bytes(const void *data, size_t size) {
    return from_xxh(XXH3_128bits(data, size));
}

uint64_t retune_hash_checksum(const void *data, size_t size) {
    return XXH3_64bits(data, size);
}

retune_hash retune_hash_combine(retune_hash a, retune_hash b) {
    /* Written out byte by byte, so that the result does not depend on the byte order. */
    const uint64_t words[4] = {a.low, a.high, b.low, b.high};
    unsigned char bytes[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(words[i / 8] >> (i % 8 * 8));
    return retune_hash_bytes(bytes, sizeof bytes);
}

bool retune_hash_equal(retune_hash a, retune_hash b) {
    return a.low == b.low && a.high == b.high;
}

const char *retune_hash_text(retune_hash hash, char text[RETUNE_HASH_TEXT_MAX]) {
    snprintf(text, RETUNE_HASH_TEXT_MAX, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
    return text;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool retune_hash_parse(const char *text, retune_hash *out_hash) {
    *out_hash = (retune_hash){0};
    if (strlen(text) != RETUNE_HASH_TEXT_MAX - 1)
        return false;
    uint64_t words[2] = {0};
    for (size_t i = 0; i < 32; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        words[i / 16] = words[i / 16] << 4 | (uint64_t)digit;
    }
    *out_hash = (retune_hash){.low = words[1], .high = words[0]};
    return true;
}

retune_status retune_hasher_open(retune_hasher **out_hasher, retune_error *error) {
    *out_hasher = NULL;
    retune_hasher *hasher = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *hasher, "hash state", &hasher, error));
    hasher->state = XXH3_createState();
    if (!hasher->state) {
        free(hasher);
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory for a hash state");
    }
    XXH3_128bits_reset(hasher->state);
    *out_hasher = hasher;
    return RETUNE_OK;
}

void retune_hasher_update(retune_hasher *hasher, const void *data, size_t size) {
    XXH3_128bits_update(hasher->state, data, size);
}

retune_hash retune_hasher_digest(const retune_hasher *hasher) {
    return from_xxh(XXH3_128bits_digest(hasher->state));
}

void retune_hasher_close(retune_hasher *hasher) {
    if (!hasher)
        return;
    XXH3_freeState(hasher->state);
    free(hasher);
}
