#include "train/feeder.h"

#include "base/memory.h"
#include "base/tensor_desc.h"

#include <string.h>

void retune_feeder_close(retune_feeder *feeder) {
    retune_loader_close(feeder->loader);
    free(feeder->rows);
    free(feeder->images);
    free(feeder->index);
    free(feeder->label);
    free(feeder->weight);
    memset(feeder, 0, sizeof *feeder);
}

/* Room for the rows of a batch. */
static retune_status open_rows(retune_feeder *feeder, retune_error *error) {
    const retune_plan *plan = feeder->plan;
    size_t bytes = 0;
    RETUNE_TRY(retune_desc_bytes(&plan->graph->values[plan->table].desc, &bytes, error));
    feeder->row_bytes = bytes / (size_t)plan->batch;
    return retune_allocate(bytes, 1, "rows of features", &feeder->rows, error);
}

retune_status retune_feeder_open(retune_session *session, const retune_plan *plan,
                                 retune_executable *executable, const retune_feature_cache *cache,
                                 bool resident, retune_prefix *prefix, retune_feeder *out_feeder,
                                 retune_error *error) {
    *out_feeder = (retune_feeder){.session = session,
                                  .plan = plan,
                                  .executable = executable,
                                  .cache = cache,
                                  .prefix = prefix};
    size_t batch = (size_t)plan->batch, side = session->model->input_size;
    retune_status status = RETUNE_OK;
    if (!cache && !prefix)
        status = retune_allocate(batch, side * side * 3, "images", &out_feeder->images, error);
    else if (cache && !resident)
        status = open_rows(out_feeder, error);
    if (status == RETUNE_OK)
        status = retune_allocate(batch, sizeof(int32_t), "a batch", &out_feeder->index, error);
    if (status == RETUNE_OK)
        status = retune_allocate(batch, sizeof(int32_t), "a batch", &out_feeder->label, error);
    if (status == RETUNE_OK)
        status = retune_allocate(batch, sizeof(float), "a batch", &out_feeder->weight, error);
    if (status != RETUNE_OK)
        retune_feeder_close(out_feeder);
    return status;
}

retune_status retune_feeder_begin(retune_feeder *feeder, const retune_loader_item *items,
                                  size_t count, bool augmented, retune_error *error) {
    const retune_session *session = feeder->session;
    feeder->items = items;
    feeder->count = count;
    feeder->position = 0;
    retune_loader_close(feeder->loader);
    feeder->loader = NULL;
    if (feeder->cache)
        return RETUNE_OK;
    retune_loader_options options = {.width = session->model->input_size,
                                     .height = session->model->input_size,
                                     .view = retune_session_view_rule(session, augmented),
                                     .max_megapixels =
                                         (uint32_t)session->config->data_max_megapixels,
                                     .threads = (uint32_t)session->config->data_threads};
    RETUNE_TRY(retune_loader_open(session->dataset, &options, &feeder->loader, error));
    return retune_loader_start(feeder->loader, items, count, error);
}

/* The next image of the pass into `pixels`; a bad one gets weight 0. */
static retune_status load_image(retune_feeder *feeder, size_t i, unsigned char *pixels,
                                retune_error *error) {
    retune_error cause = RETUNE_ERROR_INIT;
    retune_status image = RETUNE_OK;
    retune_status status = retune_loader_next(feeder->loader, pixels, &image, &cause);
    if (status != RETUNE_OK)
        return retune_fail(error, status, "%s", cause.message);
    if (image == RETUNE_OK)
        return RETUNE_OK;
    feeder->weight[i] = 0.0f;
    return retune_session_bad_image(feeder->session, feeder->items[feeder->position + i].sample,
                                    &cause, error);
}

static void list_rows(retune_feeder *feeder, size_t count) {
    for (size_t i = 0; i < (size_t)feeder->plan->batch; i++)
        feeder->index[i] = i < count ? (int32_t)retune_feature_cache_position(
                                           feeder->cache, feeder->items[feeder->position + i])
                                     : feeder->index[0];
}

