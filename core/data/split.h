/* Which images are for testing. */
#ifndef RETUNE_DATA_SPLIT_H
#define RETUNE_DATA_SPLIT_H

#include "data/dataset.h"

/* Images of a class of `count` that are for training when `test` is the test share:
 * floor((1 - test) count). */
uint32_t retune_split_train_count(uint32_t count, double test);

/* Marks which of the `count` images of a class are for testing. A pure function of its arguments:
 * other classes, and the order of files on disk, do not matter. OUT_OF_MEMORY. */
retune_status retune_split_class(const char *class_name, uint32_t count, double test, uint64_t seed,
                                 bool *out_is_test, retune_error *error);

/* Marks the samples that the file at `path` names, one a line; empty lines are passed over. A line
 * that names a file in `skipped` counts as known. Errors as retune_dataset_open says. */
retune_status retune_split_read_list(const char *path, retune_dataset *dataset,
                                     retune_error *error);

#endif
