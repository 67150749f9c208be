/* Buffers and the memory behind them. Small ones share allocations, of which drivers allow few. */
#ifndef RETUNE_VULKAN_MEMORY_H
#define RETUNE_VULKAN_MEMORY_H

#include "device.h"

typedef enum vulkan_memory_place {
    VULKAN_MEMORY_DEVICE, /* where shaders reach it fastest; mapped where that is the host's memory
                           */
    VULKAN_MEMORY_HOST    /* mapped, for transfers */
} vulkan_memory_place;

struct vulkan_memory {
    VkBuffer buffer;
    size_t bytes;
    vulkan_memory_place place;
    char *mapped;        /* NULL unless the host reaches it too */
    vulkan_chunk *chunk; /* that it lies in */
};

/* `what` names it in the message of OUT_OF_MEMORY. What lies on the device is counted as the
 * device's. */
retune_status vulkan_memory_take(retune_backend_device *device, vulkan_memory_place place,
                                 size_t bytes, const char *what, vulkan_memory **out_memory,
                                 retune_error *error);

/* Waits until nothing on the device uses it. NULL is allowed. */
void vulkan_memory_give_back(retune_backend_device *device, vulkan_memory *memory);

#endif
