#include "train/compare_lockstep.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "train/paired_test.h"

#include <math.h>
#include <string.h>

typedef struct lockstep {
    retune_compare_side *sides;
    const retune_compare_lockstep_options *options;
    retune_comparison *comparison;
    unsigned char *start; /* what a had learned in the beginning */
    uint64_t done;        /* steps */
    bool over;            /* training diverged */
    double began;
} lockstep;

/* ---- Weights ------------------------------------------------------------------------------- */

/* The numbers of a trained parameter or statistic; NULL for what only the optimiser keeps. */
static const float *weights_at(const retune_learned *learned, const unsigned char *memory,
                               size_t t) {
    const retune_learned_tensor *tensor = &learned->tensors[t];
    return tensor->parameter < 0 ? NULL : (const float *)(const void *)(memory + tensor->offset);
}

static double squared_distance(const float *left, const float *right, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)left[i] - (double)right[i];
        sum += difference * difference;
    }
    return sum;
}

/* How far apart the weights are, as a share of the way those of a have gone. */
static retune_status measure_drift(lockstep *l, double *out_drift, retune_error *error) {
    const retune_learned *a = &l->sides[0].learned, *b = &l->sides[1].learned;
    double apart = 0.0, gone = 0.0;
    for (int s = 0; s < 2; s++)
        RETUNE_TRY(retune_trainer_keep(&l->sides[s].trainer, error));
    for (size_t t = 0; t < a->count; t++) {
        size_t elements = 0;
        const float *now = weights_at(a, a->memory, t);
        if (!now)
            continue;
        RETUNE_TRY(retune_desc_elements(&a->tensors[t].desc, &elements, error));
        apart += squared_distance(now, weights_at(b, b->memory, t), elements);
        gone += squared_distance(now, weights_at(a, l->start, t), elements);
    }
    *out_drift = apart > 0.0 ? sqrt(apart / gone) : 0.0;
    return RETUNE_OK;
}

static retune_status keep_start(lockstep *l, retune_error *error) {
    const retune_learned *learned = &l->sides[0].learned;
    RETUNE_TRY(retune_allocate(learned->bytes, 1, "weights", &l->start, error));
    memcpy(l->start, learned->memory, learned->bytes);
    return RETUNE_OK;
}

/* ---- Training ------------------------------------------------------------------------------ */

/* INVALID is what a trainer says when the loss is not finite any more. On one device alone that is
 * a difference, on both a property of the job; either way nothing more can be compared. */
static retune_status take_divergence(lockstep *l, const bool diverged[2],
                                     const retune_error faults[2], retune_error *error) {
    l->over = true;
    if (diverged[0] && diverged[1])
        return retune_events_notice(l->sides[0].outer, error, "on both devices %s",
                                    faults[0].message);
    int s = diverged[1];
    return retune_format_text(&l->comparison->diverged, error, "on %s alone %s",
                              l->sides[s].info.id, faults[s].message);
}

/* One step on one side: its mean loss and its time. */
static retune_status run_step(lockstep *l, int s, retune_compared_step *step, retune_error *error) {
    retune_trainer *trainer = &l->sides[s].trainer;
    retune_metrics before = trainer->metrics;
    double began = retune_clock_seconds();
    RETUNE_TRY(retune_trainer_step(trainer, error));
    step->seconds[s] = retune_clock_seconds() - began;
    double images = trainer->metrics.weight - before.weight;
    step->loss[s] = images > 0.0 ? (trainer->metrics.loss - before.loss) / images : 0.0;
    return RETUNE_OK;
}

static uint64_t step_total(const lockstep *l) {
    return l->options->steps > 0 ? l->options->steps
                                 : l->options->epochs * l->sides[0].trainer.steps_per_epoch;
}

static retune_status run_both(lockstep *l, retune_error *error) {
    const retune_trainer *trainer = &l->sides[0].trainer;
    retune_compared_step step = {.epoch = trainer->epoch};
    retune_error faults[2] = {RETUNE_ERROR_INIT, RETUNE_ERROR_INIT};
    bool diverged[2] = {false, false};
    for (int s = 0; s < 2; s++) {
        retune_status status = run_step(l, s, &step, &faults[s]);
        if (status != RETUNE_OK && status != RETUNE_INVALID)
            return retune_fail(error, status, "%s", faults[s].message);
        diverged[s] = status == RETUNE_INVALID;
    }
    if (diverged[0] || diverged[1])
        return take_divergence(l, diverged, faults, error);
    step.step = trainer->step;
    step.learning_rate = (double)trainer->learning_rate;
    RETUNE_TRY(measure_drift(l, &step.drift, error));
    l->done++;
    RETUNE_TRY(retune_comparison_add_step(l->comparison, &step, l->sides[0].outer, error));
    return retune_events_progress(l->sides[0].outer, RETUNE_PHASE_COMPARE, step.epoch, l->done,
                                  step_total(l), "steps", l->began, error);
}

static bool wants_more_steps(const lockstep *l) {
    return !l->over && (l->options->steps == 0 || l->done < l->options->steps);
}

static retune_status run_epoch(lockstep *l, uint32_t epoch, retune_error *error) {
    for (int s = 0; s < 2; s++)
        RETUNE_TRY(retune_trainer_begin(&l->sides[s].trainer, epoch, error));
    while (wants_more_steps(l) && !retune_trainer_is_over(&l->sides[0].trainer) &&
           !retune_trainer_is_over(&l->sides[1].trainer))
        RETUNE_TRY(run_both(l, error));
    if (wants_more_steps(l))
        for (int s = 0; s < 2; s++)
            retune_trainer_end(&l->sides[s].trainer);
    return RETUNE_OK;
}

