#include "compiler.h"

#include "cache.h"
#include "error.h"
#include "kernels.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_LENGTH = 512, LOG_LENGTH = 700 };

struct opencl_program {
    opencl_program *next;
    const opencl_source *source;
    char options[OPTIONS_LENGTH];
    cl_program program;
    char file_name[48]; /* in the cache, until it is saved there; "" afterwards */
};

/* Raised when binaries in old caches must not be used for a reason that no source shows. */
static const char version[] = "retune opencl 1";

static const opencl_source *find_source(const char *name) {
    const opencl_source *source = opencl_sources;
    while (source->name && strcmp(source->name, name) != 0)
        source++;
    return source->name ? source : NULL;
}

retune_status opencl_compiler_open(retune_backend_device *device, retune_error *error) {
    backend_gpu_options *o = &device->options;
    if (!o->cache[0])
        return RETUNE_OK;
    retune_status status = backend_cache_open(o->cache, o->cache_asked ? error : NULL);
    if (status == RETUNE_OK || o->cache_asked)
        return status;
    o->cache[0] = '\0';
    return RETUNE_OK;
}

void opencl_compiler_close(retune_backend_device *device) {
    while (device->programs) {
        opencl_program *program = device->programs;
        device->programs = program->next;
        cl.clReleaseProgram(program->program);
        free(program);
    }
}

/* ---- Building ------------------------------------------------------------------------------- */

/* The beginning of the build log as one line. */
static void read_log(const retune_backend_device *device, cl_program program,
                     char text[LOG_LENGTH]) {
    size_t size = 0;
    snprintf(text, LOG_LENGTH, "no build log");
    if (cl.clGetProgramBuildInfo(program, device->info->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) !=
            CL_SUCCESS ||
        size < 2)
        return;
    char *log = calloc(1, size + 1);
    if (log && cl.clGetProgramBuildInfo(program, device->info->id, CL_PROGRAM_BUILD_LOG, size, log,
                                        NULL) == CL_SUCCESS)
        snprintf(text, LOG_LENGTH, "%s", log);
    free(log);
    for (char *c = text; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
}

static cl_int build(const retune_backend_device *device, cl_program program, const char *options) {
    char all[OPTIONS_LENGTH + 64];
    snprintf(all, sizeof all, "-cl-std=CL1.2 %s", options);
    return cl.clBuildProgram(program, 1, &device->info->id, all, NULL, NULL);
}

static retune_status build_source(const retune_backend_device *device, const opencl_source *source,
                                  const char *options, cl_program *out_program,
                                  retune_error *error) {
    char log[LOG_LENGTH];
    const char *texts[] = {find_source("types")->text, "\n#line 1\n", source->text};
    cl_int code;
    cl_program program = cl.clCreateProgramWithSource(device->context, 3, texts, NULL, &code);
    if (!program)
        return opencl_check(code, "clCreateProgramWithSource", error);
    code = build(device, program, options);
    if (code == CL_SUCCESS) {
        *out_program = program;
        return RETUNE_OK;
    }
    read_log(device, program, log);
    cl.clReleaseProgram(program);
    retune_status status = opencl_check(code, "clBuildProgram", NULL);
    return backend_fail(error, status, "kernels/%s.cl does not compile with %s: %s: %s",
                        source->name, options, opencl_code_name(code), log);
}

/* ---- The cache ------------------------------------------------------------------------------ */

static bool uses_cache(const retune_backend_device *device) {
    return device->options.cache[0] && !(device->info->quirks & OPENCL_QUIRK_NO_BINARIES);
}

void opencl_compiler_identity(const retune_backend_device *device, char key[33]) {
    const opencl_candidate *c = device->info;
    const char *texts[6 + 64] = {version,   c->name,          c->vendor,
                                 c->driver, c->platform_name, c->platform_version};
    size_t count = 6;
    for (const opencl_source *s = opencl_sources; s->name && count < 6 + 63; s++)
        texts[count++] = s->text;
    backend_cache_key(key, texts);
}

static void file_name(const retune_backend_device *device, const opencl_source *source,
                      const char *options, char name[48]) {
    const opencl_candidate *c = device->info;
    char key[33];
    const char *texts[] = {
        version,   find_source("types")->text, source->text,        options, c->name, c->vendor,
        c->driver, c->platform_name,           c->platform_version, NULL};
    backend_cache_key(key, texts);
    snprintf(name, 48, "%s.program", key);
}

/* A program from a binary; NULL when the driver does not take it any more. */
static cl_program build_binary(const retune_backend_device *device, const char *options,
                               const void *binary, size_t bytes) {
    cl_int code, taken;
    const unsigned char *start = binary;
    cl_program program = cl.clCreateProgramWithBinary(device->context, 1, &device->info->id, &bytes,
                                                      &start, &taken, &code);
    if (program && build(device, program, options) == CL_SUCCESS)
        return program;
    if (program)
        cl.clReleaseProgram(program);
    return NULL;
}

static cl_program load(const retune_backend_device *device, const char *name, const char *options) {
    size_t bytes;
    void *binary = backend_cache_read(device->options.cache, name, &bytes);
    if (!binary)
        return NULL;
    cl_program program = build_binary(device, options, binary, bytes);
    free(binary);
    return program;
}

static void save(const retune_backend_device *device, const char *name, cl_program program) {
    size_t bytes = 0;
    if (cl.clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL) !=
            CL_SUCCESS ||
        bytes == 0)
        return;
    unsigned char *binary = malloc(bytes);
    if (binary && cl.clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) ==
                      CL_SUCCESS)
        backend_cache_write(device->options.cache, name, binary, bytes);
    free(binary);
}

