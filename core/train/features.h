/* The feature store: what the frozen layers make of each image, so that they run once an image and
 * not once an epoch. One dense table, in memory or in a file mapped from disk, a row for each
 * different view of an image.
 *
 * A file outlives the run. A row of it counts only when its key and the checksum of its bytes are
 * right, so a crash or damage at any place costs work, never correctness. One thread at a time. */
#ifndef RETUNE_TRAIN_FEATURES_H
#define RETUNE_TRAIN_FEATURES_H

#include "base/hash.h"

typedef struct retune_feature_store_options {
    bool on_disk;
    const char *folder;     /* of the files; made when missing. Unused in memory */
    retune_hash network;    /* of all that makes a row from an image: frozen weights, ops, device */
    retune_tensor_desc row; /* f32 or f16, first dimension 1 */
} retune_feature_store_options;

typedef struct retune_feature_store retune_feature_store;

/* Opens a store for `row_count` rows, those of a matching file included. Row i is found again by
 * row_keys[i], the hash of the image's content, preprocessing and view; rows of equal key are one.
 * Space for all rows is taken here: a full disk is IO, here and not in the middle of training.
 *
 * A file that is damaged or of another kind is made anew. When another run holds the file, or the
 * file system cannot lock, the rows go to a file of their own that vanishes with the store.
 * INVALID: `row` is no such description. Close with retune_feature_store_close, which takes NULL.
 */
retune_status retune_feature_store_open(const retune_feature_store_options *options,
                                        const retune_hash *row_keys, size_t row_count,
                                        retune_feature_store **out_store, retune_error *error);
void retune_feature_store_close(retune_feature_store *store);

/* Why the rows will not outlive this run although they are on disk, as a sentence for people; NULL
 * when there is nothing to say. Owned by the store. */
const char *retune_feature_store_notice(const retune_feature_store *store);

/* Whether the row's values are there; those of a missing row are undefined. */
bool retune_feature_store_has(const retune_feature_store *store, size_t row);

/* Stores a row of dense values, rounded to nearest even when rows are f16. IO: the row is missing
 * afterwards. */
retune_status retune_feature_store_put(retune_feature_store *store, size_t row, const float *values,
                                       retune_error *error);

/* The row's place in the table. */
uint32_t retune_feature_store_position(const retune_feature_store *store, size_t row);

/* The dense table [table_rows, ...]: aligned to 64 bytes, valid until the store is closed, changed
 * by `put` alone. It has more rows than were asked for when the file does, and at least one. */
const void *retune_feature_store_table(const retune_feature_store *store);
size_t retune_feature_store_table_rows(const retune_feature_store *store);
size_t retune_feature_store_bytes(const retune_feature_store *store);

/* Lets the kernel take back the memory of a table on disk; reading it again brings it back. Called
 * now and then it keeps the process small. */
void retune_feature_store_release(retune_feature_store *store);

#endif
