/* sgd and adam. The updated inputs are the same memory as the outputs that bear their names. */
#include "scalar.h"

#include <math.h>

void cpu_scalar_sgd(const cpu_call *call) {
    const retune_sgd_attributes *a = &call->op->attributes.sgd;
    int64_t count = cpu_scalar_elements(call->op->inputs[0]);
    const float *gradient = call->inputs[1];
    float *weight = call->outputs[0], *velocity = call->outputs[1]; /* velocity may be NULL */
    double rate = (double)call->learning_rate;
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++) {
        double g = (double)gradient[e] + (double)a->weight_decay * (double)weight[e];
        if (velocity) {
            velocity[e] = (float)((double)a->momentum * (double)velocity[e] + g);
            g = (double)velocity[e];
        }
        weight[e] = (float)((double)weight[e] - rate * g);
    }
}

void cpu_scalar_adam(const cpu_call *call) {
    const retune_adam_attributes *a = &call->op->attributes.adam;
    int64_t count = cpu_scalar_elements(call->op->inputs[0]);
    const float *gradient = call->inputs[1];
    float *weight = call->outputs[0], *m = call->outputs[1], *v = call->outputs[2];
    double rate = (double)call->learning_rate, decay = (double)a->weight_decay;
    double b1 = (double)a->beta1, b2 = (double)a->beta2;
    double correction1 = 1.0 - pow(b1, (double)call->step);
    double correction2 = 1.0 - pow(b2, (double)call->step);
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++) {
        double w = (double)weight[e], g = (double)gradient[e];
        if (a->decoupled)
            w -= rate * decay * w;
        else
            g += decay * w;
        m[e] = (float)(b1 * (double)m[e] + (1.0 - b1) * g);
        v[e] = (float)(b2 * (double)v[e] + (1.0 - b2) * g * g);
        double mean = (double)m[e] / correction1, square = (double)v[e] / correction2;
        weight[e] = (float)(w - rate * mean / (sqrt(square) + (double)a->epsilon));
    }
}
