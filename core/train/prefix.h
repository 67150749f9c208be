/* The frozen prefix on the device: images in, features out, a chunk at a time. */
#ifndef RETUNE_PREFIX_H
#define RETUNE_PREFIX_H

#include "base/hash.h"
#include "device/executable.h"
#include "graph/plan.h"

/* Images the prefix computes at once on a CPU: enough to keep it busy, few enough to keep
 * activations in its caches and out of its memory. */
#define RETUNE_PREFIX_BATCH 32

typedef struct retune_prefix {
    const retune_plan *plan;
    size_t batch; /* images of a run, at most */
    retune_executable *executable;
    unsigned char *images; /* [batch,S,S,3], filled by the caller */
    float *features;       /* [batch,...], filled by a run */
    size_t image_bytes;    /* of one image */
    size_t row_elements;   /* of one row of features */
} retune_prefix;

/* `plan` is a features plan; it, the device and the model outlive the prefix. Close it with
 * retune_prefix_close, which takes one that is all zero. */
retune_status retune_prefix_open(const retune_device *device, const retune_model *model,
                                 const retune_plan *plan, retune_prefix *out_prefix,
                                 retune_error *error);
void retune_prefix_close(retune_prefix *prefix);

/* Computes the first `count` images. */
retune_status retune_prefix_run(retune_prefix *prefix, size_t count, retune_error *error);

/* Hash of all that makes features from an image: ops, shapes, weights, the device and its kernels,
 * and where several devices share the work, who does what. */
retune_status retune_prefix_hash(const retune_device *device, const retune_model *model,
                                 const retune_plan *plan, retune_hash *out_hash,
                                 retune_error *error);

#endif
