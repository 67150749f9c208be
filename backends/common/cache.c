#include "cache.h"

#include "error.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { PATH_LENGTH = 1024 };

/* Before the content of every file. */
typedef struct header {
    char magic[8];
    uint64_t bytes;
    uint64_t checksum; /* XXH3 of the content */
} header;
static const char magic[8] = "RTCACHE1";

retune_status backend_cache_open(const char *folder, retune_error *error) {
    char path[PATH_LENGTH];
    if ((size_t)snprintf(path, sizeof path, "%s", folder) >= sizeof path)
        return backend_fail(error, RETUNE_IO, "%s: the path is too long", folder);
    for (char *end = path + 1;; end++) {
        bool last = *end == '\0';
        if (*end != '/' && !last)
            continue;
        *end = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return backend_fail(error, RETUNE_IO, "%s: %s", path, strerror(errno));
        if (last)
            break;
        *end = '/';
    }
    if (access(path, W_OK | X_OK) != 0)
        return backend_fail(error, RETUNE_IO, "%s: %s", path, strerror(errno));
    return RETUNE_OK;
}

static bool make_path(char path[PATH_LENGTH], const char *folder, const char *name) {
    return (size_t)snprintf(path, PATH_LENGTH, "%s/%s", folder, name) < PATH_LENGTH;
}

/* A regular file that only its owner, who is also ours, can have written. */
static bool is_trusted(int file, uint64_t *out_bytes) {
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & (S_IWGRP | S_IWOTH)))
        return false;
    *out_bytes = (uint64_t)status.st_size;
    return true;
}

static bool read_whole(int file, void *data, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        ssize_t got = read(file, (char *)data + done, bytes - done);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static void *read_content(int file, size_t *out_bytes) {
    header head;
    uint64_t size = 0;
    if (!is_trusted(file, &size) || size < sizeof head || !read_whole(file, &head, sizeof head) ||
        memcmp(head.magic, magic, sizeof magic) != 0 || head.bytes != size - sizeof head)
        return NULL;
    void *data = malloc(head.bytes ? head.bytes : 1);
    if (data && read_whole(file, data, head.bytes) &&
        XXH3_64bits(data, head.bytes) == head.checksum) {
        *out_bytes = head.bytes;
        return data;
    }
    free(data);
    return NULL;
}

void *backend_cache_read(const char *folder, const char *name, size_t *out_bytes) {
    char path[PATH_LENGTH];
    *out_bytes = 0;
    if (!folder[0] || !make_path(path, folder, name))
        return NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return NULL;
    void *data = read_content(file, out_bytes);
    close(file);
    return data;
}

static bool write_whole(int file, const void *data, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        ssize_t put = write(file, (const char *)data + done, bytes - done);
        if (put <= 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

void backend_cache_write(const char *folder, const char *name, const void *data, size_t bytes) {
    char path[PATH_LENGTH], temporary[PATH_LENGTH + 8];
    header head = {.bytes = bytes, .checksum = XXH3_64bits(data, bytes)};
    memcpy(head.magic, magic, sizeof magic);
    if (!folder[0] || !make_path(path, folder, name))
        return;
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    int file = mkstemp(temporary); /* only the owner may read and write it */
    if (file < 0)
        return;
    bool written = write_whole(file, &head, sizeof head) && write_whole(file, data, bytes);
    written = close(file) == 0 && written;
    if (!written || rename(temporary, path) != 0)
        unlink(temporary);
}

void backend_cache_key(char key[33], const char *const *texts) {
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    for (; *texts; texts++) /* with the NUL, so that "a", "bc" differs from "ab", "c" */
        XXH3_128bits_update(&state, *texts, strlen(*texts) + 1);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(key, 33, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
}
