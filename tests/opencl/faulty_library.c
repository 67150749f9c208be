/* An OpenCL library that hands every call on to the real one, and
 * fails where a test wants it to.
 *
 *   OPENCL_FAULTS="clFinish=-5@3, clCreateBuffer=-4"
 *       the third call of clFinish and all after it answer -5, every clCreateBuffer -4
 *   OPENCL_BREAK_SOURCE=elementwise   sources that contain this text do not compile
 *   OPENCL_MEMORY=8388608             what devices say of their memory, in bytes
 *   OPENCL_LOG=FILE                   a line with its name for each program that is built from
 * source
 *
 * REAL_OPENCL, a compile-time path, is the real library. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
#define OPENCL_FUNCTION(name) __typeof__(name) *name;
#include "functions.def"
#undef OPENCL_FUNCTION
} real;

__attribute__((constructor)) static void load(void) {
    void *library = dlopen(REAL_OPENCL, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        abort();
    }
#define OPENCL_FUNCTION(name) *(void **)&real.name = dlsym(library, #name);
#include "functions.def"
#undef OPENCL_FUNCTION
}

/* ---- Faults --------------------------------------------------------------------------------- */

/* Counts a call; true when it is to answer `code`. */
static bool fails(const char *name, unsigned *calls, cl_int *code) {
    const char *faults = getenv("OPENCL_FAULTS");
    const size_t length = strlen(name);
    ++*calls;
    for (const char *at = faults; at && (at = strstr(at, name)); at += length) {
        int value = 0;
        unsigned from = 1;
        if (sscanf(at + length, "=%d@%u", &value, &from) >= 1 && *calls >= from) {
            *code = value;
            return true;
        }
    }
    return false;
}

