/* Numbers of an update that change from run to run, from the attributes of the op and the scalars
 * of the run. */
#ifndef RETUNE_COMMON_RUN_VALUES_H
#define RETUNE_COMMON_RUN_VALUES_H

#include "retune/backend.h"

float backend_learning_rate(const retune_op_desc *op, const retune_run_args *args);

/* Of adam: 1 / (1 - beta^step), which undoes that a moving average of decay beta began at 0. */
float backend_adam_correction1(const retune_op_desc *op, const retune_run_args *args);
float backend_adam_correction2(const retune_op_desc *op, const retune_run_args *args);

#endif
