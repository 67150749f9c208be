/* Where plugin files are looked for. Which of them may be loaded is trust.h.
 *
 * The folders are, in this order: the one a caller names (from the INI), those of the environment
 * variable RETUNE_PLUGIN_PATH (colon-separated absolute paths; ignored when the process runs with
 * raised privileges), and the folder `retune` beside the library. The current directory is never
 * searched. */
#ifndef RETUNE_DEVICE_SEARCH_H
#define RETUNE_DEVICE_SEARCH_H

#include "device/names.h"

#define RETUNE_PLUGIN_NAME_MAX 47

/* Lower-case letters, digits, '_' and '-'; 1..RETUNE_PLUGIN_NAME_MAX of them. */
bool retune_search_name_valid(const char *name, size_t length);

/* The folders, absolute. `folder` may be NULL or empty. INVALID: `folder` does not exist, or is the
 * current directory written as a relative path; an entry of RETUNE_PLUGIN_PATH is relative. */
retune_status retune_search_folders(const char *folder, retune_names *out_folders,
                                    retune_error *error);

/* "folder/file" for the first folder with a file of that name; NULL when none has one. */
retune_status retune_search_file(const retune_names *folders, const char *file_name,
                                 char **out_path, retune_error *error);

/* The <name>s of all files <prefix><name>.so with a valid name, sorted. */
retune_status retune_search_names(const retune_names *folders, const char *prefix,
                                  retune_names *out_names, retune_error *error);

#endif
