/* Whole runs on OpenCL: they tell the same story as the CPU, twice with the same bits, and the
 * second start finds what the first has compiled. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPENCL " --set backend.order=opencl "

/* Skips where no OpenCL device can be used at all. */
static void begin(void) {
    scene_begin();
    if (scene_run("check job.ini" OPENCL) == 4)
        cr_skip_test("no device: %s", command_stderr);
}

TestSuite(opencl_run, .init = begin, .fini = scene_end, .timeout = 280);

/* Losses of the epochs of a run into `folder`. A batch holds all images, so that an epoch is a
 * step. */
#define STEPS 10
static void losses(const char *device, const char *more, double out_losses[STEPS]) {
    scene_train("--fresh --set train.epochs=%d --set train.batch=36 --set backend.order=%s %s",
                STEPS, device, more);
    cJSON *events = events_parse(command_stdout);
    cr_assert_eq(events_count(events, "epoch"), STEPS);
    for (int e = 0; e < STEPS; e++)
        out_losses[e] = event_number(events_find(events, "epoch", e), "loss");
    cJSON_Delete(events);
}

static void expect_same_story(const char *settings, double tolerance) {
    double scalar[STEPS], opencl[STEPS];
    losses("cpu/scalar", settings, scalar);
    losses("opencl", settings, opencl);
    for (int e = 0; e < STEPS; e++)
        cr_expect(fabs(opencl[e] - scalar[e]) <= tolerance * fabs(scalar[e]),
                  "%s, step %d: %.8g, the reference has %.8g", settings, e + 1, opencl[e],
                  scalar[e]);
}

Test(opencl_run, ten_steps_of_the_head_and_a_convolution) {
    expect_same_story("", 1e-3);
}

Test(opencl_run, ten_steps_of_all_layers_from_images) {
    expect_same_story("--set 'freeze.train=*' --set freeze.batch_norm=affine "
                      "--set train.optimizer=momentum --set train.learning_rate=0.01",
                      1e-3);
}

Test(opencl_run, ten_steps_in_half_precision) {
    expect_same_story("--set backend.precision=fp16", 1e-2);
}

Test(opencl_run, again_with_the_same_bits) {
    static const char *const names[] = {"conv_pw_13/kernel", "dense/kernel", "dense/bias"};
    scene_train(OPENCL);
    scene_train(OPENCL "--set output.folder=again");
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        cr_expect(tensor_same("run/last.safetensors", "again/last.safetensors", names[n]), "%s",
                  names[n]);
}

/* Tuning may change the time of a run and nothing else. */
Test(opencl_run, tuned_or_not_the_same_bits) {
    scene_train(OPENCL "--set backend.opencl.tune=off");
    scene_train(OPENCL "--set backend.opencl.tune=full --set output.folder=full");
    cr_expect(tensor_same("run/last.safetensors", "full/last.safetensors", "conv_pw_13/kernel"));
}

/* ---- The program cache ---------------------------------------------------------------------- */

/* Programs compiled from source in a run with this cache, as the library counts them. */
static int compiled(const char *cache, const char *library) {
    size_t size = 0;
    unlink("compiled");
    setenv("LD_LIBRARY_PATH", library, 1);
    setenv("OPENCL_LOG", "compiled", 1);
    scene_train("--fresh --set train.epochs=1" OPENCL "--set backend.opencl.cache=%s", cache);
    unsetenv("LD_LIBRARY_PATH");
    unsetenv("OPENCL_LOG");
    if (access("compiled", F_OK) != 0)
        return 0;
    char *lines = scene_read("compiled", &size);
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += lines[i] == '\n';
    free(lines);
    return count;
}

static const char *cache_path(void) {
    static char path[4096];
    cr_assert_not_null(getcwd(path, sizeof path - 8));
    return strcat(path, "/cache");
}

Test(opencl_run, the_second_start_compiles_nothing) {
    const char *cache = cache_path();
    cr_expect_gt(compiled(cache, FAULTY_FOLDER), 5);
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), 0);
    cr_expect_gt(compiled("off", FAULTY_FOLDER), 5);
}

Test(opencl_run, damaged_programs_are_compiled_again) {
    const char *cache = cache_path();
    int first = compiled(cache, FAULTY_FOLDER);
    cr_assert_eq(
        system("for f in cache/*.program; do printf x | dd of=$f bs=1 seek=100 conv=notrunc "
               "2>/dev/null; done"),
        0);
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), first);
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), 0);
}

/* A file that is whole, but that the driver does not take. */
Test(opencl_run, programs_of_another_driver_are_compiled_again) {
    const char *cache = cache_path();
    int first = compiled(cache, FAULTY_FOLDER);
    setenv("OPENCL_FAULTS", "clCreateProgramWithBinary=-42", 1);
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), first);
    unsetenv("OPENCL_FAULTS");
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), 0);
}
