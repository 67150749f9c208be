#include "train/trainer.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/tensor_desc.h"
#include "data/shuffle.h"
#include "train/budget.h"
#include "train/micro_batch.h"

#include <string.h>

/* Work that a lost device may cost. */
#define KEEP_SECONDS 30.0

void retune_trainer_close(retune_trainer *trainer) {
    retune_feeder_close(&trainer->feeder);
    retune_executable_destroy(trainer->executable);
    retune_prefix_close(&trainer->prefix);
    retune_feature_cache_close(&trainer->cache);
    retune_plan_destroy(trainer->plan);
    retune_plan_destroy(trainer->features);
    free(trainer->order);
    free(trainer->items);
    free(trainer->predictions);
    free(trainer->probability);
    free(trainer->loss);
    memset(trainer, 0, sizeof *trainer);
}

/* ---- Planning ------------------------------------------------------------------------------ */

/* The table that the plan gathers from: all rows of the cache, as many as there will be or are, or
 * those of one batch. */
static retune_tensor_desc table_desc(const retune_trainer *trainer, int64_t batch) {
    const retune_session *session = trainer->session;
    retune_tensor_desc table = retune_feature_cache_row(session, trainer->features);
    if (trainer->place == RETUNE_FEATURES_OFF)
        table.dtype = RETUNE_F32; /* as the prefix gives them */
    table.shape[0] = !trainer->resident ? batch
                     : trainer->cached  ? trainer->cache.table.shape[0]
                                        : (int64_t)retune_feature_cache_rows(session);
    return table;
}

/* `table` receives the description that the options point to. */
static retune_training_options training_options(const retune_trainer *trainer, int64_t micro_batch,
                                                retune_tensor_desc *table) {
    const retune_config *config = trainer->session->config;
    if (trainer->features)
        *table = table_desc(trainer, micro_batch);
    return (retune_training_options){.batch = micro_batch,
                                     .map_dtype = retune_session_map_dtype(config),
                                     .table = trainer->features ? table : NULL,
                                     .accumulate = micro_batch < (int64_t)trainer->batch,
                                     .label_smoothing = (float)config->train_label_smoothing,
                                     .optimizer = retune_session_optimizer(config)};
}

static retune_status make_plan(const retune_trainer *trainer, int64_t micro_batch,
                               retune_plan **out_plan, retune_error *error) {
    retune_tensor_desc table;
    retune_training_options options = training_options(trainer, micro_batch, &table);
    return retune_plan_training(trainer->session->model, &trainer->session->freeze, &options,
                                out_plan, error);
}

/* Bytes of all rows of the cache. */
static retune_status cache_bytes(const retune_trainer *trainer, size_t *out_bytes,
                                 retune_error *error) {
    retune_tensor_desc table = retune_feature_cache_row(trainer->session, trainer->features);
    table.shape[0] = (int64_t)retune_feature_cache_rows(trainer->session);
    return retune_desc_bytes(&table, out_bytes, error);
}

/* Where the features go, from the size of their table. */
static retune_status choose_cache(retune_trainer *trainer, retune_error *error) {
    size_t bytes = 0;
    RETUNE_TRY(cache_bytes(trainer, &bytes, error));
    trainer->place =
        retune_feature_cache_place(trainer->session->config, bytes, retune_available_memory());
    return RETUNE_OK;
}

/* Whether the device gets the whole table, from its size. */
static retune_status choose_residence(retune_trainer *trainer, retune_error *error) {
    size_t bytes = 0;
    if (trainer->place == RETUNE_FEATURES_OFF)
        return RETUNE_OK;
    RETUNE_TRY(cache_bytes(trainer, &bytes, error));
    trainer->resident = retune_budget_holds_table(&trainer->session->device->info, bytes);
    return RETUNE_OK;
}

