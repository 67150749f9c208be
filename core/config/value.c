#include "config/value.h"

#include "config/config.h"
#include "base/suggest.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

/* How much of a value an error quotes. */
#define QUOTED "%.80s"

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

retune_status retune_value_check_text(const char *text, retune_error *error) {
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return retune_fail(error, RETUNE_INVALID, "holds a control character (byte 0x%02x)",
                               byte);
        if (byte == ';' && (i == 0 || is_blank(text[i - 1])))
            return retune_fail(error, RETUNE_INVALID,
                               "'" QUOTED "' holds a ';' that would begin a comment", text);
    }
    if (length > 0 && (is_blank(text[0]) || is_blank(text[length - 1])))
        return retune_fail(error, RETUNE_INVALID, "'" QUOTED "' begins or ends with a blank", text);
    if (length > 0 && text[length - 1] == '\\')
        return retune_fail(error, RETUNE_INVALID, "'" QUOTED "' ends in a backslash", text);
    return RETUNE_OK;
}

/* ---- Numbers: the same in every locale, the whole text or nothing -------------------------- */

static bool read_integer(const char *text, int64_t *out_value) {
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (*text == '\0')
        return false;
    int64_t value = 0;
    for (; *text; text++) {
        if (!is_digit(*text))
            return false;
        int digit = negative ? '0' - *text : *text - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            value = negative ? INT64_MIN : INT64_MAX;
    }
    *out_value = value;
    return true;
}

/* Decimal notation alone: no hexadecimal, no inf, no nan. */
static bool is_decimal(const char *text) {
    if (*text == '-' || *text == '+')
        text++;
    size_t digits = strspn(text, "0123456789");
    text += digits;
    if (*text == '.') {
        size_t fraction = strspn(text + 1, "0123456789");
        digits += fraction;
        text += 1 + fraction;
    }
    if (digits == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '-' || *text == '+')
            text++;
        size_t exponent = strspn(text, "0123456789");
        if (exponent == 0)
            return false;
        text += exponent;
    }
    return *text == '\0';
}

static retune_status read_number(const char *text, const char *allowed, double *out_value,
                                 retune_error *error) {
    if (!is_decimal(text))
        return retune_fail(error, RETUNE_INVALID, "'" QUOTED "' is not a number in %s", text,
                           allowed);
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory for the C locale");
    locale_t previous = uselocale(plain);
    errno = 0;
    *out_value = strtod(text, NULL);
    bool representable = errno != ERANGE;
    uselocale(previous);
    freelocale(plain);
    if (!representable)
        return retune_fail(error, RETUNE_INVALID, QUOTED " is too large or too small; allowed: %s",
                           text, allowed);
    return RETUNE_OK;
}

/* ---- One function a type: text -> field ---------------------------------------------------- */

static retune_status set_integer(const retune_key *key, const char *text, int64_t *field,
                                 retune_error *error) {
    int64_t value = 0;
    if (!read_integer(text, &value))
        return retune_fail(error, RETUNE_INVALID, "'" QUOTED "' is not a whole number in %s", text,
                           key->allowed);
    if (value < key->limit.integer.minimum || value > key->limit.integer.maximum)
        return retune_fail(error, RETUNE_INVALID, QUOTED " is not in %s", text, key->allowed);
    *field = value;
    return RETUNE_OK;
}

static retune_status set_number(const retune_key *key, const char *text, double *field,
                                retune_error *error) {
    double value = 0.0;
    RETUNE_TRY(read_number(text, key->allowed, &value, error));
    if (!(value >= key->limit.number.minimum && value <= key->limit.number.maximum))
        return retune_fail(error, RETUNE_INVALID, QUOTED " is not in %s", text, key->allowed);
    *field = value;
    return RETUNE_OK;
}

/* The index of `text` among the choices "a | b". */
static retune_status find_choice(const char *choices, const char *text, int *out_index,
                                 retune_error *error) {
    retune_suggestion nearest = retune_suggestion_make(text);
    const char *cursor = choices, *choice;
    size_t length = 0, nearest_length = 0;
    for (int index = 0; (choice = retune_key_next_choice(&cursor, &length)); index++) {
        if (strlen(text) == length && memcmp(text, choice, length) == 0) {
            *out_index = index;
            return RETUNE_OK;
        }
        retune_suggestion_offer(&nearest, choice, length);
        if (nearest.best == choice)
            nearest_length = length;
    }
    if (nearest.best)
        return retune_fail(error, RETUNE_INVALID,
                           "'" QUOTED "' is not one of: %s; did you mean '%.*s'?", text, choices,
                           (int)nearest_length, nearest.best);
    return retune_fail(error, RETUNE_INVALID, "'" QUOTED "' is not one of: %s", text, choices);
}

