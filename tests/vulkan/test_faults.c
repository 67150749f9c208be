/* What becomes of a run when the Vulkan library, the driver or the device fails: a reason, the
 * right exit code, and nothing half-written. */
#include "backends/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(vulkan_faults, .init = faults_begin, .fini = scene_end, .timeout = 280);

/* ---- Nothing to run on ---------------------------------------------------------------------- */

Test(vulkan_faults, no_library) {
    without_library("libvulkan.so.1", "libvulkan.so");
    expect_passed_over("no Vulkan loader", "install");
}

Test(vulkan_faults, a_library_without_functions) {
    setenv("LD_LIBRARY_PATH", EMPTY_FOLDER, 1);
    expect_passed_over("has no vkGetInstanceProcAddr", "1.1");
}

Test(vulkan_faults, a_library_of_vulkan_1_0) {
    setenv("VULKAN_WITHOUT", "vkEnumerateInstanceVersion", 1);
    expect_passed_over("has no vkEnumerateInstanceVersion", "1.1");
}

Test(vulkan_faults, no_driver) {
    setenv("VK_DRIVER_FILES", "/nowhere.json", 1);
    setenv("VK_ICD_FILENAMES", "/nowhere.json", 1); /* older loaders */
    expect_passed_over("finds no driver", "mesa-vulkan-drivers");
}

Test(vulkan_faults, no_device) {
    setenv("VULKAN_FAULTS", "vkEnumeratePhysicalDevices=-3", 1);
    expect_passed_over("finds no driver for any device", "VK_ERROR_INITIALIZATION_FAILED");
}

Test(vulkan_faults, no_queue_that_computes) {
    setenv("VULKAN_WITHOUT", "compute", 1);
    expect_passed_over("none with Vulkan 1.1 and a compute queue", "1 Vulkan device");
}

Test(vulkan_faults, a_device_that_does_not_open) {
    setenv("VULKAN_FAULTS", "vkCreateDevice=-3", 1);
    expect_passed_over("VK_ERROR_INITIALIZATION_FAILED", "vkCreateDevice");
}

/* Not even one image at a time fits. */
Test(vulkan_faults, a_device_without_memory_for_the_job) {
    setenv("VULKAN_MEMORY", "300000", 1);
    scene_refuse(4, "train job.ini" ORDER, "out of memory", "of 300000 are taken", NULL);
    expect_no_result();
}

/* Maps are then f32: what asks for half precision is refused, all else runs with other shaders. */
Test(vulkan_faults, a_device_without_16_bit_storage) {
    setenv("VULKAN_WITHOUT", "storage16", 1);
    scene_train("--fresh --set train.epochs=1" ORDER);
    cr_expect_neq(scene_run("train job.ini --fresh --set backend.precision=fp16" ORDER), 0);
}

/* ---- Matrix units --------------------------------------------------------------------------- */

/* What the log of the stand-in says of the first shader with matrices; "" when there was none. */
static const char *matrices_in_log(void) {
    static char line[128];
    FILE *file = fopen("log", "r");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, "matrices ", 9) == 0;
    if (file)
        fclose(file);
    return found ? line : "";
}

static void expect_matrices(const char *kind, const char *verdict) {
    setenv("VULKAN_PRETEND", kind, 1);
    setenv("VULKAN_TYPE", "2", 1); /* tiles for matrix units are for GPUs */
    setenv("VULKAN_LOG", "log", 1);
    int code = scene_run("train job.ini --set backend.precision=fp16" ORDER);
    cr_expect(code != 0 && strstr(command_stderr, "the shader cooperative_product_"), "%d: %s",
              code, command_stderr);
    cr_expect_str_eq(matrices_in_log(), verdict);
}

/* The shader is compiled for one extension and translated for the other. */
Test(vulkan_faults, matrix_units_of_the_standard_extension) {
    expect_matrices("khr", "matrices khr: well-formed\n");
}

Test(vulkan_faults, matrix_units_of_the_extension_before_it) {
    expect_matrices("nv", "matrices nv: well-formed\n");
}

static void expect_no_matrices(const char *arguments) {
    char line[256];
    setenv("VULKAN_LOG", "log", 1);
    snprintf(line, sizeof line, "--set train.epochs=1 %s" ORDER, arguments);
    scene_train(line);
    cr_expect_str_eq(matrices_in_log(), "");
}

Test(vulkan_faults, matrix_units_of_another_size) {
    setenv("VULKAN_PRETEND", "small", 1);
    setenv("VULKAN_TYPE", "2", 1);
    expect_no_matrices("--set backend.precision=fp16");
}

