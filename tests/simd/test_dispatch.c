/* Which set of kernels the processor gets. */
#include "trial.h"

Test(dispatch, without_a_name_the_best_set_is_taken) {
    const cpu_kernel_set *best = cpu_simd_kernels(NULL);
    cr_assert_not_null(best);
    cr_assert_str_eq(best->name, trial_instruction_sets()[0]);
}

Test(dispatch, baseline_runs_everywhere) {
    cr_assert_not_null(cpu_simd_kernels("baseline"));
}

Test(dispatch, a_set_bears_the_name_it_was_asked_by) {
    for (const char *const *name = trial_instruction_sets(); *name; name++)
        cr_assert_str_eq(cpu_simd_kernels(*name)->name, *name);
}

Test(dispatch, all_sets_have_the_same_kernels) {
    const cpu_kernel_set *baseline = cpu_simd_kernels("baseline");
    for (const char *const *name = trial_instruction_sets(); *name; name++) {
        const cpu_kernel_set *set = cpu_simd_kernels(*name);
        for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
            cr_assert_eq(!set->kernels[kind].run, !baseline->kernels[kind].run, "op %d", kind);
            cr_assert_eq(!set->kernels[kind].workspace, !baseline->kernels[kind].workspace, "op %d",
                         kind);
        }
    }
}

Test(dispatch, an_unknown_name_gives_nothing) {
    cr_assert_null(cpu_simd_kernels("altivec"));
    cr_assert_null(cpu_simd_kernels(""));
    cr_assert_null(cpu_simd_kernels("AVX2"));
    cr_assert_null(cpu_simd_kernels("avx2 "));
    cr_assert_null(cpu_simd_kernels("scalar"));
}

#if defined(__x86_64__)
Test(dispatch, a_set_of_another_processor_gives_nothing) {
    cr_assert_null(cpu_simd_kernels("neon"));
}
#elif defined(__aarch64__)
Test(dispatch, a_set_of_another_processor_gives_nothing) {
    cr_assert_null(cpu_simd_kernels("avx2"));
    cr_assert_null(cpu_simd_kernels("avx512"));
}
#endif
