/* inih splits lines into section, key and value. It is fed by a reader of ours, because its own
 * tells nobody the line, cuts long lines silently and joins any indented line to the one before. */
#include "config/ini.h"

#include "base/file.h"
#include "base/memory.h"

#include <ini.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)

/* inih keeps a section's name in a buffer of 50 bytes and cuts what does not fit. */
#define SECTION_BYTES_MAX 49

typedef struct ini_source {
    const char *path;
    const char *next, *end; /* what is not read yet */
    size_t line;            /* of the line read last, from 1 */
    bool joins;             /* that line ended in a backslash */
    bool continues;         /* that line continues the one before */
    retune_ini *ini;
    retune_status status; /* not OK: reading stops */
    size_t fault_line;    /* where */
    retune_error *error;
} ini_source;

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static void fail(ini_source *source, retune_status status) {
    source->status = status;
    source->fault_line = source->line;
}

static retune_status add_entry(retune_ini *ini, const char *section, size_t section_length,
                               const char *key, const char *value, size_t line,
                               retune_error *error) {
    RETUNE_TRY(retune_grow(&ini->entries, &ini->capacity, ini->count, sizeof *ini->entries,
                           "settings", error));
    retune_ini_entry *entry = &ini->entries[ini->count++];
    entry->line = line;
    entry->section = strndup(section, section_length);
    if (!entry->section)
        return retune_fail_memory(error, section_length + 1, "a section");
    if (!key)
        return RETUNE_OK;
    RETUNE_TRY(retune_copy_text(key, &entry->key, error));
    return retune_copy_text(value, &entry->value, error);
}

/* ---- Lines --------------------------------------------------------------------------------- */

/* Takes the next line off the source and narrows it to what counts: no line end, no comment, no
 * blanks around it, no joining backslash. */
static void take_line(ini_source *source, const char **out_begin, const char **out_end) {
    const char *begin = source->next;
    const char *line_feed = memchr(begin, '\n', (size_t)(source->end - begin));
    const char *end = line_feed ? line_feed : source->end;
    source->next = line_feed ? line_feed + 1 : source->end;
    source->line++;
    source->continues = source->joins;

    if (end > begin && end[-1] == '\r')
        end--;
    while (begin < end && is_blank(*begin))
        begin++;
    if (begin < end && *begin == '#')
        end = begin;
    for (const char *c = begin; c < end; c++) {
        if (*c == ';' && (c == begin || is_blank(c[-1])))
            end = c;
    }
    while (end > begin && is_blank(end[-1]))
        end--;
    source->joins = end > begin + 1 && end[-1] == '\\';
    if (source->joins) {
        end--;
        while (end > begin && is_blank(end[-1]))
            end--;
    }
    *out_begin = begin;
    *out_end = end;
}

/* "[name]" and nothing after it; notes that the section begins. */
static retune_status check_section(ini_source *source, const char *begin, const char *end) {
    const char *close = memchr(begin, ']', (size_t)(end - begin));
    if (!close || close + 1 != end)
        return retune_fail(source->error, RETUNE_INVALID,
                           "%s:%zu: a section is written [name], alone in its line", source->path,
                           source->line);
    size_t length = (size_t)(close - begin) - 1;
    if (length > SECTION_BYTES_MAX)
        return retune_fail(source->error, RETUNE_INVALID,
                           "%s:%zu: the section's name is longer than %d bytes", source->path,
                           source->line, SECTION_BYTES_MAX);
    return add_entry(source->ini, begin + 1, length, NULL, NULL, source->line, source->error);
}

/* Refuses what inih would misread. */
static retune_status check_line(ini_source *source, const char *begin, const char *end,
                                size_t limit) {
    for (const char *c = begin; c < end; c++) {
        unsigned char byte = (unsigned char)*c;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return retune_fail(source->error, RETUNE_INVALID,
                               "%s:%zu: holds a control character (byte 0x%02x)", source->path,
                               source->line, byte);
    }
    if ((size_t)(end - begin) > limit)
        return retune_fail(source->error, RETUNE_INVALID,
                           "%s:%zu: the line is longer than %zu bytes without its comment; end it "
                           "in a backslash and go on in the next",
                           source->path, source->line, limit);
    if (begin == end || *begin != '[' || source->continues)
        return RETUNE_OK;
    source->joins = false;
    return check_section(source, begin, end);
}

/* inih's fgets: one line a call. A leading blank is what makes a continuation for inih. */
static char *read_line(char *text, int size, void *user) {
    ini_source *source = user;
    if (source->status != RETUNE_OK || source->next == source->end)
        return NULL;
    const char *begin, *end;
    take_line(source, &begin, &end);
    /* Room for the blank, the line feed and the NUL. */
    retune_status status = check_line(source, begin, end, (size_t)size - 3);
    if (status != RETUNE_OK) {
        fail(source, status);
        return NULL;
    }
    snprintf(text, (size_t)size, "%s%.*s\n", source->continues ? " " : "", (int)(end - begin),
             begin);
    return text;
}

/* inih's handler: a key and its value, or the rest of the value before. */
static int take_value(void *user, const char *section, const char *key, const char *value) {
    ini_source *source = user;
    if (source->status != RETUNE_OK)
        return 0;
    retune_ini *ini = source->ini;
    if (source->continues && ini->count > 0 && ini->entries[ini->count - 1].key) {
        retune_ini_entry *last = &ini->entries[ini->count - 1];
        char *joined = NULL;
        retune_status status =
            retune_format_text(&joined, source->error, "%s%s", last->value, value);
        if (status == RETUNE_OK) {
            free(last->value);
            last->value = joined;
        } else {
            fail(source, status);
        }
    } else {
        retune_status status =
            add_entry(ini, section, strlen(section), key, value, source->line, source->error);
        if (status != RETUNE_OK)
            fail(source, status);
    }
    return source->status == RETUNE_OK;
}

/* ---- Files --------------------------------------------------------------------------------- */

retune_status retune_ini_read(const char *path, retune_ini *out_ini, retune_error *error) {
    *out_ini = (retune_ini){NULL, 0, 0};
    unsigned char *data = NULL;
    size_t size = 0;
    RETUNE_TRY(retune_file_read(path, FILE_BYTES_MAX, &data, &size, error));

    const char *text = (const char *)data;
    size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    ini_source source = {
        .path = path, .next = text + mark, .end = text + size, .ini = out_ini, .error = error};
    int fault = ini_parse_stream(read_line, &source, take_value, &source);
    retune_status status = source.status;
    if (fault < 0)
        status = retune_fail_memory(error, 0, "reading an INI file");
    else if (fault > 0 && (status == RETUNE_OK || (size_t)fault < source.fault_line))
        status = retune_fail(error, RETUNE_INVALID, "%s:%d: expected [section] or key = value",
                             path, fault);
    if (status != RETUNE_OK)
        retune_ini_free(out_ini);
    free(data);
    return status;
}

void retune_ini_free(retune_ini *ini) {
    for (size_t i = 0; i < ini->count; i++) {
        free(ini->entries[i].section);
        free(ini->entries[i].key);
        free(ini->entries[i].value);
    }
    free(ini->entries);
    *ini = (retune_ini){NULL, 0, 0};
}
