/* Tensors to and from host memory, from one to another, and as arguments of the caller's kernels.
 * Dense data passes through a buffer of its own, which a kernel converts to or from the tensor's
 * layout. */
#include "enqueue.h"
#include "guard.h"

#include <stdlib.h>

enum { LATE_MS = 20 }; /* how late strict mode touches host memory */

typedef struct transfer {
    const char *name;
    emu_chain chain;
    const emu_tensor *tensor;
    cl_mem memory;
    cl_uint layout; /* of the host */
    size_t size;    /* bytes of host data */
    size_t touched; /* bytes of host memory that are touched, as many or more */
    cl_mem staging; /* of `touched` bytes */
} transfer;

/* An element's bits are moved as they are: words, or halves of words. */
static cl_int convert(emu_context *context, emu_place *place, cl_uint type, cl_mem from,
                      const emu_view *from_view, cl_mem to, const emu_view *to_view,
                      cl_event *out_event) {
    cl_kernel kernel = NULL;
    const emu_elements elements = type == CL_HALF_FLOAT ? EMU_ELEMENTS_HALF : EMU_ELEMENTS_FLOAT;
    const struct {
        size_t size;
        const void *value;
    } arguments[] = {{sizeof(cl_int), &to_view->count},
                     {sizeof from, &from},
                     {sizeof *from_view, from_view},
                     {sizeof to, &to},
                     {sizeof *to_view, to_view}};
    cl_int code = emu_kernel_create(context, "data", elements, "copy_elements", &kernel);
    for (cl_uint n = 0; n < 5 && code == CL_SUCCESS; n++)
        code = cl.clSetKernelArg(kernel, n, arguments[n].size, arguments[n].value);
    if (code == CL_SUCCESS)
        code = emu_launch(place, kernel, (size_t)to_view->count, out_event);
    if (kernel)
        cl.clReleaseKernel(kernel);
    return code;
}

static cl_int check(transfer *t, const void *host) {
    if (!host)
        return emu_refuse(t->name, CL_INVALID_VALUE, "no host memory");
    if (t->tensor->unused)
        return emu_refuse(t->name, CL_INVALID_VALUE, "the tensor is an unused one");
    if (t->layout == EMU_LAYOUT_OPTIMAL || emu_layout_refused("host", t->layout))
        return emu_refuse(t->name, EMU_INVALID_LAYOUT, "host data of layout %u", t->layout);
    const cl_int code = emu_check_place(&t->chain.place, t->tensor->context, t->name);
    return code == CL_SUCCESS ? emu_check_memory(t->tensor, t->memory, t->name) : code;
}

static cl_int begin(transfer *t, const void *host) {
    cl_int code = settings.fail_enqueue;
    if (code == CL_SUCCESS)
        code = check(t, host);
    if (code != CL_SUCCESS)
        return code;
    t->size = emu_tensor_count(t->tensor) * emu_element_size(t->tensor->type);
    t->touched = t->size;
    if (settings.strict.late && emu_tensor_bytes(t->tensor) > t->size)
        t->touched = emu_tensor_bytes(t->tensor);
    t->staging =
        cl.clCreateBuffer(t->tensor->context->context, CL_MEM_READ_WRITE, t->touched, NULL, &code);
    return code;
}

static cl_int end(transfer *t, cl_int code, cl_event *out_event) {
    if (t->staging)
        cl.clReleaseMemObject(t->staging);
    code = emu_chain_end(&t->chain, code, out_event);
    emu_unlock();
    return code;
}

static cl_int late(transfer *t, unsigned delay_ms, const emu_late_copy *copy) {
    return emu_chain_late(&t->chain, t->tensor->context->context, delay_ms, copy);
}

/* ---- Write ---------------------------------------------------------------------------------- */

static cl_int write_staging(transfer *t, const void *host) {
    cl_event event = NULL;
    const cl_int code =
        cl.clEnqueueWriteBuffer(t->chain.place.queue, t->staging, CL_FALSE, 0, t->touched, host,
                                t->chain.place.wait_count, t->chain.place.waits, &event);
    if (code == CL_SUCCESS)
        emu_chain_add(&t->chain, event);
    return code;
}

