/* What becomes of the times of several repetitions. */
#include "train/stopwatch.h"

#include <criterion/criterion.h>

static void expect_timing(double *times, size_t count, double median, double fastest,
                          double spread) {
    retune_timing timing = retune_timing_make(times, count);
    cr_expect_float_eq(timing.median, median, 1e-12, "median %g", timing.median);
    cr_expect_float_eq(timing.fastest, fastest, 1e-12, "fastest %g", timing.fastest);
    cr_expect_float_eq(timing.spread, spread, 1e-12, "spread %g", timing.spread);
    cr_expect_eq(timing.repetitions, count);
}

Test(stopwatch, odd_and_even_numbers_of_repetitions) {
    double odd[] = {5, 1, 3, 2, 4}, even[] = {4, 1, 3, 2};
    expect_timing(odd, 5, 3.0, 1.0, 2.0 / 3.0);
    expect_timing(even, 4, 2.5, 1.0, 1.5 / 2.5);
}

/* A single slow repetition among many says nothing about the device. */
Test(stopwatch, an_outlier_changes_neither_median_nor_spread) {
    double calm[] = {2, 2, 2, 2, 2, 2, 2, 2, 2}, disturbed[] = {2, 2, 2, 2, 900, 2, 2, 2, 2};
    expect_timing(calm, 9, 2.0, 2.0, 0.0);
    expect_timing(disturbed, 9, 2.0, 2.0, 0.0);
}

Test(stopwatch, a_single_repetition_has_no_spread) {
    double one[] = {0.25};
    expect_timing(one, 1, 0.25, 0.25, 0.0);
}

/* A clock too coarse for the work must not divide by zero. */
Test(stopwatch, times_of_zero) {
    double none[] = {0, 0, 0};
    expect_timing(none, 3, 0.0, 0.0, 0.0);
}
