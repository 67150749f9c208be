/* sgd and adam. */
#include "ops.h"
#include "run_values.h"

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
    vulkan_push_run_value(b, backend_learning_rate);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

/* ---- Adam ----------------------------------------------------------------------------------- */

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
    vulkan_push_run_value(b, backend_learning_rate);
    vulkan_push_run_value(b, backend_adam_correction1);
    vulkan_push_run_value(b, backend_adam_correction2);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

const vulkan_op vulkan_op_sgd = {prepare_sgd, NULL, "sgd"};
const vulkan_op vulkan_op_adam = {prepare_adam, NULL, "adam"};
