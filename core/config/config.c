/* Four layers, each over the one before: defaults, the file, the environment, overrides. Every
 * value of every layer is checked, also one that a later layer replaces. */
#include "config/config.h"

#include "config/details.h"
#include "config/ini.h"
#include "base/suggest.h"
#include "config/value.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define ENVIRONMENT_PREFIX "RETUNE_"
#define NAME_BYTES_MAX     128

/* A value on its way into the config. */
typedef struct assignment {
    const char *section, *key, *value;
    const char *place;  /* in errors: "job.ini:14", "environment RETUNE_TRAIN_EPOCHS" */
    const char *origin; /* in explain: "job.ini:14", "environment" */
    const char *folder; /* that paths are relative to; NULL: the current one */
} assignment;

/* ---- Names that are not known -------------------------------------------------------------- */

/* "a, b, c": keys of `section`, or the sections when it is NULL; offers each to `nearest`. */
static void list_names(const char *section, retune_suggestion *nearest, char *text, size_t size) {
    size_t used = 0;
    const char *previous = "";
    text[0] = '\0';
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *row = retune_key_at(i);
        if (section && strcmp(row->section, section) != 0)
            continue;
        const char *name = section ? row->key : row->section;
        if (strcmp(name, previous) == 0)
            continue;
        previous = name;
        retune_suggestion_offer(nearest, name, strlen(name));
        int written = snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
        used += (size_t)written < size - used ? (size_t)written : size - used - 1;
    }
}

static retune_status fail_section(const assignment *given, retune_error *error) {
    char names[256];
    retune_suggestion nearest = retune_suggestion_make(given->section);
    list_names(NULL, &nearest, names, sizeof names);
    if (given->section[0] == '\0')
        return retune_fail(error, RETUNE_INVALID,
                           "%s: '%.60s' stands in no section; sections are: %s", given->place,
                           given->key, names);
    return retune_fail(error, RETUNE_INVALID,
                       "%s: [%.60s] is not a section%s%s%s sections are: %s, backend.<name>",
                       given->place, given->section, nearest.best ? "; did you mean [" : "",
                       nearest.best ? nearest.best : "", nearest.best ? "]?" : ";", names);
}

static retune_status fail_key(const assignment *given, retune_error *error) {
    char names[640];
    retune_suggestion nearest = retune_suggestion_make(given->key);
    list_names(given->section, &nearest, names, sizeof names);
    /* A right key in the wrong section is the likelier slip than a misspelt one. */
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *row = retune_key_at(i);
        if (strcmp(row->key, given->key) == 0)
            return retune_fail(error, RETUNE_INVALID,
                               "%s: [%s] has no key '%.60s'; [%s] has; its own keys are: %s",
                               given->place, given->section, given->key, row->section, names);
    }
    return retune_fail(error, RETUNE_INVALID, "%s: [%s] has no key '%.60s'%s%s%s its keys are: %s",
                       given->place, given->section, given->key,
                       nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                       nearest.best ? "'?" : ";", names);
}

/* ---- Setting ------------------------------------------------------------------------------- */

static retune_status check_section(const assignment *given, retune_error *error) {
    bool known =
        retune_key_section_exists(given->section) ||
        (strncmp(given->section, RETUNE_SECTION_PREFIX, strlen(RETUNE_SECTION_PREFIX)) == 0 &&
         given->section[strlen(RETUNE_SECTION_PREFIX)] != '\0');
    return known ? RETUNE_OK : fail_section(given, error);
}

static retune_status set_backend_option(retune_config *config, const assignment *given,
                                        retune_error *error) {
    retune_status status = retune_value_check_text(given->value, error);
    if (status == RETUNE_OK)
        status = retune_sections_set(&config->details->backends,
                                     given->section + strlen(RETUNE_SECTION_PREFIX), given->key,
                                     given->value, given->origin, error);
    if (status != RETUNE_OK)
        return retune_fail_context(error, status, "%s: [%.60s] %.60s", given->place, given->section,
                                   given->key);
    return RETUNE_OK;
}

