/* Chooses the kernels for the processor this runs on. */
#include "kernels.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
extern const cpu_kernel_set simd_kernels_avx512, simd_kernels_avx2;

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#elif defined(__aarch64__)
extern const cpu_kernel_set simd_kernels_neon;
#endif
extern const cpu_kernel_set simd_kernels_baseline;

static bool always(void) {
    return true;
}

/* Best first. */
static const struct {
    const cpu_kernel_set *set;
    bool (*runs_here)(void);
} sets[] = {
#if defined(__x86_64__) || defined(__i386__)
    {&simd_kernels_avx512, has_avx512},
    {&simd_kernels_avx2, has_avx2},
#elif defined(__aarch64__)
    {&simd_kernels_neon, always},
#endif
    {&simd_kernels_baseline, always},
};

const cpu_kernel_set *cpu_simd_kernels(const char *instruction_set) {
    for (size_t n = 0; n < sizeof sets / sizeof sets[0]; n++) {
        if (instruction_set && strcmp(instruction_set, sets[n].set->name) != 0)
            continue;
        if (sets[n].runs_here())
            return sets[n].set;
    }
    return NULL;
}
