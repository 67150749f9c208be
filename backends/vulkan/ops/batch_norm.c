/* batch_norm and batch_norm_grad. */
#include "groups.h"
#include "ops.h"

/* Input 0 is x in both ops. */
static backend_reduction reduction_of(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    int64_t channels = vulkan_channels(op->inputs[0]);
    return vulkan_reduction_of(device, vulkan_elements(op->inputs[0]) / channels, channels);
}

/* Two sums, each of every channel and row block. */
static uint64_t workspace(const retune_backend_device *device, const retune_op_desc *op) {
    backend_reduction r = reduction_of(device, op);
    return backend_reduction_bytes(&r, 2);
}

static void begin(vulkan_build *b, const char *shader, const backend_reduction *r) {
    vulkan_begin(b, shader);
    vulkan_constant(b, r->width);
}

/* Ends the dispatch of a shader that sums over row blocks. */
static void dispatch_blocks(vulkan_build *b, const backend_reduction *r) {
    vulkan_push_int(b, r->rows);
    vulkan_push_int(b, r->block_rows);
    vulkan_push_int(b, r->row_blocks);
    vulkan_push_int(b, r->channels);
    vulkan_push_int(b, r->columns);
    vulkan_dispatch_groups(b, r->row_blocks * r->column_blocks);
}

/* Ends the dispatch of a shader that writes a map. */
static void dispatch_map(vulkan_build *b, const backend_reduction *r) {
    vulkan_push_int(b, r->channels);
    vulkan_push_int(b, r->rows * r->channels);
    vulkan_dispatch_items(b, r->rows * r->channels);
}

/* ---- Forward -------------------------------------------------------------------------------- */

static void dispatch_moments(vulkan_build *b, const backend_reduction *r) {
    begin(b, "batch_norm_moments", r);
    vulkan_input(b, 0);
    vulkan_workspace(b);
    dispatch_blocks(b, r);
}

static void dispatch_statistics(vulkan_build *b, const backend_reduction *r) {
    const retune_batch_norm_attributes *a = &b->op->attributes.batch_norm;
    begin(b, "batch_norm_statistics", r);
    vulkan_workspace(b);
    for (uint32_t slot = 1; slot <= 4; slot++)
        vulkan_output(b, slot);
    vulkan_push_float(b, a->momentum);
    vulkan_push_float(b, (float)(1.0 - (double)a->momentum));
    vulkan_push_float(b, a->epsilon);
    vulkan_push_int(b, r->rows);
    vulkan_push_int(b, r->block_rows);
    vulkan_push_int(b, r->row_blocks);
    vulkan_dispatch_groups(b, r->channels);
}

static void dispatch_running(vulkan_build *b, const backend_reduction *r) {
    begin(b, "batch_norm_running", r);
    vulkan_output(b, 3);
    vulkan_output(b, 4);
    vulkan_output(b, 1);
    vulkan_output(b, 2);
    vulkan_push_float(b, b->op->attributes.batch_norm.epsilon);
    vulkan_push_int(b, r->channels);
    vulkan_dispatch_items(b, r->channels);
}

static void prepare_batch_norm(vulkan_build *b) {
    backend_reduction r = reduction_of(b->device, b->op);
    if (b->op->attributes.batch_norm.training) {
        dispatch_moments(b, &r);
        dispatch_statistics(b, &r);
    } else {
        dispatch_running(b, &r);
    }
    begin(b, "batch_norm", &r);
    for (uint32_t slot = 0; slot <= 2; slot++)
        vulkan_input(b, slot);
    vulkan_output(b, 1);
    vulkan_output(b, 2);
    vulkan_output(b, 0);
    dispatch_map(b, &r);
}

/* ---- Gradient ------------------------------------------------------------------------------- */

static void dispatch_grad_sums(vulkan_build *b, const backend_reduction *r) {
    begin(b, "batch_norm_grad_sums", r);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_input(b, 3);
    vulkan_workspace(b);
    dispatch_blocks(b, r);
}

static void dispatch_grad_totals(vulkan_build *b, const backend_reduction *r) {
    begin(b, "batch_norm_grad_totals", r);
    vulkan_workspace(b);
    vulkan_input(b, 4);
    vulkan_output(b, 1);
    vulkan_output(b, 2);
    vulkan_push_int(b, r->row_blocks);
    vulkan_dispatch_groups(b, r->channels);
}

static void prepare_batch_norm_grad(vulkan_build *b) {
    backend_reduction r = reduction_of(b->device, b->op);
    bool training = b->op->attributes.batch_norm.training;
    dispatch_grad_sums(b, &r);
    dispatch_grad_totals(b, &r);
    begin(b, "batch_norm_grad", &r);
    for (uint32_t slot = 0; slot <= 4; slot++)
        vulkan_input(b, slot);
    vulkan_output(b, 1);
    vulkan_output(b, 2);
    vulkan_output(b, 0);
    vulkan_push_float(b, training ? (float)(1.0 / (double)r.rows) : 0.0f);
    dispatch_map(b, &r);
}

const vulkan_op vulkan_op_batch_norm = {
    prepare_batch_norm, workspace,
    "batch_norm_moments batch_norm_statistics batch_norm_running batch_norm"};
const vulkan_op vulkan_op_batch_norm_grad = {
    prepare_batch_norm_grad, workspace,
    "batch_norm_grad_sums batch_norm_grad_totals batch_norm_grad"};
