#include "status.h"

#include "error.h"

/* Codes with what they mean while making or enqueueing, and after waiting. Everything that is not
 * listed is INTERNAL when making and DEVICE_LOST when waiting. */
static const struct {
    cl_int code;
    const char *name;
    retune_status making, waiting;
} codes[] = {
    {-1, "CL_DEVICE_NOT_FOUND", RETUNE_UNAVAILABLE, RETUNE_UNAVAILABLE},
    {-2, "CL_DEVICE_NOT_AVAILABLE", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {-3, "CL_COMPILER_NOT_AVAILABLE", RETUNE_UNAVAILABLE, RETUNE_UNAVAILABLE},
    {-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE", RETUNE_OUT_OF_MEMORY, RETUNE_OUT_OF_MEMORY},
    {-5, "CL_OUT_OF_RESOURCES", RETUNE_OUT_OF_MEMORY, RETUNE_DEVICE_LOST},
    {-6, "CL_OUT_OF_HOST_MEMORY", RETUNE_OUT_OF_MEMORY, RETUNE_OUT_OF_MEMORY},
    {-11, "CL_BUILD_PROGRAM_FAILURE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {-30, "CL_INVALID_VALUE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-33, "CL_INVALID_DEVICE", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {-34, "CL_INVALID_CONTEXT", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {-36, "CL_INVALID_COMMAND_QUEUE", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {-38, "CL_INVALID_MEM_OBJECT", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-42, "CL_INVALID_BINARY", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-43, "CL_INVALID_BUILD_OPTIONS", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-45, "CL_INVALID_PROGRAM_EXECUTABLE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-46, "CL_INVALID_KERNEL_NAME", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-48, "CL_INVALID_KERNEL", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-49, "CL_INVALID_ARG_INDEX", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-50, "CL_INVALID_ARG_VALUE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-51, "CL_INVALID_ARG_SIZE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-52, "CL_INVALID_KERNEL_ARGS", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-54, "CL_INVALID_WORK_GROUP_SIZE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-55, "CL_INVALID_WORK_ITEM_SIZE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-59, "CL_INVALID_OPERATION", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {-61, "CL_INVALID_BUFFER_SIZE", RETUNE_OUT_OF_MEMORY, RETUNE_INTERNAL},
    {-1001, "CL_PLATFORM_NOT_FOUND_KHR", RETUNE_UNAVAILABLE, RETUNE_UNAVAILABLE},
};

static size_t find(cl_int code) {
    size_t n = 0;
    while (n < sizeof codes / sizeof codes[0] && codes[n].code != code)
        n++;
    return n;
}

const char *opencl_code_name(cl_int code) {
    size_t n = find(code);
    return n < sizeof codes / sizeof codes[0] ? codes[n].name : "an unknown error";
}

static retune_status report(cl_int code, retune_status status, const char *what,
                            retune_error *error) {
    return backend_fail(error, status, "%s: %s (%d)", what, opencl_code_name(code), code);
}

retune_status opencl_check(cl_int code, const char *what, retune_error *error) {
    if (code == CL_SUCCESS)
        return RETUNE_OK;
    size_t n = find(code);
    bool known = n < sizeof codes / sizeof codes[0];
    return report(code, known ? codes[n].making : RETUNE_INTERNAL, what, error);
}

retune_status opencl_check_wait(cl_int code, const char *what, retune_error *error) {
    if (code == CL_SUCCESS)
        return RETUNE_OK;
    size_t n = find(code);
    bool known = n < sizeof codes / sizeof codes[0];
    return report(code, known ? codes[n].waiting : RETUNE_DEVICE_LOST, what, error);
}
