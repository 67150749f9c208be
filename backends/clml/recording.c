#include "recording.h"

#include "error.h"
#include "status.h"

#include <string.h>

/* ---- The queue ------------------------------------------------------------------------------ */

static bool find(const clml_provider *provider, const char *name, void *pointer,
                 const char **out_missing) {
    void *symbol = clml_provider_symbol(provider, name);
    memcpy(pointer, &symbol, sizeof symbol);
    if (!symbol)
        *out_missing = name;
    return symbol != NULL;
}

retune_status clml_recorder_open(clml_device *device, const clml_provider *provider,
                                 retune_error *error) {
    clml_recorder *r = &device->recorder;
    const char *missing = NULL;
    if (!device->options.recording)
        return RETUNE_OK;
    if (device->opencl.options.profiling)
        return backend_fail(error, RETUNE_INVALID,
                            "[backend.clml] recording: not together with profiling = on");
    if (!find(provider, CLML_RECORDING_NEW, &r->begin, &missing) ||
        !find(provider, CLML_RECORDING_END, &r->end, &missing) ||
        !find(provider, CLML_RECORDING_RELEASE, &r->release, &missing))
        return backend_fail(error, RETUNE_UNAVAILABLE, "[backend.clml] recording: %s has no %s",
                            provider->path, missing);
    if (!device->ml->enqueue_recording)
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "[backend.clml] recording: %s has no function to enqueue one",
                            provider->path);
    cl_int code;
    r->queue = cl.clCreateCommandQueue(device->opencl.context, device->opencl.info->id,
                                       CLML_QUEUE_RECORDABLE, &code);
    if (r->queue)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "[backend.clml] recording: the driver makes no recordable queue: %s (%d)",
                        opencl_code_name(code), code);
}

void clml_recorder_close(clml_device *device) {
    if (device->recorder.queue)
        cl.clReleaseCommandQueue(device->recorder.queue);
    device->recorder.queue = NULL;
}

/* ---- A step --------------------------------------------------------------------------------- */

/* Updates are made anew when the learning rate changes; a single op gains nothing. */
static bool is_worth_it(const clml_step *step) {
    for (size_t n = 0; n < step->op_count; n++)
        if (step->ops[n].update)
            return false;
    return step->op_count * step->pieces > 1;
}

static cl_int record_phase(const retune_backend_program *program, const clml_step *step,
                           clml_phase phase, uint32_t piece) {
    const clml_device *device = program->device;
    cl_int code = CL_SUCCESS;
    for (size_t n = 0; n < step->op_count && code == CL_SUCCESS; n++)
        if (step->ops[n].phase == phase)
            code = device->ml->enqueue_op(device->recorder.queue, step->ops[n].handle,
                                          program->sets[piece], 0, NULL, NULL);
    return code;
}

static bool record(const retune_backend_program *program, clml_step *step) {
    const clml_recorder *r = &program->device->recorder;
    cl_int code = CL_SUCCESS;
    step->recording = r->begin(r->queue, &code);
    if (!step->recording || code != CL_SUCCESS)
        return false;
    code = record_phase(program, step, CLML_FIRST, 0);
    for (uint32_t p = 0; p < step->pieces && code == CL_SUCCESS; p++)
        code = record_phase(program, step, CLML_EACH, p);
    if (code == CL_SUCCESS)
        code = record_phase(program, step, CLML_LAST, 0);
    cl_int ended = r->end(step->recording);
    return code == CL_SUCCESS && ended == CL_SUCCESS;
}

bool clml_recording_run(retune_backend_program *program, clml_step *step) {
    const clml_device *device = program->device;
    if (!device->recorder.queue || step->unrecordable || !is_worth_it(step))
        return false;
    if (!step->recording)
        step->unrecordable = !record(program, step);
    if (!step->unrecordable)
        step->unrecordable = device->ml->enqueue_recording(
                                 device->opencl.queue, step->recording, 0, NULL, 0, NULL, 0, NULL,
                                 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, NULL) != CL_SUCCESS;
    return !step->unrecordable;
}

void clml_recording_release(const clml_device *device, clml_step *step) {
    if (step->recording)
        device->recorder.release(step->recording);
    step->recording = NULL;
}
