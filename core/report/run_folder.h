/* The folder of a run: job.ini, metrics.csv, metrics.jsonl, the models, the checkpoint, what the
 * best model said, and the report. */
#ifndef RETUNE_RUN_FOLDER_H
#define RETUNE_RUN_FOLDER_H

#include "retune/retune.h"

#include "base/status.h"

#include <stdbool.h>

typedef enum retune_run_mode {
    RETUNE_RUN_NEW,   /* the folder must not hold a run */
    RETUNE_RUN_FRESH, /* what a run left there goes */
    RETUNE_RUN_RESUME /* what is there is continued */
} retune_run_mode;

typedef enum retune_run_file {
    RETUNE_RUN_JOB,           /* job.ini: every setting */
    RETUNE_RUN_CSV,           /* metrics.csv: a row an epoch */
    RETUNE_RUN_JSONL,         /* metrics.jsonl: the events */
    RETUNE_RUN_MODEL,         /* model.safetensors: the best one */
    RETUNE_RUN_DELTA,         /* delta.safetensors: what training changed in it */
    RETUNE_RUN_LAST,          /* last.safetensors: the checkpoint */
    RETUNE_RUN_LAST_PREVIOUS, /* last.previous.safetensors: the one before */
    RETUNE_RUN_PREDICTIONS, /* predictions.jsonl: what the best model said about each test image */
    RETUNE_RUN_REPORT,      /* report.html: all of it for people */
    RETUNE_RUN_FILE_COUNT
} retune_run_file;

/* Sizes of the files that grow, at the moment of a checkpoint: a resumed run cuts them back, so
 * that no epoch stands there twice. */
typedef struct retune_run_mark {
    uint64_t csv, jsonl;
} retune_run_mark;

typedef struct retune_run_folder retune_run_folder;

/* INVALID when a run of this mode cannot go into the folder: a new one where there is one already,
 * or nothing to resume. Writes nothing. */
retune_status retune_run_folder_check(const char *path, retune_run_mode mode, retune_error *error);

/* Opens the folder, making it when it is missing, and keeps other runs out until it is closed.
 * INVALID as retune_run_folder_check. UNAVAILABLE: another process is at work there. IO: it cannot
 * be written. `settings` becomes job.ini. */
retune_status retune_run_folder_open(const char *path, retune_run_mode mode, const char *settings,
                                     retune_run_folder **out_folder, retune_error *error);
void retune_run_folder_close(retune_run_folder *folder); /* takes NULL */

const char *retune_run_folder_file(const retune_run_folder *folder, retune_run_file file);

/* Cuts the growing files back to a mark; the heading of metrics.csv stays. CORRUPT: they are
 * shorter. */
retune_status retune_run_folder_rewind(retune_run_folder *folder, retune_run_mark mark,
                                       retune_error *error);
/* Flushes the growing files and says how long they are. */
retune_status retune_run_folder_mark(retune_run_folder *folder, retune_run_mark *out_mark,
                                     retune_error *error);

/* Adds an event to metrics.jsonl (progress is left out). */
retune_status retune_run_folder_event(retune_run_folder *folder, const retune_event *event,
                                      retune_error *error);

/* Adds a line to it. */
retune_status retune_run_folder_line(retune_run_folder *folder, const char *text,
                                     retune_error *error);

/* Adds a row to metrics.csv. */
typedef struct retune_run_row {
    uint32_t epoch;
    double loss, accuracy, test_loss, test_accuracy, learning_rate, seconds;
} retune_run_row;
retune_status retune_run_folder_row(retune_run_folder *folder, const retune_run_row *row,
                                    retune_error *error);

/* The path of a file in a run folder that is not open. Free with free(). */
retune_status retune_run_folder_path(const char *folder, retune_run_file file, char **out_path,
                                     retune_error *error);

#endif
