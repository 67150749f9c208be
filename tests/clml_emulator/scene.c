#include "scene.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BOXES = 64 };

scene s;
const intptr_t training[] = {EMU_PROPERTY_TRAINING, 1, 0};
static box *boxes[MAX_BOXES];
static size_t box_count;

/* ---- Opening -------------------------------------------------------------------------------- */

static void find(void *library, const char *name, void *pointer) {
    void *address = dlsym(library, name);
    cr_assert_not_null(address, "no %s", name);
    memcpy(pointer, &address, sizeof address);
}

void scene_load(void) {
    void *opencl = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!opencl)
        cr_skip_test("no OpenCL library: %s", dlerror());
#define X(name) find(opencl, #name, &s.name);
    SCENE_FUNCTIONS(X)
#undef X
    void *emulator = dlopen(EMULATOR_PATH, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(emulator, "%s", dlerror());
    find(emulator, "clQueryMLInterfaceVersionsQCOM", &s.query);
    find(emulator, "clGetMLInterfaceQCOM", &s.interface);
}

void scene_open(void) {
    cl_platform_id platform;
    cl_device_id device;
    cl_int code = CL_SUCCESS;
    scene_load();
    if (s.clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
        s.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS)
        cr_skip_test("no OpenCL device");
    s.context = s.clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    cr_assert_eq(code, CL_SUCCESS);
    s.queue = s.clCreateCommandQueue(s.context, device, 0, &code);
    cr_assert_eq(code, CL_SUCCESS);
    expect_ok(s.interface(&s.api, 3, 0));
    expect_ok(s.api->create_set(&s.set));
    s.layout = EMU_LAYOUT_OPTIMAL;
    s.type = CL_FLOAT;
}

static void drop_boxes(void) {
    while (box_count) {
        box *x = boxes[--box_count];
        s.api->release_tensor(x->tensor);
        if (x->memory)
            s.clReleaseMemObject(x->memory);
        free(x->values);
        free(x);
    }
}

void scene_close(void) {
    if (!s.context)
        return;
    s.clFinish(s.queue);
    drop_boxes();
    s.api->release_set(s.set);
    s.clReleaseCommandQueue(s.queue);
    s.clReleaseContext(s.context);
}

void scene_configure(const char *variable, const char *value) {
    setenv(variable, value, 1);
    expect_ok(s.interface(&s.api, 3, 0));
}

/* ---- Boxes ---------------------------------------------------------------------------------- */

/* A fixed sequence in [-1, 1), of multiples of 1/128, which halves hold exactly. */
static double next_value(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (double)(state >> 24) / 128 - 1;
}

static box *box_of(const emu_tensor_desc *desc) {
    box *x = calloc(1, sizeof *x);
    cr_assert(x && box_count < MAX_BOXES);
    *x = (box){.n = desc->n,
               .c = desc->c,
               .h = desc->h,
               .w = desc->w,
               .type = desc->data_type,
               .layout = desc->layout,
               .count = (size_t)desc->n * desc->c * desc->h * desc->w};
    expect_ok(s.api->create_tensor(s.context, NULL, desc, &x->tensor));
    x->values = calloc(x->count + 1, sizeof *x->values);
    for (size_t i = 0; i < x->count; i++)
        x->values[i] = next_value();
    return boxes[box_count++] = x;
}

box *box_typed(cl_uint type, cl_uint n, cl_uint c, cl_uint h, cl_uint w) {
    return box_of(
        &(emu_tensor_desc){.data_type = type, .layout = s.layout, .n = n, .c = c, .h = h, .w = w});
}

box *box_new(cl_uint n, cl_uint c, cl_uint h, cl_uint w) {
    return box_typed(s.type, n, c, h, w);
}

box *box_unused(void) {
    return box_of(&(emu_tensor_desc){.dimensions = EMU_UNUSED});
}

double *at(const box *x, cl_uint n, cl_uint c, cl_uint h, cl_uint w) {
    return &x->values[((n * x->c + c) * x->h + h) * x->w + w];
}

place place_of(const box *x, size_t i) {
    const size_t map = (size_t)x->h * x->w;
    return (place){{(cl_uint)(i / map / x->c), (cl_uint)(i / map % x->c), (cl_uint)(i % map / x->w),
                    (cl_uint)(i % x->w)}};
}

double *at_place(const box *x, place p) {
    return at(x, p.at[0], p.at[1], p.at[2], p.at[3]);
}

cl_uint arithmetic(void) {
    if (s.type == CL_HALF_FLOAT)
        return s.half_sums ? EMU_FP16 : EMU_FP16_SUM32;
    return s.type == CL_FLOAT ? EMU_FP32 : EMU_INT32;
}

emu_value number(float value) {
    return (emu_value){.u.f = value, .type = CL_FLOAT};
}

/* ---- Memory --------------------------------------------------------------------------------- */

