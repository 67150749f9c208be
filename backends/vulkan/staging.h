/* Transfers between host and device. Memory that both reach is read and written in place. To all
 * other they go through a ring of host memory that the device can reach: data is copied to or from
 * a place of the ring, and the device's copy is submitted like any other work.
 */
#ifndef RETUNE_VULKAN_STAGING_H
#define RETUNE_VULKAN_STAGING_H

#include "memory.h"

retune_status vulkan_staging_open(retune_backend_device *device, retune_error *error);
void vulkan_staging_close(retune_backend_device *device);

/* Submits a write. `data` may be reused at once; nothing is waited for while the ring has room. */
retune_status vulkan_staging_write(retune_backend_device *device, const vulkan_memory *memory,
                                   size_t offset, size_t bytes, const void *data,
                                   retune_error *error);

/* Waits for what was submitted before, and reads. */
retune_status vulkan_staging_read(retune_backend_device *device, const vulkan_memory *memory,
                                  size_t offset, size_t bytes, void *data, retune_error *error);

#endif
