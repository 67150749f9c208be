#include "tuning.h"

#include "cache.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Products below this are not worth measuring; large ones are measured on a slice that keeps the
 * device busy for a few milliseconds. */
#define FLOPS_LEAST_CPU 2e8
#define FLOPS_LEAST_GPU 1e6
#define FLOPS_SLICE_CPU 5e8
#define FLOPS_SLICE_GPU 2e10

enum { CANDIDATES_AUTO = 3 };

/* What was found for a product. */
typedef struct finding {
    char key[BACKEND_PRODUCT_KEY];
    size_t tile;
} finding;

struct backend_tuning {
    backend_tuning_setup setup;
    finding *findings;
    size_t count, capacity;
    char file_name[64];
};

/* ---- Findings ------------------------------------------------------------------------------- */

static retune_status add_finding(backend_tuning *t, const char *key, size_t tile,
                                 retune_error *error) {
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

static const finding *find(const backend_tuning *t, const char *key) {
    for (size_t n = 0; n < t->count; n++)
        if (strcmp(t->findings[n].key, key) == 0)
            return &t->findings[n];
    return NULL;
}

/* Lines of "tile key". A line that cannot be is passed over. */
static retune_status read_findings(backend_tuning *t, char *text, retune_error *error) {
    char *rest = NULL;
    retune_status status = RETUNE_OK;
    for (char *line = strtok_r(text, "\n", &rest); line && status == RETUNE_OK;
         line = strtok_r(NULL, "\n", &rest)) {
        char *key = NULL;
        unsigned long tile = strtoul(line, &key, 10);
        if (key != line && *key == ' ' && tile < t->setup.tiles.count &&
            strlen(key) < BACKEND_PRODUCT_KEY)
            status = add_finding(t, key + 1, tile, error);
    }
    return status;
}

static void save_findings(const backend_tuning *t) {
    size_t size = t->count * (BACKEND_PRODUCT_KEY + 16), used = 0;
    char *text = size && t->setup.folder[0] ? malloc(size) : NULL;
    if (!text)
        return;
    for (size_t n = 0; n < t->count; n++)
        used += (size_t)snprintf(text + used, size - used, "%zu %s\n", t->findings[n].tile,
                                 t->findings[n].key);
    backend_cache_write(t->setup.folder, t->file_name, text, used);
    free(text);
}

retune_status backend_tuning_open(const backend_tuning_setup *setup, backend_tuning **out_tuning,
                                  retune_error *error) {
    size_t bytes = 0;
    backend_tuning *t = calloc(1, sizeof *t);
    *out_tuning = t;
    if (!t)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: tuned sizes");
    t->setup = *setup;
    t->setup.identity = NULL; /* the caller's */
    snprintf(t->file_name, sizeof t->file_name, "%s.%s", setup->identity,
             setup->tune == BACKEND_TUNE_FULL ? "tuned_full" : "tuned");
    char *content = backend_cache_read(setup->folder, t->file_name, &bytes);
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

void backend_tuning_close(backend_tuning *t) {
    if (!t)
        return;
    free(t->findings);
    free(t);
}

/* ---- Choosing ------------------------------------------------------------------------------- */

static bool is_worth_measuring(const backend_tuning *t, const backend_product *p) {
    double least = t->setup.capacity.is_cpu ? FLOPS_LEAST_CPU : FLOPS_LEAST_GPU;
    return t->setup.tune != BACKEND_TUNE_OFF && backend_product_flops(p) >= least;
}

static retune_status runs(const backend_tuning *t, retune_backend_device *device,
                          const backend_product *product, size_t tile, bool *out_runs,
                          retune_error *error) {
    *out_runs = true;
    return t->setup.runs
               ? t->setup.runs(device, product, &t->setup.tiles.list[tile], out_runs, error)
               : RETUNE_OK;
}

/* The tile that the model likes best of those that run. */
static retune_status first_that_runs(const backend_tuning *t, retune_backend_device *device,
                                     const backend_product *product, const size_t *ranked,
                                     size_t count, const backend_tile **out_tile,
                                     retune_error *error) {
    for (size_t n = 0; n < count; n++) {
        bool good;
        retune_status status = runs(t, device, product, ranked[n], &good, error);
        if (status != RETUNE_OK)
            return status;
        if (good) {
            *out_tile = &t->setup.tiles.list[ranked[n]];
            return RETUNE_OK;
        }
    }
    return backend_fail(error, RETUNE_UNSUPPORTED,
                        "this device has too little local memory, or too small work groups, for a "
                        "matrix product");
}

retune_status backend_tuning_tile(backend_tuning *t, retune_backend_device *device,
                                  const backend_product *product, const backend_tile **out_tile,
                                  retune_error *error) {
    const backend_tuning_setup *s = &t->setup;
    char key[BACKEND_PRODUCT_KEY];
    size_t ranked[BACKEND_TILES_MAX], tile = 0;
    size_t count = backend_tiles_rank(&s->tiles, product, &s->capacity, ranked);
    *out_tile = NULL;
    if (count == 0 || !is_worth_measuring(t, product))
        return first_that_runs(t, device, product, ranked, count, out_tile, error);
    backend_product slice =
        backend_product_slice(product, s->capacity.is_cpu ? FLOPS_SLICE_CPU : FLOPS_SLICE_GPU);
    backend_product_key(&slice, key);
    const finding *known = find(t, key);
    if (known && backend_tile_fits(&s->tiles.list[known->tile], &slice, &s->capacity)) {
        *out_tile = &s->tiles.list[known->tile];
        return RETUNE_OK;
    }
    bool all = s->tune == BACKEND_TUNE_FULL || count < CANDIDATES_AUTO, good = false;
    retune_status status =
        s->measure(device, &slice, ranked, all ? count : CANDIDATES_AUTO, &tile, error);
    if (status == RETUNE_OK)
        status = runs(t, device, product, tile, &good, error);
    if (status == RETUNE_OK && !good)
        return first_that_runs(t, device, product, ranked, count, out_tile, error);
    if (status == RETUNE_OK)
        status = add_finding(t, key, tile, error);
    if (status != RETUNE_OK)
        return status;
    save_findings(t);
    *out_tile = &s->tiles.list[tile];
    return RETUNE_OK;
}

/* ---- Racing --------------------------------------------------------------------------------- */

/* Runs that together take long enough to be measured, when one takes `seconds`. */
static int runs_of(double seconds) {
    const double wanted = 1e-3;
    return seconds > wanted ? 1 : seconds > wanted / 50 ? (int)(wanted / seconds) + 1 : 50;
}

retune_status backend_tuning_race(size_t count, backend_tuning_time *time, void *context,
                                  size_t *out_fastest, retune_error *error) {
    /* The first two warm up: what is compiled late, and how many runs it takes. */
    enum { ROUNDS = 5 };
    double best[BACKEND_TILES_MAX];
    int runs[BACKEND_TILES_MAX];
    *out_fastest = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t n = 0; n < count; n++) {
            double seconds = 0.0;
            int now = round < 2 ? 1 : runs[n];
            retune_status status = time(context, n, now, &seconds, error);
            if (status != RETUNE_OK)
                return status;
            seconds /= now;
            if (round < 2)
                runs[n] = runs_of(seconds);
            best[n] = round < 3 || seconds < best[n] ? seconds : best[n];
        }
    for (size_t n = 1; n < count; n++)
        if (best[n] < best[*out_fastest])
            *out_fastest = n;
    return RETUNE_OK;
}
