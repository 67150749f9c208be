/* sgd and adam. */
#include "ops.h"
#include "run_values.h"

/* ---- SGD ------------------------------------------------------------------------------------ */

static void prepare_sgd(opencl_build *b) {
    const retune_sgd_attributes *a = &b->op->attributes.sgd;
    const retune_tensor_desc *weight = b->op->outputs[0], *velocity = b->op->outputs[1];
    int width = opencl_width(opencl_elements(weight));
    int64_t count = opencl_elements(weight) / width;
    opencl_begin(b, "optimizer", "sgd", "-DWIDTH=%d", width);
    opencl_arg_input(b, 1);
    opencl_arg_output(b, 0);
    opencl_arg_output(b, 1);
    opencl_arg_int(b, velocity != NULL);
    opencl_arg_float(b, a->momentum);
    opencl_arg_float(b, a->weight_decay);
    opencl_arg_run_value(b, backend_learning_rate);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

/* ---- Adam ----------------------------------------------------------------------------------- */

static void prepare_adam(opencl_build *b) {
    const retune_adam_attributes *a = &b->op->attributes.adam;
    int64_t elements = opencl_elements(b->op->outputs[0]);
    int width = opencl_width(elements);
    opencl_begin(b, "optimizer", "adam", "-DWIDTH=%d", width);
    opencl_arg_input(b, 1);
    opencl_arg_output(b, 0);
    opencl_arg_output(b, 1);
    opencl_arg_output(b, 2);
    opencl_arg_float(b, a->beta1);
    opencl_arg_float(b, (float)(1.0 - (double)a->beta1));
    opencl_arg_float(b, a->beta2);
    opencl_arg_float(b, (float)(1.0 - (double)a->beta2));
    opencl_arg_float(b, a->epsilon);
    opencl_arg_float(b, a->decoupled ? 0.0f : a->weight_decay);
    opencl_arg_float(b, a->decoupled ? a->weight_decay : 0.0f);
    opencl_arg_run_value(b, backend_learning_rate);
    opencl_arg_run_value(b, backend_adam_correction1);
    opencl_arg_run_value(b, backend_adam_correction2);
    opencl_arg_int(b, elements / width);
    opencl_launch_items(b, elements / width);
}

const opencl_op opencl_op_sgd = {prepare_sgd, NULL, "sgd"};
const opencl_op opencl_op_adam = {prepare_adam, NULL, "adam"};
