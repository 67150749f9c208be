#include "report/run_folder.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const file_names[RETUNE_RUN_FILE_COUNT] = {"job.ini",
                                                              "metrics.csv",
                                                              "metrics.jsonl",
                                                              "model.safetensors",
                                                              "delta.safetensors",
                                                              "last.safetensors",
                                                              "last.previous.safetensors",
                                                              "predictions.jsonl",
                                                              "report.html"};

struct retune_run_folder {
    int lock; /* the folder itself, open and locked */
    char *files[RETUNE_RUN_FILE_COUNT];
    FILE *csv, *jsonl;
};

retune_status retune_run_folder_path(const char *folder, retune_run_file file, char **out_path,
                                     retune_error *error) {
    return retune_path_join(folder, file_names[file], out_path, error);
}

void retune_run_folder_close(retune_run_folder *folder) {
    if (!folder)
        return;
    if (folder->csv)
        fclose(folder->csv);
    if (folder->jsonl)
        fclose(folder->jsonl);
    for (int f = 0; f < RETUNE_RUN_FILE_COUNT; f++)
        free(folder->files[f]);
    if (folder->lock >= 0)
        close(folder->lock);
    free(folder);
}

static retune_status lock_folder(const char *path, int *out_lock, retune_error *error) {
    *out_lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out_lock < 0)
        return retune_fail(error, RETUNE_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (flock(*out_lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return RETUNE_OK; /* a file system without locks is no reason not to train */
    return retune_fail(error, RETUNE_UNAVAILABLE, "%s: another run is at work in this folder",
                       path);
}

static bool holds(const char *path, retune_run_file file) {
    char *name = NULL;
    bool there =
        retune_run_folder_path(path, file, &name, NULL) == RETUNE_OK && retune_file_exists(name);
    free(name);
    return there;
}

retune_status retune_run_folder_check(const char *path, retune_run_mode mode, retune_error *error) {
    /* job.ini is the first file a run writes. */
    bool run = holds(path, RETUNE_RUN_JOB) || holds(path, RETUNE_RUN_MODEL) ||
               holds(path, RETUNE_RUN_LAST) || holds(path, RETUNE_RUN_LAST_PREVIOUS);
    if (mode == RETUNE_RUN_NEW && run)
        return retune_fail(error, RETUNE_INVALID,
                           "%s: holds a run already; --resume goes on with it, --fresh replaces "
                           "it, or choose another [output] folder",
                           path);
    if (mode == RETUNE_RUN_RESUME && !run)
        return retune_fail(error, RETUNE_INVALID,
                           "%s: there is no run to resume; start without --resume", path);
    return RETUNE_OK;
}

static retune_status clear(const retune_run_folder *folder, retune_error *error) {
    for (int f = 0; f < RETUNE_RUN_FILE_COUNT; f++)
        if (unlink(folder->files[f]) != 0 && errno != ENOENT)
            return retune_fail(error, RETUNE_IO, "%s: cannot be removed: %s", folder->files[f],
                               strerror(errno));
    return RETUNE_OK;
}

static retune_status open_log(const char *path, FILE **out_file, retune_error *error) {
    *out_file = fopen(path, "ae");
    if (!*out_file)
        return retune_fail(error, RETUNE_IO, "%s: cannot be written: %s", path, strerror(errno));
    return RETUNE_OK;
}

/* Everything written so far reaches the file, or the error says why not. */
static retune_status flush_log(FILE *file, const char *path, retune_error *error) {
    if (fflush(file) == 0 && !ferror(file))
        return RETUNE_OK;
    return retune_fail(error, RETUNE_IO, "%s: cannot be written: %s", path, strerror(errno));
}

/* A file that is empty gets its heading. */
static retune_status start_csv(retune_run_folder *folder, retune_error *error) {
    fseek(folder->csv, 0, SEEK_END);
    if (ftell(folder->csv) > 0)
        return RETUNE_OK;
    fputs("epoch,loss,accuracy,test_loss,test_accuracy,learning_rate,seconds\n", folder->csv);
    return flush_log(folder->csv, folder->files[RETUNE_RUN_CSV], error);
}

static retune_status start_logs(retune_run_folder *folder, retune_error *error) {
    RETUNE_TRY(open_log(folder->files[RETUNE_RUN_CSV], &folder->csv, error));
    RETUNE_TRY(open_log(folder->files[RETUNE_RUN_JSONL], &folder->jsonl, error));
    return start_csv(folder, error);
}

retune_status retune_run_folder_open(const char *path, retune_run_mode mode, const char *settings,
                                     retune_run_folder **out_folder, retune_error *error) {
    *out_folder = NULL;
    retune_run_folder *folder = NULL;
    /* Now, so that a refused run leaves no folder behind; again once no other run can interfere. */
    RETUNE_TRY(retune_run_folder_check(path, mode, error));
    RETUNE_TRY(retune_allocate(1, sizeof *folder, "the run folder", &folder, error));
    folder->lock = -1;
    retune_status status = retune_folder_make(path, error);
    if (status == RETUNE_OK)
        status = lock_folder(path, &folder->lock, error);
    for (int f = 0; f < RETUNE_RUN_FILE_COUNT && status == RETUNE_OK; f++)
        status = retune_run_folder_path(path, (retune_run_file)f, &folder->files[f], error);
    if (status == RETUNE_OK)
        status = retune_run_folder_check(path, mode, error);
    if (status == RETUNE_OK)
        retune_file_remove_leftovers(path);
    if (status == RETUNE_OK && mode == RETUNE_RUN_FRESH)
        status = clear(folder, error);
    if (status == RETUNE_OK)
        status =
            retune_file_write(folder->files[RETUNE_RUN_JOB], settings, strlen(settings), error);
    if (status == RETUNE_OK)
        status = start_logs(folder, error);
    if (status != RETUNE_OK) {
        retune_run_folder_close(folder);
        return status;
    }
    *out_folder = folder;
    return RETUNE_OK;
}

const char *retune_run_folder_file(const retune_run_folder *folder, retune_run_file file) {
    return folder->files[file];
}

static retune_status cut(const char *path, FILE *file, uint64_t size, retune_error *error) {
    struct stat info;
    if (fstat(fileno(file), &info) != 0)
        return retune_fail(error, RETUNE_IO, "%s: %s", path, strerror(errno));
    if ((uint64_t)info.st_size < size)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: has %lld bytes, but the checkpoint knows of %llu", path,
                           (long long)info.st_size, (unsigned long long)size);
    if (ftruncate(fileno(file), (off_t)size) != 0)
        return retune_fail(error, RETUNE_IO, "%s: cannot be cut back: %s", path, strerror(errno));
    return RETUNE_OK;
}

retune_status retune_run_folder_rewind(retune_run_folder *folder, retune_run_mark mark,
                                       retune_error *error) {
    RETUNE_TRY(cut(folder->files[RETUNE_RUN_CSV], folder->csv, mark.csv, error));
    RETUNE_TRY(cut(folder->files[RETUNE_RUN_JSONL], folder->jsonl, mark.jsonl, error));
    return start_csv(folder, error);
}

retune_status retune_run_folder_mark(retune_run_folder *folder, retune_run_mark *out_mark,
                                     retune_error *error) {
    memset(out_mark, 0, sizeof *out_mark);
    RETUNE_TRY(flush_log(folder->csv, folder->files[RETUNE_RUN_CSV], error));
    RETUNE_TRY(flush_log(folder->jsonl, folder->files[RETUNE_RUN_JSONL], error));
    struct stat csv, jsonl;
    if (fstat(fileno(folder->csv), &csv) != 0 || fstat(fileno(folder->jsonl), &jsonl) != 0)
        return retune_fail(error, RETUNE_IO, "%s: %s", folder->files[RETUNE_RUN_CSV],
                           strerror(errno));
    *out_mark = (retune_run_mark){(uint64_t)csv.st_size, (uint64_t)jsonl.st_size};
    return RETUNE_OK;
}

retune_status retune_run_folder_line(retune_run_folder *folder, const char *text,
                                     retune_error *error) {
    fprintf(folder->jsonl, "%s\n", text);
    return flush_log(folder->jsonl, folder->files[RETUNE_RUN_JSONL], error);
}

retune_status retune_run_folder_event(retune_run_folder *folder, const retune_event *event,
                                      retune_error *error) {
    if (event->kind == RETUNE_EVENT_PROGRESS)
        return RETUNE_OK;
    char *text = NULL;
    size_t size = retune_event_json(event, NULL, 0) + 1;
    RETUNE_TRY(retune_allocate(size, 1, "an event", &text, error));
    retune_event_json(event, text, size);
    retune_status status = retune_run_folder_line(folder, text, error);
    free(text);
    return status;
}

retune_status retune_run_folder_row(retune_run_folder *folder, const retune_run_row *row,
                                    retune_error *error) {
    fprintf(folder->csv, "%u,%.9g,%.9g,%.9g,%.9g,%.9g,%.3f\n", row->epoch, row->loss, row->accuracy,
            row->test_loss, row->test_accuracy, row->learning_rate, row->seconds);
    return flush_log(folder->csv, folder->files[RETUNE_RUN_CSV], error);
}