/* A function that answers a code, and one that answers an object and puts the code elsewhere. */
#define CODE(name, parameters, arguments)                                                          \
    cl_int name parameters {                                                                       \
        static unsigned calls;                                                                     \
        cl_int fault;                                                                              \
        return fails(#name, &calls, &fault) ? fault : real.name arguments;                         \
    }
#define OBJECT(type, name, parameters, arguments)                                                  \
    type name parameters {                                                                         \
        static unsigned calls;                                                                     \
        cl_int fault;                                                                              \
        if (!fails(#name, &calls, &fault))                                                         \
            return real.name arguments;                                                            \
        if (code)                                                                                  \
            *code = fault;                                                                         \
        return NULL;                                                                               \
    }

CODE(clGetPlatformIDs, (cl_uint n, cl_platform_id *ids, cl_uint *count), (n, ids, count))
CODE(clGetPlatformInfo,
     (cl_platform_id id, cl_platform_info what, size_t size, void *value, size_t *out_size),
     (id, what, size, value, out_size))
CODE(clGetDeviceIDs,
     (cl_platform_id id, cl_device_type type, cl_uint n, cl_device_id *ids, cl_uint *count),
     (id, type, n, ids, count))
OBJECT(cl_context, clCreateContext,
       (const cl_context_properties *properties, cl_uint n, const cl_device_id *ids,
        void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user,
        cl_int *code),
       (properties, n, ids, notify, user, code))
CODE(clReleaseContext, (cl_context context), (context))
OBJECT(cl_command_queue, clCreateCommandQueue,
       (cl_context context, cl_device_id id, cl_command_queue_properties mode, cl_int *code),
       (context, id, mode, code))
CODE(clReleaseCommandQueue, (cl_command_queue queue), (queue))
OBJECT(cl_mem, clCreateBuffer,
       (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code),
       (context, flags, size, host, code))
CODE(clReleaseMemObject, (cl_mem memory), (memory))
OBJECT(cl_program, clCreateProgramWithBinary,
       (cl_context context, cl_uint n, const cl_device_id *ids, const size_t *sizes,
        const unsigned char **binaries, cl_int *states, cl_int *code),
       (context, n, ids, sizes, binaries, states, code))
CODE(clBuildProgram,
     (cl_program program, cl_uint n, const cl_device_id *ids, const char *options,
      void(CL_CALLBACK *notify)(cl_program, void *), void *user),
     (program, n, ids, options, notify, user))
CODE(clGetProgramInfo,
     (cl_program program, cl_program_info what, size_t size, void *value, size_t *out_size),
     (program, what, size, value, out_size))
CODE(clGetProgramBuildInfo,
     (cl_program program, cl_device_id id, cl_program_build_info what, size_t size, void *value,
      size_t *out_size),
     (program, id, what, size, value, out_size))
CODE(clReleaseProgram, (cl_program program), (program))
OBJECT(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *code),
       (program, name, code))
CODE(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
     (kernel, index, size, value))
CODE(clGetKernelWorkGroupInfo,
     (cl_kernel kernel, cl_device_id id, cl_kernel_work_group_info what, size_t size, void *value,
      size_t *out_size),
     (kernel, id, what, size, value, out_size))
CODE(clReleaseKernel, (cl_kernel kernel), (kernel))
CODE(clEnqueueNDRangeKernel,
     (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
      const size_t *global, const size_t *local, cl_uint n, const cl_event *wait, cl_event *event),
     (queue, kernel, dimensions, offset, global, local, n, wait, event))
CODE(clEnqueueReadBuffer,
     (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size,
      void *data, cl_uint n, const cl_event *wait, cl_event *event),
     (queue, memory, blocking, offset, size, data, n, wait, event))
CODE(clEnqueueWriteBuffer,
     (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size,
      const void *data, cl_uint n, const cl_event *wait, cl_event *event),
     (queue, memory, blocking, offset, size, data, n, wait, event))
CODE(clEnqueueCopyBuffer,
     (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset, size_t to_offset,
      size_t size, cl_uint n, const cl_event *wait, cl_event *event),
     (queue, from, to, from_offset, to_offset, size, n, wait, event))
OBJECT(void *, clEnqueueMapBuffer,
       (cl_command_queue queue, cl_mem memory, cl_bool blocking, cl_map_flags flags, size_t offset,
        size_t size, cl_uint n, const cl_event *wait, cl_event *event, cl_int *code),
       (queue, memory, blocking, flags, offset, size, n, wait, event, code))
CODE(clEnqueueUnmapMemObject,
     (cl_command_queue queue, cl_mem memory, void *mapped, cl_uint n, const cl_event *wait,
      cl_event *event),
     (queue, memory, mapped, n, wait, event))
CODE(clGetEventProfilingInfo,
     (cl_event event, cl_profiling_info what, size_t size, void *value, size_t *out_size),
     (event, what, size, value, out_size))
CODE(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events))
CODE(clReleaseEvent, (cl_event event), (event))
CODE(clFlush, (cl_command_queue queue), (queue))
CODE(clFinish, (cl_command_queue queue), (queue))

/* ---- Functions that do more ----------------------------------------------------------------- */

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t size, void *value,
                       size_t *out_size) {
    const char *memory = getenv("OPENCL_MEMORY");
    cl_int code = real.clGetDeviceInfo(id, what, size, value, out_size);
    if (code == CL_SUCCESS && memory && what == CL_DEVICE_GLOBAL_MEM_SIZE && value)
        *(cl_ulong *)value = strtoull(memory, NULL, 10);
    return code;
}

static void log_source(void) {
    const char *path = getenv("OPENCL_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "source\n");
        fclose(file);
    }
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint n, const char **texts,
                                     const size_t *lengths, cl_int *code) {
    const char *word = getenv("OPENCL_BREAK_SOURCE");
    const char *broken = "#error broken by the test\n";
    log_source();
    for (cl_uint t = 0; word && t < n; t++)
        if (strstr(texts[t], word))
            return real.clCreateProgramWithSource(context, 1, &broken, NULL, code);
    return real.clCreateProgramWithSource(context, n, texts, lengths, code);
}