Test(vulkan_faults, matrix_units_that_are_turned_off) {
    setenv("VULKAN_PRETEND", "khr", 1);
    setenv("VULKAN_TYPE", "2", 1);
    expect_no_matrices("--set backend.precision=fp16 --set backend.vulkan.cooperative_matrix=off");
}

Test(vulkan_faults, matrix_units_without_room_for_their_tiles) {
    setenv("VULKAN_PRETEND", "khr", 1);
    expect_no_matrices("--set backend.precision=fp16");
}

Test(vulkan_faults, matrix_units_have_nothing_to_do_in_fp32) {
    setenv("VULKAN_PRETEND", "khr", 1);
    setenv("VULKAN_TYPE", "2", 1);
    expect_no_matrices("");
}

/* ---- Failing on the way --------------------------------------------------------------------- */

Test(vulkan_faults, a_shader_that_does_not_compile) {
    setenv("VULKAN_FAULTS", "vkCreateComputePipelines=-13", 1);
    int code = scene_run("train job.ini" ORDER);
    cr_expect(code != 0 && code != 130, "%d", code);
    cr_expect(strstr(command_stderr, "does not compile"), "%s", command_stderr);
    cr_expect(strstr(command_stderr, "the shader "), "%s", command_stderr);
}

Test(vulkan_faults, memory_that_cannot_be_had) {
    setenv("VULKAN_FAULTS", "vkCreateBuffer=-2@12", 1);
    scene_refuse(4, "train job.ini" ORDER, "out of memory", "VK_ERROR_OUT_OF_DEVICE_MEMORY", NULL);
    expect_no_result();
}

Test(vulkan_faults, a_device_lost_while_work_is_submitted) {
    setenv("VULKAN_FAULTS", "vkQueueSubmit=-4@12", 1);
    scene_refuse(5, "train job.ini" ORDER, "VK_ERROR_DEVICE_LOST", "vulkan/0", NULL);
}

Test(vulkan_faults, a_device_that_does_not_answer) {
    setenv("VULKAN_FAULTS", "vkWaitForFences=2@10", 1);
    scene_refuse(5, "train job.ini" ORDER, "VK_TIMEOUT", "vulkan/0", NULL);
}

/* What was saved before is whole, and another device goes on from there. */
Test(vulkan_faults, another_device_goes_on_after_a_loss) {
    setenv("VULKAN_FAULTS", "vkWaitForFences=-4@80", 1);
    scene_refuse(5, "train job.ini --set train.epochs=12" ORDER, "VK_ERROR_DEVICE_LOST", NULL);
    unsetenv("VULKAN_FAULTS");
    cr_assert(access("run/last.safetensors", F_OK) == 0, "nothing was saved in 80 waits");
    scene_train("--resume --set train.epochs=12 --set backend.order=cpu/simd");
    cr_expect(strstr(command_stdout, "\"event\":\"done\""), "%s", command_stdout);
}

/* Every function, from its first call on: never a crash, never a hang, never a run that ends well
 * with a function that did nothing. Without those whose failure costs nothing but time. */
Test(vulkan_faults, every_function_in_turn) {
    static const char *const names[] = {
        "vkCreateInstance",
        "vkEnumeratePhysicalDevices",
        "vkCreateDevice",
        "vkCreateCommandPool",
        "vkCreateFence",
        "vkAllocateCommandBuffers",
        "vkCreateBuffer",
        "vkAllocateMemory",
        "vkBindBufferMemory",
        "vkMapMemory",
        "vkCreatePipelineCache",
        "vkCreateDescriptorSetLayout",
        "vkCreatePipelineLayout",
        "vkCreateShaderModule",
        "vkCreateComputePipelines",
        "vkCreateDescriptorPool",
        "vkAllocateDescriptorSets",
        "vkBeginCommandBuffer",
        "vkEndCommandBuffer",
        "vkQueueSubmit",
        "vkWaitForFences",
        "vkResetFences",
    };
    static const int codes[] = {-1, -4, -9999};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char fault[128];
        snprintf(fault, sizeof fault, "%s=%d", names[n], codes[n % 3]);
        setenv("VULKAN_FAULTS", fault, 1);
        int code = scene_run("train job.ini --fresh" ORDER);
        cr_expect(code >= 1 && code <= 5, "%s: exit code %d", fault, code);
        cr_expect(strstr(command_stderr, "vulkan") || strstr(command_stderr, "Vulkan"), "%s: %s",
                  fault, command_stderr);
    }
}

/* This may fail, and a run still ends as it should. */
Test(vulkan_faults, failures_that_cost_time_only) {
    setenv("VULKAN_FAULTS", "vkGetPipelineCacheData=-1", 1);
    scene_train("--fresh --set train.epochs=1" ORDER);
}
