/* What training has learned so far, in host memory: trained parameters, statistics and the
 * optimiser's state, as they were after a step. It belongs to no device: training goes on from it
 * on whichever there is, with the bits of a run that never stopped. Checkpoints are written from
 * it, and a device that is lost takes nothing along that came before it. */
#ifndef RETUNE_LEARNED_H
#define RETUNE_LEARNED_H

#include "device/executable.h"
#include "graph/plan.h"
#include "train/metrics.h"

typedef struct retune_learned_tensor {
    char *name; /* of optimiser state: "optimizer/m/conv_pw_13/kernel"; else of the parameter */
    retune_tensor_desc desc;
    int32_t parameter; /* of the model, or -1: optimiser state */
    size_t offset;     /* into `memory` */
} retune_learned_tensor;

/* Starts zeroed. Plans of the same model, freeze policy and optimiser list the same tensors in the
 * same order, however a device divides the batch. */
typedef struct retune_learned {
    retune_learned_tensor *tensors;
    size_t count, bytes;
    unsigned char *memory, *spare; /* a read that fails halfway must not mix two steps */
    uint64_t step;                 /* updates done */
    retune_metrics metrics;        /* of the epoch under way */
} retune_learned;

/* The start of training: parameters as the model has them, state 0. Close it with
 * retune_learned_close, which takes one that is all zero. */
retune_status retune_learned_open(const retune_plan *plan, const retune_model *model,
                                  retune_learned *out_learned, retune_error *error);
void retune_learned_close(retune_learned *learned);

/* Bytes of host memory that it takes. */
retune_status retune_learned_bytes(const retune_plan *plan, uint64_t *out_bytes,
                                   retune_error *error);

/* Takes all of it from a device. On failure it is as it was. Sets neither step nor metrics. */
retune_status retune_learned_read(retune_learned *learned, const retune_plan *plan,
                                  retune_executable *executable, retune_error *error);

/* Gives the optimiser's state to a device; parameters come with the model. */
retune_status retune_learned_write_state(const retune_learned *learned, const retune_plan *plan,
                                         retune_executable *executable, retune_error *error);

/* Copies parameters and statistics into the model. */
void retune_learned_to_model(const retune_learned *learned, retune_model *model);

#endif
