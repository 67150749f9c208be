#include "groups.h"

/* Groups that keep a compute unit of a GPU busy, and one of a CPU; groups that every device runs in
 * one dimension. */
enum { GPU_GROUPS = 8, CPU_GROUPS = 2, DIMENSION_GROUPS = 65535 };

backend_reduction vulkan_reduction_of(const retune_backend_device *device, int64_t rows,
                                      int64_t elements) {
    int64_t groups = device->info->compute_units * (device->is_cpu ? CPU_GROUPS : GPU_GROUPS);
    return backend_reduction_of(rows, elements, groups, VULKAN_GROUP);
}

void vulkan_dispatch_groups(vulkan_build *b, int64_t groups) {
    int64_t first = groups < DIMENSION_GROUPS ? groups : DIMENSION_GROUPS;
    int64_t second = (groups + first - 1) / first;
    vulkan_push_int(b, groups);
    vulkan_dispatch(b, (const uint32_t[3]){(uint32_t)first, (uint32_t)second, 1},
                    (const uint32_t[3]){VULKAN_GROUP, 1, 1});
}
