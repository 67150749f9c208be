#include "trial.h"

#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_failed(const trial *t) {
    return t->failed[0] != '\0';
}

/* Keeps the first failure. */
static bool check(trial *t, cl_int code, const char *what) {
    if (!has_failed(t) && code != CL_SUCCESS) {
        t->code = code;
        snprintf(t->failed, sizeof t->failed, "%s", what);
    }
    return !has_failed(t);
}

void trial_fail(trial *t, const char *what) {
    check(t, CL_INVALID_VALUE, what);
}

trial trial_begin(const probe *on) {
    return (trial){.on = on};
}

void trial_end(trial *t) {
    const clml_table *ml = t->on->ml;
    cl.clFinish(t->on->queue);
    for (size_t n = 0; n < t->op_count; n++)
        ml->release_op(t->ops[n]);
    for (size_t n = 0; n < t->tensor_count; n++) {
        ml->release_tensor(t->tensors[n].handle);
        if (t->tensors[n].memory)
            cl.clReleaseMemObject(t->tensors[n].memory);
    }
    if (t->set)
        ml->release_set(t->set);
}

size_t trial_tensor_make_type(trial *t, clml_shape shape, cl_channel_type type) {
    clml_tensor_desc desc = clml_shape_desc(shape, CLML_LAYOUT_OPTIMAL);
    trial_tensor *tensor = &t->tensors[t->tensor_count];
    desc.data_type = type;
    if (has_failed(t) ||
        !check(t, t->tensor_count < TRIAL_TENSORS_MAX ? CL_SUCCESS : CL_INVALID_VALUE,
               "too many tensors"))
        return 0;
    tensor->shape = shape;
    if (!check(t, t->on->ml->make_tensor(t->on->context, NULL, &desc, &tensor->handle),
               "making a tensor"))
        return 0;
    return t->tensor_count++;
}

size_t trial_tensor_make(trial *t, clml_shape shape) {
    return trial_tensor_make_type(t, shape, CL_FLOAT);
}

clml_tensor_handle trial_handle(const trial *t, size_t tensor) {
    return t->tensors[tensor].handle;
}

size_t trial_op(trial *t, cl_int code, const clml_op_handle *op, const char *name) {
    char what[96];
    snprintf(what, sizeof what, "making %s", name);
    if (!check(t, code, what))
        return 0;
    t->ops[t->op_count] = *op;
    return t->op_count++;
}

void trial_ready(trial *t) {
    clml_binding bindings[TRIAL_TENSORS_MAX];
    const clml_table *ml = t->on->ml;
    for (size_t n = 0; n < t->tensor_count && !has_failed(t); n++) {
        trial_tensor *tensor = &t->tensors[n];
        cl_int code;
        if (!check(t, ml->tensor_size(t->on->context, tensor->handle, &tensor->bytes),
                   "the size of a tensor"))
            return;
        tensor->memory =
            cl.clCreateBuffer(t->on->context, CL_MEM_READ_WRITE, tensor->bytes, NULL, &code);
        check(t, code, "memory for a tensor");
        bindings[n] = (clml_binding){tensor->handle, tensor->memory};
    }
    if (!has_failed(t) && check(t, ml->make_set(&t->set), "making a set"))
        check(t, ml->update_set(t->set, (uint32_t)t->tensor_count, bindings), "binding tensors");
}

/* Host memory is as large as the device's: a driver may touch all of it. */
static void *host_memory(trial *t, const trial_tensor *tensor, size_t bytes) {
    void *host = calloc(1, tensor->bytes > bytes ? tensor->bytes : bytes);
    if (!host)
        trial_fail(t, "host memory");
    return host;
}

static void move(trial *t, size_t number, void *values, bool write) {
    const trial_tensor *tensor = &t->tensors[number];
    const size_t bytes = clml_shape_elements(tensor->shape) * sizeof(float);
    const clml_table *ml = t->on->ml;
    cl_event event = NULL;
    if (has_failed(t))
        return;
    void *host = host_memory(t, tensor, bytes);
    if (!host)
        return;
    if (write)
        memcpy(host, values, bytes);
    cl_int code = write ? ml->enqueue_write(t->on->queue, host, CLML_LAYOUT_NCHW, tensor->handle,
                                            tensor->memory, 0, NULL, &event)
                        : ml->enqueue_read(t->on->queue, tensor->handle, tensor->memory, host,
                                           CLML_LAYOUT_NCHW, 0, NULL, &event);
    if (check(t, code, write ? "writing a tensor" : "reading a tensor"))
        check(t, cl.clWaitForEvents(1, &event), "waiting for a transfer");
    if (event)
        cl.clReleaseEvent(event);
    if (!write && !has_failed(t))
        memcpy(values, host, bytes);
    free(host);
}

void trial_write(trial *t, size_t tensor, const void *values) {
    move(t, tensor, (void *)(uintptr_t)values, true);
}

void trial_read(trial *t, size_t tensor, void *values) {
    move(t, tensor, values, false);
}

void trial_run(trial *t, size_t op) {
    if (has_failed(t))
        return;
    if (check(t, t->on->ml->enqueue_op(t->on->queue, t->ops[op], t->set, 0, NULL, NULL),
              "enqueuing an op"))
        check(t, cl.clFinish(t->on->queue), "running an op");
}

bool trial_answers(const trial *t, const char *question) {
    if (!has_failed(t))
        return true;
    const char *name = t->code == CLML_NOT_ACCELERATED  ? "not accelerated"
                       : t->code == CLML_INVALID_LAYOUT ? "layout not taken"
                                                        : opencl_code_name(t->code);
    printf("%-28s no answer: %s: %s (%d)\n", question, t->failed, name, t->code);
    return false;
}
