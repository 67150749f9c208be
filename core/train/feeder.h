/* Batches for a training plan, from wherever its input comes:
 *   cache    rows of the feature table: the index of each image is all that is written, or, when
 *            the table is not on the device, the rows of the batch
 *   prefix   images are decoded and run through the frozen prefix, a batch at a time
 *   images   the plan sees images
 * The one who asks sees labels and weights and need not know which. */
#ifndef RETUNE_FEEDER_H
#define RETUNE_FEEDER_H

#include "data/loader.h"
#include "train/feature_cache.h"
#include "train/prefix.h"
#include "train/session.h"

typedef struct retune_feeder {
    retune_session *session;
    const retune_plan *plan;
    retune_executable *executable;
    const retune_feature_cache *cache; /* NULL unless there is one */
    unsigned char *rows;               /* of a batch, when they are copied; else NULL */
    size_t row_bytes;
    retune_prefix *prefix; /* NULL unless features are computed every time */
    retune_loader *loader;
    const retune_loader_item *items;
    size_t count, position;
    unsigned char *images; /* [batch,S,S,3] */
    int32_t *index, *label;
    float *weight;
} retune_feeder;

/* The session, plan, executable, cache and prefix outlive the feeder. `resident`: the plan's table
 * is the whole table of the cache; otherwise it has room for a batch. Close it with
 * retune_feeder_close, which takes one that is all zero. */
retune_status retune_feeder_open(retune_session *session, const retune_plan *plan,
                                 retune_executable *executable, const retune_feature_cache *cache,
                                 bool resident, retune_prefix *prefix, retune_feeder *out_feeder,
                                 retune_error *error);
void retune_feeder_close(retune_feeder *feeder);

/* Begins a pass over `items`, which stay the caller's and stay put; `augmented` for training
 * images. */
retune_status retune_feeder_begin(retune_feeder *feeder, const retune_loader_item *items,
                                  size_t count, bool augmented, retune_error *error);

/* Writes the next `count` items of the pass (at most a batch) to the device, padded to a batch with
 * weight 0. feeder->label and feeder->weight say what was written; bad images have weight 0. */
retune_status retune_feeder_next(retune_feeder *feeder, size_t count, retune_error *error);

#endif
