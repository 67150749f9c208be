/* Vulkan's results as our statuses. */
#ifndef RETUNE_VULKAN_STATUS_H
#define RETUNE_VULKAN_STATUS_H

#include "library.h"

/* OK for VK_SUCCESS. Otherwise fills the error with "<what>: VK_... (-4)" and gives the status that
 * the result stands for: OUT_OF_MEMORY, DEVICE_LOST, UNAVAILABLE, or INTERNAL for what a correct
 * backend never sees. */
retune_status vulkan_check(VkResult result, const char *what, retune_error *error);

/* The same where submitted work is waited for: a result that says nothing of memory then means that
 * the work failed or never ends, and with it the device. */
retune_status vulkan_check_wait(VkResult result, const char *what, retune_error *error);

/* "VK_ERROR_DEVICE_LOST", or "an unknown error". */
const char *vulkan_result_name(VkResult result);

#endif
