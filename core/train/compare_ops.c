#include "train/compare_ops.h"

#include "base/clock.h"
#include "base/half.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "data/shuffle.h"
#include "train/compare_walk.h"

#include <string.h>

/* The plans both devices run, and what goes into them. */
typedef struct trial {
    retune_compare_side *sides;
    const retune_compare_ops_options *options;
    int64_t batch;
    uint32_t epoch;        /* whose first images they are */
    retune_plan *features; /* NULL when nothing is frozen below */
    retune_plan *training; /* on a table of one batch, or on images */
    unsigned char *images; /* [batch,S,S,3] */
    void *table;           /* what the frozen layers of device a make of them */
    int32_t *index, *label;
    float *weight, total_weight;
    retune_compare_walk walk;
} trial;

static void close(trial *t) {
    retune_compare_walk_close(&t->walk);
    for (int s = 0; s < 2; s++)
        retune_compare_side_close_device(&t->sides[s]);
    retune_plan_destroy(t->features);
    retune_plan_destroy(t->training);
    free(t->images);
    free(t->table);
    free(t->index);
    free(t->label);
    free(t->weight);
}

/* ---- Planning ------------------------------------------------------------------------------ */

static retune_status make_plans(trial *t, retune_error *error) {
    const retune_session *session = &t->sides[0].session;
    const retune_config *config = session->config;
    retune_dtype map_dtype = retune_session_map_dtype(config);
    retune_tensor_desc table;
    retune_training_options options = {.batch = t->batch,
                                       .map_dtype = map_dtype,
                                       .label_smoothing = (float)config->train_label_smoothing,
                                       .optimizer = retune_session_optimizer(config)};
    if (session->freeze.frontier > 0) {
        RETUNE_TRY(retune_plan_features(session->model, &session->freeze, t->batch, map_dtype,
                                        &t->features, error));
        table = t->features->graph->values[t->features->features].desc;
        table.dtype = t->options->half_features ? RETUNE_F16 : RETUNE_F32;
        options.table = &table;
    }
    return retune_plan_training(session->model, &session->freeze, &options, &t->training, error);
}

static uint64_t op_count(const trial *t) {
    const retune_plan *plan = t->training;
    bool evaluates = plan->evaluate.begin != plan->forward.begin;
    return (t->features ? t->features->graph->node_count : 0) + plan->forward.end -
           plan->forward.begin + plan->gradient.end - plan->gradient.begin + plan->update.end -
           plan->update.begin + (evaluates ? plan->evaluate.end - plan->evaluate.begin : 0);
}

/* ---- Images -------------------------------------------------------------------------------- */

static retune_status open_buffers(trial *t, retune_error *error) {
    size_t batch = (size_t)t->batch, side = t->sides[0].session.model->input_size;
    RETUNE_TRY(retune_allocate(batch, side * side * 3, "images", &t->images, error));
    RETUNE_TRY(retune_allocate(batch, sizeof *t->index, "a batch", &t->index, error));
    RETUNE_TRY(retune_allocate(batch, sizeof *t->label, "a batch", &t->label, error));
    return retune_allocate(batch, sizeof *t->weight, "a batch", &t->weight, error);
}

/* The first images of the epoch; one that cannot be read has no weight. */
static retune_status list_images(trial *t, retune_loader_item *items, retune_error *error) {
    const retune_dataset *data = t->sides[0].session.dataset;
    uint32_t *order = NULL;
    RETUNE_TRY(retune_allocate(data->train_count, sizeof *order, "the order", &order, error));
    retune_shuffle_epoch((uint64_t)t->sides[0].config.train_seed, t->epoch, data->train_count,
                         order);
    for (int64_t i = 0; i < t->batch; i++) {
        uint32_t sample = data->train[order[i]];
        items[i] = (retune_loader_item){.sample = sample};
        t->index[i] = (int32_t)i;
        t->label[i] = (int32_t)data->samples[sample].label;
    }
    free(order);
    return RETUNE_OK;
}

