#include "device/search.h"

#include "base/memory.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".so"

bool retune_search_name_valid(const char *name, size_t length) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return length >= 1 && length <= RETUNE_PLUGIN_NAME_MAX && strspn(name, allowed) >= length;
}

/* Adds a folder as it really lies, or as it is written when it does not exist: a message may then
 * still name it. */
static retune_status add_folder(retune_names *folders, const char *path, retune_error *error) {
    char *resolved = realpath(path, NULL);
    const char *folder = resolved ? resolved : path;
    retune_status status = retune_names_add(folders, folder, strlen(folder), error);
    free(resolved);
    return status;
}

static retune_status add_named(retune_names *folders, const char *folder, retune_error *error) {
    retune_status status = RETUNE_OK;
    char *current = NULL, *resolved = realpath(folder, NULL);
    if (!resolved) {
        status =
            retune_fail(error, RETUNE_INVALID, "plugin folder %s: %s", folder, strerror(errno));
        goto done;
    }
    current = getcwd(NULL, 0);
    if (folder[0] != '/' && current && strcmp(current, resolved) == 0) {
        status = retune_fail(
            error, RETUNE_INVALID,
            "plugin folder %s: the current directory is never searched for plugins", folder);
        goto done;
    }
    status = retune_names_add(folders, resolved, strlen(resolved), error);
done:
    free(current);
    free(resolved);
    return status;
}

static retune_status add_environment(retune_names *folders, retune_error *error) {
    const char *list = getauxval(AT_SECURE) ? NULL : getenv("RETUNE_PLUGIN_PATH");
    retune_status status = RETUNE_OK;
    while (list && *list != '\0' && status == RETUNE_OK) {
        size_t length = strcspn(list, ":");
        if (length > 0) {
            if (list[0] != '/')
                return retune_fail(error, RETUNE_INVALID,
                                   "RETUNE_PLUGIN_PATH: '%.*s' is not an absolute path",
                                   (int)length, list);
            char *folder = strndup(list, length);
            status = folder ? add_folder(folders, folder, error)
                            : retune_fail_memory(error, length + 1, "a folder");
            free(folder);
        }
        list += length + (list[length] == ':');
    }
    return status;
}

/* A name that is not absolute (a program started by a relative path) says nothing certain about
 * where the file lies, so there is no such folder then. */
static retune_status add_beside_library(retune_names *folders, retune_error *error) {
    static const char inside = 0;
    Dl_info library;
    if (!dladdr(&inside, &library) || !library.dli_fname || library.dli_fname[0] != '/')
        return RETUNE_OK;
    char *folder = NULL;
    const char *slash = strrchr(library.dli_fname, '/');
    RETUNE_TRY(retune_format_text(&folder, error, "%.*s/retune", (int)(slash - library.dli_fname),
                                  library.dli_fname));
    retune_status status = add_folder(folders, folder, error);
    free(folder);
    return status;
}

retune_status retune_search_folders(const char *folder, retune_names *out_folders,
                                    retune_error *error) {
    *out_folders = (retune_names){0};
    retune_status status = RETUNE_OK;
    if (folder && folder[0] != '\0')
        status = add_named(out_folders, folder, error);
    if (status == RETUNE_OK)
        status = add_environment(out_folders, error);
    if (status == RETUNE_OK)
        status = add_beside_library(out_folders, error);
    if (status != RETUNE_OK)
        retune_names_free(out_folders);
    return status;
}

retune_status retune_search_file(const retune_names *folders, const char *file_name,
                                 char **out_path, retune_error *error) {
    *out_path = NULL;
    for (size_t i = 0; i < folders->count; i++) {
        struct stat entry;
        char *path = NULL;
        RETUNE_TRY(retune_format_text(&path, error, "%s/%s", folders->items[i], file_name));
        if (stat(path, &entry) == 0 || (errno != ENOENT && errno != ENOTDIR)) {
            *out_path = path; /* a file that cannot be reached is for the loader to explain */
            return RETUNE_OK;
        }
        free(path);
    }
    return RETUNE_OK;
}

static retune_status add_name(retune_names *names, const char *prefix, const char *file_name,
                              retune_error *error) {
    size_t before = strlen(prefix), after = strlen(SUFFIX), length = strlen(file_name);
    if (length <= before + after || strncmp(file_name, prefix, before) != 0 ||
        strcmp(file_name + length - after, SUFFIX) != 0)
        return RETUNE_OK;
    const char *name = file_name + before;
    length -= before + after;
    return retune_search_name_valid(name, length) ? retune_names_add(names, name, length, error)
                                                  : RETUNE_OK;
}

retune_status retune_search_names(const retune_names *folders, const char *prefix,
                                  retune_names *out_names, retune_error *error) {
    *out_names = (retune_names){0};
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < folders->count && status == RETUNE_OK; i++) {
        DIR *folder = opendir(folders->items[i]);
        if (!folder)
            continue;
        for (struct dirent *entry; status == RETUNE_OK && (entry = readdir(folder));)
            status = add_name(out_names, prefix, entry->d_name, error);
        closedir(folder);
    }
    retune_names_sort(out_names);
    if (status != RETUNE_OK)
        retune_names_free(out_names);
    return status;
}
