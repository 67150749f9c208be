/* The table of one instruction set. */
#include "ops.h"

#define SIMD_TEXT_(isa) #isa
#define SIMD_TEXT(isa)  SIMD_TEXT_(isa)

extern const cpu_kernel_set SIMD(kernels);
const cpu_kernel_set SIMD(kernels) = {
    .name = SIMD_TEXT(CPU_SIMD_ISA),
    .kernels =
        {
#define SIMD_KERNEL(CONSTANT, name) [RETUNE_OP_##CONSTANT] = {SIMD(name), NULL},
#define SIMD_KERNEL_WORKSPACE(CONSTANT, name)                                                      \
    [RETUNE_OP_##CONSTANT] = {SIMD(name), SIMD(name##_workspace)},
#include "simd_ops.def"
        },
};
