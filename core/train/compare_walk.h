/* Running a range of a plan on two devices, op by op. */
#ifndef RETUNE_COMPARE_WALK_H
#define RETUNE_COMPARE_WALK_H

#include "train/compare_side.h"
#include "train/comparison.h"

typedef struct retune_compare_walk {
    retune_compare_side *sides; /* two */
    const retune_plan *plan;
    retune_executable *on[2]; /* of the plan, with the same content on both devices */
    float learning_rate;
    uint64_t step;    /* optimiser step, from 1 */
    uint64_t *times;  /* nanoseconds of each node */
    const char *save; /* folder for tensors; NULL: none */
    retune_comparison *comparison;
    double began;
    uint64_t done, total; /* ops of all walks, for progress */
} retune_compare_walk;

/* Puts the plan on both devices. The arguments in `walk` are set; close it in any case. */
retune_status retune_compare_walk_open(retune_compare_walk *walk, const retune_plan *plan,
                                       retune_error *error);
void retune_compare_walk_close(retune_compare_walk *walk);

/* Writes the same to both. */
retune_status retune_compare_walk_write(retune_compare_walk *walk, int32_t value, const void *data,
                                        retune_error *error);

/* Runs each op of a range on both devices, from a's input, and adds what came of it to the
 * comparison. Afterwards both devices hold what a computed. */
retune_status retune_compare_walk_run(retune_compare_walk *walk, const char *part,
                                      retune_range range, retune_error *error);

#endif
