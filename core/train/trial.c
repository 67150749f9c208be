#include "train/trial.h"

#include "base/half.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/tensor_desc.h"

#include <string.h>

/* ---- Content ------------------------------------------------------------------------------- */

static void make_up_element(retune_random *random, retune_dtype dtype, uint32_t bound,
                            void *element) {
    if (dtype == RETUNE_U8) {
        *(unsigned char *)element = (unsigned char)retune_random_next(random);
    } else if (dtype == RETUNE_I32) {
        *(int32_t *)element = (int32_t)retune_random_below(random, bound);
    } else {
        float number = retune_random_unit(random);
        if (dtype == RETUNE_F32)
            memcpy(element, &number, sizeof number);
        else
            retune_half_from_float(&number, element, 1);
    }
}

void retune_trial_make_up(retune_dtype dtype, uint32_t bound, size_t elements, void *content) {
    retune_random random = retune_random_make(1, dtype);
    size_t size = retune_dtype_size(dtype);
    for (size_t i = 0; i < elements; i++)
        make_up_element(&random, dtype, bound, (unsigned char *)content + i * size);
}

retune_status retune_trial_fill(retune_executable *executable, const retune_graph *graph,
                                int32_t value, retune_error *error) {
    const retune_tensor_desc *desc = &graph->values[value].desc;
    size_t elements = 0;
    void *content = NULL;
    RETUNE_TRY(retune_desc_elements(desc, &elements, error));
    RETUNE_TRY(retune_allocate(elements, retune_dtype_size(desc->dtype), "made-up input", &content,
                               error));
    retune_trial_make_up((retune_dtype)desc->dtype, 0, elements, content);
    retune_status status = retune_executable_write_all(executable, value, content, error);
    free(content);
    return status;
}

/* ---- Opening ------------------------------------------------------------------------------- */

void retune_trial_close(retune_trial *trial) {
    retune_executable_destroy(trial->executable);
    free(trial->images);
    free(trial->index);
    free(trial->label);
    free(trial->weight);
    free(trial->probability);
    free(trial->loss);
    memset(trial, 0, sizeof *trial);
}

static retune_status open_buffers(retune_trial *trial, const retune_model *model,
                                  retune_error *error) {
    const retune_plan *plan = trial->plan;
    size_t batch = (size_t)plan->batch, side = model->input_size, probabilities = 0;
    RETUNE_TRY(
        retune_desc_elements(&plan->graph->values[plan->probability].desc, &probabilities, error));
    size_t pixels = plan->images == RETUNE_NO_VALUE ? 0 : batch * side * side * 3;
    RETUNE_TRY(retune_allocate(pixels, 1, "images", &trial->images, error));
    RETUNE_TRY(retune_allocate(batch, sizeof(int32_t), "a batch", &trial->index, error));
    RETUNE_TRY(retune_allocate(batch, sizeof(int32_t), "a batch", &trial->label, error));
    RETUNE_TRY(retune_allocate(batch, sizeof(float), "a batch", &trial->weight, error));
    RETUNE_TRY(retune_allocate(batch, sizeof(float), "losses", &trial->loss, error));
    RETUNE_TRY(
        retune_allocate(probabilities, sizeof(float), "probabilities", &trial->probability, error));
    retune_trial_make_up(RETUNE_U8, 0, pixels, trial->images);
    retune_trial_make_up(RETUNE_I32, (uint32_t)(probabilities / batch), batch, trial->label);
    if (plan->table != RETUNE_NO_VALUE)
        retune_trial_make_up(RETUNE_I32, (uint32_t)plan->graph->values[plan->table].desc.shape[0],
                             batch, trial->index);
    for (size_t i = 0; i < batch; i++)
        trial->weight[i] = 1.0f;
    trial->total_weight = (float)(batch * trial->pieces);
    return RETUNE_OK;
}

