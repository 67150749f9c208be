/* What a network said about each test image: predictions.jsonl in a run's folder, one line an image
 * in the order of the data set's `test`:
 *
 *   {"image":"roses/12.jpg","class":"roses","predicted":"tulips","confidence":0.83}
 *
 * `predicted` is null for an image that could not be read. */
#ifndef RETUNE_PREDICTIONS_H
#define RETUNE_PREDICTIONS_H

#include "data/dataset.h"

#define RETUNE_NOT_PREDICTED UINT32_MAX

typedef struct retune_prediction {
    uint32_t predicted; /* index of a class, or RETUNE_NOT_PREDICTED */
    float confidence;   /* probability of that class */
} retune_prediction;

/* Writes `dataset->test_count` predictions; the file is replaced as a whole. */
retune_status retune_predictions_write(const char *path, const retune_dataset *dataset,
                                       const retune_prediction *predictions, retune_error *error);

/* Reads them back into room for `dataset->test_count`. IO: there is no such file. CORRUPT names the
 * line that does not fit the data set or is none. */
retune_status retune_predictions_read(const char *path, const retune_dataset *dataset,
                                      retune_prediction *out_predictions, retune_error *error);

#endif