static retune_status choose_micro_batch(const retune_trainer *trainer, int64_t *out_batch,
                                        retune_error *error) {
    retune_session *session = trainer->session;
    bool mapped = trainer->place == RETUNE_FEATURES_DISK &&
                  session->device->info.features & RETUNE_FEATURE_HOST_MEMORY;
    size_t mapped_bytes = 0; /* of a table used in place on disk, which takes no memory */
    retune_tensor_desc table;
    if (mapped)
        RETUNE_TRY(cache_bytes(trainer, &mapped_bytes, error));
    retune_training_options whole = training_options(trainer, trainer->batch, &table);
    return retune_micro_batch_choose(session, &whole, trainer->resident, mapped_bytes, out_batch,
                                     error);
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* The device is asked about a table of one batch, which it can be given in any case. */
static retune_status open_device(retune_trainer *trainer, retune_error *error) {
    retune_plan *training = NULL;
    RETUNE_TRY(make_plan(trainer, trainer->batch, &training, error));
    const retune_plan *plans[] = {trainer->features, training};
    retune_status status = retune_session_open_device(trainer->session, plans, 2, error);
    retune_plan_destroy(training);
    return status;
}

/* The input side: a cache, a prefix, or neither. */
static retune_status open_input(retune_trainer *trainer, retune_error *error) {
    retune_session *session = trainer->session;
    if (!trainer->features)
        return RETUNE_OK;
    if (trainer->place == RETUNE_FEATURES_OFF)
        return retune_prefix_open(session->device, session->model, trainer->features,
                                  &trainer->prefix, error);
    RETUNE_TRY(retune_feature_cache_open(session, trainer->features,
                                         trainer->place == RETUNE_FEATURES_DISK, &trainer->cache,
                                         error));
    trainer->cached = true;
    return RETUNE_OK;
}

static retune_status make_program(retune_trainer *trainer, int64_t micro_batch,
                                  retune_error *error) {
    const retune_session *session = trainer->session;
    RETUNE_TRY(make_plan(trainer, micro_batch, &trainer->plan, error));
    const void *memory =
        trainer->resident ? retune_feature_store_table(trainer->cache.store) : NULL;
    return retune_executable_create(session->device, trainer->plan->graph, session->model,
                                    trainer->plan->table, memory, &trainer->executable, error);
}

/* A device that turns out to have no room for the whole table, or no kernel for one so large, gets
 * the rows of each batch. */
static retune_status open_program(retune_trainer *trainer, int64_t micro_batch,
                                  retune_error *error) {
    retune_session *session = trainer->session;
    retune_status status = make_program(trainer, micro_batch, error);
    bool no_room = status == RETUNE_OUT_OF_MEMORY || status == RETUNE_UNSUPPORTED;
    if (no_room && trainer->resident) {
        trainer->resident = false;
        retune_plan_destroy(trainer->plan);
        trainer->plan = NULL;
        status = make_program(trainer, micro_batch, error);
    }
    if (status == RETUNE_OK && trainer->cached && !trainer->resident)
        status = retune_events_notice(session->events, error,
                                      "%s has no room for the %zu bytes of features: they stay on "
                                      "the host, and the rows of each batch are copied",
                                      session->device->info.id,
                                      retune_feature_store_bytes(trainer->cache.store));
    if (status != RETUNE_OK)
        return status;
    return retune_feeder_open(session, trainer->plan, trainer->executable,
                              trainer->cached ? &trainer->cache : NULL, trainer->resident,
                              trainer->features && !trainer->cached ? &trainer->prefix : NULL,
                              &trainer->feeder, error);
}

static retune_status open_buffers(retune_trainer *trainer, retune_error *error) {
    const retune_dataset *data = trainer->session->dataset;
    size_t most = data->train_count > data->test_count ? data->train_count : data->test_count;
    size_t batch = (size_t)trainer->plan->batch;
    RETUNE_TRY(retune_allocate(most, sizeof *trainer->order, "the order", &trainer->order, error));
    RETUNE_TRY(retune_allocate(most, sizeof *trainer->items, "the order", &trainer->items, error));
    RETUNE_TRY(retune_allocate(data->test_count + batch, sizeof *trainer->predictions,
                               "predictions", &trainer->predictions, error));
    RETUNE_TRY(retune_allocate(batch, sizeof(float), "losses", &trainer->loss, error));
    return retune_allocate(batch * trainer->session->model->class_count, sizeof(float),
                           "probabilities", &trainer->probability, error);
}

static retune_status open(retune_trainer *trainer, retune_error *error) {
    retune_session *session = trainer->session;
    const retune_config *config = session->config;
    uint32_t images = session->dataset->train_count;
    trainer->place = RETUNE_FEATURES_OFF;
    trainer->batch =
        (uint32_t)config->train_batch < images ? (uint32_t)config->train_batch : images;
    trainer->schedule = retune_schedule_make(config);
    /* A batch norm that learns from the batch wants whole batches: the odd rest of an epoch waits
     * for another epoch's order. */
    trainer->whole_batches = retune_freeze_has_full_norm(&session->freeze, session->model);
    trainer->steps_per_epoch = trainer->whole_batches
                                   ? images / trainer->batch
                                   : (images + trainer->batch - 1) / trainer->batch;
    if (session->freeze.frontier > 0) {
        RETUNE_TRY(retune_session_plan_features(session, &trainer->features, error));
        RETUNE_TRY(choose_cache(trainer, error));
    }
    return open_device(trainer, error);
}

static retune_status prepare(retune_trainer *trainer, retune_error *error) {
    int64_t micro_batch = 0;
    if (trainer->features)
        RETUNE_TRY(retune_session_plan_features(trainer->session, &trainer->features, error));
    RETUNE_TRY(choose_residence(trainer, error));
    RETUNE_TRY(choose_micro_batch(trainer, &micro_batch, error));
    RETUNE_TRY(open_input(trainer, error));
    RETUNE_TRY(open_program(trainer, micro_batch, error));
    return open_buffers(trainer, error);
}

retune_status retune_trainer_open(retune_session *session, retune_trainer *out_trainer,
                                  retune_error *error) {
    *out_trainer = (retune_trainer){.session = session};
    retune_status status = open(out_trainer, error);
    if (status != RETUNE_OK)
        retune_trainer_close(out_trainer);
    return status;
}

retune_status retune_trainer_prepare(retune_trainer *trainer, retune_error *error) {
    retune_status status = prepare(trainer, error);
    if (status != RETUNE_OK)
        retune_trainer_close(trainer);
    return status;
}

/* ---- Running ------------------------------------------------------------------------------- */

/* Good images of a list, in the order given by `order` (NULL: as they are). */
static size_t list_items(retune_trainer *trainer, const uint32_t *samples, const uint32_t *order,
                         uint32_t count) {
    size_t listed = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sample = samples[order ? order[i] : i];
        if (!trainer->session->bad[sample])
            trainer->items[listed++] = (retune_loader_item){.sample = sample};
    }
    return listed;
}

