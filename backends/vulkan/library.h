/* The Vulkan loader of this machine. It is loaded at run time, so that a machine without it gets a
 * reason and not a plugin that fails to load. */
#ifndef RETUNE_VULKAN_LIBRARY_H
#define RETUNE_VULKAN_LIBRARY_H

#include "retune/types.h"

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

typedef struct vulkan_library {
    char path[256]; /* of the file that was loaded */
    PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr;
    VkInstance instance; /* in which devices are looked up; lives as long as the process */
#define VULKAN_GLOBAL(name)   PFN_##name name;
#define VULKAN_FUNCTION(name) PFN_##name name;
#include "functions.def"
#undef VULKAN_GLOBAL
#undef VULKAN_FUNCTION
} vulkan_library;

/* What there is not. */
typedef enum vulkan_lack {
    VULKAN_LACKS_NOTHING,
    VULKAN_LACKS_LOADER,
    VULKAN_LACKS_VERSION,
    VULKAN_LACKS_DRIVER,
    VULKAN_LACKS_DEVICE
} vulkan_lack;

/* The functions, once vulkan_library_load has succeeded. */
extern vulkan_library vk;

/* Loads the library and makes the instance; again costs nothing. UNAVAILABLE: there is no loader,
 * no driver, or only Vulkan 1.0; the message says what to install. May be called from any thread.
 */
retune_status vulkan_library_load(vulkan_lack *out_lack, retune_error *error);

/* Asks for Vulkan 1.1; `info` may come with layers and extensions. */
VkResult vulkan_library_create_instance(const vulkan_library *library, VkInstanceCreateInfo info,
                                        VkInstance *out_instance);

#endif
