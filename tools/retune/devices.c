/* The ladder: backends in the order they are tried, and what each has to offer. */
#include "figures.h"
#include "output.h"
#include "verbs.h"

#include <retune/backend.h>

#include <stdio.h>
#include <string.h>

static const struct {
    uint32_t bit;
    const char *name;
} features[] = {
    {RETUNE_FEATURE_F16_STORAGE, "fp16 storage"},
    {RETUNE_FEATURE_BF16_STORAGE, "bf16 storage"},
    {RETUNE_FEATURE_F16_ARITHMETIC, "fp16 arithmetic"},
    {RETUNE_FEATURE_MATRIX_UNITS, "matrix units"},
    {RETUNE_FEATURE_DETERMINISTIC, "deterministic"},
    {RETUNE_FEATURE_TIMESTAMPS, "timestamps"},
    {RETUNE_FEATURE_HOST_MEMORY, "host memory"},
};
#define FEATURE_COUNT (sizeof features / sizeof *features)

static const char *type_text(uint32_t type) {
    switch ((retune_device_type)type) {
    case RETUNE_DEVICE_CPU:
        return "cpu";
    case RETUNE_DEVICE_GPU_INTEGRATED:
        return "integrated gpu";
    case RETUNE_DEVICE_GPU_DISCRETE:
        return "discrete gpu";
    case RETUNE_DEVICE_ACCELERATOR:
        return "accelerator";
    }
    return "unknown type";
}

static bool has_text(const char *text) {
    return text && *text;
}

/* "      driver     1.2.3", or nothing when there is no text. */
static void print_fact(const char *name, const char *text) {
    if (!has_text(text))
        return;
    printf("      %s%-10s%s ", style_dim(), name, style_end());
    output_text(text);
    putchar('\n');
}

static void print_features(uint32_t bits) {
    char text[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < FEATURE_COUNT; i++)
        if (bits & features[i].bit)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "",
                                     features[i].name);
    print_fact("features", text);
}

static void print_device(const retune_device_summary *device, bool chosen) {
    printf("  %s %s%s%s   %s   %s", chosen ? "*" : " ", style_bold(), device->id, style_end(),
           has_text(device->name) ? device->name : "", type_text(device->type));
    if (device->memory_bytes > 0)
        printf("   %s", figure_bytes((double)device->memory_bytes).text);
    putchar('\n');
    if (device->status != RETUNE_OK)
        print_fact("unusable", device->reason ? device->reason
                                              : retune_status_text((retune_status)device->status));
    print_fact("vendor", device->vendor);
    print_fact("driver", device->driver);
    print_features(device->features);
    print_fact("quirks", device->quirks);
}

static void print_backend(const retune_device_summary *rung, size_t position) {
    printf("%zu %s%s%s\n", position, style_bold(), rung->backend, style_end());
    print_fact("plugin", rung->plugin);
    if (has_text(rung->library) && has_text(rung->library_version)) {
        char library[512];
        snprintf(library, sizeof library, "%s (%s)", rung->library, rung->library_version);
        print_fact("library", library);
    } else {
        print_fact("library", rung->library);
    }
    if (!rung->id)
        print_fact("unusable",
                   rung->reason ? rung->reason : retune_status_text((retune_status)rung->status));
}

static void print_text(const retune_device_list *list) {
    const char *backend = NULL;
    size_t position = 0;
    bool chosen = false;
    for (uint32_t i = 0; i < list->count; i++) {
        const retune_device_summary *rung = &list->devices[i];
        if (!backend || strcmp(backend, rung->backend) != 0)
            print_backend(rung, ++position);
        backend = rung->backend;
        if (!rung->id)
            continue;
        bool first_usable = rung->status == RETUNE_OK && !chosen;
        print_device(rung, first_usable);
        chosen = chosen || first_usable;
    }
    printf("\n%s\n", chosen ? "* is the one a job would use." : "No device can be used.");
}

static void add_text(cJSON *object, const char *key, const char *text) {
    if (text)
        cJSON_AddStringToObject(object, key, text);
    else
        cJSON_AddNullToObject(object, key);
}

static void print_json(const retune_device_summary *rung) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "candidate");
    add_text(object, "backend", rung->backend);
    add_text(object, "device", rung->id);
    cJSON_AddStringToObject(object, "status", retune_status_text((retune_status)rung->status));
    add_text(object, "reason", rung->reason);
    add_text(object, "plugin", rung->plugin);
    add_text(object, "library", rung->library);
    add_text(object, "library_version", rung->library_version);
    if (rung->id) {
        add_text(object, "name", rung->name);
        add_text(object, "vendor", rung->vendor);
        add_text(object, "driver", rung->driver);
        add_text(object, "quirks", rung->quirks);
        cJSON_AddStringToObject(object, "type", type_text(rung->type));
        cJSON *list = cJSON_AddArrayToObject(object, "features");
        for (size_t i = 0; i < FEATURE_COUNT; i++)
            if (rung->features & features[i].bit)
                cJSON_AddItemToArray(list, cJSON_CreateString(features[i].name));
        cJSON_AddNumberToObject(object, "score", rung->score);
        cJSON_AddNumberToObject(object, "memory_bytes", (double)rung->memory_bytes);
    }
    output_json(object);
}

int verb_devices(const struct options *options) {
    retune_job *job = NULL;
    retune_device_list *list = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = RETUNE_OK;
    if (options->argument_count == 0 && options->set_count > 0)
        return output_usage_error(options->json, "--set needs a JOB.ini");
    if (options->argument_count > 0)
        status =
            retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK)
        status = retune_devices(job, &list, &error);
    if (status == RETUNE_OK && options->json)
        for (uint32_t i = 0; i < list->count; i++)
            print_json(&list->devices[i]);
    else if (status == RETUNE_OK)
        print_text(list);
    retune_device_list_free(list);
    retune_job_close(job);
    return status == RETUNE_OK ? 0 : output_error(options->json, status, error.message);
}
