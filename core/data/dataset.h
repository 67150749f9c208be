/* Labelled images on disk: folders are classes. Scanned once, split into training and test images,
 * then unchanging. Decoding pixels is the loader's work. */
#ifndef RETUNE_DATA_DATASET_H
#define RETUNE_DATA_DATASET_H

#include "base/hash.h"
#include "data/parallel.h"

typedef struct retune_dataset_options {
    const char *root; /* folder of class folders, or of train/ and val/ (or else test/) with them */
    double test;      /* share of each class for testing, 0 up to but not including 1; 0: no
                         test images */
    const char *test_list; /* file that lists the test images instead; NULL or "": none */
    uint64_t seed;         /* of the random split */
    bool fail_on_bad;      /* a bad image is an error; otherwise it is left out and recorded */
    uint32_t max_megapixels;
    uint32_t threads;                     /* that read files; 0: one a processor core */
    retune_parallel_progress on_progress; /* in files, on the calling thread; may be NULL */
    void *user;
} retune_dataset_options;

typedef struct retune_sample {
    char *path;             /* to open */
    char *name;             /* below root: "roses/123.jpg" */
    uint32_t label;         /* index of its class */
    uint32_t width, height; /* in pixels, as decoded */
    bool test;
    retune_hash hash; /* of the file's bytes */
} retune_sample;

/* An image that was left out. */
typedef struct retune_skipped {
    char *path, *name, *reason;
} retune_skipped;

/* Classes and, within a class, files are in byte order of their names, whatever the disk's order.
 * `train` and `test` are indices into `samples`, rising. */
typedef struct retune_dataset {
    uint32_t class_count, sample_count, train_count, test_count;
    char **classes;
    retune_sample *samples;
    uint32_t *train, *test;
    retune_skipped *skipped;
    size_t skipped_count;
    size_t ignored_count; /* files that are no images by their name, and folders too deep */
} retune_dataset;

/* Reads every image file once: hash, size, whether it is whole. Symbolic links are followed, hidden
 * names passed over.
 *   IO         root or test_list is missing, not what it should be or cannot be read; an image that
 *              cannot be read (when `fail_on_bad`)
 *   CORRUPT    fewer than two classes, a class without images or without a training or test image,
 *              train/ and val/ with different classes, a bad image (when `fail_on_bad`), or a line
 * of test_list (named "list:14") that names no image or names one again INVALID    `test` out of
 * range, or a test_list for a root that is split already CANCELLED  `on_progress` said stop Free
 * with retune_dataset_close, which takes NULL. */
retune_status retune_dataset_open(const retune_dataset_options *options,
                                  retune_dataset **out_dataset, retune_error *error);
void retune_dataset_close(retune_dataset *dataset);

#endif
