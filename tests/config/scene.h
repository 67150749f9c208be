/* A folder of its own for every test, with the files it asks for, and an empty environment. */
#ifndef TEST_CONFIG_SCENE_H
#define TEST_CONFIG_SCENE_H

#include "config/config.h"

#include <criterion/criterion.h>

/* Makes the folder and enters it; leaves and removes it. For .init and .fini. */
void scene_begin(void);
void scene_end(void);

/* Writes a file of the folder; the text may hold NULs. */
void scene_write(const char *name, const char *text);
void scene_write_bytes(const char *name, const char *data, size_t size);

/* Opens "job.ini", written with `text`, and expects it to be right. Close it. */
retune_config *scene_open(const char *text);

/* Opens it and expects INVALID with exactly this message. */
void scene_refuse(const char *text, const char *message);

/* The same for one override. */
retune_config *scene_open_set(const char *key, const char *value);
void scene_refuse_set(const char *key, const char *value, const char *message);

/* What setting `section.key` describes; fails when there is none. */
retune_setting scene_setting(const retune_config *config, const char *section, const char *key);

#endif
