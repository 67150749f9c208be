#include "train/metrics.h"

#include <math.h>
#include <stdbool.h>

/* Index of the first highest probability; `out_finite` is cleared by any that is not a number. */
static size_t predict(const float *probability, size_t classes, bool *out_finite) {
    size_t best = 0;
    for (size_t c = 0; c < classes; c++) {
        if (!isfinite(probability[c]))
            *out_finite = false;
        if (probability[c] > probability[best])
            best = c;
    }
    return best;
}

bool retune_metrics_add(retune_metrics *metrics, const float *probability, const float *loss,
                        const int32_t *label, const float *weight, size_t batch, size_t classes,
                        retune_prediction *predictions) {
    bool finite = true;
    for (size_t i = 0; i < batch; i++) {
        if (predictions)
            predictions[i] = (retune_prediction){RETUNE_NOT_PREDICTED, 0.0f};
        if (weight[i] == 0.0f)
            continue;
        size_t predicted = predict(probability + i * classes, classes, &finite);
        metrics->correct += predicted == (size_t)label[i];
        metrics->loss += (double)loss[i];
        metrics->weight += (double)weight[i];
        finite = finite && isfinite(loss[i]);
        if (predictions)
            predictions[i] =
                (retune_prediction){(uint32_t)predicted, probability[i * classes + predicted]};
    }
    return finite;
}

double retune_metrics_accuracy(const retune_metrics *metrics) {
    return metrics->weight > 0.0 ? (double)metrics->correct / metrics->weight : 0.0;
}

double retune_metrics_loss(const retune_metrics *metrics) {
    return metrics->weight > 0.0 ? metrics->loss / metrics->weight : 0.0;
}
