/* sgd and adam. The tensors they update are outputs and inputs at once. */
#include "elements.h"
#include "isa.h"

#include <math.h>

void SIMD(sgd)(const cpu_call *call) {
    const retune_sgd_attributes *a = &call->op->attributes.sgd;
    int64_t count = element_count(call->op->outputs[0]);
    int threads = threads_for(call, count);
    float rate = call->learning_rate, momentum = a->momentum, decay = a->weight_decay;
    const float *gradient = call->inputs[1];
    float *weight = call->outputs[0], *velocity = call->outputs[1];
    if (!velocity) {
#pragma omp parallel for simd num_threads(threads) schedule(static)
        for (int64_t n = 0; n < count; n++)
            weight[n] -= rate * (gradient[n] + decay * weight[n]);
        return;
    }
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n++) {
        velocity[n] = momentum * velocity[n] + (gradient[n] + decay * weight[n]);
        weight[n] -= rate * velocity[n];
    }
}

void SIMD(adam)(const cpu_call *call) {
    const retune_adam_attributes *a = &call->op->attributes.adam;
    int64_t count = element_count(call->op->outputs[0]);
    int threads = threads_for(call, count);
    double beta1 = (double)a->beta1, beta2 = (double)a->beta2, step = (double)call->step;
    float keep1 = a->beta1, take1 = (float)(1.0 - beta1);
    float keep2 = a->beta2, take2 = (float)(1.0 - beta2);
    float correct1 = (float)(1.0 / (1.0 - pow(beta1, step)));
    float correct2 = (float)(1.0 / (1.0 - pow(beta2, step)));
    float rate = call->learning_rate, epsilon = a->epsilon;
    float shrink = a->decoupled ? 1.0f - rate * a->weight_decay : 1.0f;
    float decay = a->decoupled ? 0.0f : a->weight_decay;
    const float *gradient = call->inputs[1];
    float *weight = call->outputs[0], *m = call->outputs[1], *v = call->outputs[2];
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n++) {
        float g = gradient[n] + decay * weight[n];
        m[n] = keep1 * m[n] + take1 * g;
        v[n] = keep2 * v[n] + take2 * g * g;
        weight[n] =
            shrink * weight[n] - rate * (m[n] * correct1) / (sqrtf(v[n] * correct2) + epsilon);
    }
}
