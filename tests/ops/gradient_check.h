/* Gradient ops of the reference against finite differences of its forward ops: what a backend's
 * gradients are compared with is the derivative of what its forward ops are compared with. */
#ifndef RETUNE_TESTS_OPS_GRADIENT_CHECK_H
#define RETUNE_TESTS_OPS_GRADIENT_CHECK_H

#include "op_case.h"

/* The slope of a scalar function of the forward op along a random direction of one input. */
typedef struct gradient_slope {
    const char *name; /* of the gradient op's output: "dx" */
    double analytic;  /* the gradient times the direction */
    double numeric;   /* a central difference */
    double magnitude; /* sum of the absolute terms of `analytic` */
} gradient_slope;

/* Slopes of every output of the gradient op `op`, fp32 and uniform data. Returns how many; 0 when
 * the op is no gradient. */
size_t gradient_check(const op_case *op, gradient_slope out_slopes[RETUNE_OP_TENSORS_MAX]);

#endif
