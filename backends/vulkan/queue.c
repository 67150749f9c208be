#include "queue.h"

#include "error.h"
#include "status.h"

#include <stdlib.h>
#include <time.h>

/* Submissions that may be under way at a time; work that has not ended after so long never will. */
enum { FENCES = 64, WAIT_SECONDS = 300, COLLECTED_MAX = 32 };

struct vulkan_queue {
    VkQueue handle;
    VkCommandPool pool;
    VkFence fences[FENCES]; /* of submission s: s % FENCES */
    uint64_t submitted, completed;
    VkCommandBuffer collected[COLLECTED_MAX]; /* for the next submission */
    uint32_t collected_count;
};

retune_status vulkan_queue_open(retune_backend_device *device, retune_error *error) {
    vulkan_queue *q = device->queue = calloc(1, sizeof *q);
    if (!q)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a queue");
    vk.vkGetDeviceQueue(device->handle, device->info->queue_family, 0, &q->handle);
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                          .queueFamilyIndex = device->info->queue_family};
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkResult result = vk.vkCreateCommandPool(device->handle, &pool, NULL, &q->pool);
    if (result != VK_SUCCESS)
        return vulkan_check(result, "vkCreateCommandPool", error);
    for (size_t f = 0; f < FENCES && result == VK_SUCCESS; f++)
        result = vk.vkCreateFence(device->handle, &fence, NULL, &q->fences[f]);
    return vulkan_check(result, "vkCreateFence", error);
}

void vulkan_queue_close(retune_backend_device *device) {
    vulkan_queue *q = device->queue;
    if (!q)
        return;
    for (size_t f = 0; f < FENCES; f++)
        vk.vkDestroyFence(device->handle, q->fences[f], NULL);
    vk.vkDestroyCommandPool(device->handle, q->pool, NULL);
    free(q);
    device->queue = NULL;
}

/* ---- Recording ------------------------------------------------------------------------------ */

retune_status vulkan_queue_allocate(retune_backend_device *device, VkCommandBuffer *out_commands,
                                    retune_error *error) {
    const VkCommandBufferAllocateInfo info = {.sType =
                                                  VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = device->queue->pool,
                                              .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                              .commandBufferCount = 1};
    *out_commands = VK_NULL_HANDLE;
    return vulkan_check(vk.vkAllocateCommandBuffers(device->handle, &info, out_commands),
                        "vkAllocateCommandBuffers", error);
}

void vulkan_queue_free(retune_backend_device *device, VkCommandBuffer commands) {
    if (commands)
        vk.vkFreeCommandBuffers(device->handle, device->queue->pool, 1, &commands);
}

retune_status vulkan_queue_begin(retune_backend_device *device, VkCommandBuffer commands,
                                 bool repeated, retune_error *error) {
    const VkCommandBufferBeginInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = repeated ? VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT
                          : VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    const VkMemoryBarrier all = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    const VkPipelineStageFlags stages =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    retune_status status =
        vulkan_device_note(device, vulkan_check(vk.vkBeginCommandBuffer(commands, &info),
                                                "vkBeginCommandBuffer", error));
    if (status == RETUNE_OK)
        vk.vkCmdPipelineBarrier(commands, stages, stages, 0, 1, &all, 0, NULL, 0, NULL);
    return status;
}

retune_status vulkan_queue_end(retune_backend_device *device, VkCommandBuffer commands,
                               retune_error *error) {
    return vulkan_device_note(
        device, vulkan_check(vk.vkEndCommandBuffer(commands), "vkEndCommandBuffer", error));
}

/* ---- Submitting ----------------------------------------------------------------------------- */

/* Hands over what was collected. */
static retune_status flush(retune_backend_device *device, const char *what, retune_error *error) {
    vulkan_queue *q = device->queue;
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = q->collected_count,
                               .pCommandBuffers = q->collected};
    uint64_t submission = q->submitted + 1;
    VkFence fence = q->fences[submission % FENCES];
    retune_status status = RETUNE_OK;
    if (submission > FENCES) {
        status = vulkan_queue_wait(device, submission - FENCES, what, error);
        if (status == RETUNE_OK)
            status =
                vulkan_check(vk.vkResetFences(device->handle, 1, &fence), "vkResetFences", error);
    }
    q->collected_count = 0;
    if (status == RETUNE_OK)
        status = vulkan_check(vk.vkQueueSubmit(q->handle, 1, &info, fence), what, error);
    if (status == RETUNE_OK)
        q->submitted = submission;
    return vulkan_device_note(device, status);
}

/* Whether everything that was handed over is done. */
static bool is_idle(const retune_backend_device *device) {
    const vulkan_queue *q = device->queue;
    return q->submitted == q->completed ||
           vk.vkGetFenceStatus(device->handle, q->fences[q->submitted % FENCES]) == VK_SUCCESS;
}

bool vulkan_queue_is_idle(const retune_backend_device *device) {
    return device->queue->collected_count == 0 && is_idle(device);
}

retune_status vulkan_queue_submit(retune_backend_device *device, VkCommandBuffer commands,
                                  bool small, const char *what, uint64_t *out_submission,
                                  retune_error *error) {
    vulkan_queue *q = device->queue;
    if (out_submission)
        *out_submission = q->submitted + 1;
    q->collected[q->collected_count++] = commands;
    if (q->collected_count == COLLECTED_MAX || (!small && is_idle(device)))
        return flush(device, what, error);
    return RETUNE_OK;
}

/* Looks at a fence again and again for about as long as a training step takes: waking up from a
 * wait costs a good part of one. Not where the cores that would look are those that compute. */
static VkResult watch(const retune_backend_device *device, VkFence fence) {
    const double seconds = 2e-3;
    struct timespec began, now;
    VkResult result = VK_NOT_READY;
    if (device->is_cpu)
        return result;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        result = vk.vkGetFenceStatus(device->handle, fence);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (result == VK_NOT_READY &&
             (double)(now.tv_sec - began.tv_sec) + 1e-9 * (double)(now.tv_nsec - began.tv_nsec) <
                 seconds);
    return result;
}

retune_status vulkan_queue_wait(retune_backend_device *device, uint64_t submission,
                                const char *what, retune_error *error) {
    vulkan_queue *q = device->queue;
    if (submission <= q->completed)
        return RETUNE_OK;
    if (submission > q->submitted) {
        retune_status status = flush(device, what, error);
        if (status != RETUNE_OK)
            return status;
    }
    VkResult result = watch(device, q->fences[submission % FENCES]);
    if (result == VK_NOT_READY)
        result = vk.vkWaitForFences(device->handle, 1, &q->fences[submission % FENCES], VK_TRUE,
                                    (uint64_t)WAIT_SECONDS * 1000000000u);
    if (result == VK_SUCCESS)
        q->completed = submission;
    return vulkan_device_note(device, vulkan_check_wait(result, what, error));
}

retune_status vulkan_queue_drain(retune_backend_device *device, const char *what,
                                 retune_error *error) {
    const vulkan_queue *q = device->queue;
    if (!q)
        return RETUNE_OK;
    return vulkan_queue_wait(device, q->submitted + (q->collected_count > 0), what, error);
}
