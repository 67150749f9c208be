/* The OpenCL library of the process, found at run time as a backend finds it. */
#ifndef CLML_EMULATOR_OPENCL_H
#define CLML_EMULATOR_OPENCL_H

#include "interface.h"

#include <stdbool.h>

typedef struct emu_opencl {
#define EMU_FUNCTION(name) __typeof__(name) *name;
#include "functions.def"
#undef EMU_FUNCTION
} emu_opencl;

/* The functions, once emu_opencl_load has answered true. */
extern emu_opencl cl;

/* False, with a line in the log, when there is no library or a function is missing. Called with the
 * emulator's lock held; again costs nothing. */
bool emu_opencl_load(void);

#endif
