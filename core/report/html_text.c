#include "report/html_text.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

#define SEQUENCE_MAX 4 /* bytes, of UTF-8 */

static const char *escape_of(unsigned char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
        return NULL;
    default:
        return c < 0x20 || c == 0x7f ? "\xef\xbf\xbd" : NULL;
    }
}

void retune_html_escape(FILE *out, const char *text) {
    while (*text) {
        size_t length = retune_utf8_sequence(text, SEQUENCE_MAX);
        const char *escape = length > 0 ? escape_of((unsigned char)*text) : "\xef\xbf\xbd";
        if (escape)
            fputs(escape, out);
        else
            fwrite(text, 1, length, out);
        text += length > 0 ? length : 1;
    }
}

bool retune_html_print(retune_html *page, const char *format, va_list arguments) {
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        page->failure = "text of a page";
        return false;
    }
    retune_html_escape(page->body, text);
    free(text);
    return true;
}

void retune_html_base64(FILE *out, const void *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0u) |
                         (left > 2 ? bytes[i + 2] : 0u);
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(left > 1 ? digits[group >> 6 & 63] : '=', out);
        fputc(left > 2 ? digits[group & 63] : '=', out);
    }
}

void retune_html_percent(FILE *out, double part) {
    long hundredths = lround(part * 10000.0);
    fprintf(out, "%s%ld.%02ld%%", hundredths < 0 ? "-" : "", labs(hundredths) / 100,
            labs(hundredths) % 100);
}
