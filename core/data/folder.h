/* What is in one folder, as a data set sees it. */
#ifndef RETUNE_DATA_FOLDER_H
#define RETUNE_DATA_FOLDER_H

#include "base/status.h"

/* Names, not paths, in byte order, whatever the order on disk. */
typedef struct retune_folder {
    char **folders;
    size_t folder_count;
    char **images; /* *.jpg, *.jpeg, *.png, whatever the case */
    size_t image_count;
    size_t other_count; /* everything else but hidden names, which are passed over */
} retune_folder;

/* Lists a folder. Symbolic links count as what they point to; one that points nowhere but is named
 * like an image is listed as an image, so that reading it tells. IO names the path: there is no
 * such folder, it is not a folder, it cannot be read. Free with retune_folder_free. */
retune_status retune_folder_list(const char *path, retune_folder *out_folder, retune_error *error);

/* Lists the folder whose folders are the classes of a data set: the root, or its train/. */
retune_status retune_folder_list_classes(const char *root, retune_folder *out_classes,
                                         retune_error *error);

void retune_folder_free(retune_folder *folder);

/* Whether `name` is among `count` names in byte order. */
_Bool retune_names_contain(char *const *names, size_t count, const char *name);

#endif
