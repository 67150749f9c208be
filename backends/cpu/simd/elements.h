/* Counting elements, and when more than one thread is worth its start. */
#ifndef RETUNE_CPU_SIMD_ELEMENTS_H
#define RETUNE_CPU_SIMD_ELEMENTS_H

#include "ops.h"

enum { SERIAL_ELEMENTS = 16384 }; /* done before another thread would have woken up */

static inline int64_t element_count(const retune_tensor_desc *desc) {
    int64_t count = 1;
    for (uint32_t d = 0; d < desc->rank; d++)
        count *= desc->shape[d];
    return count;
}

static inline int64_t channel_count(const retune_tensor_desc *desc) {
    return desc->shape[desc->rank - 1];
}

static inline int threads_for(const cpu_call *call, int64_t elements) {
    return elements < SERIAL_ELEMENTS ? 1 : call->threads;
}

#endif
