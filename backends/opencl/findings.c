#include "findings.h"

#include "cache.h"
#include "compiler.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was found for a product. */
typedef struct finding {
    char key[OPENCL_FINDING_KEY];
    size_t tile;
} finding;

struct opencl_findings {
    finding *findings;
    size_t count, capacity;
    char file_name[64];
};

static retune_status add(opencl_findings *t, const char *key, size_t tile, retune_error *error) {
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 16;
        finding *findings = realloc(t->findings, capacity * sizeof *findings);
        if (!findings)
            return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: tuned sizes");
        t->findings = findings;
        t->capacity = capacity;
    }
    finding *f = &t->findings[t->count++];
    snprintf(f->key, sizeof f->key, "%s", key);
    f->tile = tile;
    return RETUNE_OK;
}

static const finding *find(const opencl_findings *t, const char *key) {
    for (size_t n = 0; n < t->count; n++)
        if (strcmp(t->findings[n].key, key) == 0)
            return &t->findings[n];
    return NULL;
}

/* Lines of "tile key". A line that cannot be is passed over. */
static retune_status read_findings(opencl_findings *t, char *text, retune_error *error) {
    char *rest = NULL;
    retune_status status = RETUNE_OK;
    for (char *line = strtok_r(text, "\n", &rest); line && status == RETUNE_OK;
         line = strtok_r(NULL, "\n", &rest)) {
        char *key = NULL;
        unsigned long tile = strtoul(line, &key, 10);
        if (key != line && *key == ' ' && strlen(key) < OPENCL_FINDING_KEY)
            status = add(t, key + 1, tile, error);
    }
    return status;
}

static void save_findings(const retune_backend_device *device) {
    const opencl_findings *t = device->findings;
    size_t size = t->count * (OPENCL_FINDING_KEY + 16), used = 0;
    char *text = size && device->options.cache[0] ? malloc(size) : NULL;
    if (!text)
        return;
    for (size_t n = 0; n < t->count; n++)
        used += (size_t)snprintf(text + used, size - used, "%zu %s\n", t->findings[n].tile,
                                 t->findings[n].key);
    opencl_cache_write(device->options.cache, t->file_name, text, used);
    free(text);
}

retune_status opencl_findings_open(retune_backend_device *device, retune_error *error) {
    char identity[33];
    size_t bytes = 0;
    opencl_findings *t = calloc(1, sizeof *t);
    if (!t)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: tuned sizes");
    device->findings = t;
    opencl_compiler_identity(device, identity);
    snprintf(t->file_name, sizeof t->file_name, "%s.%s", identity,
             device->options.tune == OPENCL_TUNE_FULL ? "tuned_full" : "tuned");
    char *content = opencl_cache_read(device->options.cache, t->file_name, &bytes);
    char *text = content ? calloc(1, bytes + 1) : NULL;
    retune_status status = RETUNE_OK;
    if (text) {
        memcpy(text, content, bytes);
        status = read_findings(t, text, error);
    }
    free(content);
    free(text);
    return status;
}

void opencl_findings_close(retune_backend_device *device) {
    if (!device->findings)
        return;
    free(device->findings->findings);
    free(device->findings);
    device->findings = NULL;
}

bool opencl_findings_get(const retune_backend_device *device, const char *key, size_t tile_count,
                         size_t *out_tile) {
    const finding *known = find(device->findings, key);
    if (!known || known->tile >= tile_count)
        return false;
    *out_tile = known->tile;
    return true;
}

retune_status opencl_findings_add(retune_backend_device *device, const char *key, size_t tile,
                                  retune_error *error) {
    retune_status status = add(device->findings, key, tile, error);
    if (status == RETUNE_OK)
        save_findings(device);
    return status;
}
