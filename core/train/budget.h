/* What training may take of a device's memory. Pure functions. */
#ifndef RETUNE_TRAIN_BUDGET_H
#define RETUNE_TRAIN_BUDGET_H

#include "retune/backend.h"

#include <stdbool.h>

/* Bytes that a training plan may take before its batch is divided. 0: the device does not say how
 * much memory it has, and nothing is divided. */
uint64_t retune_budget_bytes(const retune_device_info *device);

/* Whether the feature table should lie on the device as a whole. Always where the device shares
 * memory with the host and uses the table in place; elsewhere when it does not exceed the budget by
 * itself. */
bool retune_budget_holds_table(const retune_device_info *device, uint64_t table_bytes);

#endif
