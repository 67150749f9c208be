/* Where `[backend] plugin_path` may not lead. */
#include "scene.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(config_plugin_folder, .init = scene_begin, .fini = scene_end);

static void make_folders(void) {
    cr_assert(mkdir("jobs", 0700) == 0);
    cr_assert(mkdir("jobs/plugins", 0700) == 0);
    cr_assert(mkdir("photos", 0700) == 0);
    cr_assert(mkdir("photos/rose", 0700) == 0);
    cr_assert(mkdir("models", 0700) == 0);
    cr_assert(symlink("../photos", "models/link") == 0);
}

static const char job[] = "[model]\nweights = ../models/w.h5\n[data]\nroot = ../photos\n";

static void expect_refused(const char *plugins, const char *message) {
    retune_option override = {"backend.plugin_path", plugins};
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    scene_write("jobs/a.ini", job);
    cr_expect(retune_config_open("jobs/a.ini", &override, 1, &config, &error) == RETUNE_INVALID,
              "%s", plugins);
    cr_expect(config == NULL);
    cr_expect(strstr(error.message, message), "%s", error.message);
}

Test(config_plugin_folder, not_where_job_data_and_weights_are) {
    make_folders();
    expect_refused("jobs", "--set: [backend] plugin_path: jobs is the folder of the job file; "
                           "plugins are never loaded from there");
    expect_refused("jobs/plugins/..", "is the folder of the job file");
    expect_refused("photos", "photos is in [data] root");
    expect_refused("photos/rose", "photos/rose is in [data] root");
    expect_refused("models/link/rose", "models/link/rose is in [data] root");
    expect_refused("models", "models is the folder of [model] weights");
}

Test(config_plugin_folder, a_job_file_names_itself) {
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    make_folders();
    scene_write("jobs/a.ini", "[backend]\nplugin_path = .\n");
    cr_expect(retune_config_open("jobs/a.ini", NULL, 0, &config, &error) == RETUNE_INVALID);
    cr_expect(strstr(error.message, "jobs/a.ini:2: [backend] plugin_path: "), "%s", error.message);
}

Test(config_plugin_folder, anywhere_else) {
    static const char *const elsewhere[] = {"jobs/plugins", "models/missing", "/usr/lib", "."};
    make_folders();
    scene_write("jobs/a.ini", job);
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        retune_option override = {"backend.plugin_path", elsewhere[i]};
        retune_config *config = NULL;
        retune_error error = RETUNE_ERROR_INIT;
        cr_expect(retune_config_open("jobs/a.ini", &override, 1, &config, &error) == RETUNE_OK,
                  "%s", error.message);
        retune_config_close(config);
    }
}
