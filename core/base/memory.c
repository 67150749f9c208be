#include "base/memory.h"

#include <stdio.h>
#include <string.h>

retune_status retune_allocate(size_t count, size_t size, const char *what, void *out_memory,
                              retune_error *error) {
    void **out = out_memory;
    *out = calloc(count ? count : 1, size ? size : 1);
    if (*out)
        return RETUNE_OK;
    size_t bytes = 0;
    return retune_fail_memory(error, retune_size_multiply(count, size, &bytes) ? bytes : SIZE_MAX,
                              what);
}

retune_status retune_grow(void *array, size_t *capacity, size_t count, size_t size,
                          const char *what, retune_error *error) {
    void **items = array;
    if (count < *capacity) {
        memset((char *)*items + count * size, 0, size);
        return RETUNE_OK;
    }
    size_t larger = *capacity ? *capacity : 8, bytes = 0;
    if (!retune_size_multiply(larger, 2, &larger) || !retune_size_multiply(larger, size, &bytes))
        return retune_fail_memory(error, SIZE_MAX, what);
    void *moved = realloc(*items, bytes);
    if (!moved)
        return retune_fail_memory(error, bytes, what);
    *items = moved;
    *capacity = larger;
    memset((char *)moved + count * size, 0, size);
    return RETUNE_OK;
}

retune_status retune_copy_text(const char *text, char **out_text, retune_error *error) {
    *out_text = strdup(text);
    return *out_text ? RETUNE_OK : retune_fail_memory(error, strlen(text) + 1, "text");
}

retune_status retune_format_text(char **out_text, retune_error *error, const char *format, ...) {
    *out_text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return retune_fail(error, RETUNE_INTERNAL, "text cannot be formatted: %s", format);
    char *text = malloc((size_t)length + 1);
    if (!text)
        return retune_fail_memory(error, (size_t)length + 1, "text");
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    *out_text = text;
    return RETUNE_OK;
}

retune_status retune_allocate_aligned(size_t bytes, const char *what, void *out_memory,
                                      retune_error *error) {
    void **out = out_memory;
    *out = NULL;
    size_t rounded = 0;
    if (!retune_size_add(bytes ? bytes : 1, 63, &rounded))
        return retune_fail_memory(error, bytes, what);
    rounded &= ~(size_t)63;
    *out = aligned_alloc(64, rounded);
    if (!*out)
        return retune_fail_memory(error, bytes, what);
    memset(*out, 0, rounded);
    return RETUNE_OK;
}
