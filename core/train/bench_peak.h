/* The most a device reaches, measured with ops that ask for nothing else. */
#ifndef RETUNE_BENCH_PEAK_H
#define RETUNE_BENCH_PEAK_H

#include "train/stopwatch.h"

typedef struct retune_bench_peak {
    double flops_per_second, bytes_per_second; /* 0: the device has no such op */
    char flops_of[96], bytes_of[96];           /* what was run */
} retune_bench_peak;

/* Arithmetic by a large 1x1 convolution, bandwidth by adding large maps; the fastest repetition of
 * each. The stopwatch takes two measurements. */
retune_status retune_bench_peak_measure(const retune_device *device, retune_stopwatch *stopwatch,
                                        retune_bench_peak *out_peak, retune_error *error);

#endif
