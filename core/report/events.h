/* Where events go: to the caller's callback and, during a run, into the run's folder. */
#ifndef RETUNE_EVENTS_H
#define RETUNE_EVENTS_H

#include "report/run_folder.h"

/* An event as text. */
typedef struct retune_event_line {
    char *text;
} retune_event_line;

#define RETUNE_PHASE_COUNT (RETUNE_PHASE_SELF_TEST + 1)

typedef struct retune_events {
    retune_event_callback callback; /* may be NULL */
    void *user;
    retune_run_folder *folder; /* NULL outside of runs */
    bool stop;                 /* the callback asked to stop */
    bool keep;                 /* a folder will come: what happens until then is kept for it */
    retune_event_line *kept;
    size_t kept_count, kept_capacity;
    double seconds[RETUNE_PHASE_COUNT]; /* that each phase took so far, by its PROGRESS */
    struct {
        uint32_t phase;
        uint64_t done;
        double seconds;
    } last; /* PROGRESS */
} retune_events;

/* Passes an event on. IO: the folder cannot be written; the callback was still told. */
retune_status retune_events_send(retune_events *events, retune_event *event, retune_error *error);

/* Writes what was kept to a folder, and everything from now on. The folder outlives the events. */
retune_status retune_events_attach(retune_events *events, retune_run_folder *folder,
                                   retune_error *error);

/* Frees what was kept. */
void retune_events_release(retune_events *events);

/* A NOTICE, or a PROBLEM with the status of a fault, with formatted text. */
retune_status retune_events_notice(retune_events *events, retune_error *error, const char *format,
                                   ...) __attribute__((format(printf, 3, 4)));
retune_status retune_events_problem(retune_events *events, retune_status problem, const char *text,
                                    retune_error *error);

/* Progress of a phase that began at `began` (retune_clock_seconds). CANCELLED once the callback has
 * asked to stop. */
retune_status retune_events_progress(retune_events *events, retune_phase phase, uint32_t epoch,
                                     uint64_t done, uint64_t total, const char *unit, double began,
                                     retune_error *error);

#endif