/* Each image of an epoch gets one of its views: of the cache's, or a new one an epoch. */
static void choose_views(retune_trainer *trainer, uint32_t epoch, size_t count) {
    const retune_config *config = trainer->session->config;
    if (config->train_augment == RETUNE_AUGMENT_NONE)
        return;
    uint64_t stream = UINT64_C(0x76696577) << 32 | epoch; /* "view" */
    for (size_t i = 0; i < count; i++) {
        uint32_t sample = trainer->items[i].sample;
        retune_random random = retune_random_make((uint64_t)config->train_seed + sample, stream);
        trainer->items[i].view = trainer->cached
                                     ? (uint32_t)retune_random_below(&random, trainer->cache.views)
                                     : (uint32_t)(retune_random_next(&random) >> 32);
    }
}

/* Reads what a run gave and adds it up. `predictions`: of a batch, or NULL. */
static retune_status count_run(retune_trainer *trainer, int32_t probability, int32_t loss,
                               retune_metrics *metrics, retune_prediction *predictions,
                               bool *out_finite, retune_error *error) {
    RETUNE_TRY(
        retune_executable_read_all(trainer->executable, probability, trainer->probability, error));
    RETUNE_TRY(retune_executable_read_all(trainer->executable, loss, trainer->loss, error));
    *out_finite = retune_metrics_add(
        metrics, trainer->probability, trainer->loss, trainer->feeder.label, trainer->feeder.weight,
        (size_t)trainer->plan->batch, trainer->session->model->class_count, predictions);
    return RETUNE_OK;
}

static retune_status check_finite(bool finite, uint32_t epoch, const retune_trainer *trainer,
                                  retune_error *error) {
    if (finite)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_INVALID,
                       "training diverged in epoch %u: the loss is not a number any more; lower "
                       "[train] learning_rate (it was %g)",
                       epoch, (double)trainer->learning_rate);
}

/* Sum of the weights of a whole batch when `fed` says those of its first piece. In pieces, an image
 * found bad in a later one still counts: the gradient is then too small by that image's share,
 * once. */
static float batch_weight(const float *fed, size_t piece, size_t count) {
    float total = (float)(count - piece);
    for (size_t i = 0; i < piece; i++)
        total += fed[i];
    return total > 0.0f ? total : 1.0f;
}