/* What the trainer writes for a run, wherever the features come from. */
static retune_status write_batch(retune_trial *trial, retune_error *error) {
    const retune_plan *plan = trial->plan;
    retune_executable *executable = trial->executable;
    if (plan->images != RETUNE_NO_VALUE)
        RETUNE_TRY(retune_executable_write_all(executable, plan->images, trial->images, error));
    if (plan->index != RETUNE_NO_VALUE)
        RETUNE_TRY(retune_executable_write_all(executable, plan->index, trial->index, error));
    RETUNE_TRY(retune_executable_write_all(executable, plan->label, trial->label, error));
    RETUNE_TRY(retune_executable_write_all(executable, plan->weight, trial->weight, error));
    return retune_executable_write_all(executable, plan->total_weight, &trial->total_weight, error);
}

retune_status retune_trial_open(const retune_device *device, const retune_model *model,
                                const retune_plan *plan, size_t pieces, retune_prefix *prefix,
                                retune_trial *out_trial, retune_error *error) {
    *out_trial = (retune_trial){.plan = plan, .prefix = prefix, .pieces = pieces};
    retune_status status = open_buffers(out_trial, model, error);
    if (status == RETUNE_OK)
        status = retune_executable_create(device, plan->graph, model, RETUNE_NO_VALUE, NULL,
                                          &out_trial->executable, error);
    if (status == RETUNE_OK && plan->table != RETUNE_NO_VALUE)
        status = retune_trial_fill(out_trial->executable, plan->graph, plan->table, error);
    if (status == RETUNE_OK)
        status = write_batch(out_trial, error);
    if (status != RETUNE_OK)
        retune_trial_close(out_trial);
    return status;
}

/* ---- Running ------------------------------------------------------------------------------- */

static retune_status run(retune_trial *trial, retune_range range, retune_error *error) {
    return retune_executable_run(trial->executable, range, 0.0f, 1, error);
}

/* Through the prefix in its chunks into the table, as the feeder does without a cache. */
static retune_status compute_features(retune_trial *trial, retune_error *error) {
    size_t batch = (size_t)trial->plan->batch, most = trial->prefix->batch;
    for (size_t begin = 0; begin < batch; begin += most) {
        size_t chunk = batch - begin < most ? batch - begin : most;
        RETUNE_TRY(retune_prefix_run(trial->prefix, chunk, error));
        RETUNE_TRY(retune_executable_write(trial->executable, trial->plan->table, (int64_t)begin,
                                           (int64_t)chunk, trial->prefix->features, error));
    }
    return RETUNE_OK;
}

static retune_status read_results(retune_trial *trial, retune_error *error) {
    RETUNE_TRY(retune_executable_read_all(trial->executable, trial->plan->probability,
                                          trial->probability, error));
    return retune_executable_read_all(trial->executable, trial->plan->loss, trial->loss, error);
}

retune_status retune_trial_step(void *user, retune_error *error) {
    retune_trial *trial = user;
    const retune_plan *plan = trial->plan;
    RETUNE_TRY(run(trial, plan->clear, error));
    for (size_t piece = 1; piece <= trial->pieces; piece++) {
        if (trial->prefix)
            RETUNE_TRY(compute_features(trial, error));
        RETUNE_TRY(write_batch(trial, error));
        RETUNE_TRY(run(trial, plan->forward, error));
        RETUNE_TRY(run(trial, plan->gradient, error));
        if (piece == trial->pieces)
            RETUNE_TRY(run(trial, plan->update, error));
        RETUNE_TRY(read_results(trial, error));
    }
    return RETUNE_OK;
}

retune_status retune_trial_step_on_device(void *user, retune_error *error) {
    retune_trial *trial = user;
    const retune_plan *plan = trial->plan;
    RETUNE_TRY(run(trial, plan->clear, error));
    for (size_t piece = 0; piece < trial->pieces; piece++) {
        RETUNE_TRY(run(trial, plan->forward, error));
        RETUNE_TRY(run(trial, plan->gradient, error));
    }
    return run(trial, plan->update, error);
}

retune_status retune_trial_evaluate(void *user, retune_error *error) {
    retune_trial *trial = user;
    return run(trial, trial->plan->evaluate, error);
}
