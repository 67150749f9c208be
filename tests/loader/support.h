/* Helpers of the loader's tests: temporary folders of plugins, and checks of messages. */
#ifndef RETUNE_TESTS_LOADER_SUPPORT_H
#define RETUNE_TESTS_LOADER_SUPPORT_H

#include <criterion/criterion.h>

#include "device/ladder.h"

/* Forgets the plugin folder that ctest sets: a test sees the fakes it names and nothing else. */
void forget_environment(void);

/* A new empty folder that others cannot write, with its real path; remove_folder removes it. */
char *make_folder(void);
void remove_folder(char *folder);

/* Copies the fake plugin "good" (file retune_good.so) to a file of a folder. */
void copy_fake(const char *name, const char *folder, const char *file);
void write_text(const char *folder, const char *file, const char *text);

/* "folder/file" in a static buffer that lasts until the next call but one. */
const char *path_of(const char *folder, const char *file);

void expect_contains(const char *text, const char *part);

/* Finds and loads. */
retune_status load(retune_plugin_kind kind, const char *name, const char *folder,
                   retune_plugin **out_plugin, retune_error *error);

#endif
