#include "memory.h"

#include "error.h"
#include "queue.h"
#include "status.h"

#include <stdlib.h>

/* Buffers up to a quarter of a chunk lie side by side in chunks; larger ones have their own. */
#define CHUNK_BYTES ((VkDeviceSize)32 << 20)

/* An allocation. It is filled from the beginning, and freed when nothing lies in it any more. */
struct vulkan_chunk {
    vulkan_chunk *next;
    VkDeviceMemory memory;
    uint32_t type;
    VkDeviceSize bytes, used;
    size_t buffers;
    char *mapped;
};

/* ---- Memory types --------------------------------------------------------------------------- */

/* What the host maps. It reads memory that it does not cache a word at a time. */
static const VkMemoryPropertyFlags coherent =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
static const VkMemoryPropertyFlags cached = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                            VK_MEMORY_PROPERTY_HOST_COHERENT_BIT |
                                            VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

/* The first type of `allowed` with these properties; -1 when there is none. */
static int find_type(const retune_backend_device *device, uint32_t allowed,
                     VkMemoryPropertyFlags wanted) {
    const VkPhysicalDeviceMemoryProperties *m = &device->info->memory;
    for (uint32_t t = 0; t < m->memoryTypeCount; t++)
        if (allowed >> t & 1u && (m->memoryTypes[t].propertyFlags & wanted) == wanted)
            return (int)t;
    return -1;
}

/* Processors with a GPU, and emulations: what is the device's is the host's. */
static bool shares_memory(const retune_backend_device *device) {
    return device->info->type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU || device->is_cpu;
}

static int choose_type(const retune_backend_device *device, uint32_t allowed,
                       vulkan_memory_place place) {
    const VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    bool host = place == VULKAN_MEMORY_HOST;
    int type = -1;
    if (!host && shares_memory(device))
        type = find_type(device, allowed, cached | local);
    if (type < 0)
        type = find_type(device, allowed, host ? cached : local);
    return type >= 0 ? type : find_type(device, allowed, host ? coherent : 0);
}

/* Whether the host reaches memory of that type, and should. */
static bool is_mapped(const retune_backend_device *device, int type, vulkan_memory_place place) {
    VkMemoryPropertyFlags flags = device->info->memory.memoryTypes[type].propertyFlags;
    return place == VULKAN_MEMORY_HOST || (shares_memory(device) && (flags & cached) == cached);
}

/* ---- Chunks --------------------------------------------------------------------------------- */

static void free_chunk(retune_backend_device *device, vulkan_chunk *chunk) {
    vulkan_chunk **link = &device->chunks;
    while (*link != chunk)
        link = &(*link)->next;
    *link = chunk->next;
    vk.vkFreeMemory(device->handle, chunk->memory, NULL);
    free(chunk);
}

static VkResult make_chunk(retune_backend_device *device, uint32_t type, VkDeviceSize bytes,
                           bool mapped, vulkan_chunk **out_chunk) {
    const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .allocationSize = bytes,
                                       .memoryTypeIndex = type};
    void *address = NULL;
    vulkan_chunk *chunk = calloc(1, sizeof *chunk);
    *out_chunk = NULL;
    if (!chunk)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    VkResult result = vk.vkAllocateMemory(device->handle, &info, NULL, &chunk->memory);
    if (result != VK_SUCCESS) {
        free(chunk);
        return result;
    }
    chunk->type = type;
    chunk->bytes = bytes;
    chunk->next = device->chunks;
    device->chunks = chunk;
    if (mapped)
        result = vk.vkMapMemory(device->handle, chunk->memory, 0, VK_WHOLE_SIZE, 0, &address);
    if (result != VK_SUCCESS) {
        free_chunk(device, chunk);
        return result;
    }
    chunk->mapped = address;
    *out_chunk = chunk;
    return VK_SUCCESS;
}

static VkDeviceSize align_up(VkDeviceSize offset, VkDeviceSize alignment) {
    return (offset + alignment - 1) / alignment * alignment;
}

/* A chunk with room for a buffer, mapped or not, which a chunk is as a whole. */
static VkResult find_chunk(retune_backend_device *device, const VkMemoryRequirements *needs,
                           uint32_t type, bool mapped, vulkan_chunk **out_chunk) {
    bool shared = needs->size <= CHUNK_BYTES / 4;
    for (vulkan_chunk *c = device->chunks; c && shared; c = c->next)
        if (c->type == type && (c->mapped != NULL) == mapped && c->bytes == CHUNK_BYTES &&
            align_up(c->used, needs->alignment) + needs->size <= c->bytes) {
            *out_chunk = c;
            return VK_SUCCESS;
        }
    VkResult result =
        make_chunk(device, type, shared ? CHUNK_BYTES : needs->size, mapped, out_chunk);
    /* Where there is no room for a whole chunk there may be some for the buffer. */
    if (shared && (result == VK_ERROR_OUT_OF_DEVICE_MEMORY))
        result = make_chunk(device, type, needs->size, mapped, out_chunk);
    return result;
}

