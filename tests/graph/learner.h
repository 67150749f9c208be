/* A small network on cpu/scalar that takes single steps on made-up images. */
#ifndef RETUNE_TESTS_GRAPH_LEARNER_H
#define RETUNE_TESTS_GRAPH_LEARNER_H

#include "device/executable.h"
#include "graph/plan.h"

#include "network.h"

enum { LEARNER_CLASSES = 3 };

typedef struct learner {
    retune_device *device;
    retune_model *model;
    retune_freeze freeze;
    retune_plan *plan;
    retune_executable *executable;
} learner;

typedef struct learner_options {
    char *globs[4];
    retune_norm_mode norms;
    char *head[4];
    uint32_t input; /* 0: 32 */
    int64_t batch;  /* images a run */
    retune_dtype map_dtype;
    bool accumulate;
    float label_smoothing;
    retune_optimizer optimizer; /* its `kind` 0: SGD */
} learner_options;

/* The network has random weights, and batch norms that fit the images: values stay of one size
 * through all layers, mostly inside ReLU6 and beyond both its kinks too. The same for the same head
 * and input. */
learner learner_open(const learner_options *options);
void learner_close(learner *l);

/* Writes images first, first + 1, ... as a batch; from `count` on they are padding: other images,
 * with weight 0. `total` is the weight of the whole batch, 0: of this one. */
void learner_feed(learner *l, uint32_t first, int64_t count, float total);

/* Mean loss of what was fed, in the way of training. */
double learner_loss(learner *l);

/* Gradients of what was fed, and the update. */
void learner_gradient(learner *l);
void learner_update(learner *l, float rate);

/* Values of the plan's trained parameter `i`, which has learner_elements of them. */
size_t learner_elements(const learner *l, size_t i);
const char *learner_name(const learner *l, size_t i);
void learner_read(learner *l, size_t i, float *out_values);
void learner_write(learner *l, size_t i, const float *values);

/* All trained parameters, one after the other; free() them. */
float *learner_snapshot(learner *l, size_t *out_count);

#endif
