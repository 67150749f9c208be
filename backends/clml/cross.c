#include "cross.h"

#include "compiler.h"
#include "error.h"
#include "program.h"
#include "status.h"

#include <stdlib.h>

/* ---- Linear tensors ------------------------------------------------------------------------- */

static clml_linear *find_linear(const retune_backend_program *program, clml_shape shape) {
    clml_linear *linear = program->linears;
    while (linear && !clml_shape_equal(linear->shape, shape))
        linear = linear->next;
    return linear;
}

retune_status clml_cross_prepare(clml_view *view, retune_error *error) {
    retune_backend_program *program = view->program;
    clml_device *device = program->device;
    const clml_tensor_desc desc = clml_shape_desc(view->shape, CLML_LAYOUT_NCHW);
    if (device->options.crossing == CLML_CROSSING_HOST || find_linear(program, view->shape))
        return RETUNE_OK;
    clml_linear *linear = calloc(1, sizeof *linear);
    if (!linear)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a linear tensor");
    linear->shape = view->shape;
    cl_uint bytes = 0;
    retune_status status = clml_check_made(
        device->ml->make_tensor(device->opencl.context, NULL, &desc, &linear->handle),
        "a linear tensor", error);
    if (status != RETUNE_OK) {
        free(linear);
        return status;
    }
    linear->next = program->linears;
    program->linears = linear;
    status =
        clml_check_made(device->ml->tensor_size(device->opencl.context, linear->handle, &bytes),
                        "the size of a linear tensor", error);
    size_t logical = clml_shape_elements(view->shape) * sizeof(float);
    linear->bytes = bytes > logical ? bytes : logical;
    return status;
}

void clml_linears_release(retune_backend_program *program) {
    while (program->linears) {
        clml_linear *linear = program->linears;
        program->linears = linear->next;
        program->device->ml->release_tensor(linear->handle);
        opencl_device_give_back(&program->device->opencl, linear->memory, linear->bytes);
        free(linear);
    }
}

/* The linear tensor of a view's shape, with memory. */
static retune_status linear_of(const clml_view *view, clml_linear **out_linear,
                               retune_error *error) {
    clml_linear *linear = *out_linear = find_linear(view->program, view->shape);
    if (!linear)
        return backend_fail(error, RETUNE_INTERNAL, "a view that was not made to cross");
    if (linear->memory)
        return RETUNE_OK;
    return opencl_device_take(&view->program->device->opencl, linear->bytes, "a linear tensor",
                              &linear->memory, error);
}

/* ---- On the device -------------------------------------------------------------------------- */

static retune_status kernel_of(clml_device *device, bool in, cl_kernel *out_kernel,
                               retune_error *error) {
    cl_kernel *kept = in ? &device->to_planes : &device->to_pixels;
    retune_status status = RETUNE_OK;
    if (!*kept)
        status = opencl_compiler_kernel(&device->opencl, "layout", in ? "to_planes" : "to_pixels",
                                        "", kept, error);
    *out_kernel = *kept;
    return status;
}

static cl_int set_arguments(cl_kernel kernel, cl_mem from, cl_mem to, const cl_int numbers[4]) {
    cl_int code = cl.clSetKernelArg(kernel, 0, sizeof from, &from);
    if (code == CL_SUCCESS)
        code = cl.clSetKernelArg(kernel, 1, sizeof to, &to);
    for (cl_uint n = 0; n < 4 && code == CL_SUCCESS; n++)
        code = cl.clSetKernelArg(kernel, 2 + n, sizeof numbers[n], &numbers[n]);
    return code;
}

