#include "data/dataset.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/scan.h"
#include "data/split.h"
#include "image/image.h"

#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------- */

/* What came of reading a sample's file. */
typedef struct file_fault {
    retune_status status;
    char *reason; /* without the path; NULL when out of memory */
} file_fault;

typedef struct file_reading {
    retune_sample *samples;
    file_fault *faults; /* one a sample */
    uint32_t max_megapixels;
} file_reading;

/* The message without the path in front of it. */
static char *reason_of(const retune_error *error, const char *path) {
    size_t length = strlen(path);
    const char *reason = error->message;
    if (strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
        reason += length + 2;
    return strdup(reason);
}

/* Reads one file: a turn of the parallel loop. */
static void read_sample(void *context, size_t index) {
    file_reading *reading = context;
    retune_sample *sample = &reading->samples[index];
    retune_error error = RETUNE_ERROR_INIT;
    unsigned char *data = NULL;
    size_t size;
    retune_image_info info;
    retune_status status = retune_file_read(
        sample->path, retune_image_file_limit(reading->max_megapixels), &data, &size, &error);
    if (status == RETUNE_OK)
        status = retune_image_probe(data, size, reading->max_megapixels, &info, &error);
    if (status == RETUNE_OK) {
        sample->hash = retune_hash_bytes(data, size);
        sample->width = info.width;
        sample->height = info.height;
    } else {
        reading->faults[index] = (file_fault){status, reason_of(&error, sample->path)};
    }
    free(data);
}

static void clear_sample(retune_sample *sample) {
    free(sample->path);
    free(sample->name);
    memset(sample, 0, sizeof *sample);
}

/* Keeps the good samples, in their order, and records the bad ones, or fails at the first. */
static retune_status sort_out_bad(retune_dataset *dataset, file_fault *faults, bool fail_on_bad,
                                  retune_error *error) {
    size_t capacity = 0;
    uint32_t kept = 0, count = dataset->sample_count;
    for (uint32_t i = 0; i < count; i++) {
        retune_sample *sample = &dataset->samples[i];
        file_fault *fault = &faults[i];
        if (fault->status == RETUNE_OK) {
            retune_sample good = *sample;
            memset(sample, 0, sizeof *sample);
            dataset->samples[kept++] = good;
            continue;
        }
        if (fail_on_bad || !fault->reason || fault->status == RETUNE_OUT_OF_MEMORY)
            return retune_fail(error, fault->reason ? fault->status : RETUNE_OUT_OF_MEMORY,
                               "%s: %s", sample->path,
                               fault->reason ? fault->reason : "out of memory");
        RETUNE_TRY(retune_grow(&dataset->skipped, &capacity, dataset->skipped_count,
                               sizeof *dataset->skipped, "skipped files", error));
        dataset->skipped[dataset->skipped_count++] =
            (retune_skipped){sample->path, sample->name, fault->reason};
        fault->reason = NULL;
        memset(sample, 0, sizeof *sample);
    }
    dataset->sample_count = kept;
    return RETUNE_OK;
}

static retune_status read_samples(const retune_dataset_options *options, retune_dataset *dataset,
                                  retune_error *error) {
    uint32_t count = dataset->sample_count;
    file_reading reading = {.samples = dataset->samples, .max_megapixels = options->max_megapixels};
    RETUNE_TRY(
        retune_allocate(count, sizeof *reading.faults, "scan results", &reading.faults, error));
    retune_status status = retune_parallel_for(options->threads, count, read_sample, &reading,
                                               options->on_progress, options->user, error);
    if (status == RETUNE_OK)
        status = sort_out_bad(dataset, reading.faults, options->fail_on_bad, error);
    for (uint32_t i = 0; i < count; i++)
        free(reading.faults[i].reason);
    free(reading.faults);
    return status;
}

/* ---- Splitting ----------------------------------------------------------------------------- */

/* Classes lie one after the other here: only folders that are split already mix them. */
static retune_status split_randomly(const retune_dataset_options *options, retune_dataset *dataset,
                                    retune_error *error) {
    bool *is_test;
    RETUNE_TRY(retune_allocate(dataset->sample_count, sizeof *is_test, "split", &is_test, error));
    retune_status status = RETUNE_OK;
    for (uint32_t begin = 0, end; begin < dataset->sample_count && status == RETUNE_OK;
         begin = end) {
        uint32_t label = dataset->samples[begin].label;
        for (end = begin; end < dataset->sample_count && dataset->samples[end].label == label;)
            end++;
        status = retune_split_class(dataset->classes[label], end - begin, options->test,
                                    options->seed, is_test + begin, error);
    }
    for (uint32_t i = 0; i < dataset->sample_count && status == RETUNE_OK; i++)
        dataset->samples[i].test = is_test[i];
    free(is_test);
    return status;
}

static bool has_list(const retune_dataset_options *options) {
    return options->test_list && options->test_list[0] != '\0';
}

static retune_status split(const retune_dataset_options *options, bool is_split,
                           retune_dataset *dataset, retune_error *error) {
    if (is_split && has_list(options))
        return retune_fail(error, RETUNE_INVALID,
                           "%s: is split by its folders already; test_list (%s) does not apply",
                           options->root, options->test_list);
    if (is_split)
        return RETUNE_OK;
    if (has_list(options))
        return retune_split_read_list(options->test_list, dataset, error);
    return split_randomly(options, dataset, error);
}

static retune_status index_samples(retune_dataset *dataset, retune_error *error) {
    uint32_t count = dataset->sample_count;
    RETUNE_TRY(
        retune_allocate(count, sizeof *dataset->train, "training images", &dataset->train, error));
    RETUNE_TRY(retune_allocate(count, sizeof *dataset->test, "test images", &dataset->test, error));
    for (uint32_t i = 0; i < count; i++) {
        if (dataset->samples[i].test)
            dataset->test[dataset->test_count++] = i;
        else
            dataset->train[dataset->train_count++] = i;
    }
    return RETUNE_OK;
}

/* Every class has what training and testing need. */
static retune_status check_classes(const retune_dataset_options *options, bool needs_test,
                                   const retune_dataset *dataset, retune_error *error) {
    uint32_t(*counts)[2]; /* training, test */
    RETUNE_TRY(
        retune_allocate(dataset->class_count, sizeof *counts, "class counts", &counts, error));
    for (uint32_t i = 0; i < dataset->sample_count; i++)
        counts[dataset->samples[i].label][dataset->samples[i].test]++;
    retune_status status = RETUNE_OK;
    for (uint32_t label = 0; label < dataset->class_count && status == RETUNE_OK; label++) {
        const char *lack = NULL;
        uint32_t train = counts[label][0], test = counts[label][1];
        if (train == 0)
            lack = test == 0 ? "no readable image" : "no training image";
        else if (test == 0 && needs_test)
            lack = "no test image";
        if (lack)
            status = retune_fail(error, RETUNE_CORRUPT,
                                 "%s: class '%s' has %s (%u for training, %u for testing)",
                                 options->root, dataset->classes[label], lack, train, test);
    }
    free(counts);
    return status;
}

/* ---- Opening and closing ------------------------------------------------------------------- */

retune_status retune_dataset_open(const retune_dataset_options *options,
                                  retune_dataset **out_dataset, retune_error *error) {
    *out_dataset = NULL;
    if (!options->root || options->root[0] == '\0')
        return retune_fail(error, RETUNE_INVALID, "no folder of images is given");
    if (!(options->test >= 0 && options->test < 1))
        return retune_fail(error, RETUNE_INVALID, "test share %g is not in 0 .. 1", options->test);
    retune_dataset *dataset;
    RETUNE_TRY(retune_allocate(1, sizeof *dataset, "data set", &dataset, error));
    bool is_split;
    retune_status status = retune_scan_folders(options->root, dataset, &is_split, error);
    if (status == RETUNE_OK)
        status = read_samples(options, dataset, error);
    if (status == RETUNE_OK)
        status = split(options, is_split, dataset, error);
    if (status == RETUNE_OK)
        status = index_samples(dataset, error);
    if (status == RETUNE_OK)
        status = check_classes(options, is_split || has_list(options) || options->test > 0, dataset,
                               error);
    if (status != RETUNE_OK) {
        retune_dataset_close(dataset);
        return status;
    }
    *out_dataset = dataset;
    return RETUNE_OK;
}

void retune_dataset_close(retune_dataset *dataset) {
    if (!dataset)
        return;
    for (uint32_t i = 0; i < dataset->class_count; i++)
        free(dataset->classes[i]);
    for (uint32_t i = 0; i < dataset->sample_count; i++)
        clear_sample(&dataset->samples[i]);
    for (size_t i = 0; i < dataset->skipped_count; i++) {
        free(dataset->skipped[i].path);
        free(dataset->skipped[i].name);
        free(dataset->skipped[i].reason);
    }
    free(dataset->classes);
    free(dataset->samples);
    free(dataset->train);
    free(dataset->test);
    free(dataset->skipped);
    free(dataset);
}
