/* The tuning cache, memory of the op's own, tensors as arguments of other kernels, recordings. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

TestSuite(tuning, .init = scene_open, .fini = scene_close);

static const intptr_t tuned_only[] = {EMU_PROPERTY_TUNED_ONLY, 1, 0};
static const emu_softmax softmax = {EMU_SOFTMAX_ACCURATE, EMU_OVER_SPATIAL, EMU_FP32};

/* Creates a softmax that must be in the cache. */
static cl_int tuned_softmax(const box *x, const box *y, emu_cache *cache) {
    emu_op *op = NULL;
    const cl_int code =
        s.api->softmax(s.context, tuned_only, &softmax, x->tensor, y->tensor, &op, cache);
    if (op)
        expect_ok(s.api->release_op(op));
    return code;
}

/* Tuned, saved, loaded into another cache: the same op of the same shape is found, no other. */
Test(tuning, cache) {
    emu_op *op = NULL;
    emu_cache *first = NULL, *second = NULL;
    cl_ulong time = 0;
    size_t size = 0, written = 0;
    box *x = box_new(1, 4, 1, 1), *y = box_new(1, 4, 1, 1), *u = box_new(1, 5, 1, 1),
        *v = box_new(1, 5, 1, 1);
    u->count = v->count = 0;
    expect_ok(s.api->create_cache(&first));
    expect_ok(s.api->create_cache(&second));
    expect_code(EMU_NOT_ACCELERATED, tuned_softmax(x, y, first));
    expect_ok(s.api->softmax(s.context, NULL, &softmax, x->tensor, y->tensor, &op, first));
    scene_bind();
    expect_ok(s.api->tune(s.queue, op, s.set, first, &time));
    cr_assert_gt(time, 0);
    expect_ok(s.api->tune(s.queue, op, s.set, first, NULL));
    expect_ok(tuned_softmax(x, y, first));
    expect_code(EMU_NOT_ACCELERATED, tuned_softmax(u, v, first));
    expect_code(EMU_NOT_ACCELERATED, tuned_softmax(x, y, second));
    expect_ok(s.api->save_cache(first, 0, NULL, &size));
    unsigned char *bytes = malloc(size);
    expect_code(CL_INVALID_VALUE, s.api->save_cache(first, size - 1, bytes, NULL));
    expect_ok(s.api->save_cache(first, size, bytes, &written));
    cr_assert_eq(written, size);
    expect_ok(s.api->load_cache(second, size, bytes));
    expect_ok(tuned_softmax(x, y, second));
    free(bytes);
    expect_ok(s.api->release_op(op));
    expect_ok(s.api->release_cache(first));
    expect_ok(s.api->release_cache(second));
}

/* Another activation of the same shape is another op. */
Test(tuning, descriptions_are_part_of_an_op) {
    emu_op *op = NULL;
    emu_cache *cache = NULL;
    emu_activation desc = {EMU_RELU, 1, EMU_FP32};
    box *x = box_new(1, 4, 1, 1), *y = box_new(1, 4, 1, 1), *unused = box_unused();
    expect_ok(s.api->create_cache(&cache));
    expect_ok(s.api->activation_forward(s.context, NULL, &desc, x->tensor, unused->tensor,
                                        y->tensor, &op, cache));
    scene_bind();
    expect_ok(s.api->tune(s.queue, op, s.set, cache, NULL));
    expect_ok(s.api->release_op(op));
    expect_ok(s.api->activation_forward(s.context, tuned_only, &desc, x->tensor, unused->tensor,
                                        y->tensor, &op, cache));
    expect_ok(s.api->release_op(op));
    desc.function = EMU_TANH;
    expect_code(EMU_NOT_ACCELERATED,
                s.api->activation_forward(s.context, tuned_only, &desc, x->tensor, unused->tensor,
                                          y->tensor, &op, cache));
    expect_ok(s.api->release_cache(cache));
}

Test(tuning, foreign_bytes) {
    emu_cache *cache = NULL;
    unsigned char bytes[64] = "not a tuning cache at all";
    size_t size = 0;
    expect_ok(s.api->create_cache(&cache));
    expect_code(CL_INVALID_VALUE, s.api->load_cache(cache, sizeof bytes, bytes));
    expect_code(CL_INVALID_VALUE, s.api->load_cache(cache, 4, bytes));
    expect_code(CL_INVALID_VALUE, s.api->load_cache(cache, 0, bytes));
    expect_code(CL_INVALID_VALUE, s.api->load_cache(cache, 64, NULL));
    expect_ok(s.api->save_cache(cache, sizeof bytes, bytes, &size));
    expect_ok(s.api->load_cache(cache, size, bytes));
    expect_code(CL_INVALID_VALUE, s.api->load_cache(cache, size + 3, bytes));
    bytes[size - 1] = 1; /* claims keys that are not there */
    expect_code(CL_INVALID_VALUE, s.api->load_cache(cache, size, bytes));
    expect_ok(s.api->release_cache(cache));
}

