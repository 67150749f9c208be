/* What comparing two devices found. Entry 0 of a pair is of device a, entry 1 of device b. */
#ifndef RETUNE_COMPARISON_H
#define RETUNE_COMPARISON_H

#include "graph/op_rule.h"
#include "report/events.h"

/* One op on both devices, from the same input. */
typedef struct retune_compared_op {
    const char *part, *layer; /* literals, or names inside the model */
    retune_op_kind kind;
    char output[RETUNE_SLOT_NAME_MAX]; /* the output furthest off */
    retune_tensor_desc desc;           /* of it */
    int64_t images;
    double relative_error; /* norm of the difference over that of a's output */
    double share;          /* largest error as a share of the tolerance; above 1: outside */
    double seconds[2];
} retune_compared_op;

/* One training step on both. */
typedef struct retune_compared_step {
    uint64_t step; /* from 1 */
    uint32_t epoch;
    double learning_rate;
    double loss[2];
    double drift; /* distance between both weights over the way a's have gone */
    double seconds[2];
} retune_compared_step;

/* Both on the same test images. */
typedef struct retune_compared_test {
    uint64_t total, correct[2], only[2];
    double p; /* retune_mcnemar */
    double loss[2];
} retune_compared_test;

typedef struct retune_comparison {
    retune_event start; /* the COMPARE event; what it points to outlives the comparison */
    retune_compared_op *ops;
    size_t op_count, op_capacity;
    retune_compared_step *steps;
    size_t step_count, step_capacity;
    retune_compared_test test; /* total 0: there was none */
    double loss_tolerance;     /* share of the loss, or of 0.1 where it is less */
    char *diverged;            /* what a device said whose loss is not finite any more, or NULL */
    char *tensors;             /* file with those of the first op outside its tolerance, or NULL */
    uint64_t peak_memory[2];   /* 0: the device does not say */
    double seconds;
} retune_comparison;

void retune_comparison_free(retune_comparison *comparison);

/* Adds it and sends its event. */
retune_status retune_comparison_add_op(retune_comparison *comparison, const retune_compared_op *op,
                                       retune_events *events, retune_error *error);
retune_status retune_comparison_add_step(retune_comparison *comparison,
                                         const retune_compared_step *step, retune_events *events,
                                         retune_error *error);

/* The first op outside its tolerance, or NULL, and how many there are. */
const retune_compared_op *retune_comparison_first_outside(const retune_comparison *comparison,
                                                          size_t *out_count);

/* Whether the losses of a step agree. Training may be chaotic: once the weights have drifted apart
 * by RETUNE_COMPARISON_DRIFT, roundings have led both on ways of their own, as they would two runs
 * of one device, and losses say nothing any more; what was learned in the end does. After the first
 * step, from equal weights, no rounding makes a drift of RETUNE_COMPARISON_FIRST_DRIFT. */
#define RETUNE_COMPARISON_DRIFT       0.01
#define RETUNE_COMPARISON_FIRST_DRIFT 0.25
bool retune_comparison_losses_agree(const retune_comparison *comparison, size_t step);

/* The p-value from which on the accuracies count as equal. */
#define RETUNE_COMPARISON_P 0.05

/* "equivalent", or "different: " and every reason. Free the text with free(). */
retune_status retune_comparison_verdict(const retune_comparison *comparison, bool *out_equivalent,
                                        char **out_text, retune_error *error);

#endif
