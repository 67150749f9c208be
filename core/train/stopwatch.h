/* Timing work by repeating it. */
#ifndef RETUNE_STOPWATCH_H
#define RETUNE_STOPWATCH_H

#include "device/executable.h"
#include "report/events.h"

/* The times of several repetitions, in seconds of one run. */
typedef struct retune_timing {
    double median, fastest;
    double spread; /* interquartile range over the median */
    size_t repetitions;
} retune_timing;

/* Sums up `count` times, at least one; sorts them. */
retune_timing retune_timing_make(double *seconds, size_t count);

/* Work that is enqueued once; waiting for it is the stopwatch's affair. */
typedef retune_status (*retune_work)(void *user, retune_error *error);

/* What a series of measurements shares. */
typedef struct retune_stopwatch {
    retune_events *events;
    double least_seconds; /* that a measurement takes */
    double began;         /* retune_clock_seconds */
    uint64_t done, total; /* measurements */
} retune_stopwatch;

/* Runs the work once to warm up and then, after waiting for the device, again and again: at least
 * three repetitions and `least_seconds`. Runs that are short are repeated with one wait for many,
 * so that neither the wait nor the clock counts. `executable` is the one the work uses last. */
retune_status retune_stopwatch_measure(retune_stopwatch *stopwatch, retune_executable *executable,
                                       retune_work work, void *user, retune_timing *out_timing,
                                       retune_error *error);

/* Sends PROGRESS. CANCELLED once the caller has asked to stop. */
retune_status retune_stopwatch_progress(retune_stopwatch *stopwatch, retune_error *error);

#endif