/* Forward and backward over the next `piece` of the `count` images of an update. */
static retune_status run_piece(retune_trainer *trainer, size_t piece, size_t count, float rate,
                               retune_error *error) {
    const retune_plan *plan = trainer->plan;
    RETUNE_TRY(retune_feeder_next(&trainer->feeder, piece, error));
    float total = batch_weight(trainer->feeder.weight, piece, count);
    RETUNE_TRY(retune_executable_write_all(trainer->executable, plan->total_weight, &total, error));
    RETUNE_TRY(
        retune_executable_run(trainer->executable, plan->forward, rate, trainer->step + 1, error));
    return retune_executable_run(trainer->executable, plan->gradient, rate, trainer->step + 1,
                                 error);
}

/* The learning rate of a step, counted from 0. */
static float step_rate(const retune_trainer *trainer, uint64_t step) {
    return (float)retune_schedule_rate(&trainer->schedule, step, trainer->steps_per_epoch);
}

/* One update from the next `count` items, computed in pieces where the batch is divided. The update
 * is enqueued before the results are read, so that the device need not wait for the host. */
static retune_status run_step(retune_trainer *trainer, size_t count, uint32_t epoch,
                              retune_error *error) {
    const retune_plan *plan = trainer->plan;
    size_t micro = (size_t)plan->batch;
    float rate = step_rate(trainer, trainer->step);
    trainer->learning_rate = rate;
    RETUNE_TRY(
        retune_executable_run(trainer->executable, plan->clear, rate, trainer->step + 1, error));
    for (size_t done = 0; done < count; done += micro) {
        size_t piece = count - done < micro ? count - done : micro;
        bool finite = true;
        RETUNE_TRY(run_piece(trainer, piece, count, rate, error));
        if (done + piece == count)
            RETUNE_TRY(retune_executable_run(trainer->executable, plan->update, rate,
                                             trainer->step + 1, error));
        RETUNE_TRY(count_run(trainer, plan->probability, plan->loss, &trainer->metrics, NULL,
                             &finite, error));
        RETUNE_TRY(check_finite(finite, epoch, trainer, error));
    }
    trainer->step++;
    return RETUNE_OK;
}

/* In a long epoch, what was learned is taken from the device now and then: seldom enough that it
 * costs a hundredth of the time at most. */
static retune_status keep_up(retune_trainer *trainer, retune_error *error) {
    double now = retune_clock_seconds(), since = now - trainer->kept_at;
    if (!trainer->learned || since < trainer->keep_seconds || since < 100.0 * trainer->keep_cost)
        return RETUNE_OK;
    RETUNE_TRY(retune_trainer_keep(trainer, error));
    trainer->keep_cost = retune_clock_seconds() - now;
    return RETUNE_OK;
}

retune_status retune_trainer_keep(retune_trainer *trainer, retune_error *error) {
    RETUNE_TRY(retune_learned_read(trainer->learned, trainer->plan, trainer->executable, error));
    trainer->learned->step = trainer->step;
    trainer->learned->metrics = trainer->metrics;
    trainer->kept_at = retune_clock_seconds();
    return RETUNE_OK;
}

retune_status retune_trainer_restore(retune_trainer *trainer, retune_learned *learned,
                                     retune_error *error) {
    RETUNE_TRY(retune_learned_write_state(learned, trainer->plan, trainer->executable, error));
    trainer->step = learned->step;
    trainer->metrics = learned->metrics;
    trainer->learned = learned;
    trainer->keep_seconds = KEEP_SECONDS;
    trainer->kept_at = retune_clock_seconds();
    return RETUNE_OK;
}

/* The number of steps before the epoch under way. */
static uint64_t first_step(const retune_trainer *trainer) {
    return (uint64_t)(trainer->epoch - 1) * trainer->steps_per_epoch;
}

/* How many images of the epoch were seen. */
static size_t seen_images(const retune_trainer *trainer) {
    return (size_t)(trainer->step - first_step(trainer)) * trainer->batch;
}

retune_status retune_trainer_begin(retune_trainer *trainer, uint32_t epoch, retune_error *error) {
    const retune_dataset *data = trainer->session->dataset;
    trainer->epoch = epoch;
    if (trainer->step == first_step(trainer))
        memset(&trainer->metrics, 0, sizeof trainer->metrics);
    else /* perhaps all that was left to do is the evaluation */
        trainer->learning_rate = step_rate(trainer, trainer->step - 1);
    retune_shuffle_epoch((uint64_t)trainer->session->config->train_seed, epoch, data->train_count,
                         trainer->order);
    trainer->listed = list_items(trainer, data->train, trainer->order, data->train_count);
    if (trainer->listed == 0)
        return retune_fail(error, RETUNE_CORRUPT, "%s: not one training image can be read any more",
                           trainer->session->config->data_root);
    choose_views(trainer, epoch, trainer->listed);
    size_t seen = seen_images(trainer);
    if (seen >= trainer->listed)
        return RETUNE_OK;
    return retune_feeder_begin(&trainer->feeder, trainer->items + seen, trainer->listed - seen,
                               true, error);
}

