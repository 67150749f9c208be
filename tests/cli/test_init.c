/* `retune init`: what it finds in a folder, what it writes, and what it refuses to write over.
 * Images are known by their names: empty files will do. */
#include "command.h"

#include "retune/retune.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(cli_init, .init = command_begin, .fini = command_end);

static void shell(const char *line) {
    cr_assert(system(line) == 0, "%s", line);
}

/* `count` images in a folder, which is made. */
static void images(const char *folder, int count) {
    char line[512];
    snprintf(line, sizeof line, "mkdir -p '%s' && for i in $(seq %d); do : >'%s'/$i.jpg; done",
             folder, count, folder);
    shell(line);
}

static void expect_said(const char *text) {
    cr_expect(strstr(command_stderr, text) != NULL, "no \"%s\" in: %s", text, command_stderr);
}

/* The exit code, the words, and that nothing was left behind: neither file nor part of one. */
static void expect_refused(const char *arguments, int code, const char *text, const char *job) {
    cr_expect(command_run(arguments) == code, "%s: %s", arguments, command_stderr);
    expect_said(text);
    cr_expect(!job || access(job, F_OK) != 0, "%s was written", job);
    cr_expect(system("test -z \"$(find . -name '.retune-*')\"") == 0, "%s", arguments);
}

/* What a key of a job is set to. */
static const char *value_of(const char *path, const char *section, const char *key) {
    static char value[4096];
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_job_open(path, NULL, 0, &job, &error) == RETUNE_OK, "%s", error.message);
    *value = '\0';
    for (size_t i = 0; i < retune_setting_count(job); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        cr_assert(retune_setting_describe(job, i, &setting, &error) == RETUNE_OK);
        if (strcmp(setting.section, section) == 0 && strcmp(setting.key, key) == 0)
            snprintf(value, sizeof value, "%s", setting.value);
    }
    retune_job_close(job);
    return value;
}

static void expect_value(const char *path, const char *section, const char *key,
                         const char *expected) {
    const char *value = value_of(path, section, key);
    cr_expect(strcmp(value, expected) == 0, "[%s] %s = %s, not %s", section, key, value, expected);
}

/* ---- Folders it understands ---------------------------------------------------------------- */

Test(cli_init, a_folder_of_classes) {
    images("photos/wattle", 100);
    images("photos/banksia", 50);
    shell("touch photos/banksia/notes.txt");
    cr_assert(command_run("init photos/") == 0, "%s", command_stderr);
    expect_said("2 classes, 150 images: banksia, wattle");
    expect_said("none found");
    expect_said("1 left out: no JPEG or PNG by name");
    expect_said("check photos.ini");
    expect_value("photos.ini", "data", "root", "photos");
    expect_value("photos.ini", "data", "test", "0.2");
    expect_value("photos.ini", "model", "weights", "");
    expect_value("photos.ini", "train", "batch", "8"); /* of 120 */
    expect_value("photos.ini", "train", "epochs", "40");
    expect_value("photos.ini", "output", "folder", "runs/photos");
    cr_expect(*command_stdout == '\0');
    cr_expect(system("test \"$(stat -c %a photos.ini)\" = "
                     "\"$(touch other && stat -c %a other)\"") == 0,
              "the file has an odd mode");
}

Test(cli_init, a_folder_that_is_split) {
    images("set/train/a", 3000);
    images("set/train/b", 3000);
    images("set/val/a", 10);
    images("set/val/b", 10);
    cr_assert(command_run("init set -o job.ini --json") == 0, "%s", command_stderr);
    expect_said("6,000 training and 20 test images");
    cr_expect(strcmp(command_stdout, "{\"event\":\"init\",\"job\":\"job.ini\",\"classes\":2,"
                                     "\"images\":6020,\"weights\":null}\n") == 0,
              "%s", command_stdout);
    expect_value("job.ini", "train", "batch", "128");
    expect_value("job.ini", "train", "epochs", "20");
}

Test(cli_init, the_folder_it_is_in) {
    images("photos/a", 30);
    images("photos/b", 30);
    cr_assert(chdir("photos") == 0);
    cr_assert(command_run("init .") == 0, "%s", command_stderr);
    expect_value("photos.ini", "data", "root", ".");
    cr_assert(chdir("..") == 0);
}

/* The job lies elsewhere: it names the images by their whole path, and finds them from anywhere. */
Test(cli_init, a_job_in_another_folder) {
    char *here = realpath(".", NULL), expected[4096];
    images("photos/a", 30);
    images("photos/b", 30);
    shell("mkdir jobs");
    cr_assert(command_run("init photos --output jobs/job.ini") == 0, "%s", command_stderr);
    snprintf(expected, sizeof expected, "%s/photos", here);
    cr_assert(chdir("/") == 0);
    char path[4096];
    snprintf(path, sizeof path, "%s/jobs/job.ini", here);
    expect_value(path, "data", "root", expected);
    cr_assert(chdir(here) == 0);
    free(here);
}

Test(cli_init, classes_with_few_images_are_named) {
    images("photos/a", 30);
    images("photos/rare", 3);
    cr_assert(command_run("init photos") == 0, "%s", command_stderr);
    expect_said("rare has 3 images");
    cr_expect(strstr(command_stderr, "a has") == NULL, "%s", command_stderr);
}

