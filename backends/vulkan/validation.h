/* An instance in which the Khronos layer checks every call, the synchronisation of memory included.
 * What it objects to becomes the error of the call at fault. */
#ifndef RETUNE_VULKAN_VALIDATION_H
#define RETUNE_VULKAN_VALIDATION_H

#include "library.h"

#include <stdbool.h>

typedef struct vulkan_validation {
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    PFN_vkDestroyDebugUtilsMessengerEXT destroy_messenger;
    bool objected;
    char message[900]; /* the first */
} vulkan_validation;

/* UNAVAILABLE: the layer is not installed. */
retune_status vulkan_validation_open(vulkan_validation **out_validation, retune_error *error);
void vulkan_validation_close(vulkan_validation *validation);

/* INTERNAL, with the message, when the layer has objected to anything so far. NULL objects to
 * nothing. */
retune_status vulkan_validation_check(const vulkan_validation *validation, retune_error *error);

#endif
