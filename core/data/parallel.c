#include "data/parallel.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct parallel_loop {
    retune_parallel_body body;
    void *context;
    size_t count;
    atomic_size_t next; /* index that the next free thread takes */
    atomic_size_t done;
    pthread_mutex_t lock; /* protects `running` */
    pthread_cond_t ended;
    unsigned running;
} parallel_loop;

unsigned retune_thread_count(uint32_t wanted) {
    if (wanted > 0)
        return wanted;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

static void *run_turns(void *argument) {
    parallel_loop *loop = argument;
    size_t index;
    while ((index = atomic_fetch_add(&loop->next, 1)) < loop->count) {
        loop->body(loop->context, index);
        atomic_fetch_add(&loop->done, 1);
    }
    pthread_mutex_lock(&loop->lock);
    if (--loop->running == 0)
        pthread_cond_signal(&loop->ended);
    pthread_mutex_unlock(&loop->lock);
    return NULL;
}

/* True when all threads ended, false when a tenth of a second went by. */
static bool wait_a_moment(parallel_loop *loop) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 100000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&loop->lock);
    int result = 0;
    while (loop->running > 0 && result == 0)
        result = pthread_cond_timedwait(&loop->ended, &loop->lock, &until);
    bool ended = loop->running == 0;
    pthread_mutex_unlock(&loop->lock);
    return ended;
}

/* Starts up to `wanted` threads; fewer are enough. Returns how many there are. */
static unsigned start_threads(parallel_loop *loop, pthread_t *threads, unsigned wanted,
                              int *out_reason) {
    unsigned started = 0;
    *out_reason = 0;
    pthread_mutex_lock(&loop->lock);
    while (started < wanted && *out_reason == 0) {
        *out_reason = pthread_create(&threads[started], NULL, run_turns, loop);
        started += *out_reason == 0;
    }
    loop->running = started;
    pthread_mutex_unlock(&loop->lock);
    return started;
}

retune_status retune_parallel_for(uint32_t threads, size_t count, retune_parallel_body body,
                                  void *context, retune_parallel_progress progress, void *user,
                                  retune_error *error) {
    parallel_loop loop = {.body = body, .context = context, .count = count};
    unsigned wanted = retune_thread_count(threads);
    if (wanted > count)
        wanted = (unsigned)count;
    pthread_t *handles;
    RETUNE_TRY(retune_allocate(wanted, sizeof *handles, "threads", &handles, error));
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&loop.ended, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&loop.lock, NULL);

    retune_status status = RETUNE_OK;
    int reason;
    unsigned started = start_threads(&loop, handles, wanted, &reason);
    if (started == 0 && wanted > 0)
        status =
            retune_fail(error, RETUNE_UNAVAILABLE, "cannot start a thread: %s", strerror(reason));
    for (bool ended = false; !ended && status == RETUNE_OK;) {
        ended = wait_a_moment(&loop);
        if (progress && progress(user, atomic_load(&loop.done), count) != 0 && !ended) {
            status = retune_fail(error, RETUNE_CANCELLED, "stopped");
            atomic_store(&loop.next, count);
        }
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(handles[i], NULL);
    pthread_mutex_destroy(&loop.lock);
    pthread_cond_destroy(&loop.ended);
    free(handles);
    return status;
}
