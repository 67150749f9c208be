#include "learner.h"

#include "base/random.h"

#include "cpu_device.h"

enum { CALIBRATION = 8 };

/* ---- The network --------------------------------------------------------------------------- */

static retune_model *make_model(const learner_options *o) {
    size_t head = 0;
    while (head < 4 && o->head[head])
        head++;
    uint32_t input = o->input ? o->input : 32;
    retune_model *model = head ? network_with_head(0.0625, input, LEARNER_CLASSES, o->head, head)
                               : network_make(0.0625, input, LEARNER_CLASSES);
    assert_ok(retune_model_allocate(model, 7, &error));
    for (size_t p = 0; p < model->parameter_count; p++) {
        retune_parameter *parameter = &model->parameters[p];
        retune_random random = retune_random_make(11, p);
        for (size_t i = 0; i < parameter->elements; i++)
            if (parameter->role == RETUNE_ROLE_GAMMA)
                parameter->values[i] = 0.75f + retune_random_unit(&random);
            else if (parameter->role == RETUNE_ROLE_BETA)
                parameter->values[i] = 0.5f + 2.0f * retune_random_unit(&random);
    }
    return model;
}

static void open_plan(learner *l, char *const *globs, size_t glob_count, retune_norm_mode norms,
                      const retune_training_options *options) {
    assert_ok(retune_freeze_make(l->model, globs, glob_count, norms, &l->freeze, &error));
    assert_ok(retune_plan_training(l->model, &l->freeze, options, &l->plan, &error));
    assert_ok(retune_executable_check(l->device, l->plan->graph, &error));
    assert_ok(retune_executable_create(l->device, l->plan->graph, l->model, RETUNE_NO_VALUE, NULL,
                                       &l->executable, &error));
}

static void close_plan(learner *l) {
    retune_executable_destroy(l->executable);
    retune_plan_destroy(l->plan);
    retune_freeze_release(&l->freeze);
    l->executable = NULL;
    l->plan = NULL;
}

static void set_momentum(retune_model *model, float momentum) {
    for (size_t l = 0; l < model->layer_count; l++)
        if (model->layers[l].type == RETUNE_LAYER_BATCH_NORM)
            model->layers[l].options.batch_norm.momentum = momentum;
}

/* One forward pass that forgets at once: the running statistics become the batch's. */
static void calibrate(learner *l) {
    char *globs[] = {"*"};
    retune_training_options options = {.batch = CALIBRATION, .optimizer = {.kind = RETUNE_OP_SGD}};
    set_momentum(l->model, 0.0f);
    open_plan(l, globs, 1, RETUNE_NORM_FULL, &options);
    learner_feed(l, 0, CALIBRATION, 0.0f);
    learner_loss(l);
    for (size_t s = 0; s < l->plan->statistic_count; s++) {
        int32_t value = l->plan->statistics[s];
        int32_t parameter = l->plan->graph->values[value].parameter;
        assert_ok(retune_executable_read_all(l->executable, value,
                                             l->model->parameters[parameter].values, &error));
    }
    close_plan(l);
    set_momentum(l->model, 0.99f);
}

learner learner_open(const learner_options *o) {
    learner l = {.device = cpu_device_open("cpu/scalar"), .model = make_model(o)};
    calibrate(&l);
    retune_training_options options = {.batch = o->batch,
                                       .map_dtype = o->map_dtype,
                                       .accumulate = o->accumulate,
                                       .label_smoothing = o->label_smoothing,
                                       .optimizer = o->optimizer};
    if (options.optimizer.kind == 0)
        options.optimizer.kind = RETUNE_OP_SGD;
    size_t globs = 0;
    while (globs < 4 && o->globs[globs])
        globs++;
    open_plan(&l, o->globs, globs, o->norms, &options);
    return l;
}

void learner_close(learner *l) {
    close_plan(l);
    retune_model_destroy(l->model);
    retune_device_close(l->device);
}

/* ---- Running ------------------------------------------------------------------------------- */