static void bind(box *x) {
    cl_uint size = 0;
    cl_int code = CL_SUCCESS;
    if (!x->count)
        return;
    if (!x->memory) {
        expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &size));
        x->memory = s.clCreateBuffer(s.context, CL_MEM_READ_WRITE, size, NULL, &code);
        cr_assert_eq(code, CL_SUCCESS);
        expect_ok(s.api->update_set(s.set, 1, &(emu_binding){x->tensor, x->memory}));
    }
    write_box(x);
}

void scene_bind(void) {
    for (size_t n = 0; n < box_count; n++)
        bind(boxes[n]);
}

/* Bytes that the host's copy of a box needs: those of the tensor's memory if that is more. */
static void *host_memory(const box *x) {
    cl_uint size = 0;
    expect_ok(s.api->tensor_memory_size(s.context, x->tensor, &size));
    return calloc(size > 4 * x->count ? size : 4 * x->count, 1);
}

static uint16_t to_half(double value) {
    uint16_t best = 0;
    int exponent;
    if (isnan(value))
        return 0x7e00;
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const double magnitude = fabs(value);
    if (magnitude == 0)
        return sign;
    frexp(magnitude, &exponent);
    if (exponent < -13)
        exponent = -13;
    best = (uint16_t)(nearbyint(ldexp(magnitude, 11 - exponent)) + 1024 * (exponent + 13));
    return best >= 0x7c00 ? sign | 0x7c00 : sign | best;
}

static double from_half(uint16_t h) {
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    const double sign = h & 0x8000 ? -1 : 1;
    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

void write_box(box *x) {
    cl_event event = NULL;
    void *host = host_memory(x);
    for (size_t i = 0; i < x->count; i++)
        if (x->type == CL_FLOAT)
            ((float *)host)[i] = (float)x->values[i];
        else if (x->type == CL_HALF_FLOAT)
            ((uint16_t *)host)[i] = to_half(x->values[i]);
        else
            ((int32_t *)host)[i] = (int32_t)x->values[i];
    expect_ok(s.api->enqueue_write(s.queue, host, EMU_LAYOUT_NCHW, x->tensor, x->memory, 0, NULL,
                                   &event));
    expect_ok(s.clWaitForEvents(1, &event));
    s.clReleaseEvent(event);
    free(host);
}

void read_box(box *x) {
    cl_event event = NULL;
    void *host = host_memory(x);
    expect_ok(
        s.api->enqueue_read(s.queue, x->tensor, x->memory, host, EMU_LAYOUT_NCHW, 0, NULL, &event));
    expect_ok(s.clWaitForEvents(1, &event));
    s.clReleaseEvent(event);
    for (size_t i = 0; i < x->count; i++)
        x->values[i] = x->type == CL_FLOAT        ? (double)((float *)host)[i]
                       : x->type == CL_HALF_FLOAT ? from_half(((uint16_t *)host)[i])
                                                  : (double)((int32_t *)host)[i];
    free(host);
}

void run(emu_op *op) {
    cl_event event = NULL;
    scene_bind();
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, &event));
    expect_ok(s.clWaitForEvents(1, &event));
    s.clReleaseEvent(event);
    for (size_t n = 0; n < box_count; n++)
        if (boxes[n]->count)
            read_box(boxes[n]);
    expect_ok(s.api->release_op(op));
}

/* ---- Expectations --------------------------------------------------------------------------- */

void expect_values(const box *x, const double *expected, size_t terms) {
    const double unit = x->type == CL_FLOAT ? 0x1p-22 : 0x1p-10;
    const bool exact_sums = x->type != CL_FLOAT && !s.half_sums;
    for (size_t i = 0; i < x->count; i++) {
        const double room = unit * (fabs(expected[i]) + (exact_sums ? 1 : (double)terms));
        cr_assert(isnan(expected[i]) ? isnan(x->values[i])
                                     : fabs(x->values[i] - expected[i]) <= room,
                  "element %zu of %ux%ux%ux%u, layout %u, type 0x%x: %.9g instead of %.9g", i, x->n,
                  x->c, x->h, x->w, x->layout, x->type, x->values[i], expected[i]);
    }
}

static void in_form(void (*body)(void), cl_uint type, cl_uint layout) {
    s.type = type;
    s.layout = layout;
    body();
    drop_boxes();
    expect_ok(s.api->release_set(s.set));
    expect_ok(s.api->create_set(&s.set));
}

void for_each_form(void (*body)(void)) {
    for (cl_uint layout = EMU_LAYOUT_OPTIMAL; layout <= EMU_LAYOUT_NHWC; layout++) {
        in_form(body, CL_FLOAT, layout);
        in_form(body, CL_HALF_FLOAT, layout);
    }
    s.half_sums = true;
    in_form(body, CL_HALF_FLOAT, EMU_LAYOUT_OPTIMAL);
}
