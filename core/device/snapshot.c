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

/* How far one came with a backend, and what to do when it is no further. The backend's own advice
 * goes before. */
typedef enum stage {
    STAGE_FIND,
    STAGE_LOAD,
    STAGE_PROBE,
    STAGE_COUNT,
    STAGE_DEVICE,
    STAGE_TEST
} stage;

static const char *const advice[] = {
    [STAGE_FIND] = "install the plugin, or name its folder in [backend] plugin_path",
    [STAGE_LOAD] = "install the plugin that belongs to this version of retune, owned by root or "
                   "by you and writable by nobody else",
    [STAGE_PROBE] = "update or remove the driver that the backend looks for",
    [STAGE_COUNT] = "update the driver",
    [STAGE_DEVICE] = "`retune devices` lists the names there are",
    [STAGE_TEST] = "update the driver; `retune devices --self-test` tests it again",
};

static void advise(retune_rung *rung, stage reached) {
    const char *own = rung->report.advice;
    snprintf(rung->advice, sizeof rung->advice, "%s",
             reached == STAGE_PROBE && own[0] ? own : advice[reached]);
}

static void refuse(retune_rung *rung, retune_status status, const char *reason, stage reached) {
    rung->status = status;
    snprintf(rung->reason, sizeof rung->reason, "%s", reason);
    retune_plugin_text(rung->reason, sizeof rung->reason);
    advise(rung, reached);
}

static bool has_id(const retune_snapshot *snapshot, const char *id) {
    for (size_t i = 0; i < snapshot->count; i++)
        if (strcmp(snapshot->rungs[i].info.id, id) == 0)
            return true;
    return false;
}

/* What the self-test says of the device. */
static void judge(retune_rung *rung, retune_self_test_mode mode) {
    rung->untested = false;
    retune_plugin_judge(rung->plugin, rung->index, &rung->info, mode, &rung->verdict);
    if (rung->verdict.fault[0] != '\0')
        refuse(rung, RETUNE_UNAVAILABLE, rung->verdict.fault, STAGE_TEST);
    else if (rung->verdict.failed > 0)
        advise(rung, STAGE_TEST);
}

void retune_snapshot_test(retune_rung *rung, retune_self_test_mode mode) {
    if (rung->untested)
        judge(rung, mode);
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
        rung->untested = info.score < options->contact.least_score;
        if (status != RETUNE_OK)
            refuse(rung, status, fault.message, STAGE_COUNT);
        else if (!rung->untested)
            judge(rung, options->contact.self_test);
    }
    return RETUNE_OK;
}

/* Goes with a backend as far as one comes before its devices are looked at. */
static retune_status reach(const char *name, const retune_snapshot_options *options,
                           retune_plugin **out_plugin, retune_probe_report *out_report,
                           uint32_t *out_count, stage *out_reached, retune_error *error) {
    *out_reached = STAGE_FIND;
    RETUNE_TRY(retune_plugin_find(RETUNE_PLUGIN_BACKEND, name, options->folder, out_plugin, error));
    *out_reached = STAGE_LOAD;
    RETUNE_TRY(retune_plugin_load_pinned(*out_plugin, &options->pins, error));
    *out_reached = STAGE_PROBE;
    RETUNE_TRY(retune_plugin_contact_first(*out_plugin, &options->contact, out_report, error));
    *out_reached = STAGE_COUNT;
    RETUNE_TRY(retune_device_count(retune_plugin_backend(*out_plugin), out_count, error));
    return *out_count > 0 ? RETUNE_OK : retune_fail(error, RETUNE_UNAVAILABLE, "has no devices");
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
    stage reached;
    uint32_t count = 0;
    retune_status status = reach(name, options, &plugin, &report, &count, &reached, &fault);
    if (status == RETUNE_OK)
        return add_devices(snapshot, plugin, count, &report, options, error);
    if (status == RETUNE_INVALID && reached == STAGE_FIND)
        return retune_fail(error, status, "%s", fault.message);
    RETUNE_TRY(add_rung(snapshot, name, &rung, error));
    rung->plugin = plugin;
    rung->report = report;
    refuse(rung, status, fault.message, reached);
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
    refuse(rung, RETUNE_UNAVAILABLE, reason, STAGE_DEVICE);
done:
    retune_names_free(&there);
    return status;
}

/* Above the score of every device that passed so far: of equal ones the first is taken. */
static uint32_t score_to_beat(const retune_snapshot *snapshot) {
    uint32_t score = 0;
    for (size_t i = 0; i < snapshot->count; i++) {
        const retune_rung *rung = &snapshot->rungs[i];
        bool passed = rung->status == RETUNE_OK && !rung->untested && rung->verdict.failed == 0;
        if (passed && rung->info.score >= score)
            score = rung->info.score + (rung->info.score < UINT32_MAX);
    }
    return score;
}

static retune_status add_all(retune_snapshot *snapshot, const retune_snapshot_options *options,
                             retune_error *error) {
    retune_snapshot_options next = *options;
    char text[768], reason[RETUNE_ERROR_MESSAGE_MAX];
    retune_names names, folders = {0};
    retune_rung *rung = NULL;
    RETUNE_TRY(retune_plugin_names(RETUNE_PLUGIN_BACKEND, options->folder, &names, error));
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < names.count && status == RETUNE_OK; i++) {
        next.contact.least_score = options->best_only ? score_to_beat(snapshot) : 0;
        status = add_backend(snapshot, names.items[i], &next, error);
    }
    if (status != RETUNE_OK || names.count > 0)
        goto done;
    status = retune_search_folders(options->folder, &folders, error);
    if (status == RETUNE_OK)
        status = add_rung(snapshot, "auto", &rung, error);
    if (status != RETUNE_OK)
        goto done;
    snprintf(reason, sizeof reason, "no backend plugin found; searched: %s",
             retune_names_text(&folders, text, sizeof text));
    refuse(rung, RETUNE_UNAVAILABLE, reason, STAGE_FIND);
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
