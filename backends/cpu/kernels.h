/* What a CPU kernel gets, and the two sets of kernels: scalar, the reference, and simd. */
#ifndef RETUNE_CPU_KERNELS_H
#define RETUNE_CPU_KERNELS_H

#include "retune/backend.h"

/* One op, ready to compute. Slots are those of ops.def; an absent tensor is NULL in both arrays.
 * Maps are f32 whatever `op` says of them (widen.h), but for gather and cast, which convert. */
typedef struct cpu_call {
    const retune_op_desc *op;
    const void *inputs[RETUNE_OP_TENSORS_MAX];
    void *outputs[RETUNE_OP_TENSORS_MAX];
    void *workspace; /* as many bytes as the kernel's `workspace` asked for, aligned to 64 */
    int threads;     /* at most so many */
    float learning_rate;
    uint64_t step;
} cpu_call;

/* A kernel. `workspace` may be NULL: none is needed. A set leaves `run` NULL for an op it has no
 * kernel for; the simd device then takes the scalar one. Kernels give the same bits for any number
 * of threads: work is divided by output element, never by term of a sum. */
typedef struct cpu_kernel {
    void (*run)(const cpu_call *call);
    uint64_t (*workspace)(const retune_op_desc *op, int threads);
} cpu_kernel;

typedef struct cpu_kernel_set {
    const char *name; /* "scalar", "avx512", "avx2", "neon", "baseline" */
    cpu_kernel kernels[RETUNE_OP_KIND_COUNT];
} cpu_kernel_set;

const cpu_kernel_set *cpu_scalar_kernels(void);

/* The set for this processor, or the one named by `instruction_set` (NULL: the best there is); NULL
 * when the processor cannot run it or there is no such set. */
const cpu_kernel_set *cpu_simd_kernels(const char *instruction_set);

#endif
