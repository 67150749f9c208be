/* The layer table of a model. */
#ifndef RETUNE_SUMMARY_H
#define RETUNE_SUMMARY_H

#include "retune/retune.h"

#include "graph/freeze.h"

/* Makes the public summary of a model under a freeze policy; everything in it is its own. */
retune_status retune_summary_make(const retune_model *model, const retune_freeze *freeze,
                                  retune_model_summary **out_summary, retune_error *error);

#endif
