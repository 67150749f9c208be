/* 128-bit hashes (XXH3) that tell contents apart: cache keys, damage, the base of a delta. Not for
 * secrets, and no protection against someone who wants two contents to collide. */
#ifndef RETUNE_BASE_HASH_H
#define RETUNE_BASE_HASH_H

#include "base/status.h"

#include <stdbool.h>

typedef struct retune_hash {
    uint64_t low, high;
} retune_hash;

/* Hash of `size` bytes. The same on every machine and in every build. */
retune_hash retune_hash_bytes(const void *data, size_t size);

/* 64-bit hash, for checksums. */
uint64_t retune_hash_checksum(const void *data, size_t size);

/* A hash of two hashes; the order matters. */
retune_hash retune_hash_combine(retune_hash a, retune_hash b);

bool retune_hash_equal(retune_hash a, retune_hash b);

/* 32 lower-case hexadecimal digits into `text`; returns `text`. */
#define RETUNE_HASH_TEXT_MAX 33
const char *retune_hash_text(retune_hash hash, char text[RETUNE_HASH_TEXT_MAX]);

/* The hash written by retune_hash_text, digits of either case; false for anything else. */
bool retune_hash_parse(const char *text, retune_hash *out_hash);

/* The hash of data that comes in pieces. However it is cut, the result is that of
 * retune_hash_bytes over the whole. Close with retune_hasher_close, which takes NULL. */
typedef struct retune_hasher retune_hasher;
retune_status retune_hasher_open(retune_hasher **out_hasher, retune_error *error);
void retune_hasher_update(retune_hasher *hasher, const void *data, size_t size);
retune_hash retune_hasher_digest(const retune_hasher *hasher); /* of what came so far */
void retune_hasher_close(retune_hasher *hasher);

#endif
