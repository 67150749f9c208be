#include "data/scan.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/folder.h"

#include <string.h>

/* Samples of a data set while their number is not known. */
typedef struct sample_list {
    retune_dataset *dataset;
    size_t capacity;
} sample_list;

/* `name` is taken over. */
static retune_status add_sample(sample_list *list, const char *root, char *name, uint32_t label,
                                bool test, retune_error *error) {
    retune_dataset *dataset = list->dataset;
    retune_status status = retune_grow(&dataset->samples, &list->capacity, dataset->sample_count,
                                       sizeof *dataset->samples, "samples", error);
    char *path = NULL;
    if (status == RETUNE_OK)
        status = retune_path_join(root, name, &path, error);
    if (status == RETUNE_OK && dataset->sample_count == UINT32_MAX)
        status =
            retune_fail(error, RETUNE_CORRUPT, "%s: has more images than can be counted", root);
    if (status != RETUNE_OK) {
        free(path);
        free(name);
        return status;
    }
    dataset->samples[dataset->sample_count++] =
        (retune_sample){.path = path, .name = name, .label = label, .test = test};
    return RETUNE_OK;
}

/* Adds the images of one class folder. `folder` is its name below root. */
static retune_status add_class(sample_list *list, const char *root, const char *folder,
                               uint32_t label, bool test, retune_error *error) {
    retune_folder content;
    char *path;
    RETUNE_TRY(retune_path_join(root, folder, &path, error));
    retune_status status = retune_folder_list(path, &content, error);
    if (status == RETUNE_OK && content.image_count == 0)
        status = retune_fail(error, RETUNE_CORRUPT,
                             "%s: class '%s' has no images (*.jpg, *.jpeg, *.png)", path,
                             list->dataset->classes[label]);
    for (size_t i = 0; i < content.image_count && status == RETUNE_OK; i++) {
        char *name;
        status = retune_path_join(folder, content.images[i], &name, error);
        if (status == RETUNE_OK)
            status = add_sample(list, root, name, label, test, error);
    }
    list->dataset->ignored_count += content.other_count + content.folder_count;
    retune_folder_free(&content);
    free(path);
    return status;
}

/* Adds the images of every class. `part` is the folder below root that holds the class folders; "":
 * root itself. */
static retune_status add_part(sample_list *list, const char *root, const char *part, bool test,
                              retune_error *error) {
    retune_status status = RETUNE_OK;
    for (uint32_t label = 0; label < list->dataset->class_count && status == RETUNE_OK; label++) {
        char *folder = NULL;
        status = retune_path_join(part, list->dataset->classes[label], &folder, error);
        if (status == RETUNE_OK)
            status = add_class(list, root, folder, label, test, error);
        free(folder);
    }
    return status;
}

/* The subfolders of `folder` become the classes; the names are moved out of it. */
static retune_status take_classes(const char *path, retune_folder *folder, retune_dataset *dataset,
                                  retune_error *error) {
    if (folder->folder_count == 0)
        return retune_fail(error, RETUNE_CORRUPT, "%s: has no class folders%s", path,
                           folder->image_count ? "; images belong in one subfolder a class" : "");
    if (folder->folder_count == 1)
        return retune_fail(error, RETUNE_CORRUPT, "%s: needs at least two classes, has only '%s'",
                           path, folder->folders[0]);
    if (folder->folder_count > UINT32_MAX)
        return retune_fail(error, RETUNE_CORRUPT, "%s: has more classes than can be counted", path);
    dataset->classes = folder->folders;
    dataset->class_count = (uint32_t)folder->folder_count;
    folder->folders = NULL;
    folder->folder_count = 0;
    return RETUNE_OK;
}

/* Every name of `folders` must be among `others`. */
static retune_status check_known(char *const *folders, size_t count, const char *path,
                                 char *const *others, size_t other_count, const char *other_path,
                                 retune_error *error) {
    for (size_t i = 0; i < count; i++)
        if (!retune_names_contain(others, other_count, folders[i]))
            return retune_fail(error, RETUNE_CORRUPT, "%s: lacks the class '%s' that %s has",
                               other_path, folders[i], path);
    return RETUNE_OK;
}

/* A root with train/ and val/ (or test/). */
static retune_status scan_split_root(const char *root, const char *test_part,
                                     retune_folder *train_folder, retune_dataset *dataset,
                                     retune_error *error) {
    char *train_path = NULL, *test_path = NULL;
    retune_folder test_folder = {0};
    sample_list list = {dataset, 0};
    retune_status status = retune_path_join(root, "train", &train_path, error);
    if (status == RETUNE_OK)
        status = retune_path_join(root, test_part, &test_path, error);
    if (status == RETUNE_OK)
        status = retune_folder_list(test_path, &test_folder, error);
    if (status == RETUNE_OK)
        status = take_classes(train_path, train_folder, dataset, error);
    if (status == RETUNE_OK)
        status = check_known(dataset->classes, dataset->class_count, train_path,
                             test_folder.folders, test_folder.folder_count, test_path, error);
    if (status == RETUNE_OK)
        status = check_known(test_folder.folders, test_folder.folder_count, test_path,
                             dataset->classes, dataset->class_count, train_path, error);
    if (status == RETUNE_OK)
        status = add_part(&list, root, "train", false, error);
    if (status == RETUNE_OK)
        status = add_part(&list, root, test_part, true, error);
    dataset->ignored_count += train_folder->image_count + train_folder->other_count +
                              test_folder.image_count + test_folder.other_count;
    retune_folder_free(&test_folder);
    free(test_path);
    free(train_path);
    return status;
}

/* The name of the folder with the test images when `folder` is a root that is split: train/ with
 * class folders of its own and a partner. NULL: "train" is absent or a class like any other. */
static retune_status find_test_part(const char *root, const retune_folder *folder,
                                    retune_folder *out_train, const char **out_part,
                                    retune_error *error) {
    *out_part = NULL;
    memset(out_train, 0, sizeof *out_train);
    const char *part = NULL;
    if (retune_names_contain(folder->folders, folder->folder_count, "val"))
        part = "val";
    else if (retune_names_contain(folder->folders, folder->folder_count, "test"))
        part = "test";
    if (!part || !retune_names_contain(folder->folders, folder->folder_count, "train"))
        return RETUNE_OK;
    char *path;
    RETUNE_TRY(retune_path_join(root, "train", &path, error));
    retune_status status = retune_folder_list(path, out_train, error);
    free(path);
    if (status == RETUNE_OK && out_train->folder_count > 0)
        *out_part = part;
    return status;
}

retune_status retune_scan_folders(const char *root, retune_dataset *dataset, bool *out_is_split,
                                  retune_error *error) {
    *out_is_split = false;
    retune_folder folder = {0}, train = {0};
    const char *test_part;
    RETUNE_TRY(retune_folder_list(root, &folder, error));
    dataset->ignored_count += folder.image_count + folder.other_count;
    retune_status status = find_test_part(root, &folder, &train, &test_part, error);
    if (status == RETUNE_OK && test_part) {
        *out_is_split = true;
        status = scan_split_root(root, test_part, &train, dataset, error);
    } else if (status == RETUNE_OK) {
        sample_list list = {dataset, 0};
        status = take_classes(root, &folder, dataset, error);
        if (status == RETUNE_OK)
            status = add_part(&list, root, "", false, error);
    }
    retune_folder_free(&train);
    retune_folder_free(&folder);
    return status;
}
