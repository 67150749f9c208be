/* The OpenCL library of this machine: the ICD loader, or on phones the vendor's own. It is loaded
 * at run time, so that a machine without it gets a reason and not a plugin that fails to load. */
#ifndef RETUNE_OPENCL_LIBRARY_H
#define RETUNE_OPENCL_LIBRARY_H

#include "retune/types.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

typedef struct opencl_library {
    char path[256]; /* of the file that was loaded */
#define OPENCL_FUNCTION(name) __typeof__(name) *name;
#include "functions.def"
#undef OPENCL_FUNCTION
} opencl_library;

/* What there is not. */
typedef enum opencl_lack {
    OPENCL_LACKS_NOTHING,
    OPENCL_LACKS_LOADER,
    OPENCL_LACKS_VERSION,
    OPENCL_LACKS_DRIVER,
    OPENCL_LACKS_DEVICE
} opencl_lack;

/* The functions, once opencl_library_load has succeeded. */
extern opencl_library cl;

/* Loads the library; again costs nothing. UNAVAILABLE: there is none, or a function is missing; the
 * message says what to install. May be called from any thread. */
retune_status opencl_library_load(opencl_lack *out_lack, retune_error *error);

/* What else the library exports, NULL when it does not. After opencl_library_load has succeeded. */
void *opencl_library_symbol(const char *name);

#endif
