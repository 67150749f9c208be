/* Recording the ops of a program: which dispatches wait for which, and when. */
#ifndef RETUNE_VULKAN_RECORD_H
#define RETUNE_VULKAN_RECORD_H

#include "program.h"

/* Records ops [begin, end) of a program whose descriptors are written. */
retune_status vulkan_record_range(const retune_backend_program *program, VkCommandBuffer commands,
                                  size_t begin, size_t end, retune_error *error);

/* The buffer behind a binding. */
VkBuffer vulkan_binding_buffer(const retune_backend_device *device, const vulkan_binding *binding);

#endif
