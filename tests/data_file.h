/* Files of the test data, which are not part of the project. */
#ifndef RETUNE_TESTS_DATA_FILE_H
#define RETUNE_TESTS_DATA_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* The path of a file below RETUNE_TEST_DATA, in one of two buffers taken in turn; without it the
 * test is skipped. */
static inline const char *data_file(const char *name) {
    static char paths[2][512];
    static unsigned next;
    char *path = paths[next++ % 2];
    const char *folder = getenv("RETUNE_TEST_DATA");
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0)
        cr_skip_test("%s is not there: RETUNE_TEST_DATA names the folder of the test data", path);
    return path;
}

#endif
