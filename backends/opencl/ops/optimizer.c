/* sgd and adam. */
#include "ops.h"

#include <math.h>

static float rate(const retune_op_desc *op, const retune_run_args *args) {
    (void)op;
    return args->learning_rate;
}

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
    opencl_arg_run_value(b, rate);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
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
    opencl_arg_run_value(b, rate);
    opencl_arg_run_value(b, correction1);
    opencl_arg_run_value(b, correction2);
    opencl_arg_int(b, elements / width);
    opencl_launch_items(b, elements / width);
}

const opencl_op opencl_op_sgd = {prepare_sgd, NULL, "sgd"};
const opencl_op opencl_op_adam = {prepare_adam, NULL, "adam"};