/* In a table of one batch, images have rows in their order; padding reads the first one. */
static void number_rows(retune_feeder *feeder, size_t count) {
    for (size_t i = 0; i < (size_t)feeder->plan->batch; i++)
        feeder->index[i] = i < count ? (int32_t)i : 0;
}

/* The cached rows of the batch, as they are stored. */
static retune_status write_rows(retune_feeder *feeder, size_t count, retune_error *error) {
    const unsigned char *table = retune_feature_store_table(feeder->cache->store);
    size_t bytes = feeder->row_bytes;
    for (size_t i = 0; i < count; i++) {
        size_t position =
            retune_feature_cache_position(feeder->cache, feeder->items[feeder->position + i]);
        memcpy(feeder->rows + i * bytes, table + position * bytes, bytes);
    }
    number_rows(feeder, count);
    return retune_executable_write(feeder->executable, feeder->plan->table, 0, (int64_t)count,
                                   feeder->rows, error);
}

/* Through the prefix in its chunks, into the first rows of a table of one batch. */
static retune_status write_prefix(retune_feeder *feeder, size_t count, retune_error *error) {
    retune_prefix *prefix = feeder->prefix;
    for (size_t begin = 0; begin < count; begin += prefix->batch) {
        size_t chunk = count - begin < prefix->batch ? count - begin : prefix->batch;
        for (size_t i = 0; i < chunk; i++)
            RETUNE_TRY(
                load_image(feeder, begin + i, prefix->images + i * prefix->image_bytes, error));
        RETUNE_TRY(retune_prefix_run(prefix, chunk, error));
        RETUNE_TRY(retune_executable_write(feeder->executable, feeder->plan->table, (int64_t)begin,
                                           (int64_t)chunk, prefix->features, error));
    }
    number_rows(feeder, count);
    return RETUNE_OK;
}

static retune_status write_images(retune_feeder *feeder, size_t count, retune_error *error) {
    size_t side = feeder->session->model->input_size, bytes = side * side * 3;
    for (size_t i = 0; i < count; i++)
        RETUNE_TRY(load_image(feeder, i, feeder->images + i * bytes, error));
    return retune_executable_write_all(feeder->executable, feeder->plan->images, feeder->images,
                                       error);
}

retune_status retune_feeder_next(retune_feeder *feeder, size_t count, retune_error *error) {
    const retune_plan *plan = feeder->plan;
    size_t batch = (size_t)plan->batch;
    if (count == 0 || count > batch || count > feeder->count - feeder->position)
        return retune_fail(error, RETUNE_INTERNAL, "a batch of %zu images of %zu", count,
                           feeder->count - feeder->position);
    for (size_t i = 0; i < batch; i++) {
        uint32_t sample = i < count ? feeder->items[feeder->position + i].sample : 0;
        feeder->label[i] = i < count ? (int32_t)feeder->session->dataset->samples[sample].label : 0;
        feeder->weight[i] = i < count && !feeder->session->bad[sample] ? 1.0f : 0.0f;
    }
    if (feeder->rows)
        RETUNE_TRY(write_rows(feeder, count, error));
    else if (feeder->cache)
        list_rows(feeder, count);
    else if (feeder->prefix)
        RETUNE_TRY(write_prefix(feeder, count, error));
    else
        RETUNE_TRY(write_images(feeder, count, error));
    feeder->position += count;
    if (plan->index != RETUNE_NO_VALUE)
        RETUNE_TRY(
            retune_executable_write_all(feeder->executable, plan->index, feeder->index, error));
    RETUNE_TRY(retune_executable_write_all(feeder->executable, plan->label, feeder->label, error));
    return retune_executable_write_all(feeder->executable, plan->weight, feeder->weight, error);
}