/* A path when there is a folder it may be relative to. */
static retune_status set_text(const char *text, const char *folder, char **field,
                              retune_error *error) {
    char *path = NULL;
    bool as_it_is = *text == '\0' || !folder || strcmp(folder, ".") == 0;
    RETUNE_TRY(as_it_is ? retune_copy_text(text, &path, error)
                        : retune_path_join(folder, text, &path, error));
    free(*field);
    *field = path;
    return RETUNE_OK;
}

static void release_list(retune_text_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (retune_text_list){NULL, 0};
}

/* Appends [begin, end), trimmed, to a list that has room. */
static retune_status add_item(retune_text_list *list, const char *begin, const char *end,
                              const char *text, const char *choices, retune_error *error) {
    while (begin < end && is_blank(*begin))
        begin++;
    while (begin < end && is_blank(end[-1]))
        end--;
    if (begin == end)
        return retune_fail(error, RETUNE_INVALID, "'" QUOTED "' has an empty item", text);
    char *item = strndup(begin, (size_t)(end - begin));
    if (!item)
        return retune_fail_memory(error, (size_t)(end - begin) + 1, "a list item");
    list->items[list->count++] = item;
    int ignored;
    return choices ? find_choice(choices, item, &ignored, error) : RETUNE_OK;
}

static retune_status set_list(const retune_key *key, const char *text, retune_text_list *field,
                              retune_error *error) {
    retune_text_list list = {NULL, 0};
    /* A list whose allowed values read as choices is checked item by item. */
    const char *choices = strstr(key->allowed, " | ") ? key->allowed : NULL;
    size_t commas = 0;
    for (const char *c = text; *c; c++)
        commas += *c == ',';
    retune_status status =
        retune_allocate(commas + 1, sizeof *list.items, "a list", &list.items, error);
    const char *begin = text;
    while (status == RETUNE_OK && *text != '\0') {
        const char *end = strchrnul(begin, ',');
        status = add_item(&list, begin, end, text, choices, error);
        if (*end == '\0')
            break;
        begin = end + 1;
    }
    if (status != RETUNE_OK) {
        release_list(&list);
        return status;
    }
    release_list(field);
    *field = list;
    return RETUNE_OK;
}

/* "a, b": the items in one line. */
static retune_status list_text(const retune_text_list *list, char **out_text, retune_error *error) {
    size_t bytes = 1;
    for (size_t i = 0; i < list->count; i++)
        bytes += strlen(list->items[i]) + 2;
    RETUNE_TRY(retune_allocate(bytes, 1, "a list", out_text, error));
    char *end = *out_text;
    for (size_t i = 0; i < list->count; i++) {
        end = stpcpy(end, i ? ", " : "");
        end = stpcpy(end, list->items[i]);
    }
    return RETUNE_OK;
}

retune_status retune_value_read(const retune_key *key, const char *text, const char *folder,
                                void *field, char **out_text, retune_error *error) {
    *out_text = NULL;
    RETUNE_TRY(retune_value_check_text(text, error));
    switch (key->type) {
    case RETUNE_KEY_TYPE_TEXT:
        RETUNE_TRY(set_text(text, NULL, field, error));
        break;
    case RETUNE_KEY_TYPE_PATH:
        RETUNE_TRY(set_text(text, folder, field, error));
        text = *(char **)field;
        break;
    case RETUNE_KEY_TYPE_LIST:
        RETUNE_TRY(set_list(key, text, field, error));
        return list_text(field, out_text, error);
    case RETUNE_KEY_TYPE_CHOICE:
        RETUNE_TRY(find_choice(key->allowed, text, field, error));
        break;
    case RETUNE_KEY_TYPE_INTEGER:
        RETUNE_TRY(set_integer(key, text, field, error));
        break;
    case RETUNE_KEY_TYPE_NUMBER:
        RETUNE_TRY(set_number(key, text, field, error));
        break;
    }
    return retune_copy_text(text, out_text, error);
}

void retune_value_release(const retune_key *key, void *field) {
    switch (key->type) {
    case RETUNE_KEY_TYPE_TEXT:
    case RETUNE_KEY_TYPE_PATH:
        free(*(char **)field);
        *(char **)field = NULL;
        break;
    case RETUNE_KEY_TYPE_LIST:
        release_list(field);
        break;
    case RETUNE_KEY_TYPE_CHOICE:
    case RETUNE_KEY_TYPE_INTEGER:
    case RETUNE_KEY_TYPE_NUMBER:
        break;
    }
}
