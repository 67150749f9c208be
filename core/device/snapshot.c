#include "device/snapshot.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

bool retune_snapshot_name_valid(const char *name) {
    char backend[RETUNE_PLUGIN_NAME_MAX + 1];
    size_t length = strcspn(name, "/");
    if (!retune_search_name_valid(name, length))
        return false;
    snprintf(backend, sizeof backend, "%.*s", (int)length, name);
    return name[length] == '\0' || (strlen(name) < sizeof((retune_device_info *)0)->id &&
                                    retune_device_id_valid(backend, name));
}

static retune_status add_rung(retune_snapshot *snapshot, const char *backend,
                              retune_rung **out_rung, retune_error *error) {
    RETUNE_TRY(retune_grow(&snapshot->rungs, &snapshot->capacity, snapshot->count,
                           sizeof *snapshot->rungs, "devices", error));
    *out_rung = &snapshot->rungs[snapshot->count++];
    snprintf((*out_rung)->backend, sizeof(*out_rung)->backend, "%s", backend);
    return RETUNE_OK;
}

static void refuse(retune_rung *rung, retune_status status, const char *reason) {
    rung->status = status;
    snprintf(rung->reason, sizeof rung->reason, "%s", reason);
    retune_plugin_text(rung->reason, sizeof rung->reason);
}

static bool has_id(const retune_snapshot *snapshot, const char *id) {
    for (size_t i = 0; i < snapshot->count; i++)
        if (strcmp(snapshot->rungs[i].info.id, id) == 0)
            return true;
    return false;
}

/* One rung a device of a backend that was probed. */
static retune_status add_devices(retune_snapshot *snapshot, retune_plugin *plugin, uint32_t count,
                                 const retune_probe_report *report,
                                 const retune_snapshot_options *options, retune_error *error) {
    for (uint32_t index = 0; index < count; index++) {
        retune_error fault = RETUNE_ERROR_INIT;
        retune_device_info info;
        retune_rung *rung = NULL;
        retune_status status =
            retune_device_describe(retune_plugin_backend(plugin), index, &info, &fault);
        if (status == RETUNE_OK && has_id(snapshot, info.id)) {
            status = retune_fail(&fault, RETUNE_INTERNAL, "device %u calls itself '%s' too", index,
                                 info.id);
            info = (retune_device_info){0};
        }
        RETUNE_TRY(add_rung(snapshot, retune_plugin_name(plugin), &rung, error));
        rung->plugin = plugin;
        rung->index = index;
        rung->report = *report;
        rung->info = info;
        if (status == RETUNE_OK)
            retune_plugin_judge(plugin, index, &info, options->contact.self_test, &rung->verdict);
        if (status != RETUNE_OK)
            refuse(rung, status, fault.message);
        else if (rung->verdict.fault[0] != '\0')
            refuse(rung, RETUNE_UNAVAILABLE, rung->verdict.fault);
    }
    return RETUNE_OK;
}

static retune_status add_backend(retune_snapshot *snapshot, const char *name,
                                 const retune_snapshot_options *options, retune_error *error) {
    for (size_t i = 0; i < snapshot->count; i++)
        if (strcmp(snapshot->rungs[i].backend, name) == 0)
            return RETUNE_OK;
    retune_error fault = RETUNE_ERROR_INIT;
    retune_probe_report report = {0};
    retune_plugin *plugin = NULL;
    retune_rung *rung = NULL;
    uint32_t count = 0;
    retune_status status =
        retune_plugin_find(RETUNE_PLUGIN_BACKEND, name, options->folder, &plugin, &fault);
    if (status == RETUNE_INVALID)
        return retune_fail(error, status, "%s", fault.message);
    if (status == RETUNE_OK)
        status = retune_plugin_load_pinned(plugin, &options->pins, &fault);
    if (status == RETUNE_OK)
        status = retune_plugin_contact_first(plugin, &options->contact, &report, &fault);
    if (status == RETUNE_OK)
        status = retune_device_count(retune_plugin_backend(plugin), &count, &fault);
    if (status == RETUNE_OK && count == 0)
        status = retune_fail(&fault, RETUNE_UNAVAILABLE, "has no devices");
    if (status == RETUNE_OK)
        return add_devices(snapshot, plugin, count, &report, options, error);
    RETUNE_TRY(add_rung(snapshot, name, &rung, error));
    rung->plugin = plugin;
    rung->report = report;
    refuse(rung, status, fault.message);
    return RETUNE_OK;
}

