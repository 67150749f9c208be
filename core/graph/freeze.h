/* The freeze policy: which parameters are trained, and where the frozen prefix ends. Pure functions
 * of the model's layers. */
#ifndef RETUNE_FREEZE_H
#define RETUNE_FREEZE_H

#include "model/model.h"

/* What a batch norm does in training. */
typedef enum retune_norm_mode {
    RETUNE_NORM_FROZEN, /* stored statistics, gamma and beta untouched */
    RETUNE_NORM_AFFINE, /* stored statistics, gamma and beta trained */
    RETUNE_NORM_FULL    /* batch statistics, running ones updated, gamma and beta trained */
} retune_norm_mode;

typedef struct retune_freeze {
    bool *trained;           /* a parameter: updated by the optimiser */
    retune_norm_mode *norms; /* a layer: its mode when it is a batch norm */
    size_t frontier;         /* layers [0, frontier) are frozen: a constant function of the image */
    uint64_t trained_total;  /* scalars */
} retune_freeze;

/* Applies globs over layer names; everything that matches none is frozen. `batch_norm` decides for
 * the batch norms that a glob names or that follow a trained layer. INVALID: a glob matches no
 * layer, or nothing would be trained. */
retune_status retune_freeze_make(const retune_model *model, char *const *globs, size_t glob_count,
                                 retune_norm_mode batch_norm, retune_freeze *out_freeze,
                                 retune_error *error);

/* Everything frozen: for evaluation and prediction. */
retune_status retune_freeze_all(const retune_model *model, retune_freeze *out_freeze,
                                retune_error *error);

/* Whether some batch norm computes the statistics of each batch. */
bool retune_freeze_has_full_norm(const retune_freeze *freeze, const retune_model *model);

void retune_freeze_release(retune_freeze *freeze);

#endif
