/* Strict mode "opaque": the bytes around the elements of an OPTIMAL tensor hold a pattern of that
 * tensor alone, written by whatever produces it and compared before it is read. Memory that was
 * written by other means, never written, or given to another tensor in between is found. Both calls
 * wait for the queue. */
#ifndef CLML_EMULATOR_GUARD_H
#define CLML_EMULATOR_GUARD_H

#include "enqueue.h"

/* CL_INVALID_VALUE: a tensor that the op reads is not as an op of the interface left it. */
cl_int emu_guard_check(const emu_op *op, const cl_mem *memory, const emu_place *place);
cl_int emu_guard_write(const emu_op *op, const cl_mem *memory, const emu_place *place);

/* The same for one tensor that a transfer reads or writes. */
cl_int emu_guard_check_tensor(const emu_tensor *tensor, cl_mem memory, const emu_place *place,
                              const char *name);
cl_int emu_guard_write_tensor(const emu_tensor *tensor, cl_mem memory, const emu_place *place);

#endif
