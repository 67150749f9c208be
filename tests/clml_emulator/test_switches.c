/* Strict modes, each with a caller that it must catch, and the switches for faults. */
#include "scene.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

TestSuite(switches, .init = scene_open, .fini = scene_close);

static const emu_activation relu = {EMU_RELU, EMU_NAN_PROPAGATED, EMU_FP32};

static void strict(const char *modes) {
    scene_configure("CLML_EMULATOR_STRICT", modes);
}

static emu_op *copy_op(const box *from, const box *to) {
    emu_op *op = NULL;
    expect_ok(s.api->copy(s.context, NULL, from->tensor, to->tensor, &op, NULL));
    return op;
}

static cl_int forward_op(const intptr_t *properties, const box *x, const box *y, emu_op **op) {
    return s.api->activation_forward(s.context, properties, &relu, x->tensor, box_unused()->tensor,
                                     y->tensor, op, NULL);
}

static cl_int backward_op(const intptr_t *properties, const box *x, const box *gy, const box *gx,
                          emu_op **op) {
    return s.api->activation_backward(s.context, properties, &relu, x->tensor, gy->tensor,
                                      box_unused()->tensor, gx->tensor, op, NULL);
}

/* ---- late ----------------------------------------------------------------------------------- */

/* Host memory that changes right after the call: the change arrives. */
Test(switches, late_writes_see_memory_that_is_reused) {
    float host[64] = {1, 2};
    strict("late");
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2);
    scene_bind();
    expect_ok(
        s.api->enqueue_write(s.queue, host, EMU_LAYOUT_NCHW, x->tensor, x->memory, 0, NULL, NULL));
    host[0] = 5;
    expect_ok(s.clFinish(s.queue));
    read_box(x);
    expect_values(x, (double[]){5, 2}, 0);
}

/* What a read was to bring is not there before its event has completed; finishing the queue is as
 * good. */
Test(switches, late_reads_are_late) {
    float host[64] = {-7};
    cl_event done = NULL;
    strict("late");
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2);
    scene_bind();
    expect_ok(
        s.api->enqueue_read(s.queue, x->tensor, x->memory, host, EMU_LAYOUT_NCHW, 0, NULL, &done));
    cr_assert_eq(host[0], -7);
    expect_ok(s.clWaitForEvents(1, &done));
    cr_assert_eq(host[0], (float)x->values[0]);
    host[0] = -7;
    expect_ok(
        s.api->enqueue_read(s.queue, x->tensor, x->memory, host, EMU_LAYOUT_NCHW, 0, NULL, NULL));
    cr_assert_eq(host[0], -7);
    expect_ok(s.clFinish(s.queue));
    cr_assert_eq(host[0], (float)x->values[0]);
    s.clReleaseEvent(done);
}

/* Host memory as large as the elements alone, where the device's size is larger: bytes after it
 * change. */
Test(switches, late_transfers_touch_the_device_size) {
    float host[512];
    cl_uint bytes = 0;
    strict("late");
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
    emu_op *op = copy_op(x, y);
    scene_bind();
    for (size_t n = 0; n < 512; n++)
        host[n] = -7;
    expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &bytes));
    cr_assert(bytes > 2 * sizeof(float) && bytes < sizeof host);
    expect_ok(
        s.api->enqueue_read(s.queue, x->tensor, x->memory, host, EMU_LAYOUT_NCHW, 0, NULL, NULL));
    expect_ok(s.clFinish(s.queue));
    cr_assert_neq(host[bytes / sizeof(float) - 1], -7);
    cr_assert_eq(host[bytes / sizeof(float)], -7);
    expect_ok(s.api->release_op(op));
}

/* ---- nan, batch1 ---------------------------------------------------------------------------- */

