/* Both outputs are INI files: the settings of a job with their origins as comments, and the
 * reference with everything that can be set, which is a page as well (configs/REFERENCE.md). */
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

static void print_json(const retune_setting *setting) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "setting");
    cJSON_AddStringToObject(object, "section", setting->section);
    cJSON_AddStringToObject(object, "key", setting->key);
    if (setting->value) {
        cJSON_AddStringToObject(object, "value", setting->value);
        cJSON_AddStringToObject(object, "origin", setting->origin);
    }
    cJSON_AddStringToObject(object, "default", setting->default_value);
    cJSON_AddStringToObject(object, "allowed", setting->allowed);
    cJSON_AddStringToObject(object, "description", setting->description);
    output_json(object);
}

static void print_section(const char *section, bool first) {
    printf("%s%s[%s]%s\n", first ? "" : "\n", style_bold(), section, style_end());
}

static void print_reference(const retune_setting *setting) {
    printf("\n%s; %s\n; Allowed: %s%s\n%s =%s%s\n", style_dim(), setting->description,
           setting->allowed, style_end(), setting->key, *setting->default_value ? " " : "",
           setting->default_value);
}

/* Widths of the keys and values of all settings, for columns; one very long value does not push
 * the origins of all others out of sight. */
static retune_status measure(const retune_job *job, int *out_key, int *out_value,
                             retune_error *error) {
    const size_t value_most = 44;
    *out_key = *out_value = 0;
    for (size_t i = 0; i < retune_setting_count(job); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        retune_status status = retune_setting_describe(job, i, &setting, error);
        if (status != RETUNE_OK)
            return status;
        size_t key = text_width(setting.key);
        size_t value = text_width(setting.value ? setting.value : "");
        value = value > value_most ? value_most : value;
        *out_key = (int)key > *out_key ? (int)key : *out_key;
        *out_value = (int)value > *out_value ? (int)value : *out_value;
    }
    return RETUNE_OK;
}

static void print_value(const retune_setting *setting, int key_width, int value_width) {
    int padding = value_width - (int)text_width(setting->value);
    printf("%-*s = %s%*s  %s; %s%s\n", key_width, setting->key, setting->value,
           padding > 0 ? padding : 0, "", style_dim(), setting->origin, style_end());
}

/* Every setting of `job`, or with NULL the reference. */
static retune_status print_settings(const retune_job *job, bool json, retune_error *error) {
    int key_width = 0, value_width = 0;
    char section[128] = "";
    retune_status status = measure(job, &key_width, &value_width, error);
    for (size_t i = 0; status == RETUNE_OK && i < retune_setting_count(job); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        status = retune_setting_describe(job, i, &setting, error);
        if (status != RETUNE_OK)
            return status;
        if (json) {
            print_json(&setting);
            continue;
        }
        if (strcmp(section, setting.section) != 0)
            print_section(setting.section, i == 0);
        snprintf(section, sizeof section, "%s", setting.section);
        if (job)
            print_value(&setting, key_width, value_width);
        else
            print_reference(&setting);
    }
    if (status == RETUNE_OK && !job && !json)
        printf("\n%s; Sections [backend.<name>] hold options for the backend of that name.%s\n",
               style_dim(), style_end());
    return status;
}

/* ---- The reference as a page --------------------------------------------------------------- */

/* Text of a cell in a Markdown table, where a bar would end it. */
static void print_cell(const char *text) {
    for (; *text; text++)
        printf(strchr("|<>*_", *text) ? "\\%c" : "%c", *text);
}

static void print_row(const retune_setting *setting) {
    printf("| `%s` | ", setting->key);
    if (*setting->default_value)
        printf("`%s`", setting->default_value);
    printf(" | ");
    print_cell(setting->allowed);
    printf(" | ");
    print_cell(setting->description);
    puts(" |");
}

static retune_status print_page(retune_error *error) {
    char section[128] = "";
    puts("# Every key of a job file\n\n"
         "Written by `retune explain --reference --markdown`; do not edit. A job file sets what "
         "differs "
         "from the\ndefaults; paths are relative to it. `--set section.key=value` overrides a key, "
         "and so does the\nenvironment (`RETUNE_SECTION_KEY`). What sections `[backend.NAME]` take "
         "is in "
         "[README.md](README.md).");
    for (size_t i = 0; i < retune_setting_count(NULL); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        retune_status status = retune_setting_describe(NULL, i, &setting, error);
        if (status != RETUNE_OK)
            return status;
        if (strcmp(section, setting.section) != 0)
            printf("\n## `[%s]`\n\n| key | default | allowed | |\n|---|---|---|---|\n",
                   setting.section);
        snprintf(section, sizeof section, "%s", setting.section);
        print_row(&setting);
    }
    return RETUNE_OK;
}

/* -------------------------------------------------------------------------------------------- */

int verb_explain(const struct options *options) {
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = RETUNE_OK;
    if (!options->reference && options->argument_count == 0)
        return output_usage_error(options->json,
                                  "usage: retune explain JOB.ini, or retune explain --reference");
    if (options->markdown && (!options->reference || options->json))
        return output_usage_error(options->json,
                                  "--markdown goes with --reference, without --json");
    if (!options->reference)
        status =
            retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK)
        status =
            options->markdown ? print_page(&error) : print_settings(job, options->json, &error);
    retune_job_close(job);
    return status == RETUNE_OK ? 0 : output_error(options->json, status, error.message);
}
