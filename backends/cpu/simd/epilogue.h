/* What follows the sum of a convolution: activation(scale * sum + bias), channel by channel. */
#ifndef RETUNE_CPU_SIMD_EPILOGUE_H
#define RETUNE_CPU_SIMD_EPILOGUE_H

#include "isa.h"
#include "retune/backend.h"

#include <math.h>

typedef struct simd_epilogue {
    const float *scale, *bias; /* a value a channel, or NULL */
    uint32_t activation;       /* a retune_activation */
} simd_epilogue;

/* The epilogue of one vector of channels, in registers: low <= scale * sum + bias <= high. */
typedef struct finisher {
    vector scale, bias, low, high;
} finisher;

/* The range of an activation. */
SIMD_INLINE finisher activation_range(uint32_t activation) {
    float low = activation == RETUNE_ACTIVATION_NONE ? -INFINITY : 0.0f;
    float high = activation == RETUNE_ACTIVATION_RELU6 ? 6.0f : INFINITY;
    return (finisher){.low = vector_set(low), .high = vector_set(high)};
}

/* Of `lanes` channels from `channel` on. */
SIMD_INLINE finisher finisher_of(const simd_epilogue *e, int64_t channel, int64_t lanes) {
    finisher f = activation_range(e->activation);
    f.scale = e->scale ? vector_load_some(e->scale + channel, lanes) : vector_set(1.0f);
    f.bias = e->bias ? vector_load_some(e->bias + channel, lanes) : (vector){0};
    return f;
}

/* A value that is not a number stays so, for a diverged run to show. */
SIMD_INLINE vector clamp(const finisher *f, vector value) {
    value = vector_select(value < f->low, f->low, value);
    return vector_select(value > f->high, f->high, value);
}

SIMD_INLINE vector finish(const finisher *f, vector sum) {
    return clamp(f, sum * f->scale + f->bias);
}

#endif