/* "vulkan/7" on a machine without it: a rung that says which there are. When the backend as a whole
 * cannot be used, its own rung says so. */
static retune_status add_missing(retune_snapshot *snapshot, const char *backend, const char *id,
                                 retune_error *error) {
    retune_names there = {0};
    retune_status status = RETUNE_OK;
    char text[512], reason[768];
    retune_rung *rung = NULL;
    for (size_t i = 0; i < snapshot->count && status == RETUNE_OK; i++) {
        const retune_device_info *info = &snapshot->rungs[i].info;
        if (strcmp(snapshot->rungs[i].backend, backend) == 0 && info->id[0] != '\0')
            status = retune_names_add(&there, info->id, strlen(info->id), error);
    }
    if (status != RETUNE_OK || there.count == 0)
        goto done;
    const char *nearest = retune_names_nearest(&there, id);
    snprintf(reason, sizeof reason, "no such device%s%s%s; there are: %s",
             nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "",
             retune_names_text(&there, text, sizeof text));
    status = add_rung(snapshot, backend, &rung, error);
    if (status != RETUNE_OK)
        goto done;
    snprintf(rung->info.id, sizeof rung->info.id, "%s", id);
    refuse(rung, RETUNE_UNAVAILABLE, reason);
done:
    retune_names_free(&there);
    return status;
}

static retune_status add_all(retune_snapshot *snapshot, const retune_snapshot_options *options,
                             retune_error *error) {
    char text[768], reason[RETUNE_ERROR_MESSAGE_MAX];
    retune_names names, folders = {0};
    retune_rung *rung = NULL;
    RETUNE_TRY(retune_plugin_names(RETUNE_PLUGIN_BACKEND, options->folder, &names, error));
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < names.count && status == RETUNE_OK; i++)
        status = add_backend(snapshot, names.items[i], options, error);
    if (status != RETUNE_OK || names.count > 0)
        goto done;
    status = retune_search_folders(options->folder, &folders, error);
    if (status == RETUNE_OK)
        status = add_rung(snapshot, "auto", &rung, error);
    if (status != RETUNE_OK)
        goto done;
    snprintf(reason, sizeof reason, "no backend plugin found; searched: %s",
             retune_names_text(&folders, text, sizeof text));
    refuse(rung, RETUNE_UNAVAILABLE, reason);
done:
    retune_names_free(&folders);
    retune_names_free(&names);
    return status;
}

retune_status retune_snapshot_add(retune_snapshot *snapshot, const char *name,
                                  const retune_snapshot_options *options, retune_error *error) {
    char backend[RETUNE_PLUGIN_NAME_MAX + 1];
    size_t length = strcspn(name, "/");
    if (!retune_snapshot_name_valid(name))
        return retune_fail(error, RETUNE_INVALID, "'%s' is no name of a backend or device", name);
    if (strcmp(name, "auto") == 0)
        return add_all(snapshot, options, error);
    snprintf(backend, sizeof backend, "%.*s", (int)length, name);
    RETUNE_TRY(add_backend(snapshot, backend, options, error));
    return name[length] == '\0' || has_id(snapshot, name)
               ? RETUNE_OK
               : add_missing(snapshot, backend, name, error);
}

void retune_snapshot_free(retune_snapshot *snapshot) {
    free(snapshot->rungs);
    *snapshot = (retune_snapshot){0};
}
