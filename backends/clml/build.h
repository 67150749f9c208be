/* How an op of the ABI becomes ops of the extension. An op's function describes them in the order
 * in which they run. The first failure is kept and the rest does nothing, so that it reads from top
 * to bottom without a check a line.
 *
 *     clml_view *x = clml_input(b, 0, CLML_MAP), *y = clml_output(b, 0, CLML_MAP);
 *     clml_add_copy(b, CLML_EACH, x, y);
 */
#ifndef RETUNE_CLML_BUILD_H
#define RETUNE_CLML_BUILD_H

#include "program.h"

typedef struct clml_build {
    clml_device *device;
    retune_backend_program *program;
    clml_step *step;
    const retune_op_desc *op;
    retune_status status;
    retune_error *error;
} clml_build;

/* ---- Views ---------------------------------------------------------------------------------- */

/* The view of a tensor of the op, which the step then reads or writes; NULL when it is absent. */
clml_view *clml_input(clml_build *b, uint32_t slot, clml_role role);
clml_view *clml_output(clml_build *b, uint32_t slot, clml_role role);

/* Both, of a tensor that is updated in place. */
clml_view *clml_updated(clml_build *b, uint32_t input, uint32_t output, clml_role role);

/* What a program of an earlier op has made of a tensor, read by the step; NULL: nothing. */
clml_view *clml_known(clml_build *b, retune_backend_tensor *tensor, clml_role role);

/* A view of the same shape that lives for this step. `number` tells those of a step apart. */
clml_view *clml_scratch(clml_build *b, const clml_view *like, uint32_t number);

/* One that lives as long as the program. */
clml_view *clml_kept(clml_build *b, const clml_view *like);

/* ---- Ops ------------------------------------------------------------------------------------ */

/* Absent tensors are NULL. */
void clml_add_convolution(clml_build *b, const clml_convolution_desc *desc, clml_view *x,
                          clml_view *weight, clml_view *bias, clml_view *y);
void clml_add_convolution_backward(clml_build *b, const clml_convolution_desc *desc, clml_view *dz,
                                   clml_view *weight, clml_view *dx);
void clml_add_param_gradients(clml_build *b, const clml_convolution_desc *desc, clml_view *x,
                              clml_view *dz, clml_view *dw, clml_view *dbias, clml_view *weight,
                              clml_view *bias);
/* False, with the build as it was, when the driver refuses this combination. */
bool clml_add_fused(clml_build *b, const clml_convolution_desc *desc, uint32_t activation,
                    clml_view *x, clml_view *weight, clml_view *bias, clml_view *y);
void clml_add_activation(clml_build *b, uint32_t activation, clml_view *x, clml_view *y);
void clml_add_activation_backward(clml_build *b, uint32_t activation, clml_view *x, clml_view *dy,
                                  clml_view *dx);
void clml_add_pooling(clml_build *b, const clml_pooling_desc *desc, clml_view *x, clml_view *y);
/* As clml_add_fused. */
bool clml_add_pooling_backward(clml_build *b, const clml_pooling_desc *desc, clml_view *dy,
                               clml_view *dx);
void clml_add_copy(clml_build *b, clml_phase phase, clml_view *x, clml_view *y);
void clml_add_fill(clml_build *b, clml_phase phase, float value, clml_view *y);

/* c = alpha * a + beta * other + gamma * c; `other` may be absent. */
void clml_add_sum(clml_build *b, clml_phase phase, float alpha, clml_view *a, float beta,
                  clml_view *other, float gamma, clml_view *c);

/* Adds an update; the learning rate of a run is multiplied by its factor. */
void clml_add_update(clml_build *b, const clml_update *update);

/* Makes an update's op with a learning rate. */
retune_status clml_update_make(retune_backend_program *program, const clml_update *update,
                               float rate, clml_op_handle *out_op, retune_error *error);

/* y = scale * x, and + bias where there is one, of each channel: a depthwise convolution of one
 * tap.
 */
void clml_add_channel_map(clml_build *b, clml_view *x, clml_view *scale, clml_view *bias,
                          clml_view *y);

/* ---- Ops of the ABI ------------------------------------------------------------------------- */

/* NULL: the extension has no op that does this, and kernels do it. */
typedef void clml_lowering(clml_build *b);
clml_lowering *clml_lowering_of(const retune_op_desc *op);

clml_lowering clml_lower_conv2d, clml_lower_conv2d_grad_input, clml_lower_conv2d_grad_weight,
    clml_lower_depthwise_conv2d, clml_lower_depthwise_conv2d_grad_input,
    clml_lower_depthwise_conv2d_grad_weight, clml_lower_activation, clml_lower_activation_grad,
    clml_lower_pool, clml_lower_pool_grad, clml_lower_add, clml_lower_accumulate, clml_lower_fill,
    clml_lower_sgd, clml_lower_adam;

#endif
