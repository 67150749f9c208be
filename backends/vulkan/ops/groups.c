#include "groups.h"

/* Groups that keep a compute unit of a GPU busy, and one of a CPU. */
enum { GPU_GROUPS = 8, CPU_GROUPS = 2 };

backend_reduction vulkan_reduction_of(const retune_backend_device *device, int64_t rows,
                                      int64_t elements) {
    int64_t groups = device->info->compute_units * (device->is_cpu ? CPU_GROUPS : GPU_GROUPS);
    return backend_reduction_of(rows, elements, groups, VULKAN_GROUP);
}

void vulkan_dispatch_groups(vulkan_build *b, int64_t groups) {
    uint32_t folded[3] = {0, 0, 1};
    vulkan_dispatch_fold(b->device, groups, folded);
    vulkan_push_int(b, groups);
    vulkan_dispatch(b, folded, (const uint32_t[3]){VULKAN_GROUP, 1, 1});
}
