#include "device/verdict.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "graph/op_rule.h"
#include "retune/retune.h"

#include <cJSON.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* Raised when the cases of the self-test change. */
#define SUITE "self-test 1"

/* Far more than a verdict takes. */
#define FILE_LIMIT ((size_t)1 << 16)

const char *retune_verdict_text(const retune_verdict *verdict, char *text, size_t size) {
    if (verdict->fault[0] != '\0')
        snprintf(text, size, "%s", verdict->fault);
    else if (!verdict->known)
        snprintf(text, size, "not run");
    else if (verdict->failed == 0)
        snprintf(text, size, "passed: %u ops", verdict->tested);
    else
        snprintf(text, size, "%u of %u ops passed", verdict->tested - verdict->failed,
                 verdict->tested);
    size_t used = strlen(text);
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT && used < size; kind++)
        if (verdict->failures[kind][0] != '\0')
            used += (size_t)snprintf(text + used, size - used, "; in quarantine: %s: %s",
                                     retune_op_name((retune_op_kind)kind), verdict->failures[kind]);
    return text;
}

/* ---- The key ------------------------------------------------------------------------------- */

/* Hashes the file that `code` was loaded from: a plugin, or the program that it is linked into. The
 * latter may be known by a name that leads nowhere any more. */
static void hash_code(retune_hasher *hasher, const void *code) {
    Dl_info file;
    retune_file_map map = {0};
    bool found = dladdr(code, &file) && file.dli_fname && file.dli_fname[0] == '/' &&
                 retune_file_map_open(file.dli_fname, &map, NULL) == RETUNE_OK;
    if (!found && retune_file_map_open("/proc/self/exe", &map, NULL) != RETUNE_OK)
        return;
    retune_hasher_update(hasher, map.data, map.size);
    retune_file_map_close(&map);
}

void retune_verdict_key(const retune_device_info *info, const void *code,
                        char key[RETUNE_VERDICT_KEY_MAX]) {
    const char *const texts[] = {SUITE, retune_version(), info->id, info->name, info->driver};
    retune_hasher *hasher = NULL;
    key[0] = '\0';
    if (retune_hasher_open(&hasher, NULL) != RETUNE_OK)
        return;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        retune_hasher_update(hasher, texts[t], strlen(texts[t]) + 1);
    hash_code(hasher, code);
    retune_hash_text(retune_hasher_digest(hasher), key);
    retune_hasher_close(hasher);
}

/* ---- The file ------------------------------------------------------------------------------ */

/* The user's folder of verdicts; false where there is none. A process with raised privileges
 * believes no environment. */
static bool find_folder(char **out_folder) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    *out_folder = NULL;
    if (getauxval(AT_SECURE))
        return false;
    if (cache && cache[0] == '/')
        return retune_format_text(out_folder, NULL, "%s/retune/self_test", cache) == RETUNE_OK;
    return home && home[0] == '/' &&
           retune_format_text(out_folder, NULL, "%s/.cache/retune/self_test", home) == RETUNE_OK;
}

static char *find_path(const char *key, bool make) {
    char *folder = NULL, *path = NULL;
    if (key[0] != '\0' && find_folder(&folder) &&
        (!make || retune_folder_make(folder, NULL) == RETUNE_OK))
        (void)retune_format_text(&path, NULL, "%s/%s.json", folder, key);
    free(folder);
    return path;
}

/* A regular file, no link, that only its owner, who is also ours, can have written. */
static bool is_trusted(const char *path) {
    struct stat entry;
    return lstat(path, &entry) == 0 && S_ISREG(entry.st_mode) && entry.st_uid == geteuid() &&
           (entry.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool read_number(const cJSON *object, const char *name, double most, double *out_number) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *out_number = cJSON_IsNumber(item) ? item->valuedouble : -1.0;
    return *out_number >= 0.0 && *out_number <= most;
}

static bool read_text(const cJSON *object, const char *name, char text[RETUNE_VERDICT_TEXT_MAX]) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= RETUNE_VERDICT_TEXT_MAX)
        return false;
    snprintf(text, RETUNE_VERDICT_TEXT_MAX, "%s", item->valuestring);
    return true;
}

/* Only what `remember` writes is taken. */
static bool parse(const char *text, const char *key, retune_verdict *verdict) {
    char own_key[RETUNE_VERDICT_TEXT_MAX] = "";
    double tested = 0.0, seconds = 0.0;
    cJSON *object = cJSON_Parse(text);
    const cJSON *failures = cJSON_GetObjectItemCaseSensitive(object, "quarantined");
    bool good = read_text(object, "key", own_key) && strcmp(own_key, key) == 0 &&
                read_number(object, "tested", RETUNE_OP_KIND_COUNT, &tested) &&
                read_number(object, "seconds", 1e6, &seconds) &&
                read_text(object, "fault", verdict->fault) && cJSON_IsObject(failures);
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT && good; kind++)
        verdict->failed +=
            read_text(failures, retune_op_name((retune_op_kind)kind), verdict->failures[kind]);
    good = good && (int)verdict->failed == cJSON_GetArraySize(failures);
    verdict->tested = (uint32_t)tested;
    verdict->seconds = (float)seconds;
    verdict->known = 1;
    cJSON_Delete(object);
    return good;
}

bool retune_verdict_recall(const char *key, retune_verdict *out_verdict) {
    unsigned char *data = NULL;
    size_t size = 0;
    *out_verdict = (retune_verdict){0};
    char *path = find_path(key, false);
    bool good = path && is_trusted(path) &&
                retune_file_read(path, FILE_LIMIT, &data, &size, NULL) == RETUNE_OK &&
                strlen((const char *)data) == size && parse((const char *)data, key, out_verdict);
    if (!good)
        *out_verdict = (retune_verdict){0};
    free(data);
    free(path);
    return good;
}

static char *print(const char *key, const retune_verdict *verdict) {
    cJSON *object = cJSON_CreateObject();
    bool good = object && cJSON_AddStringToObject(object, "key", key) &&
                cJSON_AddNumberToObject(object, "tested", verdict->tested) &&
                cJSON_AddNumberToObject(object, "seconds", (double)verdict->seconds) &&
                cJSON_AddStringToObject(object, "fault", verdict->fault);
    cJSON *failures = cJSON_AddObjectToObject(object, "quarantined");
    good = good && failures;
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT && good; kind++)
        if (verdict->failures[kind][0] != '\0')
            good = cJSON_AddStringToObject(failures, retune_op_name((retune_op_kind)kind),
                                           verdict->failures[kind]);
    char *text = good ? cJSON_Print(object) : NULL;
    cJSON_Delete(object);
    return text;
}

void retune_verdict_remember(const char *key, const retune_verdict *verdict) {
    char *path = find_path(key, true), *text = print(key, verdict);
    if (path && text && verdict->known &&
        retune_file_write(path, text, strlen(text), NULL) == RETUNE_OK)
        (void)chmod(path, 0600); /* whatever the umask left to others */
    cJSON_free(text);
    free(path);
}
