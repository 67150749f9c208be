/* Which tile computes a matrix product fastest on a device: found by trying a few, kept in the
 * user's cache folder. What is tried never changes a result, only the time it takes. */
#ifndef RETUNE_COMMON_TUNING_H
#define RETUNE_COMMON_TUNING_H

#include "tile.h"

typedef enum backend_tune {
    BACKEND_TUNE_AUTO, /* the best of those that the model likes most */
    BACKEND_TUNE_OFF,  /* the one that the model likes best */
    BACKEND_TUNE_FULL  /* the best of all */
} backend_tune;

/* Measures `count` tiles, given by their numbers, on a product, and gives the fastest. */
typedef retune_status backend_tuning_measure(retune_backend_device *device,
                                             const backend_product *product, const size_t *tiles,
                                             size_t count, size_t *out_fastest,
                                             retune_error *error);

/* Whether the device runs a tile that fits it by its numbers: some compilers allow fewer items for
 * kernels that need many registers. */
typedef retune_status backend_tuning_runs_tile(retune_backend_device *device,
                                               const backend_product *product,
                                               const backend_tile *tile, bool *out_runs,
                                               retune_error *error);

typedef struct backend_tuning_setup {
    backend_tiles tiles;
    backend_capacity capacity;
    backend_tune tune;
    const char *folder;   /* "": nothing is kept; outlives the tuning */
    const char *identity; /* what the device is to a cache */
    backend_tuning_measure *measure;
    backend_tuning_runs_tile *runs; /* optional: a tile that fits runs */
} backend_tuning_setup;

typedef struct backend_tuning backend_tuning;

/* Reads what was found before. */
retune_status backend_tuning_open(const backend_tuning_setup *setup, backend_tuning **out_tuning,
                                  retune_error *error);
void backend_tuning_close(backend_tuning *tuning);

/* The tile for a product. Products too small to be measured go by the model. UNSUPPORTED: the
 * device runs none. */
retune_status backend_tuning_tile(backend_tuning *tuning, retune_backend_device *device,
                                  const backend_product *product, const backend_tile **out_tile,
                                  retune_error *error);

/* Runs a candidate so many times after the device was idle: the seconds of all. Infinity: it does
 * not run here. */
typedef retune_status backend_tuning_time(void *context, size_t candidate, int runs,
                                          double *out_seconds, retune_error *error);

/* The fastest of `count` candidates that are ready to run, at most BACKEND_TILES_MAX. They take
 * turns, since a device that was idle while they were made goes faster from one run to the next. */
retune_status backend_tuning_race(size_t count, backend_tuning_time *time, void *context,
                                  size_t *out_fastest, retune_error *error);

#endif