Test(tuning, bad_calls) {
    emu_cache *cache = NULL;
    expect_ok(s.api->create_cache(&cache));
    expect_code(CL_INVALID_VALUE, s.api->create_cache(NULL));
    expect_code(CL_INVALID_VALUE, s.api->release_cache(NULL));
    expect_code(CL_INVALID_VALUE, s.api->save_cache(cache, 0, NULL, NULL));
    expect_code(CL_INVALID_VALUE, s.api->save_cache(NULL, 0, NULL, &(size_t){0}));
    expect_code(CL_INVALID_VALUE, s.api->tune(s.queue, NULL, s.set, cache, NULL));
    expect_ok(s.api->release_cache(cache));
}

/* ---- Memory of the op's own ----------------------------------------------------------------- */

Test(tuning, memory_of_an_op_is_replaced) {
    emu_op *op = NULL, *plain = NULL;
    cl_uint bytes = 0;
    cl_int code = CL_SUCCESS;
    const emu_clip desc = {EMU_CLIP_NORM, number(1), number(0), EMU_FP32};
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2), *z = box_new(1, 1, 1, 2);
    x->values[0] = 3;
    x->values[1] = 4;
    expect_ok(s.api->clip(s.context, NULL, &desc, x->tensor, y->tensor, &op, NULL));
    expect_ok(s.api->copy(s.context, NULL, x->tensor, z->tensor, &plain, NULL));
    expect_ok(s.api->op_memory_requirements(s.context, plain, &bytes));
    cr_assert_eq(bytes, 0);
    expect_ok(s.api->op_memory_requirements(s.context, op, &bytes));
    cr_assert_gt(bytes, 0);
    cl_mem small = s.clCreateBuffer(s.context, CL_MEM_READ_WRITE, bytes - 1, NULL, &code);
    cl_mem memory = s.clCreateBuffer(s.context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    expect_code(CL_INVALID_BUFFER_SIZE, s.api->update_op_memory(s.context, op, small));
    expect_code(CL_INVALID_VALUE, s.api->update_op_memory(s.context, op, NULL));
    expect_code(CL_INVALID_CONTEXT, s.api->update_op_memory(NULL, op, memory));
    expect_code(CL_INVALID_CONTEXT, s.api->op_memory_requirements(NULL, op, &bytes));
    expect_code(CL_INVALID_VALUE, s.api->op_memory_requirements(s.context, op, NULL));
    expect_ok(s.api->update_op_memory(s.context, plain, memory));
    expect_ok(s.api->update_op_memory(s.context, op, memory));
    s.clReleaseMemObject(memory);
    s.clReleaseMemObject(small);
    run(op);
    expect_values(y, (double[]){0.6, 0.8}, 2);
    expect_ok(s.api->release_op(plain));
}

/* ---- Kernels of the caller ------------------------------------------------------------------ */

/* Memory that a kernel of the caller may write is not held to the guards of strict mode. */
Test(tuning, tensors_as_arguments) {
    emu_op *op = NULL;
    cl_mem memory = NULL;
    const float zeros[16] = {0};
    scene_configure("CLML_EMULATOR_STRICT", "opaque");
    box *x = box_new(1, 1, 1, 2), *y = box_new(1, 1, 1, 2), *unused = box_unused();
    expect_ok(s.api->copy(s.context, NULL, x->tensor, y->tensor, &op, NULL));
    scene_bind();
    expect_code(CL_INVALID_MEM_OBJECT,
                s.api->kernel_arg_tensor(s.context, &(emu_binding){x->tensor, NULL}, &memory));
    expect_code(CL_INVALID_VALUE,
                s.api->kernel_arg_tensor(s.context, &(emu_binding){NULL, x->memory}, &memory));
    expect_code(
        CL_INVALID_VALUE,
        s.api->kernel_arg_tensor(s.context, &(emu_binding){unused->tensor, x->memory}, &memory));
    expect_code(CL_INVALID_VALUE, s.api->kernel_arg_tensor(s.context, NULL, &memory));
    expect_code(CL_INVALID_CONTEXT,
                s.api->kernel_arg_tensor(NULL, &(emu_binding){x->tensor, x->memory}, &memory));
    expect_ok(s.api->kernel_arg_tensor(s.context, &(emu_binding){x->tensor, x->memory}, &memory));
    expect_ok(
        s.clEnqueueWriteBuffer(s.queue, memory, CL_TRUE, 0, sizeof zeros, zeros, 0, NULL, NULL));
    expect_ok(s.api->enqueue_op(s.queue, op, s.set, 0, NULL, NULL));
    expect_ok(s.clFinish(s.queue));
    s.clReleaseMemObject(memory);
    expect_ok(s.api->release_op(op));
}

Test(tuning, recordings_are_not_implemented) {
    expect_code(CL_INVALID_OPERATION,
                s.api->enqueue_recording(s.queue, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL,
                                         0, NULL, 0, NULL, 0, NULL, NULL));
}
