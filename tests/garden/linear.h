/* What can be told from a picture without any network: a linear classifier, trained by gradient
 * descent on vectors that stand for pictures. */
#ifndef TESTS_GARDEN_LINEAR_H
#define TESTS_GARDEN_LINEAR_H

#include <stddef.h>

/* `count` rows of `width` numbers, and the class of each, 0..classes-1. */
struct samples {
    float *rows;
    int *labels;
    size_t count, width;
    int classes;
};

/* Trains softmax regression (full batches, momentum, weights decay a little) on standardised rows
 * of `train`, and returns the largest share of `test` that it had right after any pass: more than
 * an honest choice of the pass would give. Standardises the rows of both in place. */
double linear_best_accuracy(struct samples *train, struct samples *test, int passes);

#endif
