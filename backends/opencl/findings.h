/* What tuning found out: the fastest tile for each matrix product tried, kept in the user's cache
 * folder. */
#ifndef RETUNE_OPENCL_FINDINGS_H
#define RETUNE_OPENCL_FINDINGS_H

#include "device.h"

/* Bytes of the name of a product, at most. */
enum { OPENCL_FINDING_KEY = 160 };

/* Reads what was found before for this device and these kernels. */
retune_status opencl_findings_open(retune_backend_device *device, retune_error *error);
void opencl_findings_close(retune_backend_device *device);

/* The tile for a product, an index below `tile_count`; false when nothing was found yet. */
bool opencl_findings_get(const retune_backend_device *device, const char *key, size_t tile_count,
                         size_t *out_tile);

/* Adds a finding and saves all. */
retune_status opencl_findings_add(retune_backend_device *device, const char *key, size_t tile,
                                  retune_error *error);

#endif
