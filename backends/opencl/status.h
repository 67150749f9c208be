/* OpenCL's error codes as ours. */
#ifndef RETUNE_OPENCL_STATUS_H
#define RETUNE_OPENCL_STATUS_H

#include "library.h"

#include <stdbool.h>

/* OK for CL_SUCCESS. Otherwise fills the error with "<what>: CL_... (-5)" and gives the status that
 * the code stands for where something is made or enqueued: OUT_OF_MEMORY, DEVICE_LOST, UNAVAILABLE,
 * or INTERNAL for what a correct backend never sees. */
retune_status opencl_check(cl_int code, const char *what, retune_error *error);

/* The same where enqueued work is waited for: a code that stands for a lack of resources when
 * something is made then means that a kernel failed, and with it the device. */
retune_status opencl_check_wait(cl_int code, const char *what, retune_error *error);

/* "CL_OUT_OF_RESOURCES", or "an unknown error". */
const char *opencl_code_name(cl_int code);

#endif