/* Turns one piece of dense data into the linear tensor, or back. */
static retune_status turn(const clml_view *view, uint32_t piece, cl_mem dense, cl_mem linear,
                          bool in, retune_error *error) {
    enum { GROUP_ITEMS = 64 };
    clml_device *device = view->program->device;
    const clml_shape s = view->shape;
    const size_t count = clml_shape_elements(s), first = piece * count;
    cl_event *event = clml_program_event(view->program);
    cl_kernel kernel;
    if (clml_shape_is_plain(s)) {
        const size_t offset = first * sizeof(float), bytes = count * sizeof(float);
        cl_int code =
            cl.clEnqueueCopyBuffer(device->opencl.queue, in ? dense : linear, in ? linear : dense,
                                   in ? offset : 0, in ? 0 : offset, bytes, 0, NULL, event);
        return opencl_device_note(&device->opencl, opencl_check(code, "a copy", error));
    }
    retune_status status = kernel_of(device, in, &kernel, error);
    if (status != RETUNE_OK)
        return status;
    const cl_int numbers[4] = {(cl_int)first, (cl_int)(s.h * s.w), (cl_int)s.c, (cl_int)count};
    const size_t local = GROUP_ITEMS, global = (count + local - 1) / local * local;
    cl_int code = set_arguments(kernel, in ? dense : linear, in ? linear : dense, numbers);
    if (code == CL_SUCCESS)
        code = cl.clEnqueueNDRangeKernel(device->opencl.queue, kernel, 1, NULL, &global, &local, 0,
                                         NULL, event);
    return opencl_device_note(&device->opencl, opencl_check(code, "a change of layout", error));
}

static retune_status copy(const clml_view *view, uint32_t piece, const clml_linear *linear, bool in,
                          retune_error *error) {
    clml_device *device = view->program->device;
    cl_mem private = clml_view_memory(view, piece);
    cl_int code = device->ml->enqueue_copy(
        device->opencl.queue, in ? linear->handle : view->handle, in ? linear->memory : private,
        in ? view->handle : linear->handle, in ? private : linear->memory, 0, NULL,
        clml_program_event(view->program));
    return opencl_device_note(&device->opencl, clml_check(code, "a copy of a tensor", error));
}

static retune_status cross_on_device(const clml_view *view, cl_mem dense, bool in,
                                     retune_error *error) {
    clml_linear *linear;
    retune_status status = linear_of(view, &linear, error);
    for (uint32_t p = 0; p < view->pieces && status == RETUNE_OK; p++) {
        if (in)
            status = turn(view, p, dense, linear->memory, true, error);
        if (status == RETUNE_OK)
            status = copy(view, p, linear, in, error);
        if (!in && status == RETUNE_OK)
            status = turn(view, p, dense, linear->memory, false, error);
    }
    return status;
}

/* ---- Through the host ----------------------------------------------------------------------- */

/* Waits for a transfer of the extension, which may touch host memory until its event is done. */
static retune_status wait_for(clml_device *device, cl_int code, cl_event event,
                              retune_error *error) {
    retune_status status = clml_check(code, "a transfer of a tensor", error);
    if (status == RETUNE_OK)
        status = opencl_check_wait(cl.clWaitForEvents(1, &event), "a transfer of a tensor", error);
    if (event)
        cl.clReleaseEvent(event);
    return opencl_device_note(&device->opencl, status);
}

static retune_status piece_in(const clml_view *view, uint32_t piece, cl_mem memory, float *dense,
                              float *planes, retune_error *error) {
    clml_device *device = view->program->device;
    const size_t bytes = clml_shape_elements(view->shape) * sizeof(float);
    cl_event event = NULL;
    cl_int code = cl.clEnqueueReadBuffer(device->opencl.queue, memory, CL_TRUE, piece * bytes,
                                         bytes, dense, 0, NULL, NULL);
    retune_status status = opencl_check_wait(code, "a read", error);
    if (status != RETUNE_OK)
        return opencl_device_note(&device->opencl, status);
    clml_to_planes(view->shape, dense, planes);
    code = device->ml->enqueue_write(device->opencl.queue, planes, CLML_LAYOUT_NCHW, view->handle,
                                     clml_view_memory(view, piece), 0, NULL, &event);
    return wait_for(device, code, event, error);
}

static retune_status piece_out(const clml_view *view, uint32_t piece, cl_mem memory, float *dense,
                               float *planes, retune_error *error) {
    clml_device *device = view->program->device;
    const size_t bytes = clml_shape_elements(view->shape) * sizeof(float);
    cl_event event = NULL;
    cl_int code =
        device->ml->enqueue_read(device->opencl.queue, view->handle, clml_view_memory(view, piece),
                                 planes, CLML_LAYOUT_NCHW, 0, NULL, &event);
    retune_status status = wait_for(device, code, event, error);
    if (status != RETUNE_OK)
        return status;
    clml_to_pixels(view->shape, planes, dense);
    code = cl.clEnqueueWriteBuffer(device->opencl.queue, memory, CL_TRUE, piece * bytes, bytes,
                                   dense, 0, NULL, NULL);
    return opencl_device_note(&device->opencl, opencl_check_wait(code, "a write", error));
}

