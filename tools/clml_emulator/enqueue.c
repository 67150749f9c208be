#include "enqueue.h"

#include "guard.h"
#include "set.h"

#include <stdlib.h>

/* ---- Checks --------------------------------------------------------------------------------- */

cl_int emu_check_place(const emu_place *place, const emu_context *context, const char *name) {
    cl_context own = NULL;
    if (!place->queue || cl.clGetCommandQueueInfo(place->queue, CL_QUEUE_CONTEXT, sizeof own, &own,
                                                  NULL) != CL_SUCCESS)
        return emu_refuse(name, CL_INVALID_COMMAND_QUEUE, "no queue");
    if (own != context->context)
        return emu_refuse(name, CL_INVALID_CONTEXT, "the queue is of another context");
    if (!place->wait_count != !place->waits)
        return emu_refuse(name, CL_INVALID_EVENT_WAIT_LIST, "a list and a count that disagree");
    return CL_SUCCESS;
}

cl_int emu_check_memory(const emu_tensor *tensor, cl_mem memory, const char *name) {
    size_t size = 0;
    cl_context own = NULL;
    if (!memory)
        return emu_refuse(name, CL_INVALID_MEM_OBJECT, "a tensor of %ux%ux%ux%u has no memory",
                          tensor->n, tensor->c, tensor->h, tensor->w);
    cl_int code = cl.clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof size, &size, NULL);
    if (code == CL_SUCCESS)
        code = cl.clGetMemObjectInfo(memory, CL_MEM_CONTEXT, sizeof own, &own, NULL);
    if (code != CL_SUCCESS)
        return emu_refuse(name, CL_INVALID_MEM_OBJECT, "memory that is none");
    if (own != tensor->context->context)
        return emu_refuse(name, CL_INVALID_CONTEXT, "memory of another context");
    if (size < emu_tensor_bytes(tensor))
        return emu_refuse(name, CL_INVALID_BUFFER_SIZE,
                          "a tensor of %ux%ux%ux%u needs %zu bytes and has %zu", tensor->n,
                          tensor->c, tensor->h, tensor->w, emu_tensor_bytes(tensor), size);
    return CL_SUCCESS;
}

/* ---- Kernels -------------------------------------------------------------------------------- */

cl_int emu_launch(const emu_place *place, cl_kernel kernel, size_t count, cl_event *out_event) {
    const size_t local = EMU_GROUP, global = (count + local - 1) / local * local;
    return cl.clEnqueueNDRangeKernel(place->queue, kernel, 1, NULL, &global, &local,
                                     place->wait_count, place->waits, out_event);
}

static cl_int set_arguments(const emu_op *op, const emu_op_step *step, const cl_mem *memory) {
    cl_uint index = 0;
    cl_int code = CL_SUCCESS;
    for (size_t n = 0; n < step->argument_count && code == CL_SUCCESS; n++) {
        const emu_argument *a = &step->arguments[n];
        if (a->kind == EMU_ARGUMENT_TENSOR)
            code = cl.clSetKernelArg(
                step->kernel, index++, sizeof(cl_mem),
                a->tensor < EMU_MAX_TENSORS && memory[a->tensor] ? &memory[a->tensor] : NULL);
        else if (a->kind == EMU_ARGUMENT_SCRATCH)
            code = cl.clSetKernelArg(step->kernel, index++, sizeof op->scratch, &op->scratch);
        else
            code = cl.clSetKernelArg(step->kernel, index++, a->size, a->u.bytes);
    }
    return code;
}

/* Fills what the op will overwrite with NaN. */
static cl_int spoil(const emu_op *op, const emu_use *use, cl_mem memory, const emu_place *place,
                    cl_event *out_event) {
    const emu_view view = emu_tensor_view(use->tensor);
    const cl_uint word = use->tensor->type == CL_HALF_FLOAT ? 0x7e007e00u : 0x7fc00000u;
    const cl_int first = (cl_int)((size_t)view.first * emu_element_size(use->tensor->type) / 4);
    const cl_int count = (cl_int)(emu_tensor_guard(use->tensor) / 4) - first;
    cl_int code = cl.clSetKernelArg(op->nan_kernel, 0, sizeof count, &count);
    if (code == CL_SUCCESS)
        code = cl.clSetKernelArg(op->nan_kernel, 1, sizeof memory, &memory);
    if (code == CL_SUCCESS)
        code = cl.clSetKernelArg(op->nan_kernel, 2, sizeof first, &first);
    if (code == CL_SUCCESS)
        code = cl.clSetKernelArg(op->nan_kernel, 3, sizeof word, &word);
    return code == CL_SUCCESS ? emu_launch(place, op->nan_kernel, (size_t)count, out_event) : code;
}

/* ---- Chains --------------------------------------------------------------------------------- */

void emu_chain_add(emu_chain *chain, cl_event event) {
    if (chain->last)
        cl.clReleaseEvent(chain->last);
    chain->last = event;
    chain->place.wait_count = 1;
    chain->place.waits = &chain->last;
}

static cl_int marker(emu_chain *chain) {
    cl_event event = NULL;
    const cl_int code = cl.clEnqueueMarkerWithWaitList(chain->place.queue, chain->place.wait_count,
                                                       chain->place.waits, &event);
    if (code == CL_SUCCESS)
        emu_chain_add(chain, event);
    return code;
}

/* Between two markers of the queue: what was enqueued before comes first, and the queue is not
 * finished before the work of the host is. */
