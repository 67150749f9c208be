#include "train/stopwatch.h"

#include "base/clock.h"
#include "base/memory.h"

#include <math.h>

#define LEAST_REPETITIONS 3
/* Into how many repetitions the time of a measurement is cut, where single runs are short. */
#define CUTS 16

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Between neighbours of a sorted list, in a straight line. */
static double quantile(const double *sorted, size_t count, double share) {
    double place = share * (double)(count - 1), below = floor(place);
    size_t i = (size_t)below, next = i + 1 < count ? i + 1 : i;
    return sorted[i] + (place - below) * (sorted[next] - sorted[i]);
}

retune_timing retune_timing_make(double *seconds, size_t count) {
    qsort(seconds, count, sizeof *seconds, compare);
    double median = quantile(seconds, count, 0.5);
    double range = quantile(seconds, count, 0.75) - quantile(seconds, count, 0.25);
    return (retune_timing){.median = median,
                           .fastest = seconds[0],
                           .spread = median > 0.0 ? range / median : 0.0,
                           .repetitions = count};
}

retune_status retune_stopwatch_progress(retune_stopwatch *stopwatch, retune_error *error) {
    return retune_events_progress(stopwatch->events, RETUNE_PHASE_BENCH, 0, stopwatch->done,
                                  stopwatch->total, "measurements", stopwatch->began, error);
}

/* Seconds that `runs` runs take, from a device at rest to a device at rest. */
static retune_status time_runs(retune_executable *executable, retune_work work, void *user,
                               size_t runs, double *out_seconds, retune_error *error) {
    double began = retune_clock_seconds();
    for (size_t run = 0; run < runs; run++)
        RETUNE_TRY(work(user, error));
    RETUNE_TRY(retune_executable_wait(executable, error));
    *out_seconds = retune_clock_seconds() - began;
    return RETUNE_OK;
}

/* Warms up, which pays for memory touched and kernels run for the first time, and finds how many
 * runs make a repetition. */
static retune_status choose_runs(double repetition, retune_executable *executable, retune_work work,
                                 void *user, size_t *out_runs, retune_error *error) {
    double seconds = 0.0;
    *out_runs = 1;
    RETUNE_TRY(retune_executable_wait(executable, error));
    RETUNE_TRY(time_runs(executable, work, user, 1, &seconds, error));
    while (seconds < repetition && *out_runs < 1u << 20) {
        RETUNE_TRY(time_runs(executable, work, user, *out_runs, &seconds, error));
        if (seconds < repetition)
            *out_runs *= 2;
    }
    return RETUNE_OK;
}

retune_status retune_stopwatch_measure(retune_stopwatch *stopwatch, retune_executable *executable,
                                       retune_work work, void *user, retune_timing *out_timing,
                                       retune_error *error) {
    double least = stopwatch->least_seconds, elapsed = 0.0, *times = NULL;
    size_t count = 0, capacity = 0, runs = 1;
    retune_status status = choose_runs(least / CUTS, executable, work, user, &runs, error);
    while (status == RETUNE_OK && (count < LEAST_REPETITIONS || elapsed < least)) {
        double seconds = 0.0;
        status = retune_stopwatch_progress(stopwatch, error);
        if (status == RETUNE_OK)
            status = retune_grow(&times, &capacity, count, sizeof *times, "times", error);
        if (status == RETUNE_OK)
            status = time_runs(executable, work, user, runs, &seconds, error);
        if (status != RETUNE_OK)
            break;
        times[count++] = seconds / (double)runs;
        elapsed += seconds;
    }
    if (status == RETUNE_OK) {
        *out_timing = retune_timing_make(times, count);
        stopwatch->done++;
    }
    free(times);
    return status;
}
