#include "groups.h"

/* Groups that keep a compute unit of a GPU busy, and one of a CPU. */
enum { GPU_GROUPS = 8, CPU_GROUPS = 2 };

backend_reduction opencl_reduction_of(const retune_backend_device *device, int64_t rows,
                                      int64_t elements) {
    int64_t groups = device->info->compute_units * (device->is_cpu ? CPU_GROUPS : GPU_GROUPS);
    return backend_reduction_of(rows, elements, groups, OPENCL_GROUP);
}

void opencl_launch_groups(opencl_build *b, int64_t groups) {
    size_t local = OPENCL_GROUP, global = (size_t)groups * local;
    opencl_launch(b, 1, &global, &local);
}
