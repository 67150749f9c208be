#include "device.h"

#include "error.h"
#include "status.h"

retune_status clml_check(cl_int code, const char *what, retune_error *error) {
    if (code == CLML_NOT_ACCELERATED)
        return backend_fail(error, RETUNE_UNSUPPORTED, "%s: not accelerated (%d)", what, code);
    if (code == CLML_INVALID_LAYOUT)
        return backend_fail(error, RETUNE_UNSUPPORTED, "%s: tensor layout not taken (%d)", what,
                            code);
    return opencl_check(code, what, error);
}

retune_status clml_check_made(cl_int code, const char *what, retune_error *error) {
    retune_status status = clml_check(code, what, error);
    if (status == RETUNE_OK || status == RETUNE_OUT_OF_MEMORY || status == RETUNE_DEVICE_LOST)
        return status;
    return RETUNE_UNSUPPORTED;
}
