#include "train/metrics.h"

#include <math.h>
#include <stdbool.h>

size_t retune_metrics_predict(const float *probability, size_t classes) {
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        if (probability[c] > probability[best])
            best = c;
    return best;
}

static bool all_finite(const float *probability, size_t classes) {
    for (size_t c = 0; c < classes; c++)
        if (!isfinite(probability[c]))
            return false;
    return true;
}

_Bool retune_metrics_add(retune_metrics *metrics, const float *probability, const float *loss,
                         const int32_t *label, const float *weight, size_t batch, size_t classes,
                         uint64_t *confusion) {
    bool finite = true;
    for (size_t i = 0; i < batch; i++) {
        if (weight[i] == 0.0f)
            continue;
        size_t truth = (size_t)label[i];
        const float *row = probability + i * classes;
        size_t predicted = retune_metrics_predict(row, classes);
        metrics->correct += predicted == truth;
        metrics->loss += (double)loss[i];
        metrics->weight += (double)weight[i];
        finite = finite && isfinite(loss[i]) && all_finite(row, classes);
        if (confusion)
            confusion[truth * classes + predicted]++;
    }
    return finite;
}

double retune_metrics_accuracy(const retune_metrics *metrics) {
    return metrics->weight > 0.0 ? (double)metrics->correct / metrics->weight : 0.0;
}

double retune_metrics_loss(const retune_metrics *metrics) {
    return metrics->weight > 0.0 ? metrics->loss / metrics->weight : 0.0;
}