static void CL_CALLBACK free_copy(cl_event event, cl_int state, void *copy) {
    (void)event, (void)state;
    free(copy);
}

/* Host memory is read by a thread once the write's turn has come; its copy lives until the device
 * has it. */
static cl_int write_staging_late(transfer *t, const void *host, unsigned delay_ms) {
    void *copy = malloc(t->touched);
    if (!copy)
        return CL_OUT_OF_HOST_MEMORY;
    cl_int code = late(t, delay_ms, &(emu_late_copy){.to = copy, .from = host, .size = t->touched});
    if (code == CL_SUCCESS)
        code = write_staging(t, copy);
    if (code == CL_SUCCESS)
        code = cl.clSetEventCallback(t->chain.last, CL_COMPLETE, free_copy, copy);
    if (code == CL_SUCCESS)
        return CL_SUCCESS;
    cl.clFinish(t->chain.place.queue); /* nothing uses the copy any more */
    free(copy);
    return code;
}

static cl_int write(transfer *t, const void *host) {
    const emu_view from = emu_dense_view(t->tensor, t->layout), to = emu_tensor_view(t->tensor);
    const unsigned delay_ms = settings.delay_ms + (settings.strict.late ? LATE_MS : 0);
    cl_event event = NULL;
    cl_int code = delay_ms ? write_staging_late(t, host, delay_ms) : write_staging(t, host);
    if (code == CL_SUCCESS)
        code = convert(t->tensor->context, &t->chain.place, t->tensor->type, t->staging, &from,
                       t->memory, &to, &event);
    if (code != CL_SUCCESS)
        return code;
    emu_chain_add(&t->chain, event);
    return settings.strict.opaque ? emu_guard_write_tensor(t->tensor, t->memory, &t->chain.place)
                                  : CL_SUCCESS;
}

cl_int emu_entry_enqueue_write(cl_command_queue queue, void *host, cl_uint layout,
                               emu_tensor *tensor, cl_mem memory, EMU_WAITS) {
    transfer t = {.name = "enqueue_write",
                  .chain.place = {queue, wait_count, waits},
                  .tensor = tensor,
                  .memory = memory,
                  .layout = layout};
    if (!tensor)
        return CL_INVALID_VALUE;
    emu_lock();
    cl_int code = begin(&t, host);
    if (code == CL_SUCCESS)
        code = write(&t, host);
    return end(&t, code, out_event);
}

/* ---- Read ----------------------------------------------------------------------------------- */

static cl_int read_staging(transfer *t, void *host) {
    cl_event event = NULL;
    const cl_int code =
        cl.clEnqueueReadBuffer(t->chain.place.queue, t->staging, CL_FALSE, 0, t->touched, host,
                               t->chain.place.wait_count, t->chain.place.waits, &event);
    if (code == CL_SUCCESS)
        emu_chain_add(&t->chain, event);
    return code;
}

static cl_int read_staging_late(transfer *t, void *host, unsigned delay_ms) {
    void *copy = malloc(t->touched);
    if (!copy)
        return CL_OUT_OF_HOST_MEMORY;
    cl_int code = read_staging(t, copy);
    if (code == CL_SUCCESS)
        code = late(t, delay_ms,
                    &(emu_late_copy){.to = host, .from = copy, .size = t->touched, .own = copy});
    else
        free(copy);
    return code;
}

static cl_int read(transfer *t, void *host) {
    const emu_view from = emu_tensor_view(t->tensor), to = emu_dense_view(t->tensor, t->layout);
    const unsigned delay_ms = settings.delay_ms + (settings.strict.late ? LATE_MS : 0);
    cl_event event = NULL;
    cl_int code = CL_SUCCESS;
    if (settings.strict.opaque)
        code = emu_guard_check_tensor(t->tensor, t->memory, &t->chain.place, t->name);
    if (code == CL_SUCCESS)
        code = convert(t->tensor->context, &t->chain.place, t->tensor->type, t->memory, &from,
                       t->staging, &to, &event);
    if (code != CL_SUCCESS)
        return code;
    emu_chain_add(&t->chain, event);
    return delay_ms ? read_staging_late(t, host, delay_ms) : read_staging(t, host);
}

