/* The two functions that the library exports, and the table behind them. */
#include "context.h"
#include "opencl.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT cl_int clQueryMLInterfaceVersionsQCOM(cl_int *majors, cl_int *minors, cl_uint capacity,
                                             cl_uint *out_count);
EXPORT cl_int clGetMLInterfaceQCOM(void *out_table, cl_int major, cl_int minor);

static const emu_table table = {
    .major = 3,
    .minor = 0,
#define EMU_ENTRY(name, parameters) .name = emu_entry_##name,
#include "entries.def"
#undef EMU_ENTRY
};

/* The environment, and an OpenCL library. */
static cl_int prepare(void) {
    if (!emu_settings_read())
        return CL_INVALID_VALUE;
    return emu_opencl_load() ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

static cl_int query(cl_int *majors, cl_int *minors, cl_uint capacity, cl_uint *out_count) {
    if (settings.fail_query)
        return settings.fail_query;
    if (!majors != !minors || (!majors && !out_count))
        return emu_refuse("query", CL_INVALID_VALUE, "two arrays or a count are needed");
    if (majors && capacity < settings.version_count)
        return emu_refuse("query", CL_INVALID_VALUE, "%u versions do not fit into %u",
                          settings.version_count, capacity);
    for (cl_uint n = 0; n < settings.version_count && majors; n++) {
        majors[n] = settings.versions[n][0];
        minors[n] = settings.versions[n][1];
    }
    if (out_count)
        *out_count = settings.version_count;
    return CL_SUCCESS;
}

cl_int clQueryMLInterfaceVersionsQCOM(cl_int *majors, cl_int *minors, cl_uint capacity,
                                      cl_uint *out_count) {
    emu_lock();
    cl_int code = prepare();
    if (code == CL_SUCCESS)
        code = query(majors, minors, capacity, out_count);
    emu_unlock();
    return code;
}

/* A version can be had when it is listed; 3.0 also when only newer ones are. */
static bool offers(cl_int major, cl_int minor) {
    bool newer = false;
    for (cl_uint n = 0; n < settings.version_count; n++) {
        if (settings.versions[n][0] == major && settings.versions[n][1] == minor)
            return major == 3 && minor == 0;
        newer |= settings.versions[n][0] > 3;
    }
    return newer && major == 3 && minor == 0;
}

cl_int clGetMLInterfaceQCOM(void *out_table, cl_int major, cl_int minor) {
    const emu_table *answer = &table;
    if (!out_table)
        return CL_INVALID_VALUE;
    emu_lock();
    cl_int code = prepare();
    if (code == CL_SUCCESS)
        code = settings.fail_interface;
    if (code == CL_SUCCESS && !offers(major, minor))
        code = emu_refuse("interface", CL_INVALID_VALUE, "no version %d.%d", major, minor);
    if (code != CL_SUCCESS)
        answer = NULL;
    memcpy(out_table, &answer, sizeof answer);
    emu_unlock();
    return code;
}
