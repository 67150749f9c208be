/* Small writes that do not wait for the queue: the data is copied to a ring of host memory, and the
 * transfer is enqueued from there. */
#ifndef RETUNE_OPENCL_STAGING_H
#define RETUNE_OPENCL_STAGING_H

#include "device.h"

/* Bytes of the largest write that is staged. */
enum { OPENCL_STAGING_BYTES = 1 << 16 };

retune_status opencl_staging_open(retune_backend_device *device, retune_error *error);
void opencl_staging_close(retune_backend_device *device);

/* Enqueues a write of at most OPENCL_STAGING_BYTES. `data` may be reused at once. */
retune_status opencl_staging_write(retune_backend_device *device, cl_mem memory, size_t offset,
                                   size_t bytes, const void *data, retune_error *error);

#endif
