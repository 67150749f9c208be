/* What the operating system says about this machine. */
#ifndef RETUNE_CPU_HOST_H
#define RETUNE_CPU_HOST_H

#include <stddef.h>
#include <stdint.h>

/* Bytes this process may use: the physical memory, or less when a control group limits it. 0 when
 * the system does not say. */
uint64_t cpu_host_memory(void);

/* Cores this process may run on, at least 1. */
int cpu_host_cores(void);

/* The value of `key` in /proc/cpuinfo ("model name"), or `fallback`, NUL-terminated and cut to
 * `size` bytes. */
void cpu_host_text(const char *key, const char *fallback, char *out_text, size_t size);

#endif
