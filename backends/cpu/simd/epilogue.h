/* What follows the sum of a convolution: activation(scale * sum + bias), channel by channel. */
#ifndef RETUNE_CPU_SIMD_EPILOGUE_H
#define RETUNE_CPU_SIMD_EPILOGUE_H

#include "isa.h"
#include "retune/backend.h"

typedef struct simd_epilogue {
    const float *scale, *bias; /* a value a channel, or NULL */
    uint32_t activation;       /* a retune_activation */
} simd_epilogue;

/* A value that is not a number stays so, for a diverged run to show. */
SIMD_INLINE vector activate(vector value, uint32_t activation) {
    if (activation == RETUNE_ACTIVATION_NONE)
        return value;
    vector zero = {0}, six = vector_set(6.0f);
    value = vector_select(value < zero, zero, value);
    return activation == RETUNE_ACTIVATION_RELU6 ? vector_select(value > six, six, value) : value;
}

/* Of `lanes` channels from `channel` on. */
SIMD_INLINE vector finish(const simd_epilogue *e, vector sum, int64_t channel, int64_t lanes) {
    if (e->scale)
        sum *= vector_load_some(e->scale + channel, lanes);
    if (e->bias)
        sum += vector_load_some(e->bias + channel, lanes);
    return activate(sum, e->activation);
}

#endif