static retune_status decode(trial *t, retune_loader *loader, const retune_loader_item *items,
                            retune_error *error) {
    size_t side = t->sides[0].session.model->input_size, bytes = side * side * 3;
    RETUNE_TRY(retune_loader_start(loader, items, (size_t)t->batch, error));
    for (size_t i = 0; i < (size_t)t->batch; i++) {
        retune_status image = RETUNE_OK;
        retune_error cause = RETUNE_ERROR_INIT;
        retune_status status = retune_loader_next(loader, t->images + i * bytes, &image, &cause);
        if (status != RETUNE_OK)
            return retune_fail(error, status, "%s", cause.message);
        t->weight[i] = image == RETUNE_OK ? 1.0f : 0.0f;
        t->total_weight += t->weight[i];
        if (image != RETUNE_OK)
            RETUNE_TRY(
                retune_session_bad_image(&t->sides[0].session, items[i].sample, &cause, error));
    }
    if (t->total_weight > 0.0f)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_CORRUPT, "%s: none of the first %lld images can be read",
                       t->sides[0].config.data_root, (long long)t->batch);
}

static retune_status load_images(trial *t, retune_error *error) {
    const retune_session *session = &t->sides[0].session;
    retune_loader_options options = {.width = session->model->input_size,
                                     .height = session->model->input_size,
                                     .view = retune_session_view_rule(session, true),
                                     .max_megapixels =
                                         (uint32_t)session->config->data_max_megapixels,
                                     .threads = (uint32_t)session->config->data_threads};
    retune_loader_item *items = NULL;
    retune_loader *loader = NULL;
    retune_status status =
        retune_allocate((size_t)t->batch, sizeof *items, "a batch", &items, error);
    if (status == RETUNE_OK)
        status = list_images(t, items, error);
    if (status == RETUNE_OK)
        status = retune_loader_open(session->dataset, &options, &loader, error);
    if (status == RETUNE_OK)
        status = decode(t, loader, items, error);
    retune_loader_close(loader);
    free(items);
    return status;
}

/* ---- Devices ------------------------------------------------------------------------------- */

static retune_status open_devices(trial *t, retune_comparison *comparison, retune_error *error) {
    const retune_plan *plans[] = {t->features, t->training};
    for (int s = 0; s < 2; s++) {
        RETUNE_TRY(retune_compare_side_open_device(&t->sides[s], plans, 2, error));
        const retune_device_info *info = &t->sides[s].info;
        comparison->start.of.compare.device[s] = info->id;
        comparison->start.of.compare.name[s] = info->name;
        comparison->start.of.compare.driver[s] = info->driver;
    }
    retune_events *outer = t->sides[0].outer;
    RETUNE_TRY(retune_events_send(outer, &comparison->start, error));
    if (strcmp(t->sides[0].info.id, t->sides[1].info.id) != 0)
        return RETUNE_OK;
    return retune_events_notice(outer, error,
                                "both devices are %s: whatever differs, it does not repeat itself",
                                t->sides[0].info.id);
}

/* ---- Comparing ----------------------------------------------------------------------------- */

/* What device a made of the images becomes the table, stored as the job's cache would. */
static retune_status keep_features(trial *t, retune_error *error) {
    const retune_value *features = &t->features->graph->values[t->features->features];
    size_t elements = 0;
    float *values = NULL;
    RETUNE_TRY(retune_desc_elements(&features->desc, &elements, error));
    RETUNE_TRY(retune_allocate(elements, sizeof *values, "features", &values, error));
    retune_status status =
        retune_executable_read_all(t->walk.on[0], t->features->features, values, error);
    t->table = values;
    if (status != RETUNE_OK || !t->options->half_features)
        return status;
    t->table = NULL;
    status = retune_allocate(elements, sizeof(uint16_t), "features", &t->table, error);
    if (status == RETUNE_OK)
        retune_half_from_float(values, t->table, elements);
    free(values);
    return status;
}

