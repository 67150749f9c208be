#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

retune_status backend_fail(retune_error *error, retune_status code, const char *format, ...) {
    if (!error || error->struct_size < offsetof(retune_error, message))
        return code;
    error->code = (int32_t)code;
    size_t room = error->struct_size - offsetof(retune_error, message);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, room < sizeof error->message ? room : sizeof error->message, format,
              arguments);
    va_end(arguments);
    return code;
}

bool backend_explain(char *out_reason, size_t reason_size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out_reason, reason_size, format, arguments);
    va_end(arguments);
    return false;
}

retune_status backend_fill_struct(void *out_struct, const void *source, size_t size,
                                  retune_error *error) {
    uint32_t room;
    memcpy(&room, out_struct, sizeof room);
    if (room < sizeof room)
        return backend_fail(error, RETUNE_INVALID, "an out-struct with struct_size %u", room);
    if (size > room)
        size = room;
    memcpy((char *)out_struct + sizeof room, (const char *)source + sizeof room,
           size - sizeof room);
    return RETUNE_OK;
}
