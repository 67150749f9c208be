/* Time that only goes forward, and what this process uses. */
#ifndef RETUNE_BASE_CLOCK_H
#define RETUNE_BASE_CLOCK_H

#include <stdint.h>

/* Seconds since some fixed moment. */
double retune_clock_seconds(void);

/* The most memory this process had resident so far, in bytes. */
uint64_t retune_peak_memory(void);

/* Memory that could be taken now without swapping, in bytes; 0 when not known. */
uint64_t retune_available_memory(void);

#endif
