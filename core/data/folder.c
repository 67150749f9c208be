#include "data/folder.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_names(char **names, size_t count) {
    if (count > 0)
        qsort(names, count, sizeof *names, compare_names);
}

_Bool retune_names_contain(char *const *names, size_t count, const char *name) {
    return count > 0 && bsearch(&name, names, count, sizeof *names, compare_names) != NULL;
}

static retune_status add_name(char ***names, size_t *capacity, size_t *count, const char *name,
                              retune_error *error) {
    RETUNE_TRY(retune_grow(names, capacity, *count, sizeof **names, "file names", error));
    RETUNE_TRY(retune_copy_text(name, &(*names)[*count], error));
    (*count)++;
    return RETUNE_OK;
}

static bool is_image_name(const char *name) {
    return retune_path_has_extension(name, ".jpg") || retune_path_has_extension(name, ".jpeg") ||
           retune_path_has_extension(name, ".png");
}

static retune_status read_entries(DIR *stream, const char *path, retune_folder *folder,
                                  retune_error *error) {
    size_t folder_capacity = 0, image_capacity = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry && errno != 0)
            return retune_fail(error, RETUNE_IO, "%s: cannot be listed: %s", path, strerror(errno));
        if (!entry)
            return RETUNE_OK;
        if (entry->d_name[0] == '.')
            continue;
        struct stat properties;
        bool known = fstatat(dirfd(stream), entry->d_name, &properties, 0) == 0;
        if (known && S_ISDIR(properties.st_mode))
            RETUNE_TRY(add_name(&folder->folders, &folder_capacity, &folder->folder_count,
                                entry->d_name, error));
        else if ((!known || S_ISREG(properties.st_mode)) && is_image_name(entry->d_name))
            RETUNE_TRY(add_name(&folder->images, &image_capacity, &folder->image_count,
                                entry->d_name, error));
        else
            folder->other_count++;
    }
}

retune_status retune_folder_list(const char *path, retune_folder *out_folder, retune_error *error) {
    memset(out_folder, 0, sizeof *out_folder);
    DIR *stream = opendir(path);
    if (!stream && errno == ENOENT)
        return retune_fail(error, RETUNE_IO, "%s: no such folder", path);
    if (!stream && errno == ENOTDIR)
        return retune_fail(error, RETUNE_IO, "%s: is not a folder", path);
    if (!stream)
        return retune_fail(error, RETUNE_IO, "%s: cannot be read: %s", path, strerror(errno));
    retune_status status = read_entries(stream, path, out_folder, error);
    closedir(stream);
    if (status != RETUNE_OK) {
        retune_folder_free(out_folder);
        return status;
    }
    sort_names(out_folder->folders, out_folder->folder_count);
    sort_names(out_folder->images, out_folder->image_count);
    return RETUNE_OK;
}

retune_status retune_folder_list_classes(const char *root, retune_folder *out_classes,
                                         retune_error *error) {
    RETUNE_TRY(retune_folder_list(root, out_classes, error));
    if (!retune_names_contain(out_classes->folders, out_classes->folder_count, "train"))
        return RETUNE_OK;
    char *train = NULL;
    retune_folder_free(out_classes);
    RETUNE_TRY(retune_path_join(root, "train", &train, error));
    retune_status status = retune_folder_list(train, out_classes, error);
    free(train);
    return status;
}

void retune_folder_free(retune_folder *folder) {
    for (size_t i = 0; i < folder->folder_count; i++)
        free(folder->folders[i]);
    for (size_t i = 0; i < folder->image_count; i++)
        free(folder->images[i]);
    free(folder->folders);
    free(folder->images);
    memset(folder, 0, sizeof *folder);
}
