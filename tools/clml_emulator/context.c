#include "context.h"

#include "backends/opencl/kernels.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct emu_program {
    const char *file;
    emu_elements elements;
    cl_program program;
    struct emu_program *next;
} emu_program;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static emu_context *contexts;

void emu_lock(void) {
    pthread_mutex_lock(&lock);
}

void emu_unlock(void) {
    pthread_mutex_unlock(&lock);
}

cl_int emu_refuse(const char *name, cl_int code, const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    emu_log("%s: %s (%d)", name, text, code);
    return code;
}

cl_int emu_context_find(cl_context context, emu_context **out) {
    if (!context)
        return CL_INVALID_CONTEXT;
    for (emu_context *c = contexts; c; c = c->next)
        if (c->context == context) {
            c->references++;
            *out = c;
            return CL_SUCCESS;
        }
    emu_context *made = calloc(1, sizeof *made);
    if (!made)
        return CL_OUT_OF_HOST_MEMORY;
    *made = (emu_context){.references = 1, .context = context, .next = contexts};
    const cl_int code = cl.clRetainContext(context);
    if (code != CL_SUCCESS) {
        free(made);
        return code;
    }
    contexts = *out = made;
    return CL_SUCCESS;
}

void emu_context_drop(emu_context *context) {
    emu_context **link = &contexts;
    if (!context || --context->references)
        return;
    while (*link != context)
        link = &(*link)->next;
    *link = context->next;
    for (emu_program *p = context->programs, *next; p; p = next) {
        next = p->next;
        cl.clReleaseProgram(p->program);
        free(p);
    }
    cl.clReleaseContext(context->context);
    free(context);
}

/* ---- Programs ------------------------------------------------------------------------------- */

static const char *source_of(const char *file) {
    const opencl_source *s = opencl_sources;
    while (s->name && strcmp(s->name, file) != 0)
        s++;
    return s->text;
}

static void log_build(emu_context *context, const char *file, cl_program program) {
    static char text[4096];
    cl_device_id device = NULL;
    text[0] = 0;
    cl.clGetContextInfo(context->context, CL_CONTEXT_DEVICES, sizeof device, &device, NULL);
    cl.clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof text - 1, text, NULL);
    emu_log("kernels/%s.cl does not compile: %s", file, text);
}

static cl_int build(emu_context *context, const char *file, emu_elements elements,
                    cl_program *out) {
    static const char *const options[] = {"-cl-std=CL1.2", "-cl-std=CL1.2 -DHALF_ELEMENTS",
                                          "-cl-std=CL1.2 -DHALF_ELEMENTS -DHALF_SUMS"};
    const char *texts[] = {source_of("prelude"), source_of(file)};
    cl_int code = CL_SUCCESS;
    cl_program program = cl.clCreateProgramWithSource(context->context, 2, texts, NULL, &code);
    if (code != CL_SUCCESS)
        return code;
    code = cl.clBuildProgram(program, 0, NULL, options[elements], NULL, NULL);
    if (code != CL_SUCCESS) {
        log_build(context, file, program);
        cl.clReleaseProgram(program);
        return CL_BUILD_PROGRAM_FAILURE;
    }
    *out = program;
    return CL_SUCCESS;
}

static cl_int find_program(emu_context *context, const char *file, emu_elements elements,
                           cl_program *out) {
    for (const emu_program *p = context->programs; p; p = p->next)
        if (p->elements == elements && strcmp(p->file, file) == 0) {
            *out = p->program;
            return CL_SUCCESS;
        }
    emu_program *made = calloc(1, sizeof *made);
    if (!made)
        return CL_OUT_OF_HOST_MEMORY;
    *made = (emu_program){.file = file, .elements = elements, .next = context->programs};
    const cl_int code = build(context, file, elements, &made->program);
    if (code != CL_SUCCESS) {
        free(made);
        return code;
    }
    context->programs = made;
    *out = made->program;
    return CL_SUCCESS;
}

cl_int emu_kernel_create(emu_context *context, const char *file, emu_elements elements,
                         const char *name, cl_kernel *out) {
    cl_program program = NULL;
    cl_int code = find_program(context, file, elements, &program);
    if (code == CL_SUCCESS)
        *out = cl.clCreateKernel(program, name, &code);
    return code;
}
