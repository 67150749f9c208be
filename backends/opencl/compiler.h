/* Kernels from their sources. Programs are kept for the life of the device, and compiled binaries
 * in the user's cache folder, keyed by source, options, device, driver and platform. */
#ifndef RETUNE_OPENCL_COMPILER_H
#define RETUNE_OPENCL_COMPILER_H

#include "device.h"

/* Makes the cache folder. A default one that cannot be made is gone without; one that the user
 * named is IO. */
retune_status opencl_compiler_open(retune_backend_device *device, retune_error *error);
void opencl_compiler_close(retune_backend_device *device);

/* A kernel of kernels/<source>.cl, compiled with these options. The caller releases it. INTERNAL:
 * it does not compile; the message has the beginning of the build log. */
retune_status opencl_compiler_kernel(retune_backend_device *device, const char *source,
                                     const char *kernel, const char *options, cl_kernel *out_kernel,
                                     retune_error *error);

/* Work items of a group that this kernel can have on the device, at most. */
size_t opencl_compiler_group_items(const retune_backend_device *device, cl_kernel kernel);

/* What the device is to a cache: changes with hardware, driver and kernel sources. */
void opencl_compiler_identity(const retune_backend_device *device, char key[33]);

#endif
