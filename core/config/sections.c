#include "config/sections.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* Short enough for a line of an INI, and with the prefix for the name of a section. */
#define NAME_BYTES_MAX 40

static retune_status check_name(const char *name, retune_error *error) {
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    if (good == 0 || name[good] != '\0')
        return retune_fail(error, RETUNE_INVALID,
                           "'%.60s' is no name: letters, digits, '_' and '-' make one", name);
    if (good > NAME_BYTES_MAX)
        return retune_fail(error, RETUNE_INVALID, "'%.60s' is longer than %d letters", name,
                           NAME_BYTES_MAX);
    return RETUNE_OK;
}

static retune_status add_section(retune_sections *sections, const char *name,
                                 retune_section **out_section, retune_error *error) {
    RETUNE_TRY(retune_grow(&sections->items, &sections->capacity, sections->count,
                           sizeof *sections->items, "backend sections", error));
    retune_section *section = &sections->items[sections->count];
    RETUNE_TRY(retune_format_text(&section->title, error, RETUNE_SECTION_PREFIX "%s", name));
    section->name = section->title + strlen(RETUNE_SECTION_PREFIX);
    sections->count++;
    *out_section = section;
    return RETUNE_OK;
}

/* Adds a key without a value yet. */
static retune_status add_key(retune_section *section, const char *key, retune_error *error) {
    RETUNE_TRY(retune_grow(&section->options, &section->option_capacity, section->count,
                           sizeof *section->options, "backend options", error));
    RETUNE_TRY(retune_grow(&section->origins, &section->origin_capacity, section->count,
                           sizeof *section->origins, "backend options", error));
    char *copy = NULL;
    RETUNE_TRY(retune_copy_text(key, &copy, error));
    section->options[section->count++].key = copy;
    return RETUNE_OK;
}

retune_status retune_sections_set(retune_sections *sections, const char *name, const char *key,
                                  const char *value, const char *origin, retune_error *error) {
    RETUNE_TRY(check_name(name, error));
    RETUNE_TRY(check_name(key, error));
    retune_section *section = (retune_section *)retune_sections_find(sections, name);
    if (!section)
        RETUNE_TRY(add_section(sections, name, &section, error));
    size_t index = 0;
    while (index < section->count && strcmp(section->options[index].key, key) != 0)
        index++;
    if (index == section->count)
        RETUNE_TRY(add_key(section, key, error));

    char *value_copy = NULL, *origin_copy = NULL;
    RETUNE_TRY(retune_copy_text(value, &value_copy, error));
    retune_status status = retune_copy_text(origin, &origin_copy, error);
    if (status != RETUNE_OK) {
        free(value_copy);
        return status;
    }
    free((char *)section->options[index].value);
    free(section->origins[index]);
    section->options[index].value = value_copy;
    section->origins[index] = origin_copy;
    return RETUNE_OK;
}

const retune_section *retune_sections_find(const retune_sections *sections, const char *name) {
    for (size_t i = 0; i < sections->count; i++)
        if (strcmp(sections->items[i].name, name) == 0)
            return &sections->items[i];
    return NULL;
}

void retune_sections_free(retune_sections *sections) {
    for (size_t i = 0; i < sections->count; i++) {
        retune_section *section = &sections->items[i];
        for (size_t k = 0; k < section->count; k++) {
            free((char *)section->options[k].key);
            free((char *)section->options[k].value);
            free(section->origins[k]);
        }
        free(section->options);
        free(section->origins);
        free(section->title);
    }
    free(sections->items);
    *sections = (retune_sections){NULL, 0, 0};
}
