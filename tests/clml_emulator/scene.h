/* What the emulator's tests share: the emulator over the first OpenCL device, tensors with their
 * memory and values ("boxes"), and running an op on them.
 *
 * A test is skipped with a message when there is no OpenCL device. All boxes and ops of a test are
 * freed at its end. */
#ifndef TESTS_CLML_EMULATOR_SCENE_H
#define TESTS_CLML_EMULATOR_SCENE_H

#include "tools/clml_emulator/interface.h"

#include <criterion/criterion.h>
#include <stdbool.h>

/* The OpenCL functions that tests call. */
#define SCENE_FUNCTIONS(X)                                                                         \
    X(clGetPlatformIDs)                                                                            \
    X(clGetDeviceIDs)                                                                              \
    X(clCreateContext)                                                                             \
    X(clReleaseContext)                                                                            \
    X(clCreateCommandQueue)                                                                        \
    X(clReleaseCommandQueue)                                                                       \
    X(clCreateBuffer)                                                                              \
    X(clReleaseMemObject)                                                                          \
    X(clEnqueueReadBuffer)                                                                         \
    X(clEnqueueWriteBuffer)                                                                        \
    X(clCreateUserEvent)                                                                           \
    X(clSetUserEventStatus)                                                                        \
    X(clGetEventInfo)                                                                              \
    X(clWaitForEvents)                                                                             \
    X(clReleaseEvent)                                                                              \
    X(clFinish)

typedef struct scene {
#define X(name) __typeof__(name) *name;
    SCENE_FUNCTIONS(X)
#undef X
    cl_int (*query)(cl_int *, cl_int *, cl_uint, cl_uint *);
    cl_int (*interface)(void *, cl_int, cl_int);
    const emu_table *api;
    cl_context context;
    cl_command_queue queue;
    emu_set *set;
    cl_uint layout, type; /* of boxes made next */
    bool half_sums;       /* halves are added up as halves */
} scene;

extern scene s;

/* Loads the libraries; the environment is read again by each call of query and interface. */
void scene_load(void);

/* scene_load, the table, a context, an in-order queue, and a set. */
void scene_open(void);
void scene_close(void);

/* Sets a variable of the emulator, which then reads it. */
void scene_configure(const char *variable, const char *value);

/* A tensor, its values in the order n, c, h, w, and, once scene_bind was called, its memory. */
typedef struct box {
    emu_tensor *tensor;
    cl_mem memory;
    cl_uint n, c, h, w, type, layout;
    size_t count;
    double *values;
} box;

/* A tensor of the scene's layout and type, with values of a fixed sequence in [-1, 1). */
box *box_new(cl_uint n, cl_uint c, cl_uint h, cl_uint w);
box *box_typed(cl_uint type, cl_uint n, cl_uint c, cl_uint h, cl_uint w);
box *box_unused(void);

/* Where element i lies, in the order n, c, h, w. */
typedef struct place {
    cl_uint at[4];
} place;
place place_of(const box *x, size_t i);
double *at_place(const box *x, place p);
double *at(const box *x, cl_uint n, cl_uint c, cl_uint h, cl_uint w);

/* {2, 1, 0}: property 2. */
extern const intptr_t training[];

/* The arithmetic mode of the scene's type. */
cl_uint arithmetic(void);
emu_value number(float value);

/* Memory for each box without, bound in the set; the values are written into it. */
void scene_bind(void);
void write_box(box *x);
void read_box(box *x); /* into its values */

/* Binds and writes all boxes, runs the op, reads all boxes, and releases the op. */
void run(emu_op *op);

/* Expects each value within the tolerance of the type, which counts for sums of `terms` terms of
 * about 1. */
void expect_values(const box *x, const double *expected, size_t terms);

/* Calls the body for each layout and element type, and once with sums in half. */
void for_each_form(void (*body)(void));

#define expect_code(code, call)                                                                    \
    do {                                                                                           \
        const cl_int got_ = (call);                                                                \
        cr_assert_eq(got_, code, "%s: %d instead of %d", #call, got_, code);                       \
    } while (0)
#define expect_ok(call) expect_code(CL_SUCCESS, call)

/* Expects an op of that name, description and tensors to be refused with CL_INVALID_VALUE. */
#define expect_bad(name, desc, ...)                                                                \
    do {                                                                                           \
        emu_op *none_ = NULL;                                                                      \
        expect_code(CL_INVALID_VALUE,                                                              \
                    s.api->name(s.context, training, &(desc), __VA_ARGS__, &none_, NULL));         \
        cr_assert_null(none_);                                                                     \
    } while (0)

#endif
