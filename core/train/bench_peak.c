#include "train/bench_peak.h"

#include "base/clock.h"
#include "base/tensor_desc.h"
#include "graph/op_rule.h"
#include "train/trial.h"

#include <stdio.h>
#include <string.h>

/* Maps of the convolution and the addition: [n, SIDE, SIDE, CHANNELS]. */
#define SIDE     8
#define CHANNELS 1024
/* 8,192 rows times a square matrix keep every core of today's devices busy; a device for which that
 * is too much gets as many as it does in a part of the time. */
#define CONVOLUTION_LEAST 2
#define CONVOLUTION_MOST  128
/* Maps of 64 MiB lie beyond most caches; three of them take MEMORY_SHARE of a small device. */
#define ADDITION_MOST 256
#define MEMORY_SHARE  0.125

/* One op in a graph of its own, on the device. */
typedef struct lone_op {
    retune_graph *graph;
    retune_executable *executable;
} lone_op;

static void close_op(lone_op *op) {
    retune_executable_destroy(op->executable);
    retune_graph_destroy(op->graph);
}

/* An op of two inputs, both filled. UNSUPPORTED: the device does not do it. */
static retune_status open_op(const retune_device *device, retune_op_kind kind,
                             const retune_tensor_desc inputs[2], lone_op *out_op,
                             retune_error *error) {
    memset(out_op, 0, sizeof *out_op);
    retune_node node = retune_node_make(kind, "peak");
    if (kind == RETUNE_OP_CONV2D)
        node.attributes.convolution = (retune_convolution_attributes){
            .stride_height = 1, .stride_width = 1, .dilation_height = 1, .dilation_width = 1};
    retune_status status = retune_graph_create(&out_op->graph, error);
    for (int i = 0; i < 2 && status == RETUNE_OK; i++)
        status = retune_graph_value(out_op->graph, &inputs[i], RETUNE_USAGE_CONSTANT, "peak",
                                    &node.inputs[i], error);
    if (status == RETUNE_OK)
        status = retune_graph_append(out_op->graph, &node, NULL, error);
    if (status == RETUNE_OK)
        status = retune_graph_assign_slots(out_op->graph, error);
    if (status == RETUNE_OK)
        status = retune_executable_check(device, out_op->graph, error);
    if (status == RETUNE_OK)
        status = retune_executable_create(device, out_op->graph, NULL, RETUNE_NO_VALUE, NULL,
                                          &out_op->executable, error);
    for (int i = 0; i < 2 && status == RETUNE_OK; i++)
        status = retune_trial_fill(out_op->executable, out_op->graph, node.inputs[i], error);
    if (status != RETUNE_OK)
        close_op(out_op);
    return status;
}

static retune_status run_op(void *user, retune_error *error) {
    const lone_op *op = user;
    return retune_executable_run(op->executable, (retune_range){0, 1}, 0.0f, 1, error);
}

static retune_cost cost_of(const lone_op *op) {
    retune_op_desc desc = retune_graph_describe(op->graph, &op->graph->nodes[0]);
    return retune_op_cost(&desc);
}

static retune_status open_convolution(const retune_device *device, int64_t images, lone_op *out_op,
                                      retune_error *error) {
    const retune_tensor_desc inputs[2] = {retune_desc(RETUNE_F32, 4, images, SIDE, SIDE, CHANNELS),
                                          retune_desc(RETUNE_F32, 4, CHANNELS, 1, 1, CHANNELS)};
    return open_op(device, RETUNE_OP_CONV2D, inputs, out_op, error);
}

/* Seconds of the second of two runs. */
static retune_status time_op(lone_op *op, double *out_seconds, retune_error *error) {
    for (int run = 0; run < 2; run++) {
        double began = retune_clock_seconds();
        RETUNE_TRY(run_op(op, error));
        RETUNE_TRY(retune_executable_wait(op->executable, error));
        *out_seconds = retune_clock_seconds() - began;
    }
    return RETUNE_OK;
}

/* The largest convolution of which several fit into the time. */
static retune_status choose_convolution(const retune_device *device, double least_seconds,
                                        lone_op *out_op, int64_t *out_images, retune_error *error) {
    for (int64_t images = CONVOLUTION_LEAST;; images *= 4) {
        double seconds = 0.0;
        RETUNE_TRY(open_convolution(device, images, out_op, error));
        retune_status status = time_op(out_op, &seconds, error);
        bool enough = images >= CONVOLUTION_MOST || seconds > least_seconds / 16.0;
        *out_images = images;
        if (status == RETUNE_OK && enough)
            return RETUNE_OK;
        close_op(out_op);
        if (status != RETUNE_OK)
            return status;
    }
}

static retune_status measure_flops(const retune_device *device, retune_stopwatch *stopwatch,
                                   retune_bench_peak *peak, retune_error *error) {
    lone_op op;
    retune_timing timing;
    int64_t images = 0;
    RETUNE_TRY(choose_convolution(device, stopwatch->least_seconds, &op, &images, error));
    retune_status status =
        retune_stopwatch_measure(stopwatch, op.executable, run_op, &op, &timing, error);
    if (status == RETUNE_OK) {
        peak->flops_per_second = cost_of(&op).flops / timing.fastest;
        snprintf(peak->flops_of, sizeof peak->flops_of, "conv2d 1x1, %lld x %d -> %d channels",
                 (long long)images * SIDE * SIDE, CHANNELS, CHANNELS);
    }
    close_op(&op);
    return status;
}

static retune_status measure_bytes(const retune_device *device, retune_stopwatch *stopwatch,
                                   retune_bench_peak *peak, retune_error *error) {
    lone_op op;
    retune_timing timing;
    size_t image_bytes = (size_t)SIDE * SIDE * CHANNELS * sizeof(float);
    double fitting = (double)device->info.memory_bytes * MEMORY_SHARE / 3.0 / (double)image_bytes;
    int64_t images = ADDITION_MOST;
    if (device->info.memory_bytes > 0 && fitting < (double)ADDITION_MOST)
        images = fitting < 1.0 ? 1 : (int64_t)fitting;
    retune_tensor_desc map = retune_desc(RETUNE_F32, 4, images, SIDE, SIDE, CHANNELS);
    const retune_tensor_desc inputs[2] = {map, map};
    RETUNE_TRY(open_op(device, RETUNE_OP_ADD, inputs, &op, error));
    retune_status status =
        retune_stopwatch_measure(stopwatch, op.executable, run_op, &op, &timing, error);
    if (status == RETUNE_OK) {
        peak->bytes_per_second = cost_of(&op).bytes / timing.fastest;
        snprintf(peak->bytes_of, sizeof peak->bytes_of, "add of two maps of %.3g MiB",
                 (double)images * (double)image_bytes / 1048576.0);
    }
    close_op(&op);
    return status;
}

retune_status retune_bench_peak_measure(const retune_device *device, retune_stopwatch *stopwatch,
                                        retune_bench_peak *out_peak, retune_error *error) {
    memset(out_peak, 0, sizeof *out_peak);
    retune_status status = measure_flops(device, stopwatch, out_peak, error);
    if (status == RETUNE_OK || status == RETUNE_UNSUPPORTED)
        status = measure_bytes(device, stopwatch, out_peak, error);
    return status == RETUNE_UNSUPPORTED ? RETUNE_OK : status;
}
