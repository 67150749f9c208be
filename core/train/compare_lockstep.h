/* In lockstep: both devices train the same steps from the same weights, each by itself, and then
 * predict the same test images. */
#ifndef RETUNE_COMPARE_LOCKSTEP_H
#define RETUNE_COMPARE_LOCKSTEP_H

#include "train/compare_side.h"
#include "train/comparison.h"

typedef struct retune_compare_lockstep_options {
    uint64_t steps, epochs;        /* how long; one of them is 0 */
    uint32_t test;                 /* test images, at most: as many of each part of their list */
    const retune_checkpoint *from; /* to go on from, or NULL */
    const char *folder;            /* it lies in */
} retune_compare_lockstep_options;

/* Opens both trainers, trains, tests, and adds what came of it to the comparison. Training that
 * diverges on a device is a result; everything else that fails is a failure. */
retune_status retune_compare_lockstep(retune_compare_side sides[2],
                                      const retune_compare_lockstep_options *options,
                                      retune_comparison *comparison, retune_error *error);

#endif
