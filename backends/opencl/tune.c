#include "tune.h"

#include "error.h"
#include "findings.h"
#include "trial.h"

#include <stdio.h>

enum { CANDIDATES_AUTO = 3, TILES_MOST = 64 };

/* Products below this are not worth measuring; large ones are measured on a slice that keeps the
 * device busy for a few milliseconds. */
#define FLOPS_LEAST_CPU 2e8
#define FLOPS_LEAST_GPU 1e6
#define FLOPS_SLICE_CPU 5e8
#define FLOPS_SLICE_GPU 2e10

static double flops_of(const opencl_product *p) {
    return 2.0 * (double)p->m * (double)p->n * (double)p->k;
}

/* Fewer pixels of the same product: along m, or along k where that is what pixels are. Whole
 * images, so that patches stay as they are. */
static opencl_product slice_of(const retune_backend_device *device, const opencl_product *p) {
    opencl_product slice = *p;
    double share = (device->is_cpu ? FLOPS_SLICE_CPU : FLOPS_SLICE_GPU) / flops_of(p);
    int64_t *pixels = p->a.along_k ? &slice.m : &slice.k;
    int64_t least = 256;
    if (share < 1.0 && (int64_t)((double)*pixels * share) > least)
        *pixels = (int64_t)((double)*pixels * share) / 64 * 64;
    return slice;
}

/* Tiles that fit, those that the model likes best first. Returns how many. */
static size_t rank_tiles(const retune_backend_device *device, const opencl_product *p,
                         size_t *ranked) {
    size_t count = 0;
    for (size_t n = 0; n < opencl_tile_count; n++) {
        if (!opencl_tile_fits(device, &opencl_tiles[n]))
            continue;
        size_t place = count++;
        double cost = opencl_tile_cost(device, p, &opencl_tiles[n]);
        for (; place > 0; place--) {
            if (opencl_tile_cost(device, p, &opencl_tiles[ranked[place - 1]]) <= cost)
                break;
            ranked[place] = ranked[place - 1];
        }
        ranked[place] = n;
    }
    return count;
}

static retune_status search(retune_backend_device *device, const opencl_product *p,
                            const size_t *tiles, size_t count, size_t *out_tile, bool *out_found,
                            retune_error *error) {
    opencl_trial t;
    double best = OPENCL_TRIAL_NEVER;
    *out_found = false;
    /* No room for a trial is no reason not to run. */
    if (opencl_trial_open(device, p, &t, NULL) != RETUNE_OK)
        return RETUNE_OK;
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < count && status == RETUNE_OK; n++) {
        double seconds = 0.0;
        status = opencl_trial_measure(device, &t, &opencl_tiles[tiles[n]], &seconds, error);
        if (status == RETUNE_OK && seconds < best) {
            best = seconds;
            *out_tile = tiles[n];
            *out_found = true;
        }
    }
    opencl_trial_close(device, &t);
    return status;
}

static void make_key(const opencl_product *p, char key[OPENCL_FINDING_KEY]) {
    const opencl_geometry *g = &p->geometry;
    bool plain = p->a.source == OPENCL_OPERAND_PLAIN && p->b.source == OPENCL_OPERAND_PLAIN;
    int used = snprintf(key, OPENCL_FINDING_KEY, "%lldx%lldx%lld a%d%d%s b%d%d%s y%s",
                        (long long)p->m, (long long)p->n, (long long)p->k, p->a.source,
                        p->a.along_k, opencl_type_name(p->a.dtype), p->b.source, p->b.along_k,
                        opencl_type_name(p->b.dtype), opencl_type_name(p->y_dtype));
    if (!plain)
        snprintf(key + used, OPENCL_FINDING_KEY - (size_t)used, " %lldx%lldx%lld s%lld",
                 (long long)g->height, (long long)g->width, (long long)g->taps,
                 (long long)g->stride_height);
}

/* The tile that the model likes best of those that run. */
static retune_status first_that_runs(retune_backend_device *device, const opencl_product *p,
                                     const size_t *ranked, size_t count,
                                     const opencl_tile **out_tile, retune_error *error) {
    for (size_t n = 0; n < count; n++) {
        bool runs;
        retune_status status = opencl_trial_runs(device, p, &opencl_tiles[ranked[n]], &runs, error);
        if (status != RETUNE_OK)
            return status;
        if (runs) {
            *out_tile = &opencl_tiles[ranked[n]];
            return RETUNE_OK;
        }
    }
    return backend_fail(error, RETUNE_UNSUPPORTED,
                        "this device has too little local memory, or too small work groups, for a "
                        "matrix product");
}

/* Whether measuring the product is worth the time. */
static bool is_measured(const retune_backend_device *device, const opencl_product *p) {
    return device->options.tune != OPENCL_TUNE_OFF &&
           flops_of(p) >= (device->is_cpu ? FLOPS_LEAST_CPU : FLOPS_LEAST_GPU);
}

retune_status opencl_tuning_tile(retune_backend_device *device, const opencl_product *product,
                                 const opencl_tile **out_tile, retune_error *error) {
    char key[OPENCL_FINDING_KEY];
    size_t ranked[TILES_MOST], tile = 0;
    opencl_product slice = slice_of(device, product);
    size_t count = rank_tiles(device, product, ranked);
    *out_tile = NULL;
    if (count == 0 || !is_measured(device, product))
        return first_that_runs(device, product, ranked, count, out_tile, error);
    make_key(&slice, key);
    if (opencl_findings_get(device, key, opencl_tile_count, &tile) &&
        opencl_tile_fits(device, &opencl_tiles[tile])) {
        *out_tile = &opencl_tiles[tile];
        return RETUNE_OK;
    }
    bool all = device->options.tune == OPENCL_TUNE_FULL || count < CANDIDATES_AUTO;
    bool found = false;
    retune_status status =
        search(device, &slice, ranked, all ? count : CANDIDATES_AUTO, &tile, &found, error);
    if (status == RETUNE_OK && !found)
        return first_that_runs(device, product, ranked, count, out_tile, error);
    if (status == RETUNE_OK)
        status = opencl_findings_add(device, key, tile, error);
    if (status == RETUNE_OK)
        *out_tile = &opencl_tiles[tile];
    return status;
}