/* A caller who takes gradients for accumulated gets NaN. */
Test(switches, nan_shows_who_relies_on_old_values) {
    const emu_convolution desc = {.group_count = 1,
                                  .dimensions = 4,
                                  .stride = {1, 1},
                                  .dilation = {1, 1},
                                  .arithmetic = EMU_FP32};
    const emu_binary add = {EMU_ADD, number(1), number(1), number(0), EMU_FP32};
    emu_op *gradients = NULL, *sum = NULL;
    strict("nan");
    box *x = box_new(1, 2, 1, 1), *gy = box_new(1, 3, 1, 1), *w = box_new(3, 2, 1, 1),
        *gw = box_new(3, 2, 1, 1);
    box *wrong = box_new(3, 2, 1, 1), *unused = box_unused();
    double expected[6];
    for (size_t i = 0; i < 6; i++)
        expected[i] = gy->values[i / 2] * x->values[i % 2];
    expect_ok(s.api->convolution_param_gradients(s.context, training, &desc, x->tensor, gy->tensor,
                                                 gw->tensor, unused->tensor, w->tensor,
                                                 unused->tensor, &gradients, NULL));
    expect_ok(
        s.api->binary(s.context, NULL, &add, w->tensor, unused->tensor, wrong->tensor, &sum, NULL));
    run(gradients);
    expect_values(gw, expected, 2); /* overwritten in full */
    memcpy(expected, w->values, sizeof expected);
    run(sum);
    expect_values(wrong, expected, 2); /* not added to: a gamma of 0 */
}

/* What an op leaves untouched of its output is NaN: guards that no value of before shines through.
 */
Test(switches, nan_fills_before_each_run) {
    emu_op *op = NULL;
    strict("nan");
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
    op = copy_op(x, y);
    scene_bind();
    /* Both tensors in one memory: what the op reads is then what it was to overwrite. */
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){y->tensor, x->memory}));
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    read_box(x);
    cr_assert(isnan(x->values[0]) && isnan(x->values[1]));
    expect_ok(s.api->release_op(op));
}

Test(switches, batches_of_more_than_one_are_refused) {
    emu_op *op = NULL;
    strict("batch1");
    box *one = box_new(1, 2, 1, 1), *two = box_new(2, 2, 1, 1), *out = box_new(2, 2, 1, 1);
    box *weight = box_new(2, 2, 1, 1), *gradient = box_new(2, 2, 1, 1), *y = box_new(1, 2, 1, 1);
    const emu_convolution desc = {.group_count = 1,
                                  .dimensions = 4,
                                  .stride = {1, 1},
                                  .dilation = {1, 1},
                                  .arithmetic = EMU_FP32};
    const emu_sgd sgd = {number(1), number(0), number(0), EMU_SGD, EMU_FP32};
    expect_code(EMU_NOT_ACCELERATED, forward_op(NULL, two, out, &op));
    /* n of a weight is no batch. */
    expect_ok(s.api->convolution_forward(s.context, NULL, &desc, one->tensor, weight->tensor,
                                         box_unused()->tensor, y->tensor, &op, NULL));
    expect_ok(s.api->release_op(op));
    expect_ok(s.api->update_sgd(s.context, training, &sgd, weight->tensor, gradient->tensor,
                                box_unused()->tensor, &op, NULL));
    expect_ok(s.api->release_op(op));
}

/* ---- opaque --------------------------------------------------------------------------------- */

Test(switches, opaque_memory_that_was_never_written) {
    cl_int code = CL_SUCCESS;
    strict("opaque");
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4);
    emu_op *op = copy_op(x, y);
    scene_bind();
    cl_mem fresh = s.clCreateBuffer(s.context, CL_MEM_READ_WRITE, 4096, NULL, &code);
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){x->tensor, fresh}));
    expect_code(CL_INVALID_VALUE, s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_code(CL_INVALID_VALUE, s.api->enqueue_read(s.queue, x->tensor, fresh, &(float[1024]){0},
                                                      EMU_LAYOUT_NCHW, 0, NULL, NULL));
    expect_ok(s.api->release_op(op));
    s.clReleaseMemObject(fresh);
}

/* Dense data written straight into the memory, as if the layout were known. */
Test(switches, opaque_memory_that_the_caller_wrote) {
    const float host[24] = {1};
    strict("opaque");
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4);
    emu_op *op = copy_op(x, y);
    scene_bind();
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_ok(
        s.clEnqueueWriteBuffer(s.queue, x->memory, CL_TRUE, 0, sizeof host, host, 0, NULL, NULL));
    expect_code(CL_INVALID_VALUE, s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_ok(s.api->release_op(op));
}