cl_int emu_entry_enqueue_read(cl_command_queue queue, emu_tensor *tensor, cl_mem memory, void *host,
                              cl_uint layout, EMU_WAITS) {
    transfer t = {.name = "enqueue_read",
                  .chain.place = {queue, wait_count, waits},
                  .tensor = tensor,
                  .memory = memory,
                  .layout = layout};
    if (!tensor)
        return CL_INVALID_VALUE;
    emu_lock();
    cl_int code = begin(&t, host);
    if (code == CL_SUCCESS)
        code = read(&t, host);
    return end(&t, code, out_event);
}

/* ---- Copy ----------------------------------------------------------------------------------- */

static cl_int check_copy(const emu_place *place, const emu_tensor *from, cl_mem from_memory,
                         const emu_tensor *to, cl_mem to_memory) {
    const char *name = "enqueue_copy";
    if (!emu_present(from) || !emu_present(to) || from == to)
        return emu_refuse(name, CL_INVALID_VALUE, "two tensors that are used are needed");
    if (!emu_same_shape(from, to) || from->type != to->type)
        return emu_refuse(name, CL_INVALID_VALUE, "shapes or element types differ");
    cl_int code = emu_check_place(place, from->context, name);
    if (code == CL_SUCCESS)
        code = emu_check_memory(from, from_memory, name);
    if (code == CL_SUCCESS)
        code = emu_check_memory(to, to_memory, name);
    if (code == CL_SUCCESS && settings.strict.opaque)
        code = emu_guard_check_tensor(from, from_memory, place, name);
    return code;
}

cl_int emu_entry_enqueue_copy(cl_command_queue queue, emu_tensor *from, cl_mem from_memory,
                              emu_tensor *to, cl_mem to_memory, EMU_WAITS) {
    transfer t = {.chain.place = {queue, wait_count, waits}, .tensor = to};
    cl_event event = NULL;
    emu_lock();
    cl_int code = settings.fail_enqueue;
    if (code == CL_SUCCESS)
        code = check_copy(&t.chain.place, from, from_memory, to, to_memory);
    if (code == CL_SUCCESS) {
        const emu_view from_view = emu_tensor_view(from), to_view = emu_tensor_view(to);
        code = convert(to->context, &t.chain.place, to->type, from_memory, &from_view, to_memory,
                       &to_view, &event);
    }
    if (code == CL_SUCCESS)
        emu_chain_add(&t.chain, event);
    if (code == CL_SUCCESS && settings.strict.opaque)
        code = emu_guard_write_tensor(to, to_memory, &t.chain.place);
    return end(&t, code, out_event);
}

/* ---- Kernels of the caller ------------------------------------------------------------------ */

cl_int emu_entry_kernel_arg_tensor(cl_context context, const emu_binding *binding,
                                   cl_mem *out_memory) {
    const char *name = "kernel_arg_tensor";
    if (!binding || !out_memory || !binding->tensor)
        return CL_INVALID_VALUE;
    *out_memory = NULL;
    emu_lock();
    cl_int code = binding->tensor->context->context == context
                      ? emu_check_memory(binding->tensor, binding->memory, name)
                      : emu_refuse(name, CL_INVALID_CONTEXT, "the tensor is of another context");
    if (code == CL_SUCCESS && binding->tensor->unused)
        code = emu_refuse(name, CL_INVALID_VALUE, "the tensor is an unused one");
    if (code == CL_SUCCESS)
        code = cl.clRetainMemObject(binding->memory);
    if (code == CL_SUCCESS) {
        binding->tensor->exposed = true;
        *out_memory = binding->memory;
    }
    emu_unlock();
    return code;
}
