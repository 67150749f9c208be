/* A loop whose turns run on several threads, watched by the thread that asked for it. */
#ifndef RETUNE_DATA_PARALLEL_H
#define RETUNE_DATA_PARALLEL_H

#include "base/status.h"

/* One turn of the loop. Turns run at the same time on different threads, in no certain order. */
typedef void (*retune_parallel_body)(void *context, size_t index);

/* Called on the thread that called retune_parallel_for, about ten times a second and once when all
 * is done. Returning non-zero stops the loop. */
typedef int (*retune_parallel_progress)(void *user, uint64_t done, uint64_t total);

/* Threads to use when `wanted` are asked for; 0: one a processor core. At least 1. */
unsigned retune_thread_count(uint32_t wanted);

/* Runs `body` for every index below `count` on `threads` threads (0: one a processor core) and
 * returns when the last turn is over. CANCELLED: `progress` (may be NULL) said stop; some turns
 * never ran. UNAVAILABLE: not one thread could be started. */
retune_status retune_parallel_for(uint32_t threads, size_t count, retune_parallel_body body,
                                  void *context, retune_parallel_progress progress, void *user,
                                  retune_error *error);

#endif