/* A plan that gives two tensors one memory while both are alive. */
Test(switches, opaque_memory_that_another_tensor_took) {
    strict("opaque");
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4), *z = box_new(1, 2, 3, 4);
    emu_op *first = copy_op(x, y), *second = copy_op(x, z), *third = copy_op(y, z);
    scene_bind();
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){z->tensor, y->memory}));
    expect_ok(s.api->enqueue_op(s.queue, first, s.set, 0, NULL, NULL));
    expect_ok(s.api->enqueue_op(s.queue, second, s.set, 0, NULL, NULL));
    expect_code(CL_INVALID_VALUE, s.api->enqueue_op(s.queue, third, s.set, 0, NULL, NULL));
    expect_ok(s.api->release_op(first));
    expect_ok(s.api->release_op(second));
    expect_ok(s.api->release_op(third));
}

/* ---- bindings, grow, training --------------------------------------------------------------- */

Test(switches, sets_in_flight_are_not_updated) {
    cl_int code = CL_SUCCESS;
    strict("bindings");
    box *x = box_new(1, 1, 1, 1), *y = box_new(1, 1, 1, 1);
    emu_op *op = copy_op(x, y);
    scene_bind();
    cl_event gate = s.clCreateUserEvent(s.context, &code);
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 1, &gate, NULL));
    expect_code(CL_INVALID_OPERATION,
                s.api->update_set(s.set, 1, &(emu_binding){x->tensor, y->memory}));
    expect_ok(s.clSetUserEventStatus(gate, CL_COMPLETE));
    expect_ok(s.clFinish(s.queue));
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){x->tensor, x->memory}));
    s.clReleaseEvent(gate);
    expect_ok(s.api->release_op(op));
}

/* A caller who allocates after the forward ops, and creates the backward ones later. */
Test(switches, sizes_grow_with_backward_ops) {
    emu_op *forward = NULL, *backward = NULL;
    cl_uint before = 0, after = 0;
    strict("grow");
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4), *gy = box_new(1, 2, 3, 4),
        *gx = box_new(1, 2, 3, 4);
    expect_ok(forward_op(training, x, y, &forward));
    expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &before));
    gy->count = gx->count = 0; /* of no known size yet */
    scene_bind();
    expect_ok(backward_op(training, x, gy, gx, &backward));
    expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &after));
    cr_assert_gt(after, before);
    expect_code(CL_INVALID_BUFFER_SIZE, s.api->enqueue_op(s.queue, forward, s.set, 0, NULL, NULL));
    expect_ok(s.api->release_op(forward));
    expect_ok(s.api->release_op(backward));
}

Test(switches, training_is_declared_on_both_sides) {
    emu_op *op = NULL;
    strict("training");
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4), *gy = box_new(1, 2, 3, 4),
        *gx = box_new(1, 2, 3, 4);
    expect_code(CL_INVALID_OPERATION, backward_op(NULL, x, gy, gx, &op));
    expect_ok(backward_op(training, x, gy, gx, &op));
    expect_ok(s.api->release_op(op));
    expect_code(CL_INVALID_OPERATION,
                forward_op(NULL, x, y, &op)); /* x is differentiated already */
    box *z = box_new(1, 2, 3, 4);
    expect_ok(forward_op(NULL, z, y, &op));
    expect_ok(s.api->release_op(op));
    expect_code(CL_INVALID_OPERATION, backward_op(training, z, gy, gx, &op));
}

Test(switches, momentum_with_weight_decay) {
    emu_op *op = NULL;
    emu_sgd desc = {number(1), number(0.5f), number(0.5f), EMU_SGD_MOMENTUM, EMU_FP32};
    strict("defaults");
    box *p = box_new(1, 1, 1, 1), *g = box_new(1, 1, 1, 1), *v = box_new(1, 1, 1, 1);
    expect_code(CL_INVALID_VALUE, s.api->update_sgd(s.context, training, &desc, p->tensor,
                                                    g->tensor, v->tensor, &op, NULL));
    desc.weight_decay = number(0);
    expect_ok(
        s.api->update_sgd(s.context, training, &desc, p->tensor, g->tensor, v->tensor, &op, NULL));
    expect_ok(s.api->release_op(op));
}

static emu_op *shared_op;
static int refused;

