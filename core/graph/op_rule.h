/* What the core knows about each op: its shapes, its gradient and its cost. One file an op family
 * in core/graph/ops/ holds all of it. */
#ifndef RETUNE_OP_RULE_H
#define RETUNE_OP_RULE_H

#include "graph/graph.h"

typedef struct retune_backward retune_backward;

/* Forward cost of one run. A multiply-add counts two operations; bytes are those of every tensor
 * read or written once. */
typedef struct retune_cost {
    double flops, bytes;
} retune_cost;

/* What an op's results may be off, in units of the epsilon of fp32 (2^-23).
 *   base, per_term  absolute = base + per_term * reduction length: each addition of a sum may lose
 *                   half an epsilon of a partial sum, and inputs are of magnitude 1
 *   relative        what the functions of the op may lose; graphics devices promise 2.5 for a
 *                   division, 3 for a square root or logarithm, more for an exponential
 *   exact           nothing is lost: the op selects or rounds, it does not compute
 *   zero, any_nan   zero_is_exact and nan_is_anything of tolerance.h
 *   products        its multiplicands may be rounded to the narrow type */
typedef struct retune_op_rounding {
    double base, per_term, relative;
    bool exact, zero, any_nan, products;
} retune_op_rounding;

/* The largest magnitude that each tensor of an op holds, 0 for those that are absent. */
typedef struct retune_op_magnitudes {
    double inputs[RETUNE_OP_TENSORS_MAX], outputs[RETUNE_OP_TENSORS_MAX];
    double learning_rate;
} retune_op_magnitudes;

typedef struct retune_op_rule {
    /* Descriptions of the outputs from the inputs and attributes; `out` has an entry a slot.
     * Optional outputs are described too. INVALID names what does not fit. */
    retune_status (*shape)(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error);

    /* Appends the nodes that compute the gradients of a node's inputs from that of its output, for
     * the inputs that need one. NULL: the op has no gradient. */
    retune_status (*gradient)(retune_backward *backward, const retune_node *node,
                              retune_error *error);

    /* Arithmetic operations; bytes need no rule. NULL: one an output element. */
    double (*flops)(const retune_op_desc *op);

    retune_op_rounding rounding;

    /* Terms of the longest sum behind one output element. NULL: 1. */
    double (*reduction)(const retune_op_desc *op);

    /* The unit of the absolute part of the rounding of output `slot`: how large what it is computed
     * from, and on the way to it, may be, from the contents of the tensors. NULL: the largest
     * input. */
    double (*magnitude)(const retune_op_desc *op, uint32_t slot,
                        const retune_op_magnitudes *largest);
} retune_op_rule;

/* retune_rule_<name>, for every op of ops.def. */
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs)                                     \
    extern const retune_op_rule retune_rule_##name;
#include "retune/ops.def"
#undef RETUNE_OP

const retune_op_rule *retune_op_rule_get(retune_op_kind kind);

/* "conv2d", ...; "unknown op" for a number that is none. */
const char *retune_op_name(retune_op_kind kind);

/* The slots of an op as ops.def names them: "x weight [scale] [bias]". */
const char *retune_op_inputs(retune_op_kind kind);
const char *retune_op_outputs(retune_op_kind kind);

/* Number of slots in such a text, and whether slot `index` is optional. */
uint32_t retune_slot_count(const char *slots);
bool retune_slot_optional(const char *slots, uint32_t index);

/* The name of slot `index`, without brackets, cut to fit; returns `name`. */
#define RETUNE_SLOT_NAME_MAX 32
const char *retune_slot_name(const char *slots, uint32_t index, char name[RETUNE_SLOT_NAME_MAX]);

/* The input slot whose tensor output `index` of an op is, updated in place: the one of the same
 * name. -1: it is a tensor of its own. */
int retune_slot_in_place(retune_op_kind kind, uint32_t index);

retune_cost retune_op_cost(const retune_op_desc *op);

/* Terms of the longest sum the op computes per output element, at least 1. */
double retune_op_reduction(const retune_op_desc *op);

/* The unit of the rounding of an output, above 0; for inputs of magnitude 1, as a rule, 1. */
double retune_op_magnitude(const retune_op_desc *op, uint32_t slot,
                           const retune_op_magnitudes *largest);

/* ---- For shape rules ----------------------------------------------------------------------- */

/* INVALID "<op>: <slot> is [..], not [..]" unless the shapes are equal. */
retune_status retune_shape_expect(const char *op, const char *slot, const retune_tensor_desc *given,
                                  const retune_tensor_desc *expected, retune_error *error);

/* The optional per-channel vectors of an epilogue. */
retune_status retune_shape_expect_vector(const char *op, const char *slot,
                                         const retune_tensor_desc *given, int64_t channels,
                                         retune_error *error);

/* Product of all dimensions, and of all but dimension `d`. */
double retune_shape_volume(const retune_tensor_desc *desc);
double retune_shape_volume_without(const retune_tensor_desc *desc, uint32_t d);

/* ---- For gradient rules -------------------------------------------------------------------- */

/* The graph being differentiated. */
retune_graph *retune_backward_graph(retune_backward *backward);

/* True when a value leads from a trained parameter, or is one. */
bool retune_backward_needs(const retune_backward *backward, int32_t value);

/* The gradient of a value so far, or RETUNE_NO_VALUE. */
int32_t retune_backward_gradient(const retune_backward *backward, int32_t value);

/* Adds a value for a gradient of `value`: of its shape, and f32 however `value` is stored, because
 * the small numbers that gradients are would vanish in fp16. */
retune_status retune_backward_make_gradient(retune_backward *backward, int32_t value,
                                            const char *name, int32_t *out_gradient,
                                            retune_error *error);

/* Adds a contribution to the gradient of a value: sums it with an earlier one by an `add`. */
retune_status retune_backward_contribute(retune_backward *backward, int32_t value, int32_t gradient,
                                         retune_error *error);

#endif
