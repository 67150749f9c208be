/* One op of the ABI: ops of the extension over views, or kernels of backends/opencl over dense
 * data, or both where it depends on what a view holds. */
#ifndef RETUNE_CLML_STEP_H
#define RETUNE_CLML_STEP_H

#include "../opencl/step.h"
#include "view.h"

/* When an op of the extension runs: once before the micro-batches, for each, or once after. */
typedef enum clml_phase { CLML_FIRST, CLML_EACH, CLML_LAST } clml_phase;

/* An update, which is made anew when the learning rate changes: it is part of what it is made of.
 */
typedef struct clml_update {
    bool adam;
    float factor; /* of the learning rate */
    float rate;   /* it was made with */
    clml_sgd_desc sgd_desc;
    clml_adam_desc adam_desc;
    clml_view *weight, *gradient, *moment_1, *moment_2;
} clml_update;

typedef struct clml_ml_op {
    clml_op_handle handle;
    clml_phase phase;
    clml_update *update; /* NULL: the same in every run */
} clml_ml_op;

enum { CLML_STEP_VIEWS_MAX = 8 };

typedef struct clml_step {
    backend_bound_op bound;
    clml_ml_op *ops; /* none: kernels do it */
    size_t op_count;
    clml_view *reads[CLML_STEP_VIEWS_MAX], *writes[CLML_STEP_VIEWS_MAX];
    size_t read_count, write_count;
    uint32_t pieces;      /* how often ops of CLML_EACH run */
    clml_view *activated; /* a view written here together with the one before it */
    clml_view *needs;     /* a view whose `before` must be of the same run, or kernels do it */

    opencl_step kernel;
    bool kernel_ready;

    clml_recording_handle recording; /* of all ops, where they are recorded */
    bool unrecordable;               /* the driver refused */

    cl_event *events; /* of the last run, when the device profiles */
    size_t event_count, event_capacity;
} clml_step;

/* Makes the ops of a step that is bound, or prepares its kernels; release it also after a failure.
 * UNSUPPORTED: the driver refuses. */
retune_status clml_step_make(retune_backend_program *program, clml_step *step, retune_error *error);
void clml_step_release(retune_backend_program *program, clml_step *step);

/* Enqueues a step. */
retune_status clml_step_run(retune_backend_program *program, clml_step *step,
                            const retune_run_args *args, retune_error *error);

/* Nanoseconds of the last run, on a device that profiles. */
retune_status clml_step_time(const clml_step *step, uint64_t *out_nanoseconds, retune_error *error);

#endif
