/* Op by op: the frozen layers and one training step on both devices, where each op gets device a's
 * input on both. What one op does wrong is then no other op's error. */
#ifndef RETUNE_COMPARE_OPS_H
#define RETUNE_COMPARE_OPS_H

#include "train/compare_side.h"
#include "train/comparison.h"

typedef struct retune_compare_ops_options {
    int64_t images;                /* of a run, at most; the first of the epoch that comes next */
    const retune_checkpoint *from; /* whose state the optimiser has; NULL: it begins */
    const char *save;              /* folder for the tensors of the first op outside its tolerance;
                                    * NULL: none */
    bool half_features;            /* the job keeps features in fp16 */
} retune_compare_ops_options;

/* Plans, opens both devices, sends `comparison->start` once it knows them, compares and closes them
 * again. Both sides have their data and the same model. The result goes into `comparison`. */
retune_status retune_compare_ops(retune_compare_side sides[2],
                                 const retune_compare_ops_options *options,
                                 retune_comparison *comparison, retune_error *error);

#endif
