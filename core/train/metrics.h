/* Counting what a network gets right. */
#ifndef RETUNE_METRICS_H
#define RETUNE_METRICS_H

#include "report/predictions.h"

#include <stdbool.h>

typedef struct retune_metrics {
    uint64_t correct;
    double loss;   /* sum over images, weighted */
    double weight; /* sum of weights: the number of images */
} retune_metrics;

/* Adds a batch: probabilities [batch,classes], a label, loss and weight an image. The prediction is
 * the first class of the highest probability. `predictions` may be NULL, or gets one an image: none
 * where the weight is 0. False when a loss or a probability is not a finite number. */
bool retune_metrics_add(retune_metrics *metrics, const float *probability, const float *loss,
                        const int32_t *label, const float *weight, size_t batch, size_t classes,
                        retune_prediction *predictions);

double retune_metrics_accuracy(const retune_metrics *metrics);
double retune_metrics_loss(const retune_metrics *metrics); /* mean */

#endif
