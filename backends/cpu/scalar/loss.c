/* softmax_cross_entropy and its gradient. A sample of weight 0 is padding: whatever it holds, NaN
 * included, it adds exactly nothing. */
#include "scalar.h"

#include <math.h>

/* The smoothed one-hot target of class c. */
static double target(const cpu_call *call, int64_t c_count, int64_t c, int32_t label) {
    double smoothing = (double)call->op->attributes.loss.label_smoothing;
    return (c == label ? 1.0 - smoothing : 0.0) + smoothing / (double)c_count;
}

/* log(sum of exp(x)) over x [C], kept from overflow by taking the maximum out. */
static double log_sum_exp(const float *x, int64_t c_count) {
    double maximum = (double)x[0], sum = 0.0;
    for (int64_t c = 1; c < c_count; c++)
        maximum = fmax(maximum, (double)x[c]);
    for (int64_t c = 0; c < c_count; c++)
        sum += exp((double)x[c] - maximum);
    return maximum + log(sum);
}

void cpu_scalar_softmax_cross_entropy(const cpu_call *call) {
    int64_t n_count = call->op->inputs[0]->shape[0];
    int64_t c_count = cpu_scalar_channels(call->op->inputs[0]);
    const float *logits = call->inputs[0];  /* [N,C] */
    const int32_t *label = call->inputs[1]; /* [N] */
    const float *weight = call->inputs[2];  /* [N] */
    float *probability = call->outputs[0];  /* [N,C] */
    float *loss = call->outputs[1];         /* [N] */
#pragma omp parallel for num_threads(call->threads)
    for (int64_t n = 0; n < n_count; n++) {
        const float *x = logits + n * c_count;
        double total = log_sum_exp(x, c_count), sum = 0.0;
        for (int64_t c = 0; c < c_count; c++) {
            double log_probability = (double)x[c] - total;
            double share = target(call, c_count, c, label[n]);
            probability[n * c_count + c] = (float)exp(log_probability);
            if (share > 0.0)
                sum += share * log_probability;
        }
        loss[n] = weight[n] == 0.0f ? 0.0f : (float)(-(double)weight[n] * sum);
    }
}

void cpu_scalar_softmax_cross_entropy_grad(const cpu_call *call) {
    int64_t n_count = call->op->inputs[0]->shape[0];
    int64_t c_count = cpu_scalar_channels(call->op->inputs[0]);
    const float *probability = call->inputs[0];  /* [N,C] */
    const int32_t *label = call->inputs[1];      /* [N] */
    const float *weight = call->inputs[2];       /* [N] */
    const float *total_weight = call->inputs[3]; /* [1] */
    float *dlogits = call->outputs[0];           /* [N,C] */
#pragma omp parallel for num_threads(call->threads)
    for (int64_t n = 0; n < n_count; n++) {
        double share = (double)weight[n] / (double)total_weight[0];
        for (int64_t c = 0; c < c_count; c++) {
            int64_t e = n * c_count + c;
            double difference = (double)probability[e] - target(call, c_count, c, label[n]);
            dlogits[e] = weight[n] == 0.0f ? 0.0f : (float)(share * difference);
        }
    }
}
