/* Tensors, their memory, sets, transfers, and commands in queues. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

TestSuite(memory, .init = scene_open, .fini = scene_close);

static cl_int create(const emu_tensor_desc *desc) {
    emu_tensor *tensor = (void *)desc; /* not NULL */
    const cl_int code = s.api->create_tensor(s.context, NULL, desc, &tensor);
    cr_assert_eq(tensor == NULL, code != CL_SUCCESS);
    if (tensor)
        expect_ok(s.api->release_tensor(tensor));
    return code;
}

static cl_uint size_of(const box *x) {
    cl_uint bytes = 0;
    expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &bytes));
    return bytes;
}

/* An op that copies one box to another. */
static emu_op *copy_op(const box *from, const box *to) {
    emu_op *op = NULL;
    expect_ok(s.api->copy(s.context, NULL, from->tensor, to->tensor, &op, NULL));
    return op;
}

/* ---- Tensors -------------------------------------------------------------------------------- */

Test(memory, bad_tensors) {
    const emu_tensor_desc good = {.data_type = CL_FLOAT, .n = 1, .c = 2, .h = 3, .w = 4};
    emu_tensor_desc bad[10];
    emu_tensor *tensor = NULL;
    for (size_t n = 0; n < 10; n++)
        bad[n] = good;
    bad[0].data_type = 0;
    bad[1].layout = 3;
    bad[2].n = 0;
    bad[3].w = 0;
    bad[4].d = 1;
    bad[5].dimensions = EMU_DIMENSIONS_5;
    bad[6].stride[4] = 1;
    bad[7].c = UINT32_MAX;
    bad[8].n = bad[8].c = bad[8].h = bad[8].w = 65536;
    bad[9].dimensions = 3;
    expect_ok(create(&good));
    for (size_t n = 0; n < 10; n++)
        cr_expect_eq(create(&bad[n]), n == 1 ? EMU_INVALID_LAYOUT : CL_INVALID_VALUE, "case %zu",
                     n);
    expect_code(CL_INVALID_VALUE, create(NULL));
    expect_code(CL_INVALID_VALUE, s.api->create_tensor(s.context, NULL, &good, NULL));
    expect_code(CL_INVALID_CONTEXT, s.api->create_tensor(NULL, NULL, &good, &tensor));
    expect_code(CL_INVALID_PROPERTY, s.api->create_tensor(s.context, training, &good, &tensor));
    expect_code(CL_INVALID_VALUE, s.api->release_tensor(NULL));
}

Test(memory, sizes) {
    cl_uint bytes = 1;
    s.layout = EMU_LAYOUT_NCHW;
    box *linear = box_new(2, 3, 4, 5), *unused = box_unused();
    s.layout = EMU_LAYOUT_OPTIMAL;
    box *optimal = box_new(2, 3, 4, 5);
    cr_assert_eq(size_of(linear), 480);
    expect_code(CL_INVALID_OPERATION,
                s.api->tensor_memory_size(s.context, optimal->tensor, &bytes));
    cr_assert_eq(bytes, 0);
    s.api->release_op(copy_op(linear, optimal));
    cr_assert_gt(size_of(optimal), 480);
    expect_code(CL_INVALID_VALUE, s.api->tensor_memory_size(s.context, unused->tensor, &bytes));
    expect_code(CL_INVALID_VALUE, s.api->tensor_memory_size(s.context, NULL, &bytes));
    expect_code(CL_INVALID_VALUE, s.api->tensor_memory_size(s.context, linear->tensor, NULL));
    expect_code(CL_INVALID_CONTEXT, s.api->tensor_memory_size(NULL, linear->tensor, &bytes));
}

/* ---- Transfers ------------------------------------------------------------------------------ */

/* Element (n,c,h,w) of dense host data. */
static size_t host_place(const box *x, cl_uint layout, cl_uint n, cl_uint c, cl_uint h, cl_uint w) {
    return layout == EMU_LAYOUT_NCHW ? ((n * x->c + c) * x->h + h) * x->w + w
                                     : ((n * x->h + h) * x->w + w) * x->c + c;
}

/* Writes numbers with one host layout, copies them to a tensor of another layout, reads them back
 * with either host layout. All bits must arrive: the numbers are no floats. */
