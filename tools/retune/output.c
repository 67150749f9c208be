#include "output.h"

#include "exit_code.h"
#include "terminal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Readers want each line when it happens, not when a buffer is full. */
static void print_line(const char *line) {
    fputs(line, stdout);
    putchar('\n');
    fflush(stdout);
}

void output_json(cJSON *object) {
    char *line = object ? cJSON_PrintUnformatted(object) : NULL;
    print_line(line ? line
                    : "{\"event\":\"error\",\"status\":\"out of memory\",\"code\":4,"
                      "\"message\":\"out of memory\"}");
    cJSON_free(line);
    cJSON_Delete(object);
}

void output_add_share(cJSON *object, const char *key, double value) {
    cJSON_AddNumberToObject(object, key, round(value * 1e6) / 1e6);
}

void output_event(const retune_event *event) {
    char few[1024];
    size_t length = retune_event_json(event, few, sizeof few);
    if (length < sizeof few) {
        print_line(few);
        return;
    }
    char *many = malloc(length + 1);
    if (!many) {
        output_json(NULL);
        return;
    }
    retune_event_json(event, many, length + 1);
    print_line(many);
    free(many);
}

/* Bytes of the control character at `text`: 0 when it is none, 2 for U+0080 to U+009F in UTF-8. */
static size_t control_length(const char *text) {
    unsigned char first = (unsigned char)text[0], second = first ? (unsigned char)text[1] : 0;
    if (first < 0x20 || first == 0x7f)
        return 1;
    return first == 0xc2 && second >= 0x80 && second < 0xa0 ? 2 : 0;
}

void text_make_printable(char *text) {
    while (*text) {
        size_t length = control_length(text);
        memset(text, '?', length);
        text += length ? length : 1;
    }
}

void output_text(const char *text) {
    while (*text) {
        size_t length = control_length(text);
        putchar(length ? '?' : *text);
        text += length ? length : 1;
    }
}

int output_error(bool json, retune_status status, const char *message) {
    char text[RETUNE_ERROR_MESSAGE_MAX];
    snprintf(text, sizeof text, "%s", *message ? message : retune_status_text(status));
    if (json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "event", "error");
        cJSON_AddStringToObject(object, "status", retune_status_text(status));
        cJSON_AddNumberToObject(object, "code", status);
        cJSON_AddStringToObject(object, "message", text);
        output_json(object);
    }
    text_make_printable(text);
    fprintf(stderr, "retune: %s\n", text);
    return exit_code_of(status);
}

int output_usage_error(bool json, const char *format, ...) {
    char text[RETUNE_ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return output_error(json, RETUNE_INVALID, text);
}

int output_finish(int exit_code) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return exit_code;
    fprintf(stderr, "retune: standard output cannot be written%s%s\n", errno ? ": " : "",
            errno ? strerror(errno) : "");
    return exit_code == EXIT_CODE_DONE ? EXIT_CODE_FILE : exit_code;
}

static bool is_styled(void) {
    static int styled = -1;
    if (styled < 0)
        styled = terminal_is_styled(STDOUT_FILENO);
    return styled;
}

const char *style_bold(void) {
    return is_styled() ? "\033[1m" : "";
}

const char *style_dim(void) {
    return is_styled() ? "\033[2m" : "";
}

const char *style_end(void) {
    return is_styled() ? "\033[0m" : "";
}
