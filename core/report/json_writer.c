#include "report/json_writer.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SEQUENCE_MAX 4 /* bytes, of UTF-8 */

retune_json retune_json_start(char *text, size_t size) {
    if (size > 0)
        text[0] = '\0';
    return (retune_json){text, size, 0, false};
}

static void put(retune_json *json, char c) {
    if (json->length + 1 < json->size) {
        json->text[json->length] = c;
        json->text[json->length + 1] = '\0';
    }
    json->length++;
}

static void put_all(retune_json *json, const char *text) {
    while (*text)
        put(json, *text++);
}

static void put_quoted(retune_json *json, const char *text) {
    put(json, '"');
    while (*text) {
        unsigned char c = (unsigned char)*text;
        size_t length = retune_utf8_sequence(text, SEQUENCE_MAX);
        if (length == 0) {
            put_all(json, "\\ufffd");
            length = 1;
        } else if (c == '"' || c == '\\') {
            put(json, '\\');
            put(json, *text);
        } else if (c == '\n') {
            put_all(json, "\\n");
        } else if (c == '\t') {
            put_all(json, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", c);
            put_all(json, escape);
        } else {
            for (size_t i = 0; i < length; i++)
                put(json, text[i]);
        }
        text += length;
    }
    put(json, '"');
}

static void put_key(retune_json *json, const char *key) {
    if (json->comma)
        put(json, ',');
    json->comma = true;
    if (key) {
        put_quoted(json, key);
        put(json, ':');
    }
}

void retune_json_open(retune_json *json, const char *key, char bracket) {
    put_key(json, key);
    put(json, bracket);
    json->comma = false;
}

void retune_json_close(retune_json *json, char bracket) {
    put(json, bracket);
    json->comma = true;
}

void retune_json_text(retune_json *json, const char *key, const char *value) {
    put_key(json, key);
    if (value)
        put_quoted(json, value);
    else
        put_all(json, "null");
}

void retune_json_integer(retune_json *json, const char *key, uint64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    put_key(json, key);
    put_all(json, digits);
}

void retune_json_number(retune_json *json, const char *key, double value, int digits) {
    put_key(json, key);
    if (!isfinite(value)) {
        put_all(json, "null");
        return;
    }
    char text[64];
    snprintf(text, sizeof text, "%.*g", digits, value);
    /* What is neither digit, sign nor exponent is the locale's decimal point, of any length. */
    static const char plain[] = "0123456789+-eE";
    for (const char *c = text; *c;) {
        if (strchr(plain, *c)) {
            put(json, *c++);
        } else {
            put(json, '.');
            c += strcspn(c, plain);
        }
    }
}
