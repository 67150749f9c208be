/* report.html: what a run was and what came of it, for people, as one self-contained page. It is
 * made from the run's folder and what its last process knows, at the run's end however that came.
 */
#ifndef RETUNE_RUN_REPORT_H
#define RETUNE_RUN_REPORT_H

#include "config/config.h"
#include "data/dataset.h"
#include "report/run_folder.h"

typedef struct retune_run_report {
    const retune_config *config;
    const retune_dataset *dataset;
    const retune_model_summary *model;
    const retune_run_folder
        *folder;                 /* holds metrics.jsonl and, once a model is, predictions.jsonl */
    uint32_t epochs, best_epoch; /* completed; the best of them */
    double accuracy, best_accuracy; /* on the test images: after the last epoch, the best */
    double seconds;                 /* of the run, over all its processes */
    const double *phase_seconds;    /* of each retune_phase, likewise */
    uint64_t peak_memory;           /* of this process, in bytes */
    retune_status status;           /* how the run ended: RETUNE_OK, CANCELLED, or a failure, ... */
    const char *message;            /* ... and its text */
} retune_run_report;

/* Writes the page into the folder of the run; the one before is replaced as a whole. IO, CORRUPT:
 * what the folder holds cannot be read, or the page cannot be written. */
retune_status retune_run_report_write(const retune_run_report *report, retune_error *error);

#endif
