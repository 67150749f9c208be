/* A folder of a test's own, and small helpers around it. */
#ifndef RETUNE_TESTS_TEMPORARY_H
#define RETUNE_TESTS_TEMPORARY_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* One folder a test process; Criterion runs every test in its own. */
static char temporary_folder[64];

static inline void temporary_open(void) {
    snprintf(temporary_folder, sizeof temporary_folder, "/tmp/retune-test-XXXXXX");
    cr_assert_not_null(mkdtemp(temporary_folder));
}

static inline int temporary_remove(const char *path, const struct stat *status, int type,
                                   struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static inline void temporary_close(void) {
    nftw(temporary_folder, temporary_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* "<folder>/<name>"; one of eight buffers taken in turn. */
static inline const char *temporary_path(const char *name) {
    static char paths[8][320];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", temporary_folder, name);
    return path;
}

static inline void temporary_write(const char *name, const void *data, size_t size) {
    FILE *file = fopen(temporary_path(name), "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/* How many files and folders are in the folder. */
static inline size_t temporary_count(void) {
    DIR *folder = opendir(temporary_folder);
    cr_assert_not_null(folder);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return count;
}

#endif