static retune_status compare_prefix(trial *t, retune_error *error) {
    const retune_plan *plan = t->features;
    RETUNE_TRY(retune_compare_walk_open(&t->walk, plan, error));
    RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->images, t->images, error));
    RETUNE_TRY(retune_compare_walk_run(&t->walk, "prefix", plan->forward, error));
    RETUNE_TRY(keep_features(t, error));
    retune_compare_walk_close(&t->walk);
    return RETUNE_OK;
}

static retune_status write_step(trial *t, retune_error *error) {
    const retune_plan *plan = t->training;
    if (plan->images != RETUNE_NO_VALUE)
        RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->images, t->images, error));
    if (plan->table != RETUNE_NO_VALUE)
        RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->table, t->table, error));
    if (plan->index != RETUNE_NO_VALUE)
        RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->index, t->index, error));
    RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->label, t->label, error));
    RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->weight, t->weight, error));
    RETUNE_TRY(retune_compare_walk_write(&t->walk, plan->total_weight, &t->total_weight, error));
    for (int s = 0; s < 2 && t->options->from; s++)
        RETUNE_TRY(retune_compare_side_load_state(&t->sides[s], t->options->from, plan,
                                                  t->walk.on[s], error));
    return RETUNE_OK;
}

static retune_status compare_step(trial *t, retune_error *error) {
    const retune_plan *plan = t->training;
    RETUNE_TRY(retune_compare_walk_open(&t->walk, plan, error));
    RETUNE_TRY(write_step(t, error));
    RETUNE_TRY(retune_compare_walk_run(&t->walk, "forward", plan->forward, error));
    RETUNE_TRY(retune_compare_walk_run(&t->walk, "gradient", plan->gradient, error));
    RETUNE_TRY(retune_compare_walk_run(&t->walk, "update", plan->update, error));
    if (plan->evaluate.begin != plan->forward.begin)
        RETUNE_TRY(retune_compare_walk_run(&t->walk, "evaluate", plan->evaluate, error));
    return RETUNE_OK;
}

/* Of the step that comes next. */
static float learning_rate(const trial *t, uint64_t step) {
    const retune_config *config = &t->sides[0].config;
    retune_schedule schedule = retune_schedule_make(config);
    uint64_t images = t->sides[0].session.dataset->train_count;
    uint64_t batch = (uint64_t)config->train_batch;
    return (float)retune_schedule_rate(&schedule, step, (images + batch - 1) / batch);
}

static retune_status run(trial *t, retune_comparison *comparison, retune_error *error) {
    uint64_t step = t->options->from ? retune_checkpoint_progress(t->options->from)->step : 0;
    RETUNE_TRY(make_plans(t, error));
    RETUNE_TRY(open_buffers(t, error));
    RETUNE_TRY(load_images(t, error));
    RETUNE_TRY(open_devices(t, comparison, error));
    t->walk = (retune_compare_walk){.sides = t->sides,
                                    .learning_rate = learning_rate(t, step),
                                    .step = step + 1,
                                    .save = t->options->save,
                                    .comparison = comparison,
                                    .began = retune_clock_seconds(),
                                    .total = op_count(t)};
    if (t->features)
        RETUNE_TRY(compare_prefix(t, error));
    return compare_step(t, error);
}

retune_status retune_compare_ops(retune_compare_side sides[2],
                                 const retune_compare_ops_options *options,
                                 retune_comparison *comparison, retune_error *error) {
    int64_t images = sides[0].session.dataset->train_count;
    trial t = {.sides = sides,
               .options = options,
               .batch = images < options->images ? images : options->images,
               .epoch = options->from ? retune_checkpoint_progress(options->from)->epoch + 1 : 1};
    retune_status status = run(&t, comparison, error);
    close(&t);
    return status;
}
