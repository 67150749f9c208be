/* The devices that Vulkan finds on this machine, looked up once: discrete GPUs first, then those of
 * the processor, then virtual ones, emulations on the CPU last. A device's place in the list is its
 * number, so that "vulkan" alone means the best one. */
#ifndef RETUNE_VULKAN_PLATFORM_H
#define RETUNE_VULKAN_PLATFORM_H

#include "library.h"
#include "quirks.h"

#include "retune/backend.h"

#include <stdbool.h>

enum { VULKAN_DEVICES_MAX = 32 };

/* By which extension shaders/cooperative.comp runs; see cooperative.h. */
typedef enum vulkan_cooperative {
    VULKAN_COOPERATIVE_NONE,
    VULKAN_COOPERATIVE_NV,
    VULKAN_COOPERATIVE_KHR
} vulkan_cooperative;

/* What a device is and can do, found by asking and never by its name. */
typedef struct vulkan_candidate {
    VkPhysicalDevice physical;
    VkPhysicalDeviceType type;
    char name[128], vendor[64], driver[128];
    uint32_t vendor_id, device_id, driver_version;
    uint8_t device_uuid[VK_UUID_SIZE], driver_uuid[VK_UUID_SIZE], cache_uuid[VK_UUID_SIZE];
    uint32_t queue_family;          /* the one that computes */
    bool storage16;                 /* shaders read and write 16-bit elements */
    bool half;                      /* and compute with them */
    vulkan_cooperative cooperative; /* and multiply matrices of them in a unit of its own */
    uint32_t timestamp_bits;        /* 0: no timestamps */
    double timestamp_period;        /* nanoseconds of a tick */
    uint32_t compute_units;  /* asked where an extension tells, otherwise typical of the type */
    uint32_t group_items;    /* work items of a work group, at most */
    uint32_t group_size[3];  /* likewise, in each dimension */
    uint32_t group_count[3]; /* work groups of a dispatch, at most */
    uint64_t local_bytes;    /* shared memory of a work group */
    uint64_t memory_bytes;   /* of the largest heap of the device's own */
    uint64_t buffer_bytes;   /* of one buffer that a shader sees */
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t quirks; /* VULKAN_QUIRK_* */
} vulkan_candidate;

/* The list; the same one in every call. UNAVAILABLE: no library, no driver, or no device, with what
 * to install. */
retune_status vulkan_platform_devices(const vulkan_candidate **out_devices, uint32_t *out_count,
                                      retune_error *error);

/* Functions of the plugin table; backend.h documents them. */
retune_status vulkan_probe(retune_probe_report *out_report, retune_error *error);
retune_status vulkan_device_count(uint32_t *out_count, retune_error *error);
retune_status vulkan_device_info(uint32_t index, retune_device_info *out_info, retune_error *error);

/* Number `index`; INVALID when there is none. */
retune_status vulkan_platform_device(uint32_t index, const vulkan_candidate **out_device,
                                     retune_error *error);

bool vulkan_platform_has_extension(VkPhysicalDevice physical, const char *name);

/* The handle that a device of the list has in another instance; NULL when it is not there. */
VkPhysicalDevice vulkan_platform_find(VkInstance instance, const vulkan_candidate *device);

#endif