/* Smooth blobs and noise, different for every number. */
static void draw_image(uint32_t number, uint32_t side, unsigned char *pixels) {
    retune_random random = retune_random_make(5, number);
    uint32_t across = 1 + (uint32_t)retune_random_below(&random, 5);
    uint32_t down = 1 + (uint32_t)retune_random_below(&random, 5);
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++)
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t wave = (x * across * (c + 1) + y * down * 3) * 8 % 256;
                uint32_t noise = (uint32_t)retune_random_below(&random, 128);
                pixels[(y * side + x) * 3 + c] = (unsigned char)(wave / 2 + noise);
            }
}

void learner_feed(learner *l, uint32_t first, int64_t count, float total) {
    size_t batch = (size_t)l->plan->batch, side = l->model->input_size, bytes = side * side * 3;
    unsigned char *images = malloc(batch * bytes);
    int32_t *labels = malloc(batch * sizeof *labels);
    float *weights = malloc(batch * sizeof *weights), sum = total > 0.0f ? total : (float)count;
    for (size_t i = 0; i < batch; i++) {
        bool padding = (int64_t)i >= count;
        draw_image(first + (uint32_t)i + (padding ? 1000 : 0), (uint32_t)side, images + i * bytes);
        labels[i] = (int32_t)((first + i) % LEARNER_CLASSES);
        weights[i] = padding ? 0.0f : 1.0f;
    }
    assert_ok(retune_executable_write_all(l->executable, l->plan->images, images, &error));
    assert_ok(retune_executable_write_all(l->executable, l->plan->label, labels, &error));
    assert_ok(retune_executable_write_all(l->executable, l->plan->weight, weights, &error));
    assert_ok(retune_executable_write_all(l->executable, l->plan->total_weight, &sum, &error));
    free(images);
    free(labels);
    free(weights);
}

static void run(learner *l, retune_range range, float rate) {
    assert_ok(retune_executable_run(l->executable, range, rate, 1, &error));
}

double learner_loss(learner *l) {
    size_t batch = (size_t)l->plan->batch;
    float *losses = malloc(2 * batch * sizeof *losses), *weights = losses + batch;
    double sum = 0.0, total = 0.0;
    run(l, l->plan->forward, 0.0f);
    assert_ok(retune_executable_read_all(l->executable, l->plan->loss, losses, &error));
    assert_ok(retune_executable_read_all(l->executable, l->plan->weight, weights, &error));
    for (size_t i = 0; i < batch; i++) {
        sum += (double)losses[i];
        total += (double)weights[i];
    }
    free(losses);
    return sum / total;
}

void learner_gradient(learner *l) {
    run(l, l->plan->forward, 0.0f);
    run(l, l->plan->gradient, 0.0f);
}

void learner_update(learner *l, float rate) {
    run(l, l->plan->update, rate);
}

/* ---- Parameters ---------------------------------------------------------------------------- */

static const retune_parameter *parameter_of(const learner *l, size_t i) {
    return &l->model->parameters[l->plan->parameters[i].parameter];
}

size_t learner_elements(const learner *l, size_t i) {
    return parameter_of(l, i)->elements;
}

const char *learner_name(const learner *l, size_t i) {
    return parameter_of(l, i)->name;
}

void learner_read(learner *l, size_t i, float *out_values) {
    assert_ok(retune_executable_read_all(l->executable, l->plan->parameters[i].value, out_values,
                                         &error));
}

void learner_write(learner *l, size_t i, const float *values) {
    assert_ok(
        retune_executable_write_all(l->executable, l->plan->parameters[i].value, values, &error));
}

float *learner_snapshot(learner *l, size_t *out_count) {
    size_t count = 0;
    for (size_t i = 0; i < l->plan->parameter_count; i++)
        count += learner_elements(l, i);
    float *values = malloc(count * sizeof *values), *at = values;
    for (size_t i = 0; i < l->plan->parameter_count; at += learner_elements(l, i++))
        learner_read(l, i, at);
    *out_count = count;
    return values;
}
