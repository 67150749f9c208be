#include "late.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct late_job {
    cl_event done;
    unsigned delay_ms;
    emu_late_copy copy;
    cl_uint wait_count;
    cl_event waits[];
} late_job;

static void free_job(late_job *job) {
    for (cl_uint n = 0; n < job->wait_count; n++)
        cl.clReleaseEvent(job->waits[n]);
    cl.clReleaseEvent(job->done);
    free(job->copy.own);
    free(job);
}

static void *run(void *argument) {
    late_job *job = argument;
    const struct timespec delay = {job->delay_ms / 1000, (long)(job->delay_ms % 1000) * 1000000};
    cl_int code = CL_SUCCESS;
    if (job->wait_count)
        code = cl.clWaitForEvents(job->wait_count, job->waits);
    nanosleep(&delay, NULL);
    if (job->copy.size && code == CL_SUCCESS)
        memcpy(job->copy.to, job->copy.from, job->copy.size);
    cl.clSetUserEventStatus(job->done, code == CL_SUCCESS ? CL_COMPLETE : code);
    free_job(job);
    return NULL;
}

static cl_int start(late_job *job) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    const int failed = pthread_create(&thread, &attributes, run, job);
    pthread_attr_destroy(&attributes);
    return failed ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS;
}

cl_int emu_late(cl_context context, cl_uint wait_count, const cl_event *waits, unsigned delay_ms,
                const emu_late_copy *copy, cl_event *out) {
    cl_int code = CL_SUCCESS;
    late_job *job = calloc(1, sizeof *job + wait_count * sizeof job->waits[0]);
    if (job)
        *job = (late_job){.delay_ms = delay_ms, .done = cl.clCreateUserEvent(context, &code)};
    if (!job || code != CL_SUCCESS) {
        if (copy)
            free(copy->own);
        free(job);
        return job ? code : CL_OUT_OF_HOST_MEMORY;
    }
    for (cl_uint n = 0; n < wait_count; n++) {
        cl.clRetainEvent(waits[n]);
        job->waits[job->wait_count++] = waits[n];
    }
    if (copy)
        job->copy = *copy;
    cl.clRetainEvent(job->done);
    const cl_event done = job->done;
    code = start(job);
    if (code != CL_SUCCESS) {
        cl.clSetUserEventStatus(done, code);
        cl.clReleaseEvent(done);
        free_job(job);
        return code;
    }
    *out = done;
    return CL_SUCCESS;
}
