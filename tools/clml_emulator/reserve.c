/* Entries of the table that are not implemented: they say so and answer CL_INVALID_OPERATION. */
#include "context.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

#define EMU_ENTRY(name, parameters)
#define EMU_RESERVE(name, parameters)                                                              \
    cl_int emu_entry_##name parameters {                                                           \
        return emu_refuse(#name, CL_INVALID_OPERATION, "is not implemented");                      \
    }
#include "entries.def"
#undef EMU_ENTRY
