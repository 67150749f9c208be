#include "train/paired_test.h"

#include <math.h>

double retune_mcnemar(uint64_t only_a, uint64_t only_b) {
    uint64_t fewer = only_a < only_b ? only_a : only_b;
    double total = (double)only_a + (double)only_b, tail = 0.0;
    double logarithm = -total * log(2.0); /* of the probability of 0 among `total` */
    for (uint64_t k = 0; k <= fewer; k++) {
        if (k > 0)
            logarithm += log((total - (double)k + 1.0) / (double)k);
        tail += exp(logarithm);
    }
    return fmin(1.0, 2.0 * tail);
}