cl_int emu_chain_late(emu_chain *chain, cl_context context, unsigned delay_ms,
                      const emu_late_copy *copy) {
    cl_event later = NULL;
    cl_int code = marker(chain);
    if (code != CL_SUCCESS) {
        if (copy)
            free(copy->own);
        return code;
    }
    cl.clFlush(chain->place.queue);
    code = emu_late(context, 1, &chain->last, delay_ms, copy, &later);
    if (code != CL_SUCCESS)
        return code;
    emu_chain_add(chain, later);
    return marker(chain);
}

cl_int emu_chain_end(emu_chain *chain, cl_int code, cl_event *out_event) {
    if (code == CL_SUCCESS && out_event)
        *out_event = chain->last;
    else if (chain->last)
        cl.clReleaseEvent(chain->last);
    return code;
}

/* ---- Steps ---------------------------------------------------------------------------------- */

static cl_int run_steps(const emu_op *op, const cl_mem *memory, emu_chain *c) {
    cl_int code = settings.delay_ms
                      ? emu_chain_late(c, op->context->context, settings.delay_ms, NULL)
                      : CL_SUCCESS;
    for (size_t n = 0; n < op->use_count && op->nan_kernel && code == CL_SUCCESS; n++) {
        cl_event event = NULL;
        if (!emu_present(op->uses[n].tensor) || (op->uses[n].role & EMU_UPDATE) != EMU_WRITE)
            continue;
        code = spoil(op, &op->uses[n], memory[n], &c->place, &event);
        if (code == CL_SUCCESS)
            emu_chain_add(c, event);
    }
    for (size_t s = 0; s < op->step_count && code == CL_SUCCESS; s++) {
        cl_event event = NULL;
        code = set_arguments(op, &op->steps[s], memory);
        if (code == CL_SUCCESS)
            code = emu_launch(&c->place, op->steps[s].kernel, op->steps[s].count, &event);
        if (code == CL_SUCCESS)
            emu_chain_add(c, event);
    }
    return code;
}

/* ---- Ops ------------------------------------------------------------------------------------ */

static cl_int find_memory(const emu_op *op, const emu_set *set, cl_mem *memory) {
    cl_int code = CL_SUCCESS;
    for (size_t n = 0; n < op->use_count && code == CL_SUCCESS; n++) {
        memory[n] = NULL;
        if (!emu_present(op->uses[n].tensor))
            continue;
        memory[n] = emu_set_find(set, op->uses[n].tensor);
        code = emu_check_memory(op->uses[n].tensor, memory[n], op->name);
    }
    return code;
}

/* Bindings of an op that was said never to change. */
static cl_int check_immutable(emu_op *op, const cl_mem *memory) {
    for (size_t n = 0; n < op->use_count; n++) {
        if (op->has_run && memory[n] != op->first_bindings[n])
            return emu_refuse(op->name, CL_INVALID_OPERATION,
                              "enqueued as immutable, but the memory of a tensor changed");
        op->first_bindings[n] = memory[n];
    }
    op->has_run = true;
    return CL_SUCCESS;
}

static cl_int enqueue(emu_op *op, emu_set *set, bool immutable, const emu_place *place,
                      cl_event *out_event) {
    cl_mem memory[EMU_MAX_TENSORS];
    emu_chain c = {.place = *place};
    cl_int code = settings.fail_enqueue;
    if (code == CL_SUCCESS)
        code = emu_check_place(place, op->context, op->name);
    if (code == CL_SUCCESS)
        code = find_memory(op, set, memory);
    if (code == CL_SUCCESS && immutable)
        code = check_immutable(op, memory);
    if (code == CL_SUCCESS && settings.strict.opaque)
        code = emu_guard_check(op, memory, place);
    if (code == CL_SUCCESS && settings.profile)
        emu_log("runs %s", op->name);
    if (code == CL_SUCCESS)
        code = run_steps(op, memory, &c);
    if (code == CL_SUCCESS && settings.strict.opaque)
        code = emu_guard_write(op, memory, &c.place);
    if (code == CL_SUCCESS && c.last)
        emu_set_used(set, c.last);
    return emu_chain_end(&c, code, out_event);
}

/* Counts the caller in; false, with a line in the log, when another thread is inside. */
static bool enter(int *busy, const char *what) {
    const bool alone = __atomic_fetch_add(busy, 1, __ATOMIC_ACQ_REL) == 0;
    if (!alone && settings.strict.threads)
        emu_log("strict threads: %s is in use by another thread", what);
    return alone || !settings.strict.threads;
}

static void leave(int *busy) {
    __atomic_fetch_sub(busy, 1, __ATOMIC_ACQ_REL);
}

static cl_int enter_and_enqueue(emu_op *op, emu_set *set, bool immutable, const emu_place *place,
                                cl_event *out_event) {
    cl_int code = CL_INVALID_OPERATION;
    if (!op || !set)
        return CL_INVALID_VALUE;
    const bool op_is_ours = enter(&op->busy, op->name), set_is_ours = enter(&set->busy, "a set");
    if (op_is_ours && set_is_ours) {
        emu_lock();
        code = enqueue(op, set, immutable, place, out_event);
        emu_unlock();
    }
    leave(&set->busy);
    leave(&op->busy);
    return code;
}

cl_int emu_entry_enqueue_op(cl_command_queue queue, emu_op *op, emu_set *set, EMU_WAITS) {
    const emu_place place = {queue, wait_count, waits};
    return enter_and_enqueue(op, set, false, &place, out_event);
}

cl_int emu_entry_enqueue_immutable_op(cl_command_queue queue, emu_op *op, emu_set *set, EMU_WAITS) {
    const emu_place place = {queue, wait_count, waits};
    return enter_and_enqueue(op, set, true, &place, out_event);
}