static void round_trip(cl_uint type, cl_uint from_layout, cl_uint to_layout, cl_uint host_layout) {
    uint32_t written[120], read[120];
    s.layout = from_layout;
    box *from = box_typed(type, 2, 5, 3, 4);
    s.layout = to_layout;
    box *to = box_typed(type, 2, 5, 3, 4);
    const size_t half = type == CL_HALF_FLOAT ? 2 : 1;
    emu_op *op = copy_op(from, to);
    scene_bind();
    for (uint32_t i = 0; i < 120; i++)
        written[i] = i * 2654435761u;
    expect_ok(s.api->enqueue_write(s.queue, written, host_layout, from->tensor, from->memory, 0,
                                   NULL, NULL));
    expect_ok(s.api->enqueue_copy(s.queue, from->tensor, from->memory, to->tensor, to->memory, 0,
                                  NULL, NULL));
    expect_ok(
        s.api->enqueue_read(s.queue, to->tensor, to->memory, read, EMU_LAYOUT_NHWC, 0, NULL, NULL));
    expect_ok(s.clFinish(s.queue));
    for (cl_uint i = 0; i < 120; i++) {
        const cl_uint n = i / 60, c = i / 12 % 5, h = i / 4 % 3, w = i % 4;
        const size_t a = host_place(to, host_layout, n, c, h, w),
                     b = host_place(to, EMU_LAYOUT_NHWC, n, c, h, w);
        if (half == 2)
            cr_assert_eq(((uint16_t *)written)[a], ((uint16_t *)read)[b]);
        else
            cr_assert_eq(written[a], read[b]);
    }
    expect_ok(s.api->release_op(op));
}

Test(memory, round_trips) {
    const cl_uint types[] = {CL_FLOAT, CL_HALF_FLOAT, CL_SIGNED_INT32};
    for (size_t t = 0; t < 3; t++)
        for (cl_uint layouts = 0; layouts < 9; layouts++)
            round_trip(types[t], layouts / 3, layouts % 3, 1 + layouts % 2);
}

Test(memory, bad_transfers) {
    float host[60];
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 3, 4, 5), *other = box_new(1, 3, 5, 4), *unused = box_unused();
    box *half = box_typed(CL_HALF_FLOAT, 1, 3, 4, 5);
    scene_bind();
#define READ(queue, box, memory, host, layout)                                                     \
    s.api->enqueue_read(queue, box, memory, host, layout, 0, NULL, NULL)
#define WRITE(queue, box, memory, host, layout)                                                    \
    s.api->enqueue_write(queue, host, layout, box, memory, 0, NULL, NULL)
#define COPY(from, to)                                                                             \
    s.api->enqueue_copy(s.queue, from->tensor, from->memory, to->tensor, to->memory, 0, NULL, NULL)
    expect_code(EMU_INVALID_LAYOUT, READ(s.queue, x->tensor, x->memory, host, EMU_LAYOUT_OPTIMAL));
    expect_code(EMU_INVALID_LAYOUT, WRITE(s.queue, x->tensor, x->memory, host, EMU_LAYOUT_OPTIMAL));
    expect_code(EMU_INVALID_LAYOUT, WRITE(s.queue, x->tensor, x->memory, host, 3));
    expect_code(CL_INVALID_VALUE, READ(s.queue, x->tensor, x->memory, NULL, EMU_LAYOUT_NCHW));
    expect_code(CL_INVALID_VALUE, READ(s.queue, NULL, x->memory, host, EMU_LAYOUT_NCHW));
    expect_code(CL_INVALID_VALUE, WRITE(s.queue, unused->tensor, x->memory, host, EMU_LAYOUT_NCHW));
    expect_code(CL_INVALID_MEM_OBJECT, WRITE(s.queue, x->tensor, NULL, host, EMU_LAYOUT_NCHW));
    expect_code(CL_INVALID_COMMAND_QUEUE, WRITE(NULL, x->tensor, x->memory, host, EMU_LAYOUT_NCHW));
    expect_code(CL_INVALID_BUFFER_SIZE,
                WRITE(s.queue, x->tensor, half->memory, host, EMU_LAYOUT_NCHW));
    expect_code(CL_INVALID_VALUE, COPY(x, other));
    expect_code(CL_INVALID_VALUE, COPY(x, half));
    expect_code(CL_INVALID_VALUE, COPY(x, x));
    expect_code(CL_INVALID_VALUE, COPY(x, unused));
    expect_code(CL_INVALID_EVENT_WAIT_LIST, s.api->enqueue_read(s.queue, x->tensor, x->memory, host,
                                                                EMU_LAYOUT_NCHW, 1, NULL, NULL));
#undef READ
#undef WRITE
#undef COPY
}

/* ---- Sets ----------------------------------------------------------------------------------- */

Test(memory, bad_sets) {
    box *x = box_new(1, 1, 1, 1), *y = box_new(1, 1, 1, 1), *unused = box_unused();
    emu_op *op = copy_op(x, y);
    scene_bind();
    const emu_binding twice[] = {{x->tensor, x->memory}, {x->tensor, y->memory}};
    expect_code(CL_INVALID_VALUE, s.api->create_set(NULL));
    expect_code(CL_INVALID_VALUE, s.api->release_set(NULL));
    expect_code(CL_INVALID_VALUE, s.api->update_set(s.set, 2, twice));
    expect_code(CL_INVALID_VALUE, s.api->update_set(s.set, 1, NULL));
    expect_code(CL_INVALID_VALUE, s.api->update_set(NULL, 1, twice));
    expect_code(CL_INVALID_VALUE, s.api->update_set(s.set, 1, &(emu_binding){NULL, x->memory}));
    expect_code(CL_INVALID_VALUE,
                s.api->update_set(s.set, 1, &(emu_binding){unused->tensor, x->memory}));
    expect_code(CL_INVALID_MEM_OBJECT,
                s.api->update_set(s.set, 1, &(emu_binding){x->tensor, NULL}));
    expect_ok(s.api->release_op(op));
}

