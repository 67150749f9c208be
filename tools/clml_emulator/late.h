/* Work of the host that waits its turn in a queue: copies of host memory made late, and delays. */
#ifndef CLML_EMULATOR_LATE_H
#define CLML_EMULATOR_LATE_H

#include "opencl.h"

/* A copy of `size` bytes, or none when size is 0. */
typedef struct emu_late_copy {
    void *to;
    const void *from;
    size_t size;
    void *own; /* freed after the copy, even when there is an error */
} emu_late_copy;

/* An event that completes once those events have completed, `delay_ms` has passed and the copy has
 * been made. A thread of its own does it. */
cl_int emu_late(cl_context context, cl_uint wait_count, const cl_event *waits, unsigned delay_ms,
                const emu_late_copy *copy, cl_event *out);

#endif
