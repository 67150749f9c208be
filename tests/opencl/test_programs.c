/* The second start finds what the first has compiled. */
#include "run/scene.h"

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

TestSuite(opencl_programs, .init = begin, .fini = scene_end, .timeout = 280);

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

Test(opencl_programs, the_second_start_compiles_nothing) {
    const char *cache = cache_path();
    cr_expect_gt(compiled(cache, FAULTY_FOLDER), 5);
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), 0);
    cr_expect_gt(compiled("off", FAULTY_FOLDER), 5);
}

Test(opencl_programs, damaged_programs_are_compiled_again) {
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
Test(opencl_programs, programs_of_another_driver_are_compiled_again) {
    const char *cache = cache_path();
    int first = compiled(cache, FAULTY_FOLDER);
    setenv("OPENCL_FAULTS", "clCreateProgramWithBinary=-42", 1);
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), first);
    unsetenv("OPENCL_FAULTS");
    cr_expect_eq(compiled(cache, FAULTY_FOLDER), 0);
}
