/* Part of the stand-in library: devices that say they have matrix units, VULKAN_PRETEND = khr, nv
 * or small (those of the standard extension, but of another size). Nothing can be computed with
 * them: a shader that uses them is looked at, a line about it goes into VULKAN_LOG, and it is
 * refused. */
#ifndef TESTS_VULKAN_PRETEND_H
#define TESTS_VULKAN_PRETEND_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

/* A function that stands in front of `real`, or `real` itself. */
PFN_vkVoidFunction pretend_function(const char *name, PFN_vkVoidFunction real);

#endif
