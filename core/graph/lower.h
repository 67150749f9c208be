/* Lowering: layers become ops. A convolution takes the batch norm and the activation that follow it
 * into its epilogue wherever their mode allows. */
#ifndef RETUNE_LOWER_H
#define RETUNE_LOWER_H

#include "graph/freeze.h"
#include "graph/graph.h"

typedef struct retune_lowering {
    const retune_model *model;
    const retune_freeze *freeze;
    retune_graph *graph;
    retune_dtype map_dtype; /* how the maps of the forward pass are stored */
    int32_t
        *parameter_values; /* the value of each parameter once it has one, else RETUNE_NO_VALUE */
} retune_lowering;

/* Appends a node of the forward pass. Its first output is a map, and stored as one; `out_map` is
 * it.
 */
retune_status retune_lower_append(retune_lowering *lowering, const retune_node *node,
                                  int32_t *out_map, retune_error *error);

/* `training` decides whether full batch norms use the batch's statistics or the running ones.
 * Appends layers [begin, end) after `input`; a softmax layer is the loss's business and adds
 * nothing. What comes out last is f32 however maps are stored: logits go to the loss and features
 * to the host. */
retune_status retune_lower_layers(retune_lowering *lowering, size_t begin, size_t end,
                                  bool training, int32_t input, int32_t *out_value,
                                  retune_error *error);

/* Value of a vector or kernel the host fills. */
retune_status retune_lower_constant(retune_lowering *lowering, retune_source source,
                                    int32_t parameter, int32_t layer, float number,
                                    const retune_tensor_desc *desc, const char *name,
                                    int32_t *out_value, retune_error *error);

#endif