static retune_status set(retune_config *config, const assignment *given, retune_error *error) {
    RETUNE_TRY(check_section(given, error));
    if (!retune_key_section_exists(given->section))
        return set_backend_option(config, given, error);
    size_t index = 0;
    const retune_key *key = retune_key_find(given->section, given->key, &index);
    if (!key)
        return fail_key(given, error);

    char *text = NULL, *origin = NULL;
    retune_status status = retune_value_read(key, given->value, given->folder,
                                             retune_config_field(config, key), &text, error);
    if (status != RETUNE_OK)
        return retune_fail_context(error, status, "%s: [%s] %s", given->place, key->section,
                                   key->key);
    status = retune_copy_text(given->origin, &origin, error);
    if (status != RETUNE_OK) {
        free(text);
        return status;
    }
    retune_written *written = &config->details->written[index];
    free(written->text);
    free(written->origin);
    *written = (retune_written){text, origin};
    return RETUNE_OK;
}

/* ---- The four layers ----------------------------------------------------------------------- */

static retune_status set_defaults(retune_config *config, retune_error *error) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        assignment given = {key->section, key->key, key->default_value, "default", "default", NULL};
        RETUNE_TRY(set(config, &given, error));
    }
    return RETUNE_OK;
}

/* The line of an earlier entry with the same name; 0 when there is none. */
static size_t find_duplicate(const retune_ini *ini, size_t index) {
    const retune_ini_entry *entry = &ini->entries[index];
    for (size_t i = 0; i < index && entry->key; i++) {
        const retune_ini_entry *other = &ini->entries[i];
        if (other->key && strcmp(other->key, entry->key) == 0 &&
            strcmp(other->section, entry->section) == 0)
            return other->line;
    }
    return 0;
}

static retune_status set_entry(retune_config *config, const retune_ini *ini, size_t index,
                               retune_error *error) {
    const retune_ini_entry *entry = &ini->entries[index];
    struct retune_config_details *details = config->details;
    char *place = NULL;
    RETUNE_TRY(retune_format_text(&place, error, "%s:%zu", details->path, entry->line));
    assignment given = {entry->section, entry->key, entry->value, place, place, details->folder};
    size_t duplicate = find_duplicate(ini, index);
    retune_status status;
    if (duplicate > 0)
        status = retune_fail(error, RETUNE_INVALID, "%s: [%.60s] %.60s: already set in line %zu",
                             place, entry->section, entry->key, duplicate);
    else
        status = entry->key ? set(config, &given, error) : check_section(&given, error);
    free(place);
    return status;
}

static retune_status set_from_file(retune_config *config, const char *path, retune_error *error) {
    RETUNE_TRY(retune_copy_text(path, &config->details->path, error));
    RETUNE_TRY(retune_path_folder(path, &config->details->folder, error));
    retune_ini ini;
    RETUNE_TRY(retune_ini_read(path, &ini, error));
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < ini.count && status == RETUNE_OK; i++)
        status = set_entry(config, &ini, i, error);
    retune_ini_free(&ini);
    return status;
}

/* True for "plugin_path", and for "plugin_paht", which is so near to a key of [backend] that it is
 * meant as one. */
static bool is_near_backend_key(const char *name) {
    char names[256];
    retune_suggestion nearest = retune_suggestion_make(name);
    list_names("backend", &nearest, names, sizeof names);
    return nearest.best && nearest.distance <= 2;
}

/* "train_epochs" to "train" and "epochs"; "backend_cpu_threads", which is no key of the table, to
 * "backend.cpu" and "threads". False when `name` begins with no known section: such a variable is
 * not a setting. Writes into `name`. */