static retune_status train(lockstep *l, retune_error *error) {
    uint32_t first = l->options->from ? retune_checkpoint_progress(l->options->from)->epoch + 1 : 1;
    for (uint32_t epoch = first; wants_more_steps(l); epoch++) {
        uint64_t before = l->done;
        if (l->options->epochs > 0 && epoch - first >= l->options->epochs)
            break;
        RETUNE_TRY(run_epoch(l, epoch, error));
        if (l->done == before && epoch > first)
            break; /* no batch is whole any more */
    }
    return RETUNE_OK;
}

/* ---- Testing ------------------------------------------------------------------------------- */

/* Test images, evenly from their list, which is in the order of the classes. */
static retune_status choose_samples(const lockstep *l, uint32_t **out_samples, uint32_t *out_count,
                                    retune_error *error) {
    const retune_dataset *data = l->sides[0].session.dataset;
    uint32_t count = data->test_count < l->options->test ? data->test_count : l->options->test;
    RETUNE_TRY(retune_allocate(count, sizeof **out_samples, "test images", out_samples, error));
    for (uint32_t i = 0; i < count; i++)
        (*out_samples)[i] = data->test[(uint64_t)i * data->test_count / count];
    *out_count = count;
    return RETUNE_OK;
}

static void count_pairs(lockstep *l, const uint32_t *samples, uint32_t count,
                        retune_prediction *const predictions[2]) {
    const retune_dataset *data = l->sides[0].session.dataset;
    retune_compared_test *test = &l->comparison->test;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t a = predictions[0][i].predicted, b = predictions[1][i].predicted;
        uint32_t label = data->samples[samples[i]].label;
        if (a == RETUNE_NOT_PREDICTED || b == RETUNE_NOT_PREDICTED)
            continue;
        bool right[2] = {a == label, b == label};
        test->total++;
        for (int s = 0; s < 2; s++) {
            test->correct[s] += right[s];
            test->only[s] += right[s] && !right[1 - s];
        }
    }
    test->p = retune_mcnemar(test->only[0], test->only[1]);
}

static retune_status predict(lockstep *l, const uint32_t *samples, uint32_t count,
                             retune_prediction *const predictions[2], retune_error *error) {
    retune_error faults[2] = {RETUNE_ERROR_INIT, RETUNE_ERROR_INIT};
    bool diverged[2] = {false, false};
    for (int s = 0; s < 2; s++) {
        retune_trainer *trainer = &l->sides[s].trainer;
        retune_metrics metrics;
        retune_status status = retune_trainer_predict(trainer, trainer->epoch, samples, count,
                                                      &metrics, predictions[s], &faults[s]);
        if (status != RETUNE_OK && status != RETUNE_INVALID)
            return retune_fail(error, status, "%s", faults[s].message);
        diverged[s] = status == RETUNE_INVALID;
        l->comparison->test.loss[s] = retune_metrics_loss(&metrics);
    }
    if (diverged[0] || diverged[1])
        return take_divergence(l, diverged, faults, error);
    count_pairs(l, samples, count, predictions);
    return RETUNE_OK;
}

static retune_status send_test(lockstep *l, retune_error *error) {
    const retune_compared_test *test = &l->comparison->test;
    retune_event event = {.kind = RETUNE_EVENT_COMPARE_TEST,
                          .of.compare_test = {.total = test->total,
                                              .correct = {test->correct[0], test->correct[1]},
                                              .only = {test->only[0], test->only[1]},
                                              .p = test->p,
                                              .loss = {test->loss[0], test->loss[1]}}};
    return retune_events_send(l->sides[0].outer, &event, error);
}

static retune_status test(lockstep *l, retune_error *error) {
    uint32_t *samples = NULL, count = 0;
    retune_prediction *predictions[2] = {NULL, NULL};
    retune_status status = choose_samples(l, &samples, &count, error);
    for (int s = 0; s < 2 && status == RETUNE_OK; s++)
        status =
            retune_allocate(count, sizeof *predictions[s], "predictions", &predictions[s], error);
    if (status == RETUNE_OK && count > 0)
        status = predict(l, samples, count, predictions, error);
    if (status == RETUNE_OK && l->comparison->test.total > 0)
        status = send_test(l, error);
    free(predictions[0]);
    free(predictions[1]);
    free(samples);
    return status;
}

/* ---- Both ---------------------------------------------------------------------------------- */

static retune_status run(lockstep *l, retune_error *error) {
    for (int s = 0; s < 2; s++)
        RETUNE_TRY(retune_compare_side_open_trainer(&l->sides[s], l->options->from,
                                                    l->options->folder, error));
    RETUNE_TRY(keep_start(l, error));
    l->began = retune_clock_seconds();
    RETUNE_TRY(train(l, error));
    if (!l->over)
        RETUNE_TRY(test(l, error));
    for (int s = 0; s < 2; s++) {
        uint64_t now = 0;
        RETUNE_TRY(retune_device_memory(l->sides[s].session.device, &now,
                                        &l->comparison->peak_memory[s], error));
    }
    return RETUNE_OK;
}

retune_status retune_compare_lockstep(retune_compare_side sides[2],
                                      const retune_compare_lockstep_options *options,
                                      retune_comparison *comparison, retune_error *error) {
    lockstep l = {.sides = sides, .options = options, .comparison = comparison};
    retune_status status = run(&l, error);
    free(l.start);
    return status;
}
