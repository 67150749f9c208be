#include "base/status.h"

#include "retune/retune.h"

#include <stdio.h>
#include <string.h>

static void write_message(retune_error *error, retune_status code, const char *format,
                          va_list arguments) {
    error->code = (int32_t)code;
    vsnprintf(error->message, sizeof error->message, format, arguments);
}

retune_status retune_fail(retune_error *error, retune_status code, const char *format, ...) {
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        write_message(error, code, format, arguments);
        va_end(arguments);
    }
    return code;
}

retune_status retune_fail_context(retune_error *error, retune_status code, const char *format,
                                  ...) {
    if (error) {
        char inner[RETUNE_ERROR_MESSAGE_MAX];
        memcpy(inner, error->message, sizeof inner);
        inner[sizeof inner - 1] = '\0';
        va_list arguments;
        va_start(arguments, format);
        write_message(error, code, format, arguments);
        va_end(arguments);
        size_t used = strlen(error->message);
        if (inner[0] != '\0')
            snprintf(error->message + used, sizeof error->message - used, ": %s", inner);
    }
    return code;
}

retune_status retune_fail_memory(retune_error *error, size_t bytes, const char *what) {
    return retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: %zu bytes for %s", bytes, what);
}

const char *retune_status_text(retune_status status) {
    switch (status) {
    case RETUNE_OK:
        return "ok";
    case RETUNE_UNSUPPORTED:
        return "not supported";
    case RETUNE_UNAVAILABLE:
        return "not available";
    case RETUNE_INVALID:
        return "invalid";
    case RETUNE_OUT_OF_MEMORY:
        return "out of memory";
    case RETUNE_DEVICE_LOST:
        return "device lost";
    case RETUNE_IO:
        return "input/output error";
    case RETUNE_CORRUPT:
        return "corrupt data";
    case RETUNE_CANCELLED:
        return "cancelled";
    case RETUNE_INTERNAL:
        return "internal error";
    }
    return "unknown status";
}

#define TEXT_OF(number)              #number
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *retune_version(void) {
    return VERSION(RETUNE_VERSION_MAJOR, RETUNE_VERSION_MINOR, RETUNE_VERSION_PATCH);
}
