/* Finding the classes and image files of a data set. Nothing is read but folders. */
#ifndef RETUNE_DATA_SCAN_H
#define RETUNE_DATA_SCAN_H

#include "data/dataset.h"

/* Adds the classes of `root` and a sample for every image file (path, name, label) to an empty data
 * set. When the folders say which images are for testing, `out_is_split` is set and the samples are
 * marked. Errors as retune_dataset_open says; what was added by then belongs to the data set. */
retune_status retune_scan_folders(const char *root, retune_dataset *dataset, bool *out_is_split,
                                  retune_error *error);

#endif
