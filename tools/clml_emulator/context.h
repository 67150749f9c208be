/* What the emulator keeps of an OpenCL context: its programs. Also the one lock of the emulator. */
#ifndef CLML_EMULATOR_CONTEXT_H
#define CLML_EMULATOR_CONTEXT_H

#include "opencl.h"
#include "settings.h"

typedef struct emu_context emu_context;
struct emu_context {
    int references; /* of tensors and ops; the last one takes the programs along */
    cl_context context;
    struct emu_program *programs;
    emu_context *next;
};

/* The record of a context, with one reference more. */
cl_int emu_context_find(cl_context context, emu_context **out);
void emu_context_drop(emu_context *context);

/* How a kernel file is compiled. */
typedef enum emu_elements {
    EMU_ELEMENTS_FLOAT,     /* float, and words of any kind */
    EMU_ELEMENTS_HALF,      /* half, sums in float */
    EMU_ELEMENTS_HALF_SUMS, /* half, sums too */
} emu_elements;

/* A new kernel of kernels/<file>.cl. CL_BUILD_PROGRAM_FAILURE: the compiler's words are in the log.
 */
cl_int emu_kernel_create(emu_context *context, const char *file, emu_elements elements,
                         const char *name, cl_kernel *out);

void emu_lock(void);
void emu_unlock(void);

/* Logs "name: text" and answers the code. */
cl_int emu_refuse(const char *name, cl_int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
