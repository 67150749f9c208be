/* A CPU device: a set of kernels, a number of threads, and the memory taken on it. */
#ifndef RETUNE_CPU_DEVICE_H
#define RETUNE_CPU_DEVICE_H

#include "block.h"
#include "kernels.h"

#include <stdbool.h>

/* The first device is the one a plain "cpu" stands for. */
enum { CPU_DEVICE_SIMD = 0, CPU_DEVICE_SCALAR = 1, CPU_DEVICE_COUNT };

struct retune_backend_device {
    const cpu_kernel_set *kernels;
    int threads;
    bool profiling;
    uint64_t memory_limit; /* 0: unknown */
    uint64_t current_bytes, peak_bytes;
    backend_block *slots;
    size_t programs; /* that share the workspace */
    void *workspace; /* as large as the largest that a kernel of a program asked for */
    size_t workspace_bytes;
};

/* Functions of the plugin table; backend.h documents them. */
retune_status cpu_device_count(uint32_t *out_count, retune_error *error);
retune_status cpu_device_info(uint32_t index, retune_device_info *out_info, retune_error *error);
retune_status cpu_device_open(uint32_t index, const retune_option *options, size_t option_count,
                              retune_backend_device **out_device, retune_error *error);
void cpu_device_close(retune_backend_device *device);
retune_status cpu_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                uint64_t *out_peak_bytes, retune_error *error);
retune_status cpu_op_query(retune_backend_device *device, const retune_op_desc *op,
                           retune_op_support *out_support, retune_error *error);

/* Zeroed memory aligned to 64 bytes, counted as the device's. Given back with the same size. */
retune_status cpu_device_take(retune_backend_device *device, size_t bytes, const char *what,
                              void **out_memory, retune_error *error);
void cpu_device_give_back(retune_backend_device *device, void *memory, size_t bytes);

/* The kernel of a valid kind of op: the device's own, or else the scalar one. */
const cpu_kernel *cpu_device_kernel(const retune_backend_device *device, uint32_t kind);

/* Bytes a valid op needs beside its tensors: first the kernel's own, to a multiple of 64, then the
 * f32 copies of narrow maps. `out_kernel_bytes` says how many are the former. */
uint64_t cpu_device_workspace(const retune_backend_device *device, const retune_op_desc *op,
                              uint64_t *out_kernel_bytes);

#endif
