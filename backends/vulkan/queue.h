/* Command buffers and the queue they are submitted to, one after the other. Handing work to a
 * driver costs as much as a small op, so command buffers are collected while the device is busy and
 * handed over together. These submissions are counted from 1; each has a fence, so that the host
 * can wait for any of them. */
#ifndef RETUNE_VULKAN_QUEUE_H
#define RETUNE_VULKAN_QUEUE_H

#include "device.h"

retune_status vulkan_queue_open(retune_backend_device *device, retune_error *error);
void vulkan_queue_close(retune_backend_device *device);

/* A command buffer that can be recorded again and again. Freed when no submission uses it. */
retune_status vulkan_queue_allocate(retune_backend_device *device, VkCommandBuffer *out_commands,
                                    retune_error *error);
void vulkan_queue_free(retune_backend_device *device, VkCommandBuffer commands);

/* Begins recording. The commands come after everything submitted before them: they see what it
 * wrote, and overwrite nothing that it still reads. A command buffer is `repeated` when it may be
 * submitted again before it is done. */
retune_status vulkan_queue_begin(retune_backend_device *device, VkCommandBuffer commands,
                                 bool repeated, retune_error *error);
retune_status vulkan_queue_end(retune_backend_device *device, VkCommandBuffer commands,
                               retune_error *error);

/* Adds to the next submission and returns its number. It goes out as soon as somebody waits for it,
 * or when the device has nothing else to do; `small` work does not send it on its way. `what` names
 * the work in the message of a failure. */
retune_status vulkan_queue_submit(retune_backend_device *device, VkCommandBuffer commands,
                                  bool small, const char *what, uint64_t *out_submission,
                                  retune_error *error);

/* Waits for a submission, and thereby for those before it; 0 and what was waited for earlier cost
 * nothing. DEVICE_LOST: it failed, or did not end within minutes. */
retune_status vulkan_queue_wait(retune_backend_device *device, uint64_t submission,
                                const char *what, retune_error *error);

/* Whether there is nothing to wait for. */
bool vulkan_queue_is_idle(const retune_backend_device *device);

/* Waits for everything. */
retune_status vulkan_queue_drain(retune_backend_device *device, const char *what,
                                 retune_error *error);

#endif
