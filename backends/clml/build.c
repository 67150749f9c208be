#include "build.h"

#include "error.h"

#include <stdlib.h>

/* Keys of blocks for scratch, above all slots of tensors. */
enum { SCRATCH_KEY = 1 << 30 };

static bool has_failed(const clml_build *b) {
    return b->status != RETUNE_OK;
}

/* ---- Views ---------------------------------------------------------------------------------- */

static void note(clml_build *b, clml_view *view, bool written) {
    clml_view **list = written ? b->step->writes : b->step->reads;
    size_t *count = written ? &b->step->write_count : &b->step->read_count;
    for (size_t n = 0; n < *count; n++)
        if (list[n] == view)
            return;
    if (*count == CLML_STEP_VIEWS_MAX)
        b->status = backend_fail(b->error, RETUNE_INTERNAL, "too many tensors of an op");
    else
        list[(*count)++] = view;
}

static clml_view *view_of(clml_build *b, retune_backend_tensor *tensor, clml_role role) {
    clml_view *view = NULL;
    if (has_failed(b) || !tensor)
        return NULL;
    b->status = clml_view_of(b->program, tensor, role, &view, b->error);
    if (!has_failed(b))
        b->status = clml_cross_prepare(view, b->error);
    if (has_failed(b))
        return NULL;
    if (b->step->pieces < view->pieces)
        b->step->pieces = view->pieces;
    return view;
}

clml_view *clml_known(clml_build *b, retune_backend_tensor *tensor, clml_role role) {
    clml_view *view = view_of(b, tensor, role);
    if (view)
        note(b, view, false);
    return view;
}

clml_view *clml_input(clml_build *b, uint32_t slot, clml_role role) {
    return clml_known(b, b->step->bound.inputs[slot], role);
}

clml_view *clml_output(clml_build *b, uint32_t slot, clml_role role) {
    clml_view *view = view_of(b, b->step->bound.outputs[slot], role);
    if (view)
        note(b, view, true);
    return view;
}

clml_view *clml_updated(clml_build *b, uint32_t input, uint32_t output, clml_role role) {
    clml_input(b, input, role);
    return clml_output(b, output, role);
}

static clml_view *own_view(clml_build *b, const clml_view *like, uint32_t pieces, uint32_t key) {
    clml_view *view = NULL;
    if (!has_failed(b))
        b->status = clml_view_make(b->program, like->shape, pieces, key, &view, b->error);
    return view;
}

/* Pieces follow one another: scratch of one is free again for the next. */
clml_view *clml_scratch(clml_build *b, const clml_view *like, uint32_t number) {
    return own_view(b, like, 1, b->device->options.reuse ? SCRATCH_KEY + number : 0);
}

clml_view *clml_kept(clml_build *b, const clml_view *like) {
    return like ? own_view(b, like, like->pieces, 0) : NULL;
}

/* ---- Adding --------------------------------------------------------------------------------- */

/* Every op may share tensors with a backward pass. */
static const clml_property properties[] = {CLML_PROPERTY_TRAINING, 1, 0};
static const clml_property parameter_properties[] = {CLML_PROPERTY_TRAINING, 1,
                                                     CLML_PROPERTY_UPDATES_PARAMETER, 1, 0};

static clml_tensor_handle handle_of(const clml_build *b, const clml_view *view) {
    return view ? view->handle : b->device->unused;
}

static cl_context context_of(const clml_build *b) {
    return b->device->opencl.context;
}

/* Puts an op that was made, with this code, at the end of the step. */
static void add(clml_build *b, cl_int code, const char *what, clml_ml_op op) {
    b->status = clml_check_made(code, what, b->error);
    if (has_failed(b))
        return;
    clml_ml_op *ops = realloc(b->step->ops, (b->step->op_count + 1) * sizeof *ops);
    if (!ops) {
        b->device->ml->release_op(op.handle);
        b->status = backend_fail(b->error, RETUNE_OUT_OF_MEMORY, "out of memory: an op");
        return;
    }
    b->step->ops = ops;
    ops[b->step->op_count++] = op;
}

static void add_each(clml_build *b, cl_int code, const char *what, clml_op_handle handle) {
    add(b, code, what, (clml_ml_op){.handle = handle, .phase = CLML_EACH});
}

