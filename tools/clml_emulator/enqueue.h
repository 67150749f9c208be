/* Putting kernels into the caller's queue. */
#ifndef CLML_EMULATOR_ENQUEUE_H
#define CLML_EMULATOR_ENQUEUE_H

#include "late.h"
#include "op.h"

/* Where a command waits and reports. */
typedef struct emu_place {
    cl_command_queue queue;
    cl_uint wait_count;
    const cl_event *waits;
} emu_place;

/* CL_INVALID_COMMAND_QUEUE, CL_INVALID_CONTEXT: no queue, or one of another context.
 * CL_INVALID_EVENT_WAIT_LIST: a count without events or the reverse. */
cl_int emu_check_place(const emu_place *place, const emu_context *context, const char *name);

/* Memory of a tensor: of the queue's context, and large enough, else CL_INVALID_MEM_OBJECT,
 * CL_INVALID_CONTEXT, CL_INVALID_BUFFER_SIZE. */
cl_int emu_check_memory(const emu_tensor *tensor, cl_mem memory, const char *name);

/* Commands of which each waits for the one before. */
typedef struct emu_chain {
    emu_place place; /* of the next */
    cl_event last;   /* NULL before the first */
} emu_chain;

/* Adds the event of a command that was enqueued in the chain's place. */
void emu_chain_add(emu_chain *chain, cl_event event);

/* The next command comes after `delay_ms` and, if one is given, the copy, both after all before it.
 * The copy's own memory is freed in any case. */
cl_int emu_chain_late(emu_chain *chain, cl_context context, unsigned delay_ms,
                      const emu_late_copy *copy);

/* Gives the last event to the caller, or, on an error or without one who asks, lets it go. */
cl_int emu_chain_end(emu_chain *chain, cl_int code, cl_event *out_event);

/* Enqueues a kernel over `count` work items, whose arguments are set. */
cl_int emu_launch(const emu_place *place, cl_kernel kernel, size_t count, cl_event *out_event);

#endif
