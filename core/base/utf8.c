#include "base/utf8.h"

#include <string.h>

/* The range of the second byte is what rules out overlong forms (E0, F0), surrogates (ED) and too
 * large numbers (F4). */
size_t retune_utf8_sequence(const void *data, size_t size) {
    const unsigned char *bytes = data;
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size < length)
        return 0;
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool retune_utf8_is_valid(const void *data, size_t size, size_t *out_offset) {
    const unsigned char *bytes = data;
    size_t offset = 0, length = 1;
    while (offset < size && (length = retune_utf8_sequence(bytes + offset, size - offset)) > 0)
        offset += length;
    if (out_offset)
        *out_offset = offset;
    return offset == size;
}

bool retune_utf8_is_line(const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return retune_utf8_is_valid(text, strlen(text), NULL);
}