static void *enqueue_often(void *unused) {
    (void)unused;
    for (int n = 0; n < 200; n++) {
        const cl_int code = s.api->enqueue_op(s.queue, shared_op, s.set, 0, NULL, NULL);
        cr_assert(code == CL_SUCCESS || code == CL_INVALID_OPERATION, "%d", code);
        if (code != CL_SUCCESS)
            __atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Two threads with one op and one set: refused in strict mode, and never anything else. */
static int count_refusals(void) {
    pthread_t threads[2];
    refused = 0;
    for (size_t n = 0; n < 2; n++)
        cr_assert_eq(pthread_create(&threads[n], NULL, enqueue_often, NULL), 0);
    for (size_t n = 0; n < 2; n++)
        pthread_join(threads[n], NULL);
    expect_ok(s.clFinish(s.queue));
    return refused;
}

Test(switches, one_thread_an_op) {
    int most = 0;
    setenv("CLML_EMULATOR_LOG", "/dev/null", 1);
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4);
    shared_op = copy_op(x, y);
    scene_bind();
    cr_assert_eq(count_refusals(), 0);
    strict("threads");
    for (int attempt = 0; attempt < 20 && !most; attempt++)
        most = count_refusals();
    cr_assert_gt(most, 0, "two threads never met");
    expect_ok(s.api->release_op(shared_op));
}

/* A well-behaved caller notices none of them. */
Test(switches, all_strict_modes_at_once) {
    emu_op *forward = NULL, *backward = NULL;
    strict("all");
    box *x = box_new(1, 6, 3, 4), *y = box_new(1, 6, 3, 4), *gy = box_new(1, 6, 3, 4),
        *gx = box_new(1, 6, 3, 4);
    double output[72], gradient[72];
    for (size_t i = 0; i < 72; i++) {
        output[i] = fmax(x->values[i], 0);
        gradient[i] = x->values[i] > 0 ? gy->values[i] : 0;
    }
    expect_ok(forward_op(training, x, y, &forward));
    expect_ok(backward_op(training, x, gy, gx, &backward));
    run(forward);
    run(backward);
    expect_values(y, output, 1);
    expect_values(gx, gradient, 1);
}

/* ---- Variants ------------------------------------------------------------------------------- */

Test(switches, parameter_gradients_accumulate) {
    const emu_convolution desc = {.group_count = 1,
                                  .dimensions = 4,
                                  .stride = {1, 1},
                                  .dilation = {1, 1},
                                  .arithmetic = EMU_FP32};
    emu_op *op = NULL;
    scene_configure("CLML_EMULATOR_VARIANT", "accumulate");
    box *x = box_new(1, 2, 1, 1), *gy = box_new(1, 3, 1, 1), *w = box_new(3, 2, 1, 1),
        *gw = box_new(3, 2, 1, 1);
    box *b = box_new(1, 3, 1, 1), *gb = box_new(1, 3, 1, 1);
    double weight[6], bias[3];
    for (size_t i = 0; i < 6; i++)
        weight[i] = gw->values[i] + gy->values[i / 2] * x->values[i % 2];
    for (size_t i = 0; i < 3; i++)
        bias[i] = gb->values[i] + gy->values[i];
    expect_ok(s.api->convolution_param_gradients(s.context, training, &desc, x->tensor, gy->tensor,
                                                 gw->tensor, gb->tensor, w->tensor, b->tensor, &op,
                                                 NULL));
    run(op);
    expect_values(gw, weight, 2);
    expect_values(gb, bias, 2);
}

/* ---- Faults --------------------------------------------------------------------------------- */

Test(switches, ops_are_refused_by_name_and_shape) {
    emu_op *op = NULL;
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4), *z = box_new(1, 2, 3, 5),
        *u = box_new(1, 2, 3, 5);
    scene_configure("CLML_EMULATOR_REFUSE", "activation_forward=-1102");
    expect_code(EMU_NOT_ACCELERATED, forward_op(NULL, x, y, &op));
    cr_assert_null(op);
    expect_ok(s.api->release_op(copy_op(x, y)));
    scene_configure("CLML_EMULATOR_REFUSE", "copy=-1102, activation_forward:1x2x3x5=-1103");
    expect_code(EMU_INVALID_LAYOUT, forward_op(NULL, z, u, &op));
    expect_code(EMU_NOT_ACCELERATED, s.api->copy(s.context, NULL, x->tensor, y->tensor, &op, NULL));
    expect_ok(forward_op(NULL, x, y, &op));
    expect_ok(s.api->release_op(op));
    scene_configure("CLML_EMULATOR_REFUSE", "*:1x2x3x4=-1103");
    expect_code(EMU_INVALID_LAYOUT, forward_op(NULL, x, y, &op));
    expect_ok(s.api->release_op(copy_op(z, u)));
}

