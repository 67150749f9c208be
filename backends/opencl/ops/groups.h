/* Launches of work groups whose items work together, and how sums over rows are divided among them.
 */
#ifndef RETUNE_OPENCL_GROUPS_H
#define RETUNE_OPENCL_GROUPS_H

#include "build.h"
#include "reduction.h"

/* Items of such a group: -DGROUP of kernels/types.cl. */
enum { OPENCL_GROUP = 128 };

/* For a map whose rows have `elements` elements. */
backend_reduction opencl_reduction_of(const retune_backend_device *device, int64_t rows,
                                      int64_t elements);

/* Ends a launch of `groups` work groups of OPENCL_GROUP items. */
void opencl_launch_groups(opencl_build *b, int64_t groups);

#endif
