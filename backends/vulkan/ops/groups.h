/* Dispatches of work groups whose items work together, and how sums over rows are divided among
 * them. */
#ifndef RETUNE_VULKAN_GROUPS_H
#define RETUNE_VULKAN_GROUPS_H

#include "build.h"
#include "reduction.h"

/* Items of such a group; every device runs as many. */
enum { VULKAN_GROUP = 128 };

/* For a map whose rows have `elements` elements. */
backend_reduction vulkan_reduction_of(const retune_backend_device *device, int64_t rows,
                                      int64_t elements);

/* Ends a dispatch of `groups` work groups of VULKAN_GROUP items. Their number is the last push
 * constant: groups that fill up the second dimension compare theirs with it. */
void vulkan_dispatch_groups(vulkan_build *b, int64_t groups);

#endif
