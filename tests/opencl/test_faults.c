/* What becomes of a run when the OpenCL library, the driver or the device fails: a reason, the
 * right exit code, and nothing half-written. */
#include "backends/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(opencl_faults, .init = faults_begin, .fini = scene_end, .timeout = 280);

/* ---- Nothing to run on ---------------------------------------------------------------------- */

Test(opencl_faults, no_library) {
    without_library("libOpenCL.so.1", "libOpenCL.so");
    expect_passed_over("no OpenCL loader", "install");
}

Test(opencl_faults, a_library_without_functions) {
    setenv("LD_LIBRARY_PATH", EMPTY_FOLDER, 1);
    expect_passed_over("has no clGetPlatformIDs", "1.2");
}

Test(opencl_faults, no_driver) {
    char line[512];
    cr_assert(mkdir("vendors", 0777) == 0);
    snprintf(line, sizeof line, "%s/vendors", getcwd((char[256]){0}, 256));
    setenv("OCL_ICD_VENDORS", line, 1);
    expect_passed_over("finds no driver", "pocl-opencl-icd");
}

Test(opencl_faults, no_device) {
    setenv("OPENCL_FAULTS", "clGetDeviceIDs=-1", 1);
    expect_passed_over("no device", "groups");
}

Test(opencl_faults, a_device_that_does_not_open) {
    setenv("OPENCL_FAULTS", "clCreateContext=-2", 1);
    expect_passed_over("CL_DEVICE_NOT_AVAILABLE", "clCreateContext");
}

/* Not even one image at a time fits. */
Test(opencl_faults, a_device_without_memory_for_the_job) {
    setenv("OPENCL_MEMORY", "300000", 1);
    scene_refuse(4, "train job.ini" ORDER, "out of memory", "of 300000 are taken", NULL);
    expect_no_result();
}

/* ---- Failing on the way --------------------------------------------------------------------- */

Test(opencl_faults, a_kernel_file_that_does_not_compile) {
    setenv("OPENCL_BREAK_SOURCE", "matrix_product", 1);
    int code = scene_run("train job.ini" ORDER "--set backend.opencl.cache=off");
    cr_expect(code != 0 && code != 130, "%d", code);
    cr_expect(strstr(command_stderr, "kernels/matrix.cl does not compile"), "%s", command_stderr);
    cr_expect(strstr(command_stderr, "broken by the test"), "no build log: %s", command_stderr);
}

Test(opencl_faults, a_buffer_that_cannot_be_had) {
    setenv("OPENCL_FAULTS", "clCreateBuffer=-4@12", 1);
    scene_refuse(4, "train job.ini" ORDER, "out of memory", "CL_MEM_OBJECT_ALLOCATION_FAILURE",
                 NULL);
    expect_no_result();
}

Test(opencl_faults, a_device_lost_while_work_is_enqueued) {
    setenv("OPENCL_FAULTS", "clEnqueueNDRangeKernel=-36@300", 1);
    scene_refuse(5, "train job.ini" ORDER, "CL_INVALID_COMMAND_QUEUE", "opencl/0", NULL);
}

Test(opencl_faults, a_device_lost_while_results_are_waited_for) {
    setenv("OPENCL_FAULTS", "clEnqueueReadBuffer=-5@9", 1);
    scene_refuse(5, "train job.ini" ORDER, "CL_OUT_OF_RESOURCES", "opencl/0", NULL);
}

/* What was saved before is whole, and another device goes on from there. */
Test(opencl_faults, another_device_goes_on_after_a_loss) {
    setenv("OPENCL_FAULTS", "clEnqueueReadBuffer=-9999@40", 1);
    scene_refuse(5, "train job.ini --set train.epochs=12" ORDER, "-9999", NULL);
    unsetenv("OPENCL_FAULTS");
    cr_assert(access("run/last.safetensors", F_OK) == 0, "nothing was saved in 40 reads");
    scene_train("--resume --set train.epochs=12 --set backend.order=cpu/simd");
    cr_expect(strstr(command_stdout, "\"event\":\"done\""), "%s", command_stdout);
}

/* Every function, from its first call on: never a crash, never a hang, never a run that ends well
 * with a function that did nothing. Without those whose failure costs nothing but time or memory.
 */
Test(opencl_faults, every_function_in_turn) {
    static const char *const names[] = {
        "clGetPlatformIDs", "clGetDeviceIDs",         "clCreateContext",
        "clCreateBuffer",   "clCreateCommandQueue",   "clEnqueueMapBuffer",
        "clBuildProgram",   "clCreateKernel",         "clSetKernelArg",
        "clFlush",          "clEnqueueNDRangeKernel", "clEnqueueReadBuffer",
        "clFinish",         "clEnqueueWriteBuffer",
    };
    static const int codes[] = {-5, -36, -9999};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char fault[128];
        snprintf(fault, sizeof fault, "%s=%d", names[n], codes[n % 3]);
        setenv("OPENCL_FAULTS", fault, 1);
        int code = scene_run("train job.ini --fresh --set backend.opencl.cache=off" ORDER);
        bool ends_well = strcmp(names[n], "clFinish") == 0; /* nothing in a run waits by it */
        cr_expect(ends_well || (code >= 1 && code <= 5), "%s: exit code %d", fault, code);
        cr_expect(ends_well || strstr(command_stderr, "opencl"), "%s: %s", fault, command_stderr);
    }
}

/* These may fail, and a run still ends as it should. */
Test(opencl_faults, failures_that_cost_time_only) {
    static const char *const names[] = {"clGetProgramInfo", "clCreateProgramWithBinary"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        char fault[128];
        snprintf(fault, sizeof fault, "%s=-30", names[n]);
        setenv("OPENCL_FAULTS", fault, 1);
        scene_train("--fresh --set train.epochs=1" ORDER);
    }
}
