#include "train/feature_cache.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/tensor_desc.h"

#include <string.h>

int retune_feature_cache_place(const retune_config *config, uint64_t table_bytes,
                               uint64_t available_memory) {
    if (config->cache_features != RETUNE_FEATURES_AUTO)
        return config->cache_features;
    bool fits = available_memory == 0 || table_bytes <= available_memory / 4;
    return fits ? RETUNE_FEATURES_MEMORY : RETUNE_FEATURES_DISK;
}

static uint32_t view_count(const retune_config *config) {
    return config->train_augment == RETUNE_AUGMENT_NONE ? 1 : (uint32_t)config->train_augment_views;
}

uint64_t retune_feature_cache_rows(const retune_session *session) {
    return (uint64_t)session->dataset->train_count * view_count(session->config) +
           session->dataset->test_count;
}

retune_tensor_desc retune_feature_cache_row(const retune_session *session,
                                            const retune_plan *features) {
    retune_tensor_desc row = features->graph->values[features->features].desc;
    row.shape[0] = 1;
    row.dtype = session->config->cache_precision == RETUNE_CACHE_FP16 ? RETUNE_F16 : RETUNE_F32;
    return row;
}

/* What a row depends on beside the network: the image's content and the part of it that is seen. */
static retune_hash row_key(const retune_sample *sample, const retune_view_rule *rule,
                           uint32_t view_number) {
    retune_view view =
        retune_view_make(rule, sample->hash.low, view_number, sample->width, sample->height);
    float seen[5] = {view.x, view.y, view.width, view.height, view.flip ? 1.0f : 0.0f};
    return retune_hash_combine(sample->hash, retune_hash_bytes(seen, sizeof seen));
}

/* Numbers the rows and computes their keys. */
static retune_status list_rows(const retune_session *session, retune_feature_cache *cache,
                               retune_hash **out_keys, retune_error *error) {
    const retune_dataset *data = session->dataset;
    retune_hash *keys = NULL;
    uint32_t rows = 0;
    if (retune_feature_cache_rows(session) > UINT32_MAX / 2)
        return retune_fail(error, RETUNE_INVALID,
                           "[train] augment_views: more rows than a feature cache can number");
    RETUNE_TRY(retune_allocate(data->sample_count, sizeof *cache->first_row, "the feature cache",
                               &cache->first_row, error));
    RETUNE_TRY(retune_allocate((size_t)retune_feature_cache_rows(session), sizeof *keys,
                               "the feature cache", &keys, error));
    for (uint32_t s = 0; s < data->sample_count; s++) {
        const retune_sample *sample = &data->samples[s];
        retune_view_rule rule = retune_session_view_rule(session, !sample->test);
        cache->first_row[s] = rows;
        uint32_t views = sample->test ? 1 : cache->views;
        for (uint32_t v = 0; v < views; v++)
            keys[rows++] = row_key(sample, &rule, v);
    }
    *out_keys = keys;
    return RETUNE_OK;
}

/* Everything one pass over missing images needs. */
typedef struct fill {
    retune_session *session;
    retune_feature_cache *cache;
    retune_prefix prefix;
    retune_loader_item *items; /* missing ones */
    uint32_t *listed; /* a row of the table: the sample that listed it last, counted from 1 */
    bool *good;       /* of the chunk in work: images that were decoded */
    size_t count, done, total;
    double began;
} fill;

/* Decodes up to a chunk of images, computes them and stores the rows. */
static retune_status fill_chunk(fill *f, retune_loader *loader, const retune_loader_item *items,
                                size_t count, retune_error *error) {
    for (size_t i = 0; i < count; i++) {
        retune_error cause = RETUNE_ERROR_INIT;
        retune_status image = RETUNE_OK;
        retune_status status = retune_loader_next(
            loader, f->prefix.images + i * f->prefix.image_bytes, &image, &cause);
        if (status != RETUNE_OK)
            return retune_fail(error, status, "%s", cause.message);
        f->good[i] = image == RETUNE_OK;
        if (!f->good[i])
            RETUNE_TRY(retune_session_bad_image(f->session, items[i].sample, &cause, error));
    }
    RETUNE_TRY(retune_prefix_run(&f->prefix, count, error));
    for (size_t i = 0; i < count; i++)
        if (f->good[i])
            RETUNE_TRY(retune_feature_store_put(
                f->cache->store, f->cache->first_row[items[i].sample] + items[i].view,
                f->prefix.features + i * f->prefix.row_elements, error));
    f->done += count;
    return retune_events_progress(f->session->events, RETUNE_PHASE_FEATURES, 0, f->done, f->total,
                                  "images", f->began, error);
}

