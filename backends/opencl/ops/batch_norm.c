/* batch_norm and batch_norm_grad. */
#include "groups.h"
#include "ops.h"

/* Input 0 is x in both ops. */
static backend_reduction reduction_of(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    int64_t channels = opencl_channels(op->inputs[0]);
    return opencl_reduction_of(device, opencl_elements(op->inputs[0]) / channels, channels);
}

/* Two sums, each of every channel and row block. */
static uint64_t workspace(const retune_backend_device *device, const retune_op_desc *op) {
    backend_reduction r = reduction_of(device, op);
    return backend_reduction_bytes(&r, 2);
}

/* ---- Forward -------------------------------------------------------------------------------- */

static void begin(opencl_build *b, const char *kernel, const backend_reduction *r) {
    opencl_begin(b, "batch_norm", kernel, "-DGROUP=%d -DWIDTH=%d -DX_T=%s -DY_T=%s", OPENCL_GROUP,
                 r->width, opencl_type_name(b->op->inputs[0]->dtype),
                 opencl_type_name(b->op->outputs[0]->dtype));
}

static void launch_moments(opencl_build *b, const backend_reduction *r) {
    begin(b, "batch_norm_moments", r);
    opencl_arg_input(b, 0);
    opencl_arg_workspace(b);
    opencl_arg_int(b, r->rows);
    opencl_arg_int(b, r->block_rows);
    opencl_arg_int(b, r->row_blocks);
    opencl_arg_int(b, r->channels);
    opencl_arg_int(b, r->columns);
    opencl_launch_groups(b, r->row_blocks * r->column_blocks);
}

static void launch_statistics(opencl_build *b, const backend_reduction *r) {
    const retune_batch_norm_attributes *a = &b->op->attributes.batch_norm;
    begin(b, "batch_norm_statistics", r);
    opencl_arg_workspace(b);
    for (uint32_t slot = 1; slot <= 4; slot++)
        opencl_arg_output(b, slot);
    opencl_arg_float(b, a->momentum);
    opencl_arg_float(b, (float)(1.0 - (double)a->momentum));
    opencl_arg_float(b, a->epsilon);
    opencl_arg_int(b, r->rows);
    opencl_arg_int(b, r->block_rows);
    opencl_arg_int(b, r->row_blocks);
    opencl_arg_int(b, r->channels);
    opencl_launch_groups(b, r->channels);
}

static void launch_running(opencl_build *b, const backend_reduction *r) {
    begin(b, "batch_norm_running", r);
    opencl_arg_output(b, 3);
    opencl_arg_output(b, 4);
    opencl_arg_output(b, 1);
    opencl_arg_output(b, 2);
    opencl_arg_float(b, b->op->attributes.batch_norm.epsilon);
    opencl_arg_int(b, r->channels);
    opencl_launch_items(b, r->channels);
}

static void prepare_batch_norm(opencl_build *b) {
    backend_reduction r = reduction_of(b->device, b->op);
    if (b->op->attributes.batch_norm.training) {
        launch_moments(b, &r);
        launch_statistics(b, &r);
    } else {
        launch_running(b, &r);
    }
    begin(b, "batch_norm", &r);
    for (uint32_t slot = 0; slot <= 2; slot++)
        opencl_arg_input(b, slot);
    opencl_arg_output(b, 1);
    opencl_arg_output(b, 2);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, r.channels);
    opencl_arg_int(b, r.rows * r.channels);
    opencl_launch_items(b, r.rows * r.channels);
}

/* ---- Gradient ------------------------------------------------------------------------------- */

static void begin_grad(opencl_build *b, const char *kernel, const backend_reduction *r) {
    opencl_begin(b, "batch_norm", kernel, "-DGROUP=%d -DWIDTH=%d -DX_T=%s -DX2_T=%s -DY_T=%s",
                 OPENCL_GROUP, r->width, opencl_type_name(b->op->inputs[0]->dtype),
                 opencl_type_name(b->op->inputs[1]->dtype),
                 opencl_type_name(b->op->outputs[0]->dtype));
}

static void launch_grad_sums(opencl_build *b, const backend_reduction *r) {
    begin_grad(b, "batch_norm_grad_sums", r);
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_input(b, 3);
    opencl_arg_workspace(b);
    opencl_arg_int(b, r->rows);
    opencl_arg_int(b, r->block_rows);
    opencl_arg_int(b, r->row_blocks);
    opencl_arg_int(b, r->channels);
    opencl_arg_int(b, r->columns);
    opencl_launch_groups(b, r->row_blocks * r->column_blocks);
}

static void launch_grad_totals(opencl_build *b, const backend_reduction *r) {
    begin_grad(b, "batch_norm_grad_totals", r);
    opencl_arg_workspace(b);
    opencl_arg_input(b, 4);
    opencl_arg_output(b, 1);
    opencl_arg_output(b, 2);
    opencl_arg_int(b, r->row_blocks);
    opencl_arg_int(b, r->channels);
    opencl_launch_groups(b, r->channels);
}

static void prepare_batch_norm_grad(opencl_build *b) {
    backend_reduction r = reduction_of(b->device, b->op);
    bool training = b->op->attributes.batch_norm.training;
    launch_grad_sums(b, &r);
    launch_grad_totals(b, &r);
    begin_grad(b, "batch_norm_grad", &r);
    for (uint32_t slot = 0; slot <= 4; slot++)
        opencl_arg_input(b, slot);
    opencl_arg_output(b, 1);
    opencl_arg_output(b, 2);
    opencl_arg_output(b, 0);
    opencl_arg_float(b, training ? (float)(1.0 / (double)r.rows) : 0.0f);
    opencl_arg_int(b, r.channels);
    opencl_arg_int(b, r.rows * r.channels);
    opencl_launch_items(b, r.rows * r.channels);
}

const opencl_op opencl_op_batch_norm = {
    prepare_batch_norm, workspace,
    "batch_norm_moments batch_norm_statistics batch_norm_running batch_norm"};
const opencl_op opencl_op_batch_norm_grad = {
    prepare_batch_norm_grad, workspace,
    "batch_norm_grad_sums batch_norm_grad_totals batch_norm_grad"};
