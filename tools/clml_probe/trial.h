/* A few tensors and ops of the extension, made to answer one question. The first failure is kept
 * and the rest does nothing; what failed is then the answer. */
#ifndef CLML_PROBE_TRIAL_H
#define CLML_PROBE_TRIAL_H

#include "layout.h"
#include "library.h"
#include "provider.h"

typedef struct probe {
    cl_context context;
    cl_command_queue queue;
    const clml_table *ml;
    clml_tensor_handle unused;
} probe;

enum { TRIAL_TENSORS_MAX = 10, TRIAL_OPS_MAX = 6, TRIAL_ELEMENTS_MAX = 4096 };

typedef struct trial_tensor {
    clml_tensor_handle handle;
    clml_shape shape;
    cl_mem memory;
    cl_uint bytes;
} trial_tensor;

typedef struct trial {
    const probe *on;
    trial_tensor tensors[TRIAL_TENSORS_MAX];
    size_t tensor_count;
    clml_op_handle ops[TRIAL_OPS_MAX];
    size_t op_count;
    clml_set_handle set;
    cl_int code;      /* of the first failure */
    char failed[128]; /* what it was, "" without */
} trial;

trial trial_begin(const probe *on);
void trial_end(trial *t);

/* A private tensor of that shape: f32, or of another type. Its number. */
size_t trial_tensor_make(trial *t, clml_shape shape);
size_t trial_tensor_make_type(trial *t, clml_shape shape, cl_channel_type type);
clml_tensor_handle trial_handle(const trial *t, size_t tensor);

/* Takes what a function that makes an op answered, and the op it put there. Its number. */
size_t trial_op(trial *t, cl_int code, const clml_op_handle *op, const char *name);

/* Takes memory for all tensors, once all ops are made. */
void trial_ready(trial *t);

/* Moves all elements of a tensor, in the order n c h w, and waits. */
void trial_write(trial *t, size_t tensor, const void *values);
void trial_read(trial *t, size_t tensor, void *values);

void trial_run(trial *t, size_t op);

/* Notes a failure that is not the driver's. */
void trial_fail(trial *t, const char *what);

/* False, after printing "<question>  no answer: <what failed>", when something failed. */
bool trial_answers(const trial *t, const char *question);

#endif
