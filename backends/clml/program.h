/* A program: a list of steps, and everything of the extension that they share. It is made in this
 * order: tensors and all ops, then sizes and memory, then the sets that bind one to the other, a
 * set a micro-batch. The program lives on while a tensor has its content here alone. */
#ifndef RETUNE_CLML_PROGRAM_H
#define RETUNE_CLML_PROGRAM_H

#include "cross.h"
#include "step.h"

struct retune_backend_program {
    clml_device *device;
    bool trial;        /* made to see whether the driver takes it, and never run */
    size_t references; /* the caller's, and one of each tensor whose view is here */
    size_t count;
    clml_step *steps;
    clml_view **views;
    size_t view_count;
    clml_block *blocks;
    clml_linear *linears;
    clml_set_handle *sets; /* one a micro-batch */
    uint32_t set_count;
    clml_cache_handle cache; /* what tuning found, NULL without */

    clml_view *time; /* of adam: the step number, NULL in programs without */
    cl_mem time_memory;

    clml_op_handle *retired; /* updates of a past learning rate, until the queue is empty */
    size_t retired_count;
    clml_step *running; /* to which commands belong, NULL between steps */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status clml_program_create(retune_backend_device *device, const retune_op *const *ops,
                                  size_t op_count, retune_backend_program **out_program,
                                  retune_error *error);
void clml_program_destroy(retune_backend_program *program);
retune_status clml_program_run(retune_backend_program *program, size_t begin, size_t end,
                               const retune_run_args *args, retune_error *error);
retune_status clml_program_wait(retune_backend_program *program, retune_error *error);
retune_status clml_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                 size_t count, retune_error *error);

/* Makes a program of an op as it is described, without memory, and throws it away: whether that
 * works is the answer of op_query. */
retune_status clml_program_try(clml_device *device, const retune_op_desc *op,
                               retune_op_support *out_support, retune_error *error);

/* References. */
void clml_program_hold(retune_backend_program *program);
void clml_program_release(retune_backend_program *program);

/* Where the next command puts its event: NULL unless the device profiles and a step runs. */
cl_event *clml_program_event(retune_backend_program *program);

/* Keeps an op that may still be in flight until it is not. */
retune_status clml_program_retire(retune_backend_program *program, clml_op_handle op,
                                  retune_error *error);

#endif