/* The first of two inputs is read, then, rebound, the second. */
Test(memory, bindings_are_replaced) {
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2), *z = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2);
    emu_op *op = copy_op(x, y);
    scene_bind();
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    read_box(y);
    expect_values(y, x->values, 0);
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){x->tensor, z->memory}));
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    read_box(y);
    expect_values(y, z->values, 0);
    expect_ok(s.api->release_op(op));
}

/* ---- Commands ------------------------------------------------------------------------------- */

Test(memory, bad_commands) {
    cl_int code = CL_SUCCESS;
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 2, 3, 4), *y = box_new(1, 2, 3, 4);
    emu_set *empty = NULL, *small = NULL;
    emu_op *op = copy_op(x, y);
    cl_mem bytes = s.clCreateBuffer(s.context, CL_MEM_READ_WRITE, 95, NULL, &code);
    scene_bind();
    expect_ok(s.api->create_set(&empty));
    expect_ok(s.api->create_set(&small));
    expect_ok(
        s.api->update_set(small, 2, (emu_binding[]){{x->tensor, x->memory}, {y->tensor, bytes}}));
#define ENQUEUE(queue, op, set) s.api->enqueue_op(queue, op, set, 0, NULL, NULL)
    expect_code(CL_INVALID_VALUE, ENQUEUE(s.queue, NULL, s.set));
    expect_code(CL_INVALID_VALUE, ENQUEUE(s.queue, op, NULL));
    expect_code(CL_INVALID_COMMAND_QUEUE, ENQUEUE(NULL, op, s.set));
    expect_code(CL_INVALID_MEM_OBJECT, ENQUEUE(s.queue, op, empty));
    expect_code(CL_INVALID_BUFFER_SIZE, ENQUEUE(s.queue, op, small));
    expect_code(CL_INVALID_EVENT_WAIT_LIST, s.api->enqueue_op(s.queue, op, s.set, 3, NULL, NULL));
    expect_code(CL_INVALID_VALUE, s.api->release_op(NULL));
#undef ENQUEUE
    expect_ok(s.api->release_set(small));
    expect_ok(s.api->release_set(empty));
    expect_ok(s.api->release_op(op));
    s.clReleaseMemObject(bytes);
}

Test(memory, another_context) {
    scene first = s;
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 1), *y = box_new(1, 1, 1, 1);
    emu_op *op = copy_op(x, y), *none = NULL;
    scene_bind();
    scene_open();
    expect_code(CL_INVALID_CONTEXT,
                s.api->copy(s.context, NULL, x->tensor, y->tensor, &none, NULL));
    cr_assert_null(none);
    expect_code(CL_INVALID_CONTEXT, s.api->enqueue_op(s.queue, op, first.set, 0, NULL, NULL));
    expect_code(CL_INVALID_CONTEXT, s.api->enqueue_read(s.queue, x->tensor, x->memory, &(float){0},
                                                        EMU_LAYOUT_NCHW, 0, NULL, NULL));
    expect_ok(s.api->release_set(s.set));
    s.clReleaseCommandQueue(s.queue);
    s.clReleaseContext(s.context);
    s = first;
    expect_ok(s.api->release_op(op));
}

/* Commands wait for events, give events, and keep what they use alive; bindings are those of the
 * call. */
Test(memory, commands_are_asynchronous) {
    cl_int code = CL_SUCCESS, state = CL_COMPLETE;
    cl_event gate = s.clCreateUserEvent(s.context, &code), done = NULL;
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2), *z = box_new(1, 1, 1, 2);
    emu_op *op = copy_op(x, y);
    scene_bind();
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 1, &gate, &done));
    expect_ok(s.api->release_op(op));
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){x->tensor, z->memory}));
    expect_ok(
        s.clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL));
    cr_assert_gt(state, CL_COMPLETE, "the command did not wait");
    expect_ok(s.clSetUserEventStatus(gate, CL_COMPLETE));
    expect_ok(s.clWaitForEvents(1, &done));
    read_box(y);
    expect_values(y, x->values, 0);
    s.clReleaseEvent(done);
    s.clReleaseEvent(gate);
}

Test(memory, immutable_commands_keep_their_bindings) {
    s.layout = EMU_LAYOUT_NCHW;
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2), *z = box_new(1, 1, 1, 2);
    emu_op *op = copy_op(x, y);
    scene_bind();
    expect_ok(s.api->enqueue_immutable_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_ok(s.api->enqueue_immutable_op(s.queue, op, s.set, 0, NULL, NULL));
    read_box(y);
    expect_values(y, x->values, 0);
    expect_ok(s.api->update_set(s.set, 1, &(emu_binding){x->tensor, z->memory}));
    expect_code(CL_INVALID_OPERATION,
                s.api->enqueue_immutable_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_ok(s.api->release_op(op));
}