bool retune_trainer_is_over(const retune_trainer *trainer) {
    size_t least = trainer->whole_batches ? trainer->batch : 1;
    return seen_images(trainer) + least > trainer->listed ||
           trainer->step >= first_step(trainer) + trainer->steps_per_epoch;
}

retune_status retune_trainer_step(retune_trainer *trainer, retune_error *error) {
    size_t left = trainer->listed - seen_images(trainer);
    return run_step(trainer, left < trainer->batch ? left : trainer->batch, trainer->epoch, error);
}

/* Every epoch counts the same number of steps, also when images turned out bad. */
void retune_trainer_end(retune_trainer *trainer) {
    trainer->step = first_step(trainer) + trainer->steps_per_epoch;
    if (trainer->cached)
        retune_feature_store_release(trainer->cache.store);
}

retune_status retune_trainer_epoch(retune_trainer *trainer, uint32_t epoch, retune_error *error) {
    double began = retune_clock_seconds();
    RETUNE_TRY(retune_trainer_begin(trainer, epoch, error));
    while (!retune_trainer_is_over(trainer)) {
        RETUNE_TRY(retune_trainer_step(trainer, error));
        RETUNE_TRY(keep_up(trainer, error));
        RETUNE_TRY(retune_events_progress(trainer->session->events, RETUNE_PHASE_TRAIN, epoch,
                                          trainer->step - first_step(trainer),
                                          trainer->steps_per_epoch, "steps", began, error));
    }
    retune_trainer_end(trainer);
    return RETUNE_OK;
}

/* Puts what was predicted for good images, `trainer->items`, where all samples have their place. */
static void place_predictions(const retune_trainer *trainer, const uint32_t *samples,
                              uint32_t count, size_t listed, retune_prediction *out_predictions) {
    size_t i = 0;
    for (uint32_t s = 0; s < count; s++) {
        bool good = i < listed && trainer->items[i].sample == samples[s];
        out_predictions[s] =
            good ? trainer->predictions[i++] : (retune_prediction){RETUNE_NOT_PREDICTED, 0.0f};
    }
}

retune_status retune_trainer_predict(retune_trainer *trainer, uint32_t epoch,
                                     const uint32_t *samples, uint32_t count,
                                     retune_metrics *out_metrics,
                                     retune_prediction *out_predictions, retune_error *error) {
    memset(out_metrics, 0, sizeof *out_metrics);
    const retune_plan *plan = trainer->plan;
    size_t batch = (size_t)plan->batch;
    double began = retune_clock_seconds();
    size_t listed = list_items(trainer, samples, NULL, count);
    RETUNE_TRY(retune_feeder_begin(&trainer->feeder, trainer->items, listed, false, error));
    for (size_t done = 0; done < listed; done += batch) {
        size_t piece = listed - done < batch ? listed - done : batch;
        bool finite = true;
        RETUNE_TRY(retune_feeder_next(&trainer->feeder, piece, error));
        RETUNE_TRY(retune_executable_run(trainer->executable, plan->evaluate, 0.0f, 0, error));
        RETUNE_TRY(count_run(trainer, plan->eval_probability, plan->eval_loss, out_metrics,
                             trainer->predictions + done, &finite, error));
        RETUNE_TRY(check_finite(finite, epoch, trainer, error));
        RETUNE_TRY(retune_events_progress(trainer->session->events, RETUNE_PHASE_EVALUATE, epoch,
                                          done + piece, listed, "images", began, error));
    }
    place_predictions(trainer, samples, count, listed, out_predictions);
    return RETUNE_OK;
}

retune_status retune_trainer_evaluate(retune_trainer *trainer, uint32_t epoch,
                                      retune_metrics *out_metrics,
                                      retune_prediction *out_predictions, retune_error *error) {
    const retune_dataset *data = trainer->session->dataset;
    return retune_trainer_predict(trainer, epoch, data->test, data->test_count, out_metrics,
                                  out_predictions, error);
}