/* ---- Kernels -------------------------------------------------------------------------------- */

static retune_status make_program(retune_backend_device *device, opencl_program *p,
                                  retune_error *error) {
    if (uses_cache(device)) {
        file_name(device, p->source, p->options, p->file_name);
        p->program = load(device, p->file_name, p->options);
    }
    if (!p->program)
        return build_source(device, p->source, p->options, &p->program, error);
    p->file_name[0] = '\0';
    return RETUNE_OK;
}

static retune_status find_program(retune_backend_device *device, const opencl_source *source,
                                  const char *options, opencl_program **out_program,
                                  retune_error *error) {
    for (opencl_program *p = device->programs; p; p = p->next)
        if (p->source == source && strcmp(p->options, options) == 0) {
            *out_program = p;
            return RETUNE_OK;
        }
    opencl_program *p = calloc(1, sizeof *p);
    if (!p)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a program");
    p->source = source;
    snprintf(p->options, sizeof p->options, "%s", options);
    retune_status status = make_program(device, p, error);
    if (status != RETUNE_OK) {
        free(p);
        return status;
    }
    p->next = device->programs;
    device->programs = p;
    *out_program = p;
    return RETUNE_OK;
}

retune_status opencl_compiler_kernel(retune_backend_device *device, const char *source,
                                     const char *kernel, const char *options, cl_kernel *out_kernel,
                                     retune_error *error) {
    opencl_program *program = NULL;
    const opencl_source *found = find_source(source);
    *out_kernel = NULL;
    if (!found || strlen(options) >= OPTIONS_LENGTH)
        return backend_fail(error, RETUNE_INTERNAL, "no kernels/%s.cl with %s", source, options);
    retune_status status = find_program(device, found, options, &program, error);
    if (status != RETUNE_OK)
        return opencl_device_note(device, status);
    cl_int code;
    *out_kernel = cl.clCreateKernel(program->program, kernel, &code);
    if (!*out_kernel)
        return opencl_check(code, kernel, error);
    /* Saved now and not when it was built: some drivers compile when the kernel is made. */
    if (program->file_name[0])
        save(device, program->file_name, program->program);
    program->file_name[0] = '\0';
    return RETUNE_OK;
}

size_t opencl_compiler_group_items(const retune_backend_device *device, cl_kernel kernel) {
    size_t items = 0;
    if (cl.clGetKernelWorkGroupInfo(kernel, device->info->id, CL_KERNEL_WORK_GROUP_SIZE,
                                    sizeof items, &items, NULL) != CL_SUCCESS ||
        items == 0)
        items = 1;
    return items;
}