/* A driver may touch as much host memory as the tensor has on the device. */
static retune_status cross_by_host(const clml_view *view, cl_mem memory, bool in,
                                   retune_error *error) {
    const size_t logical = clml_shape_elements(view->shape) * sizeof(float);
    float *dense = malloc(logical);
    float *planes = calloc(1, logical > view->bytes ? logical : view->bytes);
    retune_status status = RETUNE_OK;
    if (!dense || !planes)
        status = backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a transfer");
    for (uint32_t p = 0; p < view->pieces && status == RETUNE_OK; p++)
        status = in ? piece_in(view, p, memory, dense, planes, error)
                    : piece_out(view, p, memory, dense, planes, error);
    free(dense);
    free(planes);
    return status;
}

/* A tensor must be used by an op before its size is known. */
static retune_status try_transfer(clml_device *device, clml_tensor_handle tensor,
                                  clml_op_handle *fill, cl_mem *memory, cl_uint *bytes,
                                  retune_error *error) {
    const clml_fill_desc desc = {.value = {.type = CL_FLOAT}, .arithmetic = CLML_FP32};
    cl_context context = device->opencl.context;
    cl_event event = NULL;
    retune_status status =
        clml_check(device->ml->fill(context, NULL, &desc, tensor, fill, NULL), "fill", error);
    if (status == RETUNE_OK)
        status = clml_check(device->ml->tensor_size(context, tensor, bytes), "the size of a tensor",
                            error);
    if (status == RETUNE_OK)
        status = opencl_device_take(&device->opencl, *bytes, "a tensor", memory, error);
    float *host = calloc(1, *bytes + sizeof *host);
    if (status == RETUNE_OK && !host)
        status = backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a transfer");
    if (status == RETUNE_OK) {
        cl_int code = device->ml->enqueue_write(device->opencl.queue, host, CLML_LAYOUT_NCHW,
                                                tensor, *memory, 0, NULL, &event);
        status = wait_for(device, code, event, error);
    }
    free(host);
    return status;
}

retune_status clml_cross_try_host(clml_device *device, retune_error *error) {
    const clml_tensor_desc desc = clml_shape_desc((clml_shape){1, 1, 1, 1}, CLML_LAYOUT_OPTIMAL);
    clml_tensor_handle tensor = NULL;
    clml_op_handle fill = NULL;
    cl_mem memory = NULL;
    cl_uint bytes = 0;
    retune_status status = clml_check(
        device->ml->make_tensor(device->opencl.context, NULL, &desc, &tensor), "a tensor", error);
    if (status == RETUNE_OK)
        status = try_transfer(device, tensor, &fill, &memory, &bytes, error);
    if (fill)
        device->ml->release_op(fill);
    if (tensor)
        device->ml->release_tensor(tensor);
    opencl_device_give_back(&device->opencl, memory, bytes);
    return status == RETUNE_OK ? status : RETUNE_UNAVAILABLE;
}

/* ---- Either way ----------------------------------------------------------------------------- */

static retune_status cross(const clml_view *view, cl_mem dense, bool in, retune_error *error) {
    return view->program->device->options.crossing == CLML_CROSSING_HOST
               ? cross_by_host(view, dense, in, error)
               : cross_on_device(view, dense, in, error);
}

retune_status clml_cross_in_from(clml_view *view, cl_mem dense, retune_error *error) {
    return cross(view, dense, true, error);
}

retune_status clml_cross_in(clml_view *view, retune_error *error) {
    retune_status status = opencl_tensor_reserve(view->tensor, error);
    if (status != RETUNE_OK)
        return status;
    return cross(view, opencl_tensor_memory(view->tensor), true, error);
}

retune_status clml_cross_out(clml_view *view, retune_error *error) {
    retune_status status = opencl_tensor_reserve(view->tensor, error);
    if (status != RETUNE_OK)
        return status;
    return cross(view, opencl_tensor_memory(view->tensor), false, error);
}
