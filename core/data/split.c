#include "data/split.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

/* Far more than any list of files needs. */
#define LIST_SIZE_MAX ((size_t)1 << 28)

uint32_t retune_split_train_count(uint32_t count, double test) {
    /* 0.9 is a little more than nine tenths in binary; 10 images must still leave one to train. */
    return (uint32_t)floor((1.0 - test) * count + 1e-9);
}

retune_status retune_split_class(const char *class_name, uint32_t count, double test, uint64_t seed,
                                 bool *out_is_test, retune_error *error) {
    uint32_t *order;
    RETUNE_TRY(retune_allocate(count, sizeof *order, "split", &order, error));
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    retune_hash stream = retune_hash_bytes(class_name, strlen(class_name));
    retune_random random = retune_random_make(seed, stream.low);
    retune_random_shuffle(&random, order, count);
    uint32_t train_count = retune_split_train_count(count, test);
    for (uint32_t i = 0; i < count; i++)
        out_is_test[order[i]] = i >= train_count;
    free(order);
    return RETUNE_OK;
}

/* ---- Lists --------------------------------------------------------------------------------- */

/* A name that a list may use. `sample` is NULL when the image was skipped. */
typedef struct listed_name {
    const char *name;
    retune_sample *sample;
    size_t line; /* where the list names it; 0: nowhere yet */
} listed_name;

static int compare_listed(const void *a, const void *b) {
    return strcmp(((const listed_name *)a)->name, ((const listed_name *)b)->name);
}

static retune_status make_index(const retune_dataset *dataset, listed_name **out_index,
                                size_t *out_count, retune_error *error) {
    *out_count = dataset->sample_count + dataset->skipped_count;
    RETUNE_TRY(retune_allocate(*out_count, sizeof **out_index, "index of names", out_index, error));
    listed_name *next = *out_index;
    for (uint32_t i = 0; i < dataset->sample_count; i++)
        *next++ = (listed_name){dataset->samples[i].name, &dataset->samples[i], 0};
    for (size_t i = 0; i < dataset->skipped_count; i++)
        *next++ = (listed_name){dataset->skipped[i].name, NULL, 0};
    qsort(*out_index, *out_count, sizeof **out_index, compare_listed);
    return RETUNE_OK;
}

static retune_status mark(listed_name *index, size_t count, const char *path, size_t line,
                          const char *name, retune_error *error) {
    listed_name key = {.name = name};
    listed_name *found = count ? bsearch(&key, index, count, sizeof *index, compare_listed) : NULL;
    if (!found)
        return retune_fail(error, RETUNE_CORRUPT, "%s:%zu: there is no image '%s'", path, line,
                           name);
    if (found->line > 0)
        return retune_fail(error, RETUNE_CORRUPT, "%s:%zu: '%s' is listed already in line %zu",
                           path, line, name, found->line);
    found->line = line;
    if (found->sample)
        found->sample->test = true;
    return RETUNE_OK;
}

/* Ends the text at the first line end or NUL and returns what follows, or NULL. */
static char *cut_line(char *text, const char *end) {
    char *stop = memchr(text, '\n', (size_t)(end - text));
    char *next = stop ? stop + 1 : NULL;
    stop = stop ? stop : text + (end - text);
    *stop = '\0';
    if (stop > text && stop[-1] == '\r')
        stop[-1] = '\0';
    return next;
}

retune_status retune_split_read_list(const char *path, retune_dataset *dataset,
                                     retune_error *error) {
    unsigned char *data = NULL;
    size_t size, count;
    listed_name *index = NULL;
    retune_status status = retune_file_read(path, LIST_SIZE_MAX, &data, &size, error);
    if (status == RETUNE_OK)
        status = make_index(dataset, &index, &count, error);
    if (status != RETUNE_OK)
        goto done;

    const char *end = (const char *)data + size;
    size_t line = 1;
    for (char *name = (char *)data, *next; name && status == RETUNE_OK; name = next, line++) {
        next = cut_line(name, end);
        if (name[0] != '\0')
            status = mark(index, count, path, line, name, error);
    }
done:
    free(index);
    free(data);
    return status;
}