/* Names are comments in the job: they must not end them. */
Test(cli_init, names_that_would_be_settings) {
    images("photos/a\n[train]\nepochs = 7\n;", 30);
    images("photos/b", 30);
    cr_assert(command_run("init photos") == 0, "%s", command_stderr);
    expect_value("photos.ini", "data", "root", "photos");
    cr_expect(strcmp(value_of("photos.ini", "train", "epochs"), "7") != 0);
}

/* ---- Weights ------------------------------------------------------------------------------- */

static void expect_weights(const char *name, const char *alpha, const char *input) {
    char line[256];
    images("photos/a", 30);
    images("photos/b", 30);
    snprintf(line, sizeof line, "rm -rf models photos.ini; mkdir models; touch models/%s", name);
    shell(line);
    cr_assert(command_run("init photos") == 0, "%s", command_stderr);
    snprintf(line, sizeof line, "models/%s", name);
    expect_value("photos.ini", "model", "weights", line);
    expect_value("photos.ini", "model", "alpha", alpha);
    expect_value("photos.ini", "model", "input", input);
}

Test(cli_init, weights_that_lie_about) {
    expect_weights("mobilenet_1_0_224_tf_no_top.h5", "1", "224");
    expect_weights("mobilenet_7_5_192_tf_no_top.h5", "0.75", "192");
    expect_weights("mobilenet_2_5_128_tf_no_top.h5", "0.25", "128");
}

Test(cli_init, weights_beside_the_photos) {
    images("far/photos/a", 30);
    images("far/photos/b", 30);
    shell("mkdir far/models && touch far/models/mobilenet_5_0_160_tf_no_top.h5");
    cr_assert(command_run("init far/photos") == 0, "%s", command_stderr);
    expect_value("photos.ini", "model", "alpha", "0.5");
}

Test(cli_init, weights_that_are_named) {
    images("photos/a", 30);
    images("photos/b", 30);
    shell("mkdir models && touch models/mobilenet_1_0_224_tf_no_top.h5 other.h5");
    cr_assert(command_run("init photos --weights other.h5") == 0, "%s", command_stderr);
    expect_value("photos.ini", "model", "weights", "other.h5");
    expect_value("photos.ini", "model", "alpha", "1.0"); /* the default */
}

Test(cli_init, weights_that_are_not_there) {
    images("photos/a", 30);
    images("photos/b", 30);
    shell("echo nonsense >bad.safetensors");
    expect_refused("init photos --weights none.h5", 3, "none.h5", "photos.ini");
    expect_refused("init photos --weights none.safetensors", 3, "none.safetensors", "photos.ini");
    expect_refused("init photos --weights bad.safetensors", 3, "bad.safetensors", "photos.ini");
}

/* ---- What it refuses ----------------------------------------------------------------------- */

Test(cli_init, never_writes_over_a_file) {
    images("photos/a", 30);
    images("photos/b", 30);
    command_write("photos.ini", "mine");
    cr_expect(command_run("init photos") == 2);
    expect_said("photos.ini: is there already; -o names another file");
    shell("test \"$(cat photos.ini)\" = mine");
    shell("mkdir job.ini");
    cr_expect(command_run("init photos -o job.ini") == 2);
}

Test(cli_init, folders_that_are_no_data_set) {
    images("loose", 3);
    images("one/a", 3);
    shell("mkdir -p empty/a empty/b void; touch file");
    expect_refused("init nothing", 3, "nothing: No such file or directory", "nothing.ini");
    expect_refused("init file", 3, "file: is not a folder", "file.ini");
    expect_refused("init void", 3, "void: has no class folders", "void.ini");
    expect_refused("init loose", 3, "images belong in one subfolder a class", "loose.ini");
    expect_refused("init one", 3, "needs at least two classes, has only 'a'", "one.ini");
    expect_refused("init empty", 3, "class 'a' has no images", "empty.ini");
    images("half/train/a", 3);
    images("half/train/b", 3);
    images("half/val/a", 3);
    expect_refused("init half", 3, "lacks the class 'b'", "half.ini");
}

Test(cli_init, places_it_cannot_write_to) {
    images("photos/a", 30);
    images("photos/b", 30);
    expect_refused("init photos -o none/job.ini", 3, "none/job.ini: cannot be written", NULL);
    expect_refused("init photos -o photos/a/1.jpg/job.ini", 3, "cannot be written", NULL);
}

/* An INI cannot say every path: that is told and not left to a run. */
Test(cli_init, paths_that_no_job_can_name) {
    images("my ;photos/a", 30);
    images("my ;photos/b", 30);
    expect_refused("init 'my ;photos' -o job.ini", 2, "a job file cannot name this path",
                   "job.ini");
    images(" blank/a", 30);
    images(" blank/b", 30);
    expect_refused("init ' blank' -o job.ini", 2, "a job file cannot name this path", "job.ini");
}

Test(cli_init, wrong_command_lines) {
    expect_refused("init", 2, "usage: retune init [OPTION...] FOLDER", NULL);
    expect_refused("init a b", 2, "usage: retune init", NULL);
    expect_refused("init a --set x.y=z", 2, "--set", NULL);
    expect_refused("train -o x.ini job.ini", 2, "-o", NULL);
}
