/* Narrow maps on kernels that know f32 alone: before a kernel runs they are widened into the
 * workspace, after it they are narrowed to nearest even. */
#ifndef RETUNE_CPU_WIDEN_H
#define RETUNE_CPU_WIDEN_H

#include "device.h"

/* Bytes of the f32 copies of the narrow maps of a valid op; 0 for an op whose kernel reads and
 * writes narrow types itself. */
uint64_t cpu_widen_bytes(const retune_op_desc *op);

/* Runs a kernel on f32 copies of the call's narrow maps, which take cpu_widen_bytes of the
 * workspace from `offset` on, a multiple of 64. `cast` is the kernel that converts. */
void cpu_widen_run(const cpu_call *call, const cpu_kernel *kernel, const cpu_kernel *cast,
                   size_t offset);

#endif
