/* The kernels of the instruction set being compiled, from simd_ops.def. */
#ifndef RETUNE_CPU_SIMD_OPS_H
#define RETUNE_CPU_SIMD_OPS_H

#include "isa.h"
#include "kernels.h"

#define SIMD_KERNEL(CONSTANT, name) void SIMD(name)(const cpu_call *call);
#define SIMD_KERNEL_WORKSPACE(CONSTANT, name)                                                      \
    SIMD_KERNEL(CONSTANT, name)                                                                    \
    uint64_t SIMD(name##_workspace)(const retune_op_desc *op, int threads);
#include "simd_ops.def"
#undef SIMD_KERNEL
#undef SIMD_KERNEL_WORKSPACE

#endif
