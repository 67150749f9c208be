#include "staging.h"

#include "error.h"
#include "queue.h"

#include <stdlib.h>
#include <string.h>

/* More places than the small writes of a few training steps need, so that one is free long before
 * its turn; large transfers use several. */
enum { PLACES = 32, PLACE_BYTES = 1 << 18 };

typedef struct staging_place {
    VkCommandBuffer commands;
    uint64_t submission; /* the last transfer through it */
} staging_place;

struct vulkan_staging {
    vulkan_memory *memory;
    staging_place places[PLACES];
    size_t next;
};

retune_status vulkan_staging_open(retune_backend_device *device, retune_error *error) {
    vulkan_staging *s = device->staging = calloc(1, sizeof *s);
    if (!s)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a staging ring");
    retune_status status =
        vulkan_memory_take(device, VULKAN_MEMORY_HOST, (size_t)PLACES * PLACE_BYTES,
                           "a staging ring", &s->memory, error);
    for (size_t p = 0; p < PLACES && status == RETUNE_OK; p++)
        status = vulkan_queue_allocate(device, &s->places[p].commands, error);
    return status;
}

void vulkan_staging_close(retune_backend_device *device) {
    vulkan_staging *s = device->staging;
    if (!s)
        return;
    vulkan_memory_give_back(device, s->memory);
    for (size_t p = 0; p < PLACES; p++)
        vulkan_queue_free(device, s->places[p].commands);
    free(s);
    device->staging = NULL;
}

/* The next place, once the transfer through it is done, which it nearly always is. */
static retune_status take_place(retune_backend_device *device, size_t *out_place,
                                retune_error *error) {
    vulkan_staging *s = device->staging;
    *out_place = s->next;
    s->next = (s->next + 1) % PLACES;
    return vulkan_queue_wait(device, s->places[*out_place].submission, "a transfer", error);
}

/* What the commands before wrote is then there for the host. */
static void put_host_barrier(VkCommandBuffer commands) {
    const VkMemoryBarrier for_host = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                      .srcAccessMask =
                                          VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_SHADER_WRITE_BIT,
                                      .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    vk.vkCmdPipelineBarrier(commands,
                            VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                            VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &for_host, 0, NULL, 0, NULL);
}

/* Submits a copy between a place and a buffer, or none when `region` is NULL. */
static retune_status copy(retune_backend_device *device, size_t place, VkBuffer from, VkBuffer to,
                          const VkBufferCopy *region, bool to_host, retune_error *error) {
    staging_place *p = &device->staging->places[place];
    retune_status status = vulkan_queue_begin(device, p->commands, false, error);
    if (status != RETUNE_OK)
        return status;
    if (region)
        vk.vkCmdCopyBuffer(p->commands, from, to, 1, region);
    if (to_host)
        put_host_barrier(p->commands);
    status = vulkan_queue_end(device, p->commands, error);
    if (status == RETUNE_OK)
        status =
            vulkan_queue_submit(device, p->commands, true, "a transfer", &p->submission, error);
    return status;
}

static retune_status write_piece(retune_backend_device *device, VkBuffer buffer, size_t offset,
                                 size_t bytes, const void *data, retune_error *error) {
    vulkan_staging *s = device->staging;
    size_t place;
    retune_status status = take_place(device, &place, error);
    if (status != RETUNE_OK)
        return status;
    memcpy(s->memory->mapped + place * PLACE_BYTES, data, bytes);
    const VkBufferCopy region = {
        .srcOffset = place * PLACE_BYTES, .dstOffset = offset, .size = bytes};
    return copy(device, place, s->memory->buffer, buffer, &region, false, error);
}

/* Submits the copy of a piece to the next place. */
static retune_status begin_read(retune_backend_device *device, VkBuffer buffer, size_t offset,
                                size_t bytes, size_t *out_place, retune_error *error) {
    retune_status status = take_place(device, out_place, error);
    if (status != RETUNE_OK)
        return status;
    const VkBufferCopy region = {
        .srcOffset = offset, .dstOffset = *out_place * PLACE_BYTES, .size = bytes};
    return copy(device, *out_place, buffer, device->staging->memory->buffer, &region, true, error);
}

/* Waits for the copy and takes it out. */
static retune_status end_read(retune_backend_device *device, size_t place, size_t bytes, void *data,
                              retune_error *error) {
    vulkan_staging *s = device->staging;
    retune_status status = vulkan_queue_wait(device, s->places[place].submission, "a read", error);
    if (status == RETUNE_OK)
        memcpy(data, s->memory->mapped + place * PLACE_BYTES, bytes);
    return status;
}

static size_t piece_at(size_t done, size_t bytes) {
    return bytes - done < PLACE_BYTES ? bytes - done : PLACE_BYTES;
}

/* ---- Memory that the host reaches ----------------------------------------------------------- */

/* Waits for what the device writes and takes it out in place. */
static retune_status read_mapped(retune_backend_device *device, const vulkan_memory *memory,
                                 size_t offset, size_t bytes, void *data, retune_error *error) {
    size_t place;
    retune_status status = take_place(device, &place, error);
    if (status == RETUNE_OK)
        status = copy(device, place, VK_NULL_HANDLE, VK_NULL_HANDLE, NULL, true, error);
    if (status == RETUNE_OK)
        status =
            vulkan_queue_wait(device, device->staging->places[place].submission, "a read", error);
    if (status == RETUNE_OK)
        memcpy(data, memory->mapped + offset, bytes);
    return status;
}

/* ---- Transfers ------------------------------------------------------------------------------ */

retune_status vulkan_staging_write(retune_backend_device *device, const vulkan_memory *memory,
                                   size_t offset, size_t bytes, const void *data,
                                   retune_error *error) {
    retune_status status = RETUNE_OK;
    /* In place only while nothing runs: a copy that waits its turn holds up nobody. */
    if (memory->mapped && vulkan_queue_is_idle(device)) {
        memcpy(memory->mapped + offset, data, bytes);
        return RETUNE_OK;
    }
    for (size_t done = 0; done < bytes && status == RETUNE_OK; done += PLACE_BYTES)
        status = write_piece(device, memory->buffer, offset + done, piece_at(done, bytes),
                             (const char *)data + done, error);
    return status;
}

retune_status vulkan_staging_read(retune_backend_device *device, const vulkan_memory *memory,
                                  size_t offset, size_t bytes, void *data, retune_error *error) {
    /* Half of the ring is filled while the host takes out the other half. */
    enum { AHEAD = PLACES / 2 };
    if (memory->mapped)
        return read_mapped(device, memory, offset, bytes, data, error);
    size_t places[AHEAD], pieces = (bytes + PLACE_BYTES - 1) / PLACE_BYTES;
    retune_status status = RETUNE_OK;
    for (size_t p = 0; p < pieces + AHEAD && status == RETUNE_OK; p++) {
        size_t at = (p - AHEAD) * PLACE_BYTES, next = p * PLACE_BYTES;
        if (p >= AHEAD && p - AHEAD < pieces)
            status =
                end_read(device, places[p % AHEAD], piece_at(at, bytes), (char *)data + at, error);
        if (p < pieces && status == RETUNE_OK)
            status = begin_read(device, memory->buffer, offset + next, piece_at(next, bytes),
                                &places[p % AHEAD], error);
    }
    return status;
}
