/* sgd and adam: updates in place. */
#include "graph/op_rule.h"

#include <math.h>

static retune_status shape(const retune_op_desc *op, retune_tensor_desc *out, retune_error *error) {
    const retune_tensor_desc *weight = op->inputs[0];
    RETUNE_TRY(retune_shape_expect("optimizer op", "the gradient", op->inputs[1], weight, error));
    for (int slot = 2; slot < 4; slot++)
        if (op->inputs[slot])
            RETUNE_TRY(
                retune_shape_expect("optimizer op", "the state", op->inputs[slot], weight, error));
    out[0] = out[1] = out[2] = *weight;
    return RETUNE_OK;
}

static double flops_sgd(const retune_op_desc *op) {
    return 6.0 * retune_shape_volume(op->inputs[0]);
}

static double flops_adam(const retune_op_desc *op) {
    return 14.0 * retune_shape_volume(op->inputs[0]);
}

/* The gradient with its decay, and what the weight is moved by. */
static double magnitude_sgd(const retune_op_desc *op, uint32_t slot,
                            const retune_op_magnitudes *largest) {
    const retune_sgd_attributes *a = &op->attributes.sgd;
    double weight = largest->inputs[0];
    double step = largest->inputs[1] + (double)a->weight_decay * weight +
                  (double)a->momentum * largest->inputs[2];
    return slot == 0 ? weight + largest->learning_rate * step : step;
}

/* A step moves a weight by at most rate * (1 - beta1) / sqrt(1 - beta2), or by the rate where that
 * is less (Kingma and Ba, "Adam: a method for stochastic optimization", 2015, section 2.1). */
static double magnitude_adam(const retune_op_desc *op, uint32_t slot,
                             const retune_op_magnitudes *largest) {
    const retune_adam_attributes *a = &op->attributes.adam;
    double weight = largest->inputs[0], decay = (double)a->weight_decay * weight;
    double gradient = largest->inputs[1] + (a->decoupled ? 0.0 : decay);
    double step = fmax(1.0, (1.0 - (double)a->beta1) / sqrt(1.0 - (double)a->beta2));
    if (slot == 0)
        return weight + largest->learning_rate * (step + (a->decoupled ? decay : 0.0));
    return slot == 1 ? fmax(gradient, largest->inputs[2])
                     : fmax(gradient * gradient, largest->inputs[3]);
}

const retune_op_rule retune_rule_sgd = {
    .shape = shape, .flops = flops_sgd, .rounding = {.base = 8}, .magnitude = magnitude_sgd};
const retune_op_rule retune_rule_adam = {.shape = shape,
                                         .flops = flops_adam,
                                         .rounding = {.base = 8, .relative = 8},
                                         .magnitude = magnitude_adam};
