#include "staging.h"

#include "error.h"
#include "status.h"

#include <stdlib.h>
#include <string.h>

/* More than the writes of a few training steps, so that a place is free long before its turn. */
enum { PLACES = 32 };

struct opencl_staging {
    cl_mem memory; /* page-locked where the driver can: transfers then run beside the host */
    char *mapped;
    cl_event busy[PLACES]; /* the last transfer from each place */
    size_t next;
};

retune_status opencl_staging_open(retune_backend_device *device, retune_error *error) {
    const size_t bytes = (size_t)PLACES * OPENCL_STAGING_BYTES;
    cl_int code;
    opencl_staging *s = calloc(1, sizeof *s);
    if (!s)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a staging ring");
    device->staging = s;
    s->memory = cl.clCreateBuffer(device->context, CL_MEM_READ_ONLY | CL_MEM_ALLOC_HOST_PTR, bytes,
                                  NULL, &code);
    if (!s->memory)
        return opencl_check(code, "a staging ring", error);
    s->mapped = cl.clEnqueueMapBuffer(device->queue, s->memory, CL_TRUE, CL_MAP_WRITE, 0, bytes, 0,
                                      NULL, NULL, &code);
    return s->mapped ? RETUNE_OK : opencl_check(code, "a staging ring", error);
}

void opencl_staging_close(retune_backend_device *device) {
    opencl_staging *s = device->staging;
    if (!s)
        return;
    for (size_t n = 0; n < PLACES; n++)
        if (s->busy[n])
            cl.clReleaseEvent(s->busy[n]);
    if (s->mapped && cl.clEnqueueUnmapMemObject(device->queue, s->memory, s->mapped, 0, NULL,
                                                NULL) == CL_SUCCESS)
        cl.clFinish(device->queue);
    if (s->memory)
        cl.clReleaseMemObject(s->memory);
    free(s);
    device->staging = NULL;
}

/* Waits until the transfer from a place is done, which it nearly always is. */
static retune_status free_place(retune_backend_device *device, size_t place, retune_error *error) {
    cl_event *busy = &device->staging->busy[place];
    if (!*busy)
        return RETUNE_OK;
    retune_status status = opencl_check_wait(cl.clWaitForEvents(1, busy), "a write", error);
    cl.clReleaseEvent(*busy);
    *busy = NULL;
    return opencl_device_note(device, status);
}

retune_status opencl_staging_write(retune_backend_device *device, cl_mem memory, size_t offset,
                                   size_t bytes, const void *data, retune_error *error) {
    opencl_staging *s = device->staging;
    size_t place = s->next;
    s->next = (s->next + 1) % PLACES;
    retune_status status = free_place(device, place, error);
    if (status != RETUNE_OK)
        return status;
    char *copy = s->mapped + place * OPENCL_STAGING_BYTES;
    memcpy(copy, data, bytes);
    cl_int code = cl.clEnqueueWriteBuffer(device->queue, memory, CL_FALSE, offset, bytes, copy, 0,
                                          NULL, &s->busy[place]);
    return opencl_device_note(device, opencl_check(code, "a write", error));
}
