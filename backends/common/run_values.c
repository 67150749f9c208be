#include "run_values.h"

#include <math.h>

float backend_learning_rate(const retune_op_desc *op, const retune_run_args *args) {
    (void)op;
    return args->learning_rate;
}

static float correction(float beta, uint64_t step) {
    return (float)(1.0 / (1.0 - pow((double)beta, (double)step)));
}

float backend_adam_correction1(const retune_op_desc *op, const retune_run_args *args) {
    return correction(op->attributes.adam.beta1, args->step);
}

float backend_adam_correction2(const retune_op_desc *op, const retune_run_args *args) {
    return correction(op->attributes.adam.beta2, args->step);
}
