/* Runs subjects in child processes: this process never touches a driver, and whatever a subject
 * does to its process is that subject's result. */
#ifndef RETUNE_CONFORM_RUNNER_H
#define RETUNE_CONFORM_RUNNER_H

#include "subject.h"

#define RUNNER_DEVICES_MAX 64

/* The devices of a backend, found in a child process. UNAVAILABLE: probe says so, there is none, or
 * it crashes or hangs. The array holds RUNNER_DEVICES_MAX. */
retune_status runner_survey(const retune_backend *backend, unsigned timeout_s,
                            retune_device_info *out_devices, uint32_t *out_count,
                            retune_error *error);

typedef enum outcome {
    OUTCOME_PASSED,
    OUTCOME_UNSUPPORTED,
    OUTCOME_FAILED,
    OUTCOME_CRASHED,
    OUTCOME_HUNG,
    OUTCOME_COUNT
} outcome;

typedef struct runner {
    const retune_backend *backend;
    uint32_t device;
    const char *options; /* "key=value,key=value", or NULL */
    unsigned timeout_s;  /* of a subject, opening the device included */
    size_t batch;        /* subjects that share a process */

    /* Called for each subject in order. `text`: why it did not pass. */
    void (*each)(void *user, size_t index, outcome result, const char *text);
    void *user;
} runner;

/* IO when there can be no child process. */
retune_status runner_run(const runner *r, const subject_list *list, retune_error *error);

#endif