void clml_add_convolution(clml_build *b, const clml_convolution_desc *desc, clml_view *x,
                          clml_view *weight, clml_view *bias, clml_view *y) {
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code = b->device->ml->convolution(context_of(b), properties, desc, handle_of(b, x),
                                             handle_of(b, weight), handle_of(b, bias),
                                             handle_of(b, y), &op, b->program->cache);
    add_each(b, code, "convolution", op);
}

void clml_add_convolution_backward(clml_build *b, const clml_convolution_desc *desc, clml_view *dz,
                                   clml_view *weight, clml_view *dx) {
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code = b->device->ml->convolution_backward(context_of(b), properties, desc,
                                                      handle_of(b, dz), handle_of(b, weight),
                                                      handle_of(b, dx), &op, b->program->cache);
    add_each(b, code, "convolution backward", op);
}

void clml_add_param_gradients(clml_build *b, const clml_convolution_desc *desc, clml_view *x,
                              clml_view *dz, clml_view *dw, clml_view *dbias, clml_view *weight,
                              clml_view *bias) {
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code = b->device->ml->convolution_param_gradients(
        context_of(b), properties, desc, handle_of(b, x), handle_of(b, dz), handle_of(b, dw),
        handle_of(b, dbias), handle_of(b, weight), handle_of(b, bias), &op, b->program->cache);
    add_each(b, code, "convolution parameter gradients", op);
}

static clml_activation_desc activation_desc(uint32_t activation) {
    return (clml_activation_desc){.function = activation == RETUNE_ACTIVATION_RELU6 ? CLML_RELU6
                                                                                    : CLML_RELU,
                                  .nan_mode = CLML_PROPAGATE_NAN,
                                  .arithmetic = CLML_FP32};
}

/* The parameter of a fused activation is not an absent tensor but none at all. */
bool clml_add_fused(clml_build *b, const clml_convolution_desc *desc, uint32_t activation,
                    clml_view *x, clml_view *weight, clml_view *bias, clml_view *y) {
    const clml_activation_desc act = activation_desc(activation);
    clml_op_handle op = NULL;
    if (has_failed(b))
        return true;
    cl_int code = b->device->ml->fused_convolution_activation(
        context_of(b), properties, desc, &act, handle_of(b, x), handle_of(b, weight),
        handle_of(b, bias), NULL, handle_of(b, y), &op, b->program->cache);
    if (clml_check_made(code, "", NULL) == RETUNE_UNSUPPORTED)
        return false;
    add_each(b, code, "fused convolution", op);
    return true;
}

void clml_add_activation(clml_build *b, uint32_t activation, clml_view *x, clml_view *y) {
    const clml_activation_desc desc = activation_desc(activation);
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code =
        b->device->ml->activation(context_of(b), properties, &desc, handle_of(b, x),
                                  b->device->unused, handle_of(b, y), &op, b->program->cache);
    add_each(b, code, "activation", op);
}

void clml_add_activation_backward(clml_build *b, uint32_t activation, clml_view *x, clml_view *dy,
                                  clml_view *dx) {
    const clml_activation_desc desc = activation_desc(activation);
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code = b->device->ml->activation_backward(
        context_of(b), properties, &desc, handle_of(b, x), handle_of(b, dy), b->device->unused,
        handle_of(b, dx), &op, b->program->cache);
    add_each(b, code, "activation backward", op);
}

void clml_add_pooling(clml_build *b, const clml_pooling_desc *desc, clml_view *x, clml_view *y) {
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code =
        b->device->ml->pooling(context_of(b), properties, desc, handle_of(b, x), b->device->unused,
                               handle_of(b, y), &op, b->program->cache);
    add_each(b, code, "pooling", op);
}

bool clml_add_pooling_backward(clml_build *b, const clml_pooling_desc *desc, clml_view *dy,
                               clml_view *dx) {
    clml_op_handle op = NULL;
    if (has_failed(b))
        return true;
    cl_int code = b->device->ml->pooling_backward(context_of(b), properties, desc, handle_of(b, dy),
                                                  b->device->unused, handle_of(b, dx), &op,
                                                  b->program->cache);
    if (clml_check_made(code, "", NULL) == RETUNE_UNSUPPORTED)
        return false;
    add_each(b, code, "pooling backward", op);
    return true;
}

