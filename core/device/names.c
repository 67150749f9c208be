#include "device/names.h"

#include "base/memory.h"
#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

retune_status retune_names_add(retune_names *names, const char *text, size_t length,
                               retune_error *error) {
    char *copy = strndup(text, length);
    if (!copy)
        return retune_fail_memory(error, length + 1, "a name");
    retune_status status = RETUNE_OK;
    if (retune_names_have(names, copy))
        goto done;
    status = retune_grow(&names->items, &names->capacity, names->count, sizeof *names->items,
                         "names", error);
    if (status != RETUNE_OK)
        goto done;
    names->items[names->count++] = copy;
    copy = NULL;
done:
    free(copy);
    return status;
}

bool retune_names_have(const retune_names *names, const char *text) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], text) == 0)
            return true;
    return false;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void retune_names_sort(retune_names *names) {
    if (names->count > 1)
        qsort(names->items, names->count, sizeof *names->items, compare);
}

void retune_names_free(retune_names *names) {
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (retune_names){0};
}

const char *retune_names_text(const retune_names *names, char *text, size_t size) {
    snprintf(text, size, "%s", names->count ? "" : "none");
    size_t used = 0;
    for (size_t i = 0; i < names->count && used < size; i++) {
        int length = snprintf(text + used, size - used, "%s%s", i ? ", " : "", names->items[i]);
        used += length < 0 ? size : (size_t)length;
    }
    return text;
}

const char *retune_names_nearest(const retune_names *names, const char *given) {
    retune_suggestion nearest = retune_suggestion_make(given);
    for (size_t i = 0; i < names->count; i++)
        retune_suggestion_offer(&nearest, names->items[i], strlen(names->items[i]));
    return nearest.best;
}
