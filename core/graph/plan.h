/* Plans: the complete op lists a job runs, cut into ranges.
 *
 *   features    images -> output of the frozen prefix, for the feature cache
 *   training    features (or images) -> loss -> gradients -> updates, and an evaluation pass
 *   inference   images -> class probabilities */
#ifndef RETUNE_PLAN_H
#define RETUNE_PLAN_H

#include "graph/freeze.h"
#include "graph/graph.h"

/* How gradients become updates. */
typedef struct retune_optimizer {
    retune_op_kind kind;         /* RETUNE_OP_SGD or RETUNE_OP_ADAM */
    bool velocity;               /* sgd keeps one */
    retune_op_attributes update; /* weight_decay applies to kernels only */
} retune_optimizer;

/* A trained parameter and what the optimiser keeps for it. */
typedef struct retune_plan_parameter {
    int32_t parameter; /* index into the model's */
    int32_t value;
    int32_t states[2]; /* velocity, or m and v; RETUNE_NO_VALUE when there is none */
} retune_plan_parameter;

typedef struct retune_plan {
    retune_graph *graph;
    int64_t batch; /* images a run computes */

    /* Ranges. A step runs forward, gradient, update; with accumulation, clear first, then forward
     * and gradient as often as the batch needs, then update. `clear` is empty otherwise. `evaluate`
     * is `forward` unless a batch norm behaves differently in training. */
    retune_range forward, gradient, update, clear, evaluate;

    /* Values the host writes. */
    int32_t images;       /* u8 [batch,S,S,3], or RETUNE_NO_VALUE when there is a table */
    int32_t table;        /* [rows,...] the feature table, or RETUNE_NO_VALUE */
    int32_t index;        /* i32 [batch] rows of the table */
    int32_t label;        /* i32 [batch] */
    int32_t weight;       /* f32 [batch]: 0 for padding */
    int32_t total_weight; /* f32 [1]: sum of the weights of the whole batch */

    /* Values the host reads. */
    int32_t features;          /* of a features plan */
    int32_t probability, loss; /* of `forward` */
    int32_t eval_probability, eval_loss;

    retune_plan_parameter *parameters; /* trained ones */
    size_t parameter_count;
    int32_t *statistics; /* values of running statistics that change, two a full batch norm */
    size_t statistic_count;
} retune_plan;

/* In each plan, `map_dtype` is how the maps that the forward pass makes are stored: RETUNE_F32,
 * RETUNE_F16 or RETUNE_BF16. Everything else is f32: parameters, gradients, statistics, features,
 * logits, probabilities and losses. */

/* Images [batch,S,S,3] -> output of layers [0, freeze->frontier). The prefix is not empty. */
retune_status retune_plan_features(const retune_model *model, const retune_freeze *freeze,
                                   int64_t batch, retune_dtype map_dtype, retune_plan **out_plan,
                                   retune_error *error);

typedef struct retune_training_options {
    int64_t batch; /* images a run; the micro-batch when `accumulate` is set */
    retune_dtype map_dtype;
    const retune_tensor_desc *table; /* the feature table; NULL: the network sees images */
    bool accumulate;                 /* sum gradients over runs before an update */
    float label_smoothing;
    retune_optimizer optimizer;
} retune_training_options;

/* Everything above the frontier. */
retune_status retune_plan_training(const retune_model *model, const retune_freeze *freeze,
                                   const retune_training_options *options, retune_plan **out_plan,
                                   retune_error *error);

/* The whole network with fixed statistics, `batch` images a run. */
retune_status retune_plan_inference(const retune_model *model, int64_t batch,
                                    retune_dtype map_dtype, retune_plan **out_plan,
                                    retune_error *error);

void retune_plan_destroy(retune_plan *plan); /* takes NULL */

#endif
