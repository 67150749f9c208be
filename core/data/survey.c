/* What a folder of images holds, by names alone, for the embedding API. */
#include "retune/retune.h"

#include "base/memory.h"
#include "data/scan.h"

/* The public struct and what its pointers lead to, freed together. */
typedef struct survey {
    retune_data_summary public;
    retune_dataset *dataset; /* holds the class names */
    uint64_t *train, *test;
} survey;

void retune_data_summary_free(retune_data_summary *public) {
    survey *s = (survey *)(void *)public;
    if (!s)
        return;
    retune_dataset_close(s->dataset);
    free(s->train);
    free(s->test);
    free(s);
}

static retune_status fill(const char *root, survey *s, retune_error *error) {
    bool is_split = false;
    RETUNE_TRY(retune_allocate(1, sizeof *s->dataset, "a data set", &s->dataset, error));
    retune_dataset *dataset = s->dataset;
    RETUNE_TRY(retune_scan_folders(root, dataset, &is_split, error));
    RETUNE_TRY(
        retune_allocate(dataset->class_count, sizeof *s->train, "classes", &s->train, error));
    RETUNE_TRY(retune_allocate(dataset->class_count, sizeof *s->test, "classes", &s->test, error));
    for (uint32_t i = 0; i < dataset->sample_count; i++)
        (dataset->samples[i].test ? s->test : s->train)[dataset->samples[i].label]++;
    s->public = (retune_data_summary){.struct_size = (uint32_t)sizeof s->public,
                                      .class_count = dataset->class_count,
                                      .is_split = is_split,
                                      .classes = (const char *const *)dataset->classes,
                                      .train = s->train,
                                      .test = s->test,
                                      .ignored = dataset->ignored_count};
    return RETUNE_OK;
}

retune_status retune_data_inspect(const char *root, retune_data_summary **out_summary,
                                  retune_error *error) {
    *out_summary = NULL;
    survey *s = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *s, "a survey", &s, error));
    retune_status status = fill(root, s, error);
    if (status == RETUNE_OK)
        *out_summary = &s->public;
    else
        retune_data_summary_free(&s->public);
    return status;
}
