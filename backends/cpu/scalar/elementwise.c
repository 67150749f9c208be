/* Ops where each output element depends on the input elements at its own place. */
#include "scalar.h"

/* y [N,H,W,C] = scale [C] * x [N,H,W,C] + offset [C], x of bytes. */
void cpu_scalar_normalize(const cpu_call *call) {
    int64_t count = cpu_scalar_elements(call->op->inputs[0]);
    int64_t c_count = cpu_scalar_channels(call->op->inputs[0]);
    const uint8_t *x = call->inputs[0];
    const float *scale = call->inputs[1], *offset = call->inputs[2];
    float *y = call->outputs[0];
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++)
        y[e] = scale[e % c_count] * (float)x[e] + offset[e % c_count];
}

void cpu_scalar_activation(const cpu_call *call) {
    int64_t count = cpu_scalar_elements(call->op->inputs[0]);
    const float *x = call->inputs[0];
    float *y = call->outputs[0];
    uint32_t activation = call->op->attributes.activation.activation;
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++)
        y[e] = cpu_scalar_activate(x[e], activation);
}

/* dz [...,C] = dy where the activation was not flat, else 0; times scale [C], which may be NULL. */
void cpu_scalar_activation_grad(const cpu_call *call) {
    int64_t count = cpu_scalar_elements(call->op->inputs[0]);
    int64_t c_count = cpu_scalar_channels(call->op->inputs[0]);
    const float *dy = call->inputs[0], *y = call->inputs[1], *scale = call->inputs[2];
    float *dz = call->outputs[0];
    uint32_t activation = call->op->attributes.activation.activation;
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++) {
        int flat = (activation != RETUNE_ACTIVATION_NONE && !(y[e] > 0.0f)) ||
                   (activation == RETUNE_ACTIVATION_RELU6 && !(y[e] < 6.0f));
        dz[e] = flat ? 0.0f : scale ? dy[e] * scale[e % c_count] : dy[e];
    }
}

void cpu_scalar_add(const cpu_call *call) {
    int64_t count = cpu_scalar_elements(call->op->inputs[0]);
    const float *a = call->inputs[0], *b = call->inputs[1];
    float *y = call->outputs[0];
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++)
        y[e] = a[e] + b[e];
}

void cpu_scalar_fill(const cpu_call *call) {
    int64_t count = cpu_scalar_elements(call->op->outputs[0]);
    float value = call->op->attributes.fill.value;
    float *y = call->outputs[0];
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++)
        y[e] = value;
}

void cpu_scalar_accumulate(const cpu_call *call) {
    int64_t count = cpu_scalar_elements(call->op->inputs[1]);
    const float *x = call->inputs[1];
    float *sum = call->outputs[0]; /* input 0 is the same memory */
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++)
        sum[e] += x[e];
}