static bool split_variable(char *name, const char **out_section, const char **out_key) {
    char *key = strchr(name, '_');
    if (!key)
        return false;
    *key++ = '\0';
    *out_section = name;
    *out_key = key;
    if (!retune_key_section_exists(name))
        return false;
    char *option = strchr(key, '_');
    if (strcmp(name, "backend") == 0 && option && !is_near_backend_key(key)) {
        key[-1] = '.';
        *option = '\0';
        *out_key = option + 1;
    }
    return true;
}

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static retune_status set_variable(retune_config *config, const char *variable,
                                  retune_error *error) {
    const char *equals = strchr(variable, '=');
    char name[NAME_BYTES_MAX], place[NAME_BYTES_MAX + 32];
    size_t prefix = strlen(ENVIRONMENT_PREFIX);
    if (!equals || strncmp(variable, ENVIRONMENT_PREFIX, prefix) != 0 ||
        (size_t)(equals - variable) - prefix >= sizeof name)
        return RETUNE_OK;
    size_t length = (size_t)(equals - variable) - prefix;
    for (size_t i = 0; i < length; i++)
        name[i] = lower(variable[prefix + i]);
    name[length] = '\0';
    snprintf(place, sizeof place, "environment %.*s", (int)(equals - variable), variable);
    assignment given = {NULL, NULL, equals + 1, place, "environment", NULL};
    return split_variable(name, &given.section, &given.key) ? set(config, &given, error)
                                                            : RETUNE_OK;
}

static retune_status set_from_environment(retune_config *config, retune_error *error) {
    /* Who starts a program of higher privileges must not choose its plugins and files. */
    if (getauxval(AT_SECURE))
        return RETUNE_OK;
    for (char **variable = environ; variable && *variable; variable++)
        RETUNE_TRY(set_variable(config, *variable, error));
    return RETUNE_OK;
}

static retune_status set_override(retune_config *config, const retune_option *override,
                                  retune_error *error) {
    char section[NAME_BYTES_MAX], place[NAME_BYTES_MAX + 32];
    snprintf(place, sizeof place, "--set %.*s", NAME_BYTES_MAX, override->key);
    const char *dot = strrchr(override->key, '.');
    if (!dot || dot == override->key || dot[1] == '\0' ||
        (size_t)(dot - override->key) >= sizeof section)
        return retune_fail(error, RETUNE_INVALID, "%s: expected section.key=value", place);
    snprintf(section, sizeof section, "%.*s", (int)(dot - override->key), override->key);
    assignment given = {section, dot + 1, override->value, place, "--set", NULL};
    return set(config, &given, error);
}

/* ---- Opening and closing ------------------------------------------------------------------- */

static retune_status allocate_config(retune_config **out_config, retune_error *error) {
    RETUNE_TRY(retune_allocate(1, sizeof **out_config, "a config", out_config, error));
    retune_config *config = *out_config;
    RETUNE_TRY(retune_allocate(1, sizeof *config->details, "a config", &config->details, error));
    return retune_allocate(retune_key_count(), sizeof *config->details->written, "a config",
                           &config->details->written, error);
}

retune_status retune_config_open(const char *path, const retune_option *overrides,
                                 size_t override_count, retune_config **out_config,
                                 retune_error *error) {
    *out_config = NULL;
    retune_config *config = NULL;
    retune_status status = allocate_config(&config, error);
    if (status == RETUNE_OK)
        status = set_defaults(config, error);
    if (status == RETUNE_OK && path)
        status = set_from_file(config, path, error);
    if (status == RETUNE_OK)
        status = set_from_environment(config, error);
    for (size_t i = 0; i < override_count && status == RETUNE_OK; i++)
        status = set_override(config, &overrides[i], error);
    if (status == RETUNE_OK)
        status = retune_config_check_plugin_folder(config, error);
    if (status == RETUNE_OK)
        *out_config = config;
    else
        retune_config_close(config);
    return status;
}

void retune_config_close(retune_config *config) {
    if (!config)
        return;
    struct retune_config_details *details = config->details;
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        retune_value_release(key, retune_config_field(config, key));
        if (details && details->written) {
            free(details->written[i].text);
            free(details->written[i].origin);
        }
    }
    if (details) {
        retune_sections_free(&details->backends);
        free(details->written);
        free(details->path);
        free(details->folder);
        free(details);
    }
    free(config);
}

const char *retune_config_path(const retune_config *config) {
    return config->details->path;
}

const retune_option *retune_config_backend_options(const retune_config *config, const char *name,
                                                   size_t *out_count) {
    const retune_section *section = retune_sections_find(&config->details->backends, name);
    *out_count = section ? section->count : 0;
    return section ? section->options : NULL;
}
