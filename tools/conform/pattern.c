#include "pattern.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool pattern_fits(const char *wanted, const char *text) {
    const char *star = NULL, *resume = NULL; /* where to go back to */
    while (*text != '\0') {
        if (*wanted == '*') {
            star = ++wanted;
            resume = text;
        } else if (*wanted == *text) {
            wanted++;
            text++;
        } else if (star) { /* the last star takes one more character */
            wanted = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*wanted == '*')
        wanted++;
    return *wanted == '\0';
}

/* The text between the blanks of a line, in place. */
static char *trimmed(char *line) {
    line += strspn(line, " \t");
    for (size_t end = strlen(line); end > 0 && strchr(" \t\r\n", line[end - 1]); end--)
        line[end - 1] = '\0';
    return line;
}

static retune_status add_line(pattern_list *list, char *line, size_t number, retune_error *error) {
    const char *text = trimmed(line);
    if (*text == '\0' || *text == '#')
        return RETUNE_OK;
    RETUNE_TRY(retune_grow(&list->items, &list->capacity, list->count, sizeof *list->items,
                           "patterns", error));
    RETUNE_TRY(retune_copy_text(text, &list->items[list->count].text, error));
    list->items[list->count++].line = number;
    return RETUNE_OK;
}

retune_status pattern_list_read(const char *path, pattern_list *out_list, retune_error *error) {
    *out_list = (pattern_list){.path = path};
    retune_status status = RETUNE_OK;
    char *line = NULL;
    size_t capacity = 0, number = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return retune_fail(error, RETUNE_IO, "%s: %s", path, strerror(errno));
    for (ssize_t length; status == RETUNE_OK && (length = getline(&line, &capacity, file)) >= 0;) {
        number++;
        status = strlen(line) == (size_t)length
                     ? add_line(out_list, line, number, error)
                     : retune_fail(error, RETUNE_INVALID, "%s:%zu: a NUL byte", path, number);
    }
    if (status == RETUNE_OK && ferror(file))
        status = retune_fail(error, RETUNE_IO, "%s: %s", path, strerror(errno));
    free(line);
    fclose(file);
    if (status != RETUNE_OK)
        pattern_list_free(out_list);
    return status;
}

void pattern_list_free(pattern_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (pattern_list){0};
}

bool pattern_list_fits(pattern_list *list, const char *text) {
    bool fits = false;
    for (size_t i = 0; i < list->count; i++)
        if (pattern_fits(list->items[i].text, text)) {
            list->items[i].used++;
            fits = true;
        }
    return fits;
}
