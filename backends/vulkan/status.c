#include "status.h"

#include "error.h"

/* Everything that is not listed is INTERNAL when making and DEVICE_LOST when waiting. */
static const struct {
    VkResult result;
    const char *name;
    retune_status making, waiting;
} results[] = {
    {VK_NOT_READY, "VK_NOT_READY", RETUNE_INTERNAL, RETUNE_DEVICE_LOST},
    {VK_TIMEOUT, "VK_TIMEOUT", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {VK_INCOMPLETE, "VK_INCOMPLETE", RETUNE_INTERNAL, RETUNE_INTERNAL},
    {VK_ERROR_OUT_OF_HOST_MEMORY, "VK_ERROR_OUT_OF_HOST_MEMORY", RETUNE_OUT_OF_MEMORY,
     RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY", RETUNE_OUT_OF_MEMORY,
     RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_INITIALIZATION_FAILED, "VK_ERROR_INITIALIZATION_FAILED", RETUNE_UNAVAILABLE,
     RETUNE_DEVICE_LOST},
    {VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST", RETUNE_DEVICE_LOST, RETUNE_DEVICE_LOST},
    {VK_ERROR_MEMORY_MAP_FAILED, "VK_ERROR_MEMORY_MAP_FAILED", RETUNE_OUT_OF_MEMORY,
     RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_LAYER_NOT_PRESENT, "VK_ERROR_LAYER_NOT_PRESENT", RETUNE_UNAVAILABLE,
     RETUNE_DEVICE_LOST},
    {VK_ERROR_EXTENSION_NOT_PRESENT, "VK_ERROR_EXTENSION_NOT_PRESENT", RETUNE_UNAVAILABLE,
     RETUNE_DEVICE_LOST},
    {VK_ERROR_FEATURE_NOT_PRESENT, "VK_ERROR_FEATURE_NOT_PRESENT", RETUNE_UNAVAILABLE,
     RETUNE_DEVICE_LOST},
    {VK_ERROR_INCOMPATIBLE_DRIVER, "VK_ERROR_INCOMPATIBLE_DRIVER", RETUNE_UNAVAILABLE,
     RETUNE_DEVICE_LOST},
    {VK_ERROR_TOO_MANY_OBJECTS, "VK_ERROR_TOO_MANY_OBJECTS", RETUNE_OUT_OF_MEMORY,
     RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_FRAGMENTED_POOL, "VK_ERROR_FRAGMENTED_POOL", RETUNE_OUT_OF_MEMORY,
     RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_UNKNOWN, "VK_ERROR_UNKNOWN", RETUNE_INTERNAL, RETUNE_DEVICE_LOST},
    {VK_ERROR_OUT_OF_POOL_MEMORY, "VK_ERROR_OUT_OF_POOL_MEMORY", RETUNE_OUT_OF_MEMORY,
     RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_FRAGMENTATION, "VK_ERROR_FRAGMENTATION", RETUNE_OUT_OF_MEMORY, RETUNE_OUT_OF_MEMORY},
    {VK_ERROR_INVALID_SHADER_NV, "VK_ERROR_INVALID_SHADER_NV", RETUNE_INTERNAL, RETUNE_DEVICE_LOST},
};
enum { RESULTS = sizeof results / sizeof results[0] };

static size_t find(VkResult result) {
    size_t n = 0;
    while (n < RESULTS && results[n].result != result)
        n++;
    return n;
}

const char *vulkan_result_name(VkResult result) {
    size_t n = find(result);
    return n < RESULTS ? results[n].name : "an unknown error";
}

static retune_status report(VkResult result, retune_status status, const char *what,
                            retune_error *error) {
    return backend_fail(error, status, "%s: %s (%d)", what, vulkan_result_name(result),
                        (int)result);
}

retune_status vulkan_check(VkResult result, const char *what, retune_error *error) {
    if (result == VK_SUCCESS)
        return RETUNE_OK;
    size_t n = find(result);
    return report(result, n < RESULTS ? results[n].making : RETUNE_INTERNAL, what, error);
}

retune_status vulkan_check_wait(VkResult result, const char *what, retune_error *error) {
    if (result == VK_SUCCESS)
        return RETUNE_OK;
    size_t n = find(result);
    return report(result, n < RESULTS ? results[n].waiting : RETUNE_DEVICE_LOST, what, error);
}
