/* The second start finds what the first has compiled; what is damaged, or another driver's, is made
 * anew. */
#include "run/scene.h"

#include "cache.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VULKAN " --set backend.order=vulkan "

static void begin(void) {
    scene_begin();
    if (scene_run("check job.ini" VULKAN) == 4)
        cr_skip_test("no device: %s", command_stderr);
}

TestSuite(vulkan_pipelines, .init = begin, .fini = scene_end, .timeout = 280);

/* Bytes that a run gives its driver as the content of a pipeline cache, as the library tells. */
static int given(const char *cache) {
    int bytes = -1;
    unlink("log");
    setenv("LD_LIBRARY_PATH", FAULTY_FOLDER, 1);
    setenv("VULKAN_LOG", "log", 1);
    scene_train("--fresh --set train.epochs=1" VULKAN "--set backend.vulkan.cache=%s", cache);
    FILE *log = fopen("log", "r");
    cr_assert_not_null(log);
    cr_assert_eq(fscanf(log, "cache %d", &bytes), 1);
    fclose(log);
    return bytes;
}

static const char *cache_path(void) {
    static char path[4096];
    cr_assert_not_null(getcwd(path, sizeof path - 8));
    return strcat(path, "/cache");
}

Test(vulkan_pipelines, the_second_start_finds_what_the_first_compiled) {
    const char *cache = cache_path();
    cr_expect_eq(given(cache), 0);
    cr_expect_gt(given(cache), 0);
    cr_expect_eq(given("off"), 0);
}

Test(vulkan_pipelines, a_damaged_file_is_not_given_to_the_driver) {
    const char *cache = cache_path();
    given(cache);
    cr_assert_eq(system("for f in cache/*.pipelines; do printf x | dd of=$f bs=1 seek=40 "
                        "conv=notrunc 2>/dev/null; done"),
                 0);
    cr_expect_eq(given(cache), 0);
    cr_expect_gt(given(cache), 0);
}

/* A file that is whole, but whose header names another device. */
Test(vulkan_pipelines, pipelines_of_another_device_are_not_given_to_the_driver) {
    const char *cache = cache_path();
    size_t bytes = 0;
    glob_t files;
    given(cache);
    cr_assert_eq(glob("cache/*.pipelines", 0, NULL, &files), 0);
    const char *name = strrchr(files.gl_pathv[0], '/') + 1;
    unsigned char *data = backend_cache_read("cache", name, &bytes);
    cr_assert(data && bytes >= 32);
    data[8] ^= 1; /* of the vendor's number */
    backend_cache_write("cache", name, data, bytes);
    free(data);
    globfree(&files);
    cr_expect_eq(given(cache), 0);
    cr_expect_gt(given(cache), 0);
}