void clml_add_copy(clml_build *b, clml_phase phase, clml_view *x, clml_view *y) {
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code = b->device->ml->copy(context_of(b), properties, handle_of(b, x), handle_of(b, y),
                                      &op, b->program->cache);
    add(b, code, "copy", (clml_ml_op){.handle = op, .phase = phase});
}

static clml_value number(float value) {
    return (clml_value){.u.f32 = value, .type = CL_FLOAT};
}

void clml_add_fill(clml_build *b, clml_phase phase, float value, clml_view *y) {
    const clml_fill_desc desc = {.value = number(value), .arithmetic = CLML_FP32};
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    cl_int code = b->device->ml->fill(context_of(b), properties, &desc, handle_of(b, y), &op,
                                      b->program->cache);
    add(b, code, "fill", (clml_ml_op){.handle = op, .phase = phase});
}

void clml_add_sum(clml_build *b, clml_phase phase, float alpha, clml_view *a, float beta,
                  clml_view *other, float gamma, clml_view *c) {
    const clml_binary_desc desc = {.op = CLML_ADD,
                                   .alpha = number(alpha),
                                   .beta = number(beta),
                                   .gamma = number(gamma),
                                   .arithmetic = CLML_FP32};
    clml_op_handle op = NULL;
    if (has_failed(b))
        return;
    bool parameter = phase != CLML_EACH || c->role == CLML_PARAMETER;
    cl_int code = b->device->ml->binary(
        context_of(b), parameter ? parameter_properties : properties, &desc, handle_of(b, a),
        handle_of(b, other), handle_of(b, c), &op, b->program->cache);
    add(b, code, "binary add", (clml_ml_op){.handle = op, .phase = phase});
}

/* ---- Updates -------------------------------------------------------------------------------- */

retune_status clml_update_make(retune_backend_program *program, const clml_update *update,
                               float rate, clml_op_handle *out_op, retune_error *error) {
    clml_device *device = program->device;
    clml_sgd_desc sgd = update->sgd_desc;
    clml_adam_desc adam = update->adam_desc;
    sgd.learning_rate = adam.learning_rate = number(rate * update->factor);
    sgd.weight_decay = sgd.momentum = number(0);
    sgd.arithmetic = adam.arithmetic = CLML_FP32;
    cl_int code =
        update->adam
            ? device->ml->adam(device->opencl.context, properties, &adam, program->time->handle,
                               update->weight->handle, update->gradient->handle,
                               update->moment_1->handle, update->moment_2->handle, out_op,
                               program->cache)
            : device->ml->sgd(device->opencl.context, properties, &sgd, update->weight->handle,
                              update->gradient->handle, device->unused, out_op, program->cache);
    return clml_check_made(code, update->adam ? "update by Adam" : "update by SGD", error);
}

/* The number of the step, as Adam reads it. */
static void make_time(clml_build *b) {
    const clml_shape one = {1, 1, 1, 1};
    if (has_failed(b) || b->program->time)
        return;
    b->status = clml_view_make(b->program, one, 1, 0, &b->program->time, b->error);
    if (!has_failed(b))
        b->status = clml_cross_prepare(b->program->time, b->error);
}

void clml_add_update(clml_build *b, const clml_update *update) {
    clml_op_handle op = NULL;
    if (update->adam)
        make_time(b);
    if (has_failed(b))
        return;
    clml_update *kept = malloc(sizeof *kept);
    if (!kept) {
        b->status = backend_fail(b->error, RETUNE_OUT_OF_MEMORY, "out of memory: an update");
        return;
    }
    *kept = *update;
    kept->rate = 1.0f;
    b->status = clml_update_make(b->program, kept, kept->rate, &op, b->error);
    if (!has_failed(b))
        add(b, CL_SUCCESS, "", (clml_ml_op){.handle = op, .phase = CLML_LAST, .update = kept});
    if (has_failed(b))
        free(kept);
}

void clml_add_channel_map(clml_build *b, clml_view *x, clml_view *scale, clml_view *bias,
                          clml_view *y) {
    const clml_convolution_desc desc = {.mode = CLML_DEPTHWISE,
                                        .group_count = 1,
                                        .dimensions = 4,
                                        .stride = {1, 1, 1},
                                        .dilation = {1, 1, 1},
                                        .arithmetic = CLML_FP32};
    clml_add_convolution(b, &desc, x, scale, bias, y);
}
