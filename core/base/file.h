/* Files and paths: whole-file reads, writes that never leave half a file, mapped files. */
#ifndef RETUNE_BASE_FILE_H
#define RETUNE_BASE_FILE_H

#include "base/status.h"

#include <stdbool.h>

/* "folder/name", or `name` alone when it is absolute or `folder` is empty. */
retune_status retune_path_join(const char *folder, const char *name, char **out_path,
                               retune_error *error);

/* The folder a path lies in: "a/b.ini" gives "a", "b.ini" gives ".". */
retune_status retune_path_folder(const char *path, char **out_folder, retune_error *error);

/* The part after the last '/'. Points into `path`. */
const char *retune_path_name(const char *path);

/* True when the name ends in `extension` (".png"), ignoring ASCII case. */
bool retune_path_has_extension(const char *path, const char *extension);

bool retune_file_exists(const char *path);
bool retune_folder_exists(const char *path);

/* Makes a folder and those above it. IO names the one that failed and why. */
retune_status retune_folder_make(const char *path, retune_error *error);

/* Reads a whole regular file of at most `limit` bytes; a NUL that does not count follows the data.
 * Free the data with free(). */
retune_status retune_file_read(const char *path, size_t limit, unsigned char **out_data,
                               size_t *out_size, retune_error *error);

/* A file being written beside its final place. Everything goes to a temporary name in the same
 * folder; commit flushes it, renames it over `path` and flushes the folder, discard removes it.
 * After an error, `path` is as it was. */
typedef struct retune_file_writer retune_file_writer;
retune_status retune_file_writer_open(const char *path, retune_file_writer **out_writer,
                                      retune_error *error);
retune_status retune_file_writer_write(retune_file_writer *writer, const void *data, size_t size,
                                       retune_error *error);
/* Both end the writer. */
retune_status retune_file_writer_commit(retune_file_writer *writer, retune_error *error);
void retune_file_writer_discard(retune_file_writer *writer); /* takes NULL */

/* Removes what writers that died left in a folder. Only for one where nobody else writes now. */
void retune_file_remove_leftovers(const char *folder);

/* open, write, commit. */
retune_status retune_file_write(const char *path, const void *data, size_t size,
                                retune_error *error);

/* A read-only mapping of a whole file. */
typedef struct retune_file_map {
    const unsigned char *data;
    size_t size;
} retune_file_map;
retune_status retune_file_map_open(const char *path, retune_file_map *out_map, retune_error *error);
void retune_file_map_close(retune_file_map *map);

#endif