Test(switches, layouts_are_refused) {
    emu_tensor *tensor = NULL;
    float host[2] = {0};
    scene_configure("CLML_EMULATOR_REFUSE_LAYOUT", "tensor:nhwc, host:nchw");
    expect_code(
        EMU_INVALID_LAYOUT,
        s.api->create_tensor(
            s.context, NULL,
            &(emu_tensor_desc){
                .data_type = CL_FLOAT, .layout = EMU_LAYOUT_NHWC, .n = 1, .c = 1, .h = 1, .w = 2},
            &tensor));
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2);
    x->memory = s.clCreateBuffer(s.context, CL_MEM_READ_WRITE, 64, NULL, NULL);
    expect_code(EMU_INVALID_LAYOUT, s.api->enqueue_write(s.queue, host, EMU_LAYOUT_NCHW, x->tensor,
                                                         x->memory, 0, NULL, NULL));
    expect_ok(
        s.api->enqueue_write(s.queue, host, EMU_LAYOUT_NHWC, x->tensor, x->memory, 0, NULL, NULL));
    expect_ok(s.clFinish(s.queue));
}

Test(switches, memory_is_padded) {
    cl_uint bytes = 0;
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2);
    scene_configure("CLML_EMULATOR_PADDING", "1000");
    expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &bytes));
    cr_assert_eq(bytes, 1008);
}

Test(switches, calls_fail) {
    cl_uint bytes = 0;
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
    emu_op *op = copy_op(x, y);
    scene_bind();
    scene_configure("CLML_EMULATOR_FAIL", "size=-5, enqueue=-36");
    expect_code(CL_OUT_OF_RESOURCES, s.api->tensor_memory_size(s.context, x->tensor, &bytes));
    expect_code(CL_INVALID_COMMAND_QUEUE, s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_code(CL_INVALID_COMMAND_QUEUE, s.api->enqueue_copy(s.queue, x->tensor, x->memory,
                                                              y->tensor, y->memory, 0, NULL, NULL));
    expect_ok(s.api->release_op(op));
}

static double seconds(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The call returns at once; the event takes the delay; the result is right all the same. */
Test(switches, execution_is_slow) {
    cl_event done = NULL;
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
    emu_op *op = copy_op(x, y);
    scene_bind();
    scene_configure("CLML_EMULATOR_DELAY_MS", "300");
    double begin = seconds();
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, &done));
    expect_ok(s.clWaitForEvents(1, &done));
    cr_assert_geq(seconds() - begin, 0.299);
    s.clReleaseEvent(done);
    begin = seconds();
    read_box(y);
    cr_assert_geq(seconds() - begin, 0.299);
    expect_values(y, x->values, 0);
    expect_ok(s.api->release_op(op));
}

/* Expects the log to have a line that begins so. */
static void expect_logged(const char *path, const char *text) {
    char line[256] = "";
    bool found = false;
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "no %s", path);
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, text, strlen(text)) == 0;
    fclose(file);
    cr_assert(found, "no line \"%s\"", text);
}

/* The log is a file, if one is named; it says what was refused, and what runs. */
Test(switches, log) {
    const char *path = "clml_emulator_test.log";
    remove(path);
    setenv("CLML_EMULATOR_LOG", path, 1);
    setenv("CLML_EMULATOR_TRACE", "1", 1);
    scene_configure("CLML_EMULATOR_REFUSE", "reshape=-1102");
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
    emu_op *op = NULL;
    expect_code(EMU_NOT_ACCELERATED,
                s.api->reshape(s.context, NULL, x->tensor, y->tensor, &op, NULL));
    run(copy_op(x, y));
    expect_logged(path, "clml emulator: reshape: ");
    expect_logged(path, "clml emulator: runs copy\n");
    remove(path);
}
