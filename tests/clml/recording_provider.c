/* A provider of the extension with recordable queues: the emulator's ops, which a recording
 * collects and enqueues again. RECORDING_FAULT=new, end or replay makes that call fail.
 * EMULATOR_PATH, a compile-time path, is the emulator. */
#include "interface.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_MAX = 4096 };

struct clml_recording_object {
    cl_command_queue queue; /* while it is being made */
    clml_op_handle ops[OPS_MAX];
    clml_set_handle sets[OPS_MAX];
    size_t count;
};

unsigned recordings_made, recordings_replayed, recordings_released;

static struct clml_recording_object *current;
static clml_table real, ours;

static int faulty(const char *call) {
    const char *fault = getenv("RECORDING_FAULT");
    return fault && strcmp(fault, call) == 0;
}

static void *emulator_symbol(const char *name) {
    static void *library;
    if (!library)
        library = dlopen(EMULATOR_PATH, RTLD_NOW | RTLD_LOCAL);
    return library ? dlsym(library, name) : NULL;
}

static cl_int enqueue_op(cl_command_queue queue, clml_op_handle op, clml_set_handle set,
                         cl_uint wait_count, const cl_event *waits, cl_event *out_event) {
    if (!current || queue != current->queue)
        return real.enqueue_op(queue, op, set, wait_count, waits, out_event);
    if (current->count == OPS_MAX)
        return CL_OUT_OF_RESOURCES;
    current->ops[current->count] = op;
    current->sets[current->count++] = set;
    return CL_SUCCESS;
}

static cl_int enqueue_recording(cl_command_queue queue, clml_recording_handle recording, size_t a,
                                const void *pa, size_t b, const void *pb, size_t c, const void *pc,
                                size_t d, const void *pd, size_t e, const void *pe, size_t f,
                                const void *pf, size_t g, const void *pg, cl_uint wait_count,
                                const cl_event *waits, cl_event *out_event) {
    (void)pa, (void)pb, (void)pc, (void)pd, (void)pe, (void)pf, (void)pg;
    cl_int code = CL_SUCCESS;
    if (faulty("replay") || a + b + c + d + e + f + g + wait_count > 0 || waits || out_event ||
        recording->queue || recording->count == 0)
        return CL_INVALID_OPERATION;
    for (size_t n = 0; n < recording->count && code == CL_SUCCESS; n++)
        code = real.enqueue_op(queue, recording->ops[n], recording->sets[n], 0, NULL, NULL);
    recordings_replayed++;
    return code;
}

clml_recording_handle clNewRecordingQCOM(cl_command_queue queue, cl_int *out_code) {
    struct clml_recording_object *made = faulty("new") ? NULL : calloc(1, sizeof *made);
    *out_code = made ? CL_SUCCESS : CL_OUT_OF_RESOURCES;
    if (!made)
        return NULL;
    made->queue = queue;
    recordings_made++;
    return current = made;
}

cl_int clEndRecordingQCOM(clml_recording_handle recording) {
    recording->queue = NULL;
    current = NULL;
    return faulty("end") ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

cl_int clReleaseRecordingQCOM(clml_recording_handle recording) {
    recordings_released++;
    free(recording);
    return CL_SUCCESS;
}

cl_int clQueryMLInterfaceVersionsQCOM(cl_int *majors, cl_int *minors, cl_uint capacity,
                                      cl_uint *out_count) {
    void *symbol = emulator_symbol(CLML_QUERY_SYMBOL);
    clml_query_function *query;
    memcpy(&query, &symbol, sizeof query);
    return query ? query(majors, minors, capacity, out_count) : CL_INVALID_OPERATION;
}

cl_int clGetMLInterfaceQCOM(void *out_table, cl_int major, cl_int minor) {
    void *symbol = emulator_symbol(CLML_TABLE_SYMBOL);
    clml_table_function *get;
    const clml_table *table = NULL, *given = &ours;
    memcpy(&get, &symbol, sizeof get);
    cl_int code = get ? get(&table, major, minor) : CL_INVALID_OPERATION;
    if (code != CL_SUCCESS)
        return code;
    memcpy(&real, table, sizeof real);
    memcpy(&ours, table, sizeof ours);
    ours.enqueue_op = enqueue_op;
    ours.enqueue_recording = enqueue_recording;
    memcpy(out_table, &given, sizeof given);
    return CL_SUCCESS;
}
