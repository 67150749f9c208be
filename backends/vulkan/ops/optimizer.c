/* sgd and adam. */
#include "ops.h"

#include <math.h>

static float rate(const retune_op_desc *op, const retune_run_args *args) {
    (void)op;
    return args->learning_rate;
}

/* ---- SGD ------------------------------------------------------------------------------------ */

static void prepare_sgd(vulkan_build *b) {
    const retune_sgd_attributes *a = &b->op->attributes.sgd;
    const retune_tensor_desc *weight = b->op->outputs[0], *velocity = b->op->outputs[1];
    int width = vulkan_width(vulkan_elements(weight));
    int64_t count = vulkan_elements(weight) / width;
    vulkan_begin(b, "sgd");
    vulkan_constant(b, width);
    vulkan_input(b, 1);
    vulkan_output(b, 0);
    vulkan_output(b, 1);
    vulkan_push_int(b, velocity != NULL);
    vulkan_push_float(b, a->momentum);
    vulkan_push_float(b, a->weight_decay);
    vulkan_push_run_value(b, rate);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

/* ---- Adam ----------------------------------------------------------------------------------- */

/* Undoes that a moving average of decay `beta` began at 0. */
static float correction(float beta, uint64_t step) {
    return (float)(1.0 / (1.0 - pow((double)beta, (double)step)));
}

static float correction1(const retune_op_desc *op, const retune_run_args *args) {
    return correction(op->attributes.adam.beta1, args->step);
}

static float correction2(const retune_op_desc *op, const retune_run_args *args) {
    return correction(op->attributes.adam.beta2, args->step);
}

static void prepare_adam(vulkan_build *b) {
    const retune_adam_attributes *a = &b->op->attributes.adam;
    int width = vulkan_width(vulkan_elements(b->op->outputs[0]));
    int64_t count = vulkan_elements(b->op->outputs[0]) / width;
    vulkan_begin(b, "adam");
    vulkan_constant(b, width);
    vulkan_input(b, 1);
    vulkan_output(b, 0);
    vulkan_output(b, 1);
    vulkan_output(b, 2);
    vulkan_push_float(b, a->beta1);
    vulkan_push_float(b, (float)(1.0 - (double)a->beta1));
    vulkan_push_float(b, a->beta2);
    vulkan_push_float(b, (float)(1.0 - (double)a->beta2));
    vulkan_push_float(b, a->epsilon);
    vulkan_push_float(b, a->decoupled ? 0.0f : a->weight_decay);
    vulkan_push_float(b, a->decoupled ? a->weight_decay : 0.0f);
    vulkan_push_run_value(b, rate);
    vulkan_push_run_value(b, correction1);
    vulkan_push_run_value(b, correction2);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

const vulkan_op vulkan_op_sgd = {prepare_sgd, NULL, "sgd"};
const vulkan_op vulkan_op_adam = {prepare_adam, NULL, "adam"};
