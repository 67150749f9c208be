/* What cannot be trained is refused: with the right exit code, a message that names what is at
 * fault, and nothing half-written. */
#include "run/events.h"
#include "run/scene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run_refuse, .init = scene_begin, .fini = scene_end);

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* The first `size` bytes of a file as another one. */
static void write_part(const char *from, const char *to, size_t size) {
    size_t whole = 0;
    char *data = scene_read(from, &whole);
    FILE *file = fopen(to, "w");
    cr_assert(file && size <= whole && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    free(data);
}

static void expect_no_run(void) {
    cr_expect(access("run/job.ini", F_OK) != 0, "a refused run wrote run/job.ini");
}

/* ---- Configuration ------------------------------------------------------------------------- */

Test(run_refuse, an_unknown_section) {
    write_text("bad.ini", "[modle]\nalpha = 1\n");
    scene_refuse(2, "train bad.ini", "bad.ini:1", "modle", "model", NULL);
}

Test(run_refuse, an_unknown_key) {
    write_text("bad.ini", "[train]\n\nepocs = 3\n");
    scene_refuse(2, "train bad.ini", "bad.ini:3", "epocs", "epochs", NULL);
    scene_refuse(2, "train job.ini --set train.epocs=3", "epocs", "epochs", NULL);
}

Test(run_refuse, a_value_out_of_range) {
    scene_refuse(2, "train job.ini --set train.batch=0", "batch", "1..65536", NULL);
    scene_refuse(2, "train job.ini --set train.optimizer=adma", "optimizer", "adam", NULL);
    expect_no_run();
}

Test(run_refuse, a_glob_that_matches_nothing) {
    scene_refuse(2, "train job.ini --set freeze.train=conv_pw_14", "conv_pw_14", "conv_pw_1", NULL);
    scene_refuse(2, "train job.ini --set freeze.train=conv_pw_13_relu", "something to train", NULL);
    expect_no_run();
}

Test(run_refuse, a_head_that_is_none) {
    scene_refuse(2, "train job.ini --set model.head=average_pool,dense", "head", "softmax", NULL);
    scene_refuse(2, "train job.ini --set model.head=pool,dense,softmax", "pool", NULL);
    expect_no_run();
}

/* ---- Data ---------------------------------------------------------------------------------- */

Test(run_refuse, a_missing_folder) {
    scene_refuse(3, "train job.ini --set data.root=nowhere", "nowhere", NULL);
    expect_no_run();
}

Test(run_refuse, an_empty_class) {
    cr_assert(mkdir("data/empty", 0777) == 0);
    scene_refuse(3, "train job.ini", "empty", NULL);
    expect_no_run();
}

Test(run_refuse, a_single_class) {
    scene_pictures("one/disc", 0, 0, 8);
    scene_refuse(3, "train job.ini --set data.root=one", "two classes", NULL);
    expect_no_run();
}

Test(run_refuse, text_named_jpg) {
    write_text("data/disc/notes.jpg", "hello, this is no picture");
    scene_refuse(3, "train job.ini --set data.bad_images=fail", "notes.jpg", "not a JPEG or PNG",
                 NULL);
    expect_no_run();
    scene_train("--set data.bad_images=skip");
    cr_expect(strstr(command_stdout, "\"skipped\":1"), "%s", command_stdout);
}

Test(run_refuse, a_truncated_jpeg) {
    size_t size = 0;
    scene_picture("whole.jpg", 1, 99);
    free(scene_read("whole.jpg", &size));
    write_part("whole.jpg", "data/ring/cut.jpg", size / 2);
    scene_refuse(3, "train job.ini --set data.bad_images=fail", "cut.jpg", "byte", NULL);
    scene_train("--set data.bad_images=skip");
    cr_expect(strstr(command_stdout, "cut.jpg"), "%s", command_stdout);
    cr_expect(strstr(command_stdout, "\"skipped\":1"), "%s", command_stdout);
}

Test(run_refuse, an_enormous_png) {
    static const unsigned char header[] = {
        0x89, 'P',  'N',  'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0,
        0,    0xea, 0x60, 0,   0,    0xea, 0x60, 8,    2, 0, 0, 0,  0,   0,   0,   0};
    FILE *file = fopen("data/disc/huge.png", "wb");
    cr_assert(file && fwrite(header, sizeof header, 1, file) == 1 && fclose(file) == 0);
    scene_refuse(3, "train job.ini --set data.bad_images=fail", "huge.png", "60000", NULL);
    scene_train("--set data.bad_images=skip");
}

/* ---- Weights ------------------------------------------------------------------------------- */

Test(run_refuse, weights_of_another_alpha) {
    scene_weights("half.safetensors", 0.5, 1);
    scene_refuse(3, "train job.ini --set model.weights=half.safetensors", "half.safetensors",
                 "alpha", NULL);
    expect_no_run();
}

Test(run_refuse, weights_that_are_not_there) {
    scene_refuse(3, "train job.ini --set model.weights=none.h5", "none.h5", NULL);
    scene_refuse(3, "train job.ini --set model.weights=none.safetensors", "none.safetensors", NULL);
    expect_no_run();
}

Test(run_refuse, weights_cut_in_half) {
    size_t size = 0;
    free(scene_read("base.safetensors", &size));
    write_part("base.safetensors", "cut.safetensors", size / 2);
    scene_refuse(3, "train job.ini --set model.weights=cut.safetensors", "cut.safetensors", NULL);
    expect_no_run();
}

Test(run_refuse, an_h5_file_cut_in_half) {
    char path[4096];
    const char *data = getenv("RETUNE_TEST_DATA");
    snprintf(path, sizeof path, "%s/models/mobilenet_1_0_224_tf_no_top.h5", data ? data : "");
    if (access(path, R_OK) != 0)
        cr_skip_test("RETUNE_TEST_DATA has no models/mobilenet_1_0_224_tf_no_top.h5");
    size_t size = 0;
    free(scene_read(path, &size));
    write_part(path, "cut.h5", size / 2);
    scene_refuse(3, "train job.ini --set model.weights=cut.h5", "cut.h5", NULL);
    expect_no_run();
}

/* ---- Output -------------------------------------------------------------------------------- */

Test(run_refuse, an_output_folder_that_cannot_be_made) {
    write_text("file", "in the way");
    scene_refuse(3, "train job.ini --set output.folder=file/run", "file", NULL);
}

/* A limit on the size of files stands for a disk that is full: writes beyond it fail in the same
 * place. The model is larger than the limit, what comes before it is not. */
Test(run_refuse, a_full_disk) {
    struct rlimit limit = {200000, 200000};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    scene_refuse(3, "train job.ini", "model.safetensors", NULL);
    cr_expect(access("run/model.safetensors", F_OK) != 0, "half a model was left behind");
}

/* ---- Backends ------------------------------------------------------------------------------ */

Test(run_refuse, an_unknown_backend) {
    scene_refuse(4, "train job.ini --set backend.order=cpuu", "cpuu", "cpu", NULL);
    expect_no_run();
    scene_refuse(4, "train job.ini --set backend.order=cpu/vector", "cpu/vector", "cpu/simd", NULL);
}

Test(run_refuse, a_plugin_of_another_major_version) {
    char folder[4096], arguments[8192];
    snprintf(folder, sizeof folder, "%s/tests/loader/plugins", getenv("RETUNE_TEST_BINARY"));
    snprintf(arguments, sizeof arguments,
             "train job.ini --set backend.order=newer_major --set backend.plugin_path=%s", folder);
    scene_refuse(4, arguments, "newer_major", "ABI", NULL);
}

#define NO_FILE "0000000000000000000000000000000000000000000000000000000000000000"

Test(run_refuse, a_plugin_that_is_not_what_its_pin_says) {
    char right[256] = "", line[512];
    scene_refuse(2, "train job.ini --set backend.plugin_sha256=retune_cpu.so:0",
                 "[backend] plugin_sha256: 'retune_cpu.so:0' is not FILE:SHA-256", NULL);
    FILE *sum = popen("sha256sum <\"$RETUNE_TEST_BINARY/lib/retune/retune_cpu.so\"", "r");
    cr_assert(sum != NULL);
    cr_assert(fscanf(sum, "%64s", right) <= 1);
    if (pclose(sum) != 0)
        cr_skip_test("plugins are linked in");
    scene_refuse(4, "train job.ini --set backend.plugin_sha256=retune_cpu.so:" NO_FILE,
                 "its SHA-256 is ", right, NO_FILE, NULL);
    expect_no_run();
    snprintf(line, sizeof line,
             "check job.ini --set backend.plugin_sha256=retune_cpu.so:%s,retune_other.so:" NO_FILE,
             right);
    cr_expect(command_run(line) == 0, "%s", command_stderr);
}

Test(run_refuse, plugins_beside_the_job) {
    scene_refuse(2, "train job.ini --set backend.plugin_path=.",
                 "[backend] plugin_path: . is the folder of the job file", NULL);
    scene_refuse(2, "train job.ini --set backend.plugin_path=data",
                 "[backend] plugin_path: data is in [data] root", NULL);
}

Test(run_refuse, an_option_that_a_backend_does_not_know) {
    scene_refuse(2, "train job.ini --set backend.cpu.thraeds=2", "thraeds", NULL);
}

/* ---- Training ------------------------------------------------------------------------------ */

Test(run_refuse, training_that_diverges) {
    scene_refuse(2,
                 "train job.ini --set train.optimizer=sgd --set train.learning_rate=1000 --set "
                 "train.weight_decay=100 "
                 "--set train.epochs=30",
                 "diverged", "learning_rate", NULL);
}

Test(run_refuse, resume_together_with_fresh) {
    scene_refuse(2, "train job.ini --resume --fresh", "exclude each other", NULL);
}
