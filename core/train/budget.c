#include "train/budget.h"

/* Tenths of a device's memory; the rest is for others and for what a backend keeps beside tensors.
 */
enum { SHARE = 7 };

uint64_t retune_budget_bytes(const retune_device_info *device) {
    return device->memory_bytes / 10 * SHARE;
}

bool retune_budget_holds_table(const retune_device_info *device, uint64_t table_bytes) {
    uint64_t budget = retune_budget_bytes(device);
    return device->features & RETUNE_FEATURE_HOST_MEMORY || budget == 0 || table_bytes <= budget;
}