/* ---- Buffers -------------------------------------------------------------------------------- */

static VkResult place_buffer(retune_backend_device *device, vulkan_memory_place place,
                             vulkan_memory *memory) {
    VkMemoryRequirements needs;
    vk.vkGetBufferMemoryRequirements(device->handle, memory->buffer, &needs);
    int type = choose_type(device, needs.memoryTypeBits, place);
    if (type < 0)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    vulkan_chunk *chunk;
    VkResult result =
        find_chunk(device, &needs, (uint32_t)type, is_mapped(device, type, place), &chunk);
    if (result != VK_SUCCESS)
        return result;
    VkDeviceSize offset = align_up(chunk->used, needs.alignment);
    result = vk.vkBindBufferMemory(device->handle, memory->buffer, chunk->memory, offset);
    if (result != VK_SUCCESS) {
        if (chunk->buffers == 0)
            free_chunk(device, chunk);
        return result;
    }
    chunk->used = offset + needs.size;
    chunk->buffers++;
    memory->chunk = chunk;
    memory->mapped = chunk->mapped ? chunk->mapped + offset : NULL;
    return VK_SUCCESS;
}

static VkResult make_buffer(retune_backend_device *device, vulkan_memory_place place,
                            vulkan_memory *memory) {
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = memory->bytes,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                     .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    VkResult result = vk.vkCreateBuffer(device->handle, &info, NULL, &memory->buffer);
    if (result != VK_SUCCESS)
        return result;
    result = place_buffer(device, place, memory);
    if (result != VK_SUCCESS)
        vk.vkDestroyBuffer(device->handle, memory->buffer, NULL);
    return result;
}

/* Some drivers promise more than there is and fail when it is used. */
static retune_status check_room(const retune_backend_device *device, size_t bytes, const char *what,
                                retune_error *error) {
    const vulkan_candidate *info = device->info;
    if (bytes > info->buffer_bytes)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY,
                            "out of memory: %zu bytes for %s, but a buffer of this device holds at "
                            "most %llu",
                            bytes, what, (unsigned long long)info->buffer_bytes);
    if (info->memory_bytes < device->current_bytes ||
        bytes > info->memory_bytes - device->current_bytes)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY,
                            "out of memory: %zu bytes for %s; %llu of %llu are taken", bytes, what,
                            (unsigned long long)device->current_bytes,
                            (unsigned long long)info->memory_bytes);
    return RETUNE_OK;
}

retune_status vulkan_memory_take(retune_backend_device *device, vulkan_memory_place place,
                                 size_t bytes, const char *what, vulkan_memory **out_memory,
                                 retune_error *error) {
    *out_memory = NULL;
    retune_status status = RETUNE_OK;
    if (place == VULKAN_MEMORY_DEVICE)
        status = check_room(device, bytes, what, error);
    if (status != RETUNE_OK)
        return status;
    vulkan_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a buffer");
    memory->bytes = (bytes + 3) / 4 * 4; /* shaders read narrow elements by words */
    VkResult result = make_buffer(device, place, memory);
    if (result != VK_SUCCESS) {
        free(memory);
        status = vulkan_device_note(device, vulkan_check(result, what, error));
        if (status != RETUNE_OUT_OF_MEMORY)
            return status;
        return backend_fail(error, status, "out of memory: %zu bytes for %s: %s", bytes, what,
                            vulkan_result_name(result));
    }
    memory->bytes = bytes;
    memory->place = place;
    if (place == VULKAN_MEMORY_DEVICE)
        device->current_bytes += bytes;
    if (device->peak_bytes < device->current_bytes)
        device->peak_bytes = device->current_bytes;
    *out_memory = memory;
    return RETUNE_OK;
}

void vulkan_memory_give_back(retune_backend_device *device, vulkan_memory *memory) {
    if (!memory)
        return;
    vulkan_queue_drain(device, "the end of a buffer", NULL);
    vulkan_chunk *chunk = memory->chunk;
    vk.vkDestroyBuffer(device->handle, memory->buffer, NULL);
    if (--chunk->buffers == 0)
        free_chunk(device, chunk);
    if (memory->place == VULKAN_MEMORY_DEVICE)
        device->current_bytes -= memory->bytes;
    free(memory);
}
