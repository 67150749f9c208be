/* Deltas: what training changed in a model, bound to what it was changed from. */
#ifndef RETUNE_DELTA_H
#define RETUNE_DELTA_H

#include "base/hash.h"
#include "model/model.h"

#define RETUNE_DELTA_METADATA "retune.delta"

/* Hash of a model's parameters below its head, names and values: the base a delta belongs to. */
retune_hash retune_delta_base(const retune_model *model);

/* Writes the parameters that `changed` marks (one entry a parameter) and the model's description.
 * The metadata entry RETUNE_DELTA_METADATA is {"base": hash as 32 hexadecimal digits}. */
retune_status retune_delta_write(const char *path, const retune_model *model, const bool *changed,
                                 retune_hash base, retune_error *error);

#endif
