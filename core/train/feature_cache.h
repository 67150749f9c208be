/* The feature cache of a job: which rows it needs, and filling those that are not there yet. The
 * store (features.h) keeps them; this decides what they are. */
#ifndef RETUNE_FEATURE_CACHE_H
#define RETUNE_FEATURE_CACHE_H

#include "data/loader.h"
#include "train/features.h"
#include "train/prefix.h"
#include "train/session.h"

typedef struct retune_feature_cache {
    retune_feature_store *store;
    uint32_t views;      /* of a training image; a test image has one */
    uint32_t *first_row; /* a sample */
    retune_tensor_desc table;
} retune_feature_cache;

/* Where [cache] features puts `rows` rows of `row`: RETUNE_FEATURES_MEMORY, _DISK or _OFF. `auto`
 * is memory while the table takes at most a quarter of what is available, else disk. */
int retune_feature_cache_place(const retune_config *config, uint64_t table_bytes,
                               uint64_t available_memory);

/* Rows the session's data set needs, and what one is like, [1,...] in the cache's precision. */
uint64_t retune_feature_cache_rows(const retune_session *session);
retune_tensor_desc retune_feature_cache_row(const retune_session *session,
                                            const retune_plan *features);

/* Opens the store and computes what is missing, with PROGRESS. Images that turn out bad are marked
 * in the session. Close with retune_feature_cache_close, which takes one that is all zero. */
retune_status retune_feature_cache_open(retune_session *session, const retune_plan *features,
                                        bool on_disk, retune_feature_cache *out_cache,
                                        retune_error *error);
void retune_feature_cache_close(retune_feature_cache *cache);

/* The row of the table that holds an item. */
static inline uint32_t retune_feature_cache_position(const retune_feature_cache *cache,
                                                     retune_loader_item item) {
    return retune_feature_store_position(cache->store, cache->first_row[item.sample] + item.view);
}

#endif
