#include "cache.h"

#include "enqueue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct emu_cache {
    uint64_t *keys;
    size_t count, capacity;
};

/* What a saved cache begins with; keys of eight bytes follow. */
typedef struct cache_header {
    char magic[8];
    uint32_t version, count;
} cache_header;

static const cache_header empty_header = {"emucach", 1, 0};

bool emu_cache_has(const emu_cache *cache, uint64_t key) {
    for (size_t n = 0; cache && n < cache->count; n++)
        if (cache->keys[n] == key)
            return true;
    return false;
}

static cl_int add(emu_cache *cache, uint64_t key) {
    if (emu_cache_has(cache, key))
        return CL_SUCCESS;
    if (cache->count == cache->capacity) {
        const size_t capacity = cache->capacity ? 2 * cache->capacity : 64;
        uint64_t *grown = realloc(cache->keys, capacity * sizeof *grown);
        if (!grown)
            return CL_OUT_OF_HOST_MEMORY;
        cache->keys = grown;
        cache->capacity = capacity;
    }
    cache->keys[cache->count++] = key;
    return CL_SUCCESS;
}

cl_int emu_entry_create_cache(emu_cache **out_cache) {
    if (!out_cache)
        return CL_INVALID_VALUE;
    *out_cache = calloc(1, sizeof **out_cache);
    return *out_cache ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

cl_int emu_entry_release_cache(emu_cache *cache) {
    if (!cache)
        return CL_INVALID_VALUE;
    free(cache->keys);
    free(cache);
    return CL_SUCCESS;
}

/* Tuning runs the op once, as a real one does many times: its outputs are written. */
cl_int emu_entry_tune(cl_command_queue queue, emu_op *op, emu_set *set, emu_cache *cache,
                      cl_ulong *out_nanoseconds) {
    struct timespec begin, end;
    if (!op || !set || !cache)
        return CL_INVALID_VALUE;
    timespec_get(&begin, TIME_UTC);
    cl_int code = emu_entry_enqueue_op(queue, op, set, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = cl.clFinish(queue);
    timespec_get(&end, TIME_UTC);
    if (code != CL_SUCCESS)
        return code;
    if (out_nanoseconds)
        *out_nanoseconds =
            (cl_ulong)((end.tv_sec - begin.tv_sec) * 1000000000 + (end.tv_nsec - begin.tv_nsec));
    emu_lock();
    code = add(cache, op->key);
    emu_unlock();
    return code;
}

cl_int emu_entry_save_cache(emu_cache *cache, size_t size, unsigned char *bytes, size_t *out_size) {
    cache_header header = empty_header;
    if (!cache || (!bytes && !out_size))
        return CL_INVALID_VALUE;
    const size_t needed = sizeof header + cache->count * sizeof cache->keys[0];
    if (out_size)
        *out_size = needed;
    if (!bytes)
        return CL_SUCCESS;
    if (size < needed)
        return emu_refuse("save_cache", CL_INVALID_VALUE, "%zu bytes do not hold %zu", size,
                          needed);
    header.count = (uint32_t)cache->count;
    memcpy(bytes, &header, sizeof header);
    if (cache->count)
        memcpy(bytes + sizeof header, cache->keys, needed - sizeof header);
    return CL_SUCCESS;
}

cl_int emu_entry_load_cache(emu_cache *cache, size_t size, unsigned char *bytes) {
    cache_header header;
    uint64_t key;
    cl_int code = CL_SUCCESS;
    if (!cache || !bytes || size < 4)
        return CL_INVALID_VALUE;
    if (size < sizeof header)
        return emu_refuse("load_cache", CL_INVALID_VALUE, "%zu bytes are no tuning cache", size);
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.magic, empty_header.magic, sizeof header.magic) != 0 ||
        header.version != empty_header.version ||
        (size - sizeof header) / sizeof key != header.count || (size - sizeof header) % sizeof key)
        return emu_refuse("load_cache", CL_INVALID_VALUE, "the bytes are no tuning cache");
    emu_lock();
    for (uint32_t n = 0; n < header.count && code == CL_SUCCESS; n++) {
        memcpy(&key, bytes + sizeof header + n * sizeof key, sizeof key);
        code = add(cache, key);
    }
    emu_unlock();
    return code;
}