/* Computes the missing views of the training or of the test images. */
static retune_status fill_side(fill *f, bool test, retune_error *error) {
    const retune_session *session = f->session;
    retune_loader_options options = {.width = session->model->input_size,
                                     .height = session->model->input_size,
                                     .view = retune_session_view_rule(session, !test),
                                     .max_megapixels =
                                         (uint32_t)session->config->data_max_megapixels,
                                     .threads = (uint32_t)session->config->data_threads};
    size_t begin = 0, end = f->count;
    /* Training images come first in the list. */
    while (begin < end && session->dataset->samples[f->items[begin].sample].test != test)
        begin++;
    while (end > begin && session->dataset->samples[f->items[end - 1].sample].test != test)
        end--;
    if (begin == end)
        return RETUNE_OK;
    retune_loader *loader = NULL;
    RETUNE_TRY(retune_loader_open(session->dataset, &options, &loader, error));
    retune_status status = retune_loader_start(loader, f->items + begin, end - begin, error);
    for (size_t i = begin; i < end && status == RETUNE_OK; i += f->prefix.batch) {
        size_t count = end - i < f->prefix.batch ? end - i : f->prefix.batch;
        status = fill_chunk(f, loader, f->items + i, count, error);
    }
    retune_loader_close(loader);
    return status;
}

/* Missing rows of one list of samples. Equal views of a sample are computed once; samples of equal
 * content each, so that one that cannot be decoded is found to be bad under every name. */
static void list_missing(fill *f, const uint32_t *samples, size_t count, uint32_t views) {
    const retune_feature_store *store = f->cache->store;
    for (size_t i = 0; i < count; i++)
        for (uint32_t v = 0; v < views; v++) {
            uint32_t row = f->cache->first_row[samples[i]] + v;
            uint32_t *listed = &f->listed[retune_feature_store_position(store, row)];
            if (*listed != samples[i] + 1 && !retune_feature_store_has(store, row))
                f->items[f->count++] = (retune_loader_item){samples[i], v};
            *listed = samples[i] + 1;
        }
}

static retune_status fill_missing(retune_session *session, const retune_plan *features,
                                  retune_feature_cache *cache, retune_error *error) {
    const retune_dataset *data = session->dataset;
    fill f = {.session = session, .cache = cache, .began = retune_clock_seconds()};
    retune_status status = retune_allocate((size_t)retune_feature_cache_rows(session),
                                           sizeof *f.items, "the feature cache", &f.items, error);
    if (status == RETUNE_OK)
        status = retune_allocate(retune_feature_store_table_rows(cache->store), sizeof *f.listed,
                                 "the feature cache", &f.listed, error);
    if (status == RETUNE_OK) {
        list_missing(&f, data->train, data->train_count, cache->views);
        list_missing(&f, data->test, data->test_count, 1);
    }
    f.total = f.count;
    if (status == RETUNE_OK && f.count > 0)
        status = retune_prefix_open(session->device, session->model, features, &f.prefix, error);
    if (status == RETUNE_OK)
        status =
            retune_allocate(f.prefix.batch, sizeof *f.good, "the feature cache", &f.good, error);
    if (status == RETUNE_OK)
        status = fill_side(&f, false, error);
    if (status == RETUNE_OK)
        status = fill_side(&f, true, error);
    retune_prefix_close(&f.prefix);
    free(f.good);
    free(f.listed);
    free(f.items);
    return status;
}

/* The folder of disk caches: the config's, or one in the output folder. */
static retune_status cache_folder(const retune_config *config, char **out_folder,
                                  retune_error *error) {
    if (config->cache_folder[0] != '\0')
        return retune_copy_text(config->cache_folder, out_folder, error);
    return retune_path_join(config->output_folder, "features", out_folder, error);
}

retune_status retune_feature_cache_open(retune_session *session, const retune_plan *features,
                                        bool on_disk, retune_feature_cache *out_cache,
                                        retune_error *error) {
    memset(out_cache, 0, sizeof *out_cache);
    out_cache->views = view_count(session->config);
    char *folder = NULL;
    retune_hash *keys = NULL;
    retune_feature_store_options options = {.on_disk = on_disk,
                                            .row = retune_feature_cache_row(session, features)};
    retune_status status = cache_folder(session->config, &folder, error);
    options.folder = folder;
    if (status == RETUNE_OK)
        status =
            retune_prefix_hash(session->device, session->model, features, &options.network, error);
    if (status == RETUNE_OK)
        status = list_rows(session, out_cache, &keys, error);
    if (status == RETUNE_OK)
        status = retune_feature_store_open(
            &options, keys, (size_t)retune_feature_cache_rows(session), &out_cache->store, error);
    if (status == RETUNE_OK && retune_feature_store_notice(out_cache->store))
        status = retune_events_notice(session->events, error, "%s",
                                      retune_feature_store_notice(out_cache->store));
    if (status == RETUNE_OK)
        status = fill_missing(session, features, out_cache, error);
    if (status == RETUNE_OK) {
        out_cache->table = options.row;
        out_cache->table.shape[0] = (int64_t)retune_feature_store_table_rows(out_cache->store);
    } else {
        retune_feature_cache_close(out_cache);
    }
    free(folder);
    free(keys);
    return status;
}

void retune_feature_cache_close(retune_feature_cache *cache) {
    retune_feature_store_close(cache->store);
    free(cache->first_row);
    memset(cache, 0, sizeof *cache);
}
