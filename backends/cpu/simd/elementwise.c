/* Ops where each element depends on those at its own place. */
#include "elements.h"
#include "epilogue.h"

void SIMD(activation)(const cpu_call *call) {
    int64_t count = element_count(call->op->outputs[0]);
    int threads = threads_for(call, count);
    finisher range = activation_range(call->op->attributes.activation.activation);
    const float *x = call->inputs[0];
    float *y = call->outputs[0];
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n += LANES)
        vector_store_some(y + n, clamp(&range, vector_load_some(x + n, count - n)), count - n);
}

/* Where the activation was not flat. */
SIMD_INLINE vector_mask slope(vector y, uint32_t activation) {
    vector_mask mask = ~(vector_mask){0};
    if (activation != RETUNE_ACTIVATION_NONE)
        mask = y > (vector){0};
    return activation == RETUNE_ACTIVATION_RELU6 ? mask & (y < vector_set(6.0f)) : mask;
}

void SIMD(activation_grad)(const cpu_call *call) {
    const retune_tensor_desc *desc = call->op->outputs[0];
    const float *dy = call->inputs[0], *y = call->inputs[1], *scale = call->inputs[2];
    float *dz = call->outputs[0];
    uint32_t kind = call->op->attributes.activation.activation;
    int64_t channels = channel_count(desc), rows = element_count(desc) / channels;
    int threads = threads_for(call, rows * channels);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        int64_t at = row * channels;
        for (int64_t c = 0; c < channels; c += LANES) {
            int64_t lanes = channels - c;
            vector gradient = vector_load_some(dy + at + c, lanes);
            if (scale)
                gradient *= vector_load_some(scale + c, lanes);
            vector_mask mask = slope(vector_load_some(y + at + c, lanes), kind);
            vector_store_some(dz + at + c, vector_select(mask, gradient, (vector){0}), lanes);
        }
    }
}

/* The rest are loops of which the compiler makes vectors itself. */

void SIMD(add)(const cpu_call *call) {
    int64_t count = element_count(call->op->outputs[0]);
    int threads = threads_for(call, count);
    const float *a = call->inputs[0], *b = call->inputs[1];
    float *y = call->outputs[0];
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n++)
        y[n] = a[n] + b[n];
}

void SIMD(accumulate)(const cpu_call *call) {
    int64_t count = element_count(call->op->outputs[0]);
    int threads = threads_for(call, count);
    const float *x = call->inputs[1];
    float *sum = call->outputs[0];
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n++)
        sum[n] += x[n];
}

void SIMD(fill)(const cpu_call *call) {
    int64_t count = element_count(call->op->outputs[0]);
    int threads = threads_for(call, count);
    float value = call->op->attributes.fill.value;
    float *y = call->outputs[0];
#pragma omp parallel for simd num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n++)
        y[n] = value;
}
