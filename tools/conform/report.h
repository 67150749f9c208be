/* What came of the subjects, against what was expected: lines as they come, a matrix at the end. */
#ifndef RETUNE_CONFORM_REPORT_H
#define RETUNE_CONFORM_REPORT_H

#include "pattern.h"
#include "runner.h"

#define REPORT_DTYPES 3 /* RETUNE_F32, RETUNE_F16, RETUNE_BF16: the narrowest of a case */

typedef struct report {
    bool json, verbose;
    const char *plugin; /* as it was named, for the command that runs a subject again */
    const char *options;
    const retune_device_info *device;
    const subject_list *list;
    pattern_list *unsupported; /* or NULL: whatever the device refuses may be refused */
    pattern_list *failing;     /* or NULL */

    size_t cases[RETUNE_OP_KIND_COUNT][REPORT_DTYPES][OUTCOME_COUNT];
    size_t checks[OUTCOME_COUNT], training[OUTCOME_COUNT], all[OUTCOME_COUNT];
    size_t unexpected;
} report;

void report_start(const report *r);

/* For runner.each; `user` is the report. */
void report_result(void *user, size_t index, outcome result, const char *text);

/* A finding that belongs to no subject. */
void report_finding(report *r, const char *text);

void report_finish(const report *r);

/* A fault that ends the program: on stderr and, with `json`, as an event. */
void report_error(bool json, const char *message);

#endif
