/* The settings as an INI that reads the same from any folder. */
#include "config/details.h"
#include "config/value.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The reader takes lines of 197 bytes; a longer value goes on in the next. */
#define LINE_BYTES 180

/* Text that grows. */
typedef struct ini_text {
    char *data;
    size_t length;
} ini_text;

static retune_status append(ini_text *text, const char *more, size_t length, retune_error *error) {
    char *data = realloc(text->data, text->length + length + 1);
    if (!data)
        return retune_fail_memory(error, text->length + length + 1, "an INI");
    memcpy(data + text->length, more, length);
    text->data = data;
    text->length += length;
    data[text->length] = '\0';
    return RETUNE_OK;
}

static retune_status append_text(ini_text *text, const char *more, retune_error *error) {
    return append(text, more, strlen(more), error);
}

/* Blanks around a break are lost, and a line may not begin as a comment. */
static bool may_break_before(const char *c) {
    bool inside_character = ((unsigned char)*c & 0xc0) == 0x80;
    return c[-1] != ' ' && c[-1] != '\t' && !strchr(" \t;#", *c) && !inside_character;
}

/* How much of `value` goes in this line: all of it, or up to where it may break; 0 when it cannot.
 */
static size_t line_length(const char *value) {
    size_t length = strlen(value);
    if (length <= LINE_BYTES)
        return length;
    for (size_t i = LINE_BYTES; i > 1; i--)
        if (may_break_before(value + i))
            return i;
    return 0;
}

static retune_status append_value(ini_text *text, const char *key, const char *value,
                                  retune_error *error) {
    RETUNE_TRY(append_text(text, key, error));
    RETUNE_TRY(append_text(text, *value ? " = " : " =", error));
    if (strlen(key) + strlen(value) > LINE_BYTES && *value)
        RETUNE_TRY(append_text(text, "\\\n    ", error));
    for (;;) {
        size_t length = line_length(value);
        if (length == 0 && *value)
            return retune_fail(error, RETUNE_INVALID, "%s: cannot be broken into lines: %.60s", key,
                               value);
        RETUNE_TRY(append(text, value, length, error));
        value += length;
        if (*value == '\0')
            return append_text(text, "\n", error);
        RETUNE_TRY(append_text(text, "\\\n    ", error));
    }
}

retune_status retune_config_absolute_path(const char *path, char **out_path, retune_error *error) {
    *out_path = NULL;
    if (*path == '\0')
        return retune_copy_text("", out_path, error);
    char *folder = NULL, *joined = NULL;
    if (*path != '/') {
        folder = getcwd(NULL, 0);
        if (!folder)
            return retune_fail(error, RETUNE_IO, "the current folder has no name");
    }
    retune_status status = retune_path_join(folder ? folder : "", path, &joined, error);
    free(folder);
    if (status != RETUNE_OK)
        return status;
    /* Only what cannot change the meaning goes: "/./", "//" and a last "/"; ".." may pass a link.
     */
    char *to = joined;
    for (const char *from = joined; *from;) {
        if (from[0] == '/' && (from[1] == '/' || (from[1] == '\0' && to != joined)))
            from++;
        else if (from[0] == '/' && from[1] == '.' && (from[2] == '/' || from[2] == '\0'))
            from += 2;
        else
            *to++ = *from++;
    }
    if (to == joined)
        *to++ = '/';
    *to = '\0';
    *out_path = joined;
    return RETUNE_OK;
}

static retune_status append_key(ini_text *text, const retune_config *config, size_t index,
                                retune_error *error) {
    const retune_key *key = retune_key_at(index);
    const char *value = config->details->written[index].text;
    char *path = NULL;
    retune_status status = RETUNE_OK;
    if (key->type == RETUNE_KEY_TYPE_PATH) {
        status = retune_config_absolute_path(value, &path, error);
        if (status == RETUNE_OK)
            status = retune_value_check_text(path, error);
        if (status != RETUNE_OK)
            retune_fail_context(error, status, "[%s] %s", key->section, key->key);
        value = path;
    }
    if (status == RETUNE_OK)
        status = append_value(text, key->key, value, error);
    free(path);
    return status;
}

static retune_status append_section(ini_text *text, const char *name, retune_error *error) {
    RETUNE_TRY(append_text(text, text->length ? "\n[" : "[", error));
    RETUNE_TRY(append_text(text, name, error));
    return append_text(text, "]\n", error);
}

static retune_status append_all(ini_text *text, const retune_config *config, retune_error *error) {
    const char *section = "";
    for (size_t i = 0; i < retune_key_count(); i++) {
        if (strcmp(retune_key_at(i)->section, section) != 0) {
            section = retune_key_at(i)->section;
            RETUNE_TRY(append_section(text, section, error));
        }
        RETUNE_TRY(append_key(text, config, i, error));
    }
    const retune_sections *backends = &config->details->backends;
    for (size_t i = 0; i < backends->count; i++) {
        const retune_section *backend = &backends->items[i];
        RETUNE_TRY(append_section(text, backend->title, error));
        for (size_t k = 0; k < backend->count; k++)
            RETUNE_TRY(
                append_value(text, backend->options[k].key, backend->options[k].value, error));
    }
    return RETUNE_OK;
}

retune_status retune_config_write(const retune_config *config, char **out_text,
                                  retune_error *error) {
    *out_text = NULL;
    ini_text text = {NULL, 0};
    retune_status status = append_all(&text, config, error);
    if (status == RETUNE_OK)
        *out_text = text.data;
    else
        free(text.data);
    return status;
}
