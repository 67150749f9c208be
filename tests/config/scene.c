#include "scene.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static char folder[64];

/* Variables of whoever runs the tests must not change what they see. */
static void clear_environment(void) {
    for (char **variable = environ; *variable;) {
        if (strncmp(*variable, "RETUNE_", 7) == 0) {
            char name[256];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(*variable, "="), *variable);
            unsetenv(name);
            variable = environ;
        } else {
            variable++;
        }
    }
}

void scene_begin(void) {
    strcpy(folder, "/tmp/retune-config-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    cr_assert(chdir(folder) == 0);
    clear_environment();
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place) {
    (void)info, (void)type, (void)place;
    return remove(path);
}

void scene_end(void) {
    cr_assert(chdir("/") == 0);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void scene_write_bytes(const char *name, const char *data, size_t size) {
    FILE *file = fopen(name, "wb");
    cr_assert(file != NULL);
    cr_assert(fwrite(data, 1, size, file) == size);
    cr_assert(fclose(file) == 0);
}

void scene_write(const char *name, const char *text) {
    scene_write_bytes(name, text, strlen(text));
}

retune_config *scene_open(const char *text) {
    scene_write("job.ini", text);
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_config_open("job.ini", NULL, 0, &config, &error);
    cr_assert(status == RETUNE_OK, "%s", error.message);
    cr_assert(config != NULL);
    return config;
}

static void expect_refusal(const char *path, const retune_option *overrides, size_t count,
                           const char *message) {
    retune_config *config = (retune_config *)&config;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_config_open(path, overrides, count, &config, &error);
    cr_assert(status == RETUNE_INVALID, "status %d: %s", status, error.message);
    cr_assert(error.code == RETUNE_INVALID);
    cr_assert(config == NULL);
    cr_assert(strcmp(error.message, message) == 0, "\n  given:    %s\n  expected: %s",
              error.message, message);
}

void scene_refuse(const char *text, const char *message) {
    scene_write("job.ini", text);
    expect_refusal("job.ini", NULL, 0, message);
}

retune_config *scene_open_set(const char *key, const char *value) {
    retune_option override = {key, value};
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_config_open(NULL, &override, 1, &config, &error);
    cr_assert(status == RETUNE_OK, "%s", error.message);
    return config;
}

void scene_refuse_set(const char *key, const char *value, const char *message) {
    retune_option override = {key, value};
    expect_refusal(NULL, &override, 1, message);
}

retune_setting scene_setting(const retune_config *config, const char *section, const char *key) {
    retune_setting setting = {.struct_size = sizeof setting};
    for (size_t i = 0; i < retune_config_setting_count(config); i++) {
        cr_assert(retune_config_setting(config, i, &setting, NULL) == RETUNE_OK);
        if (strcmp(setting.section, section) == 0 && strcmp(setting.key, key) == 0)
            return setting;
    }
    cr_assert_fail("no setting %s.%s", section, key);
    return setting;
}
