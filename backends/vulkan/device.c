#include "device.h"

#include "cooperative.h"
#include "desc.h"
#include "error.h"
#include "memory.h"
#include "op_check.h"
#include "op_slots.h"
#include "ops/ops.h"
#include "pipeline.h"
#include "queue.h"
#include "staging.h"
#include "status.h"
#include "tune.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening -------------------------------------------------------------------------------- */

static const char *kernels_of(uint32_t kind) {
    return vulkan_op_get(kind)->shaders;
}

static const backend_gpu_section section = {
    "vulkan", "device profiling tune disable cache validation cooperative_matrix", kernels_of};

/* UNAVAILABLE, so that the next device is tried. */
static retune_status check_wanted(const retune_backend_device *device, retune_error *error) {
    if (backend_gpu_options_match(device->info->name, device->options.device))
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "[backend.vulkan] device = %s: this device is %s", device->options.device,
                        device->info->name);
}

static retune_status find_physical(retune_backend_device *device, retune_error *error) {
    device->physical = device->info->physical;
    if (!device->options.validation)
        return RETUNE_OK;
    retune_status status = vulkan_validation_open(&device->validation, error);
    if (status != RETUNE_OK)
        return status;
    device->physical = vulkan_platform_find(device->validation->instance, device->info);
    if (device->physical)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE, "%s is gone", device->info->name);
}

static retune_status create_device(retune_backend_device *device, retune_error *error) {
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = device->info->queue_family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    VkPhysicalDevice16BitStorageFeatures storage = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .storageBuffer16BitAccess = device->info->storage16};
    vulkan_cooperative_features cooperative;
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &storage,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue};
    vulkan_cooperative_request(device->cooperative, &cooperative, &info);
    VkResult result = vk.vkCreateDevice(device->physical, &info, NULL, &device->handle);
    if (result != VK_SUCCESS)
        device->handle = VK_NULL_HANDLE;
    return vulkan_check(result, "vkCreateDevice", error);
}

static retune_status open(retune_backend_device *device, const retune_option *options,
                          size_t option_count, retune_error *error) {
    retune_status status =
        backend_gpu_options_read(&section, options, option_count, &device->options, error);
    if (status == RETUNE_OK)
        status = check_wanted(device, error);
    if (status == RETUNE_OK)
        status = find_physical(device, error);
    if (device->options.cooperative)
        device->cooperative = device->info->cooperative;
    if (status == RETUNE_OK)
        status = create_device(device, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_open(device, error);
    if (status == RETUNE_OK)
        status = vulkan_staging_open(device, error);
    if (status == RETUNE_OK)
        status = vulkan_memory_take(device, VULKAN_MEMORY_DEVICE, 64, "a place for absent tensors",
                                    &device->nothing, error);
    if (status == RETUNE_OK)
        status = vulkan_pipelines_open(device, error);
    if (status == RETUNE_OK)
        status = vulkan_tuning_open(device, error);
    return status == RETUNE_OK ? vulkan_device_check(device, error) : status;
}

retune_status vulkan_device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error) {
    const vulkan_candidate *info;
    *out_device = NULL;
    retune_status status = vulkan_platform_device(index, &info, error);
    if (status != RETUNE_OK)
        return status;
    retune_backend_device *device = calloc(1, sizeof *device);
    if (!device)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a Vulkan device");
    device->info = info;
    device->is_cpu = info->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    device->generation = 1;
    status = open(device, options, option_count, error);
    if (status == RETUNE_OK)
        *out_device = device;
    else
        vulkan_device_close(device);
    return status;
}

void vulkan_device_close(retune_backend_device *device) {
    if (!device)
        return;
    vulkan_queue_drain(device, "the end of a device", NULL);
    backend_tuning_close(device->tuning);
    vulkan_pipelines_close(device);
    vulkan_memory_give_back(device, device->workspace);
    vulkan_memory_give_back(device, device->nothing);
    vulkan_staging_close(device);
    vulkan_queue_close(device);
    if (device->handle)
        vk.vkDestroyDevice(device->handle, NULL);
    vulkan_validation_close(device->validation);
    free(device);
}

/* ---- Health --------------------------------------------------------------------------------- */

retune_status vulkan_device_check(const retune_backend_device *device, retune_error *error) {
    if (!device->lost)
        return vulkan_validation_check(device->validation, error);
    return backend_fail(error, RETUNE_DEVICE_LOST,
                        "the device failed earlier; nothing on it is left");
}

retune_status vulkan_device_note(retune_backend_device *device, retune_status status) {
    if (status == RETUNE_DEVICE_LOST)
        device->lost = true;
    return status;
}

/* ---- Memory --------------------------------------------------------------------------------- */

retune_status vulkan_device_reserve_workspace(retune_backend_device *device, size_t bytes,
                                              retune_error *error) {
    vulkan_memory *workspace;
    if (bytes == 0 || (device->workspace && bytes <= device->workspace->bytes))
        return RETUNE_OK;
    retune_status status =
        vulkan_memory_take(device, VULKAN_MEMORY_DEVICE, bytes, "a workspace", &workspace, error);
    if (status != RETUNE_OK)
        return status;
    vulkan_memory_give_back(device, device->workspace);
    device->workspace = workspace;
    device->generation++;
    return RETUNE_OK;
}

void vulkan_device_release_workspace(retune_backend_device *device) {
    vulkan_memory_give_back(device, device->workspace);
    device->workspace = NULL;
}

retune_status vulkan_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error) {
    (void)error;
    *out_current_bytes = device->current_bytes;
    *out_peak_bytes = device->peak_bytes;
    return RETUNE_OK;
}

/* ---- Ops ------------------------------------------------------------------------------------ */

uint32_t vulkan_device_maps(const retune_backend_device *device) {
    return device->info->storage16 ? BACKEND_MAPS_ALL : BACKEND_MAPS_F32;
}

/* Shaders count elements in 32 bits; only a table of gather may have more. What a shader sees of a
 * buffer has a limit of the device's. */
static bool check_sizes(const retune_backend_device *device, const retune_op_desc *op, char *reason,
                        size_t size) {
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX; k++) {
        bool output = k >= RETUNE_OP_TENSORS_MAX;
        uint32_t slot = output ? k - RETUNE_OP_TENSORS_MAX : k;
        const retune_tensor_desc *desc = output ? op->outputs[slot] : op->inputs[slot];
        bool table = op->kind == RETUNE_OP_GATHER && k == 0;
        size_t bytes = 0;
        if (!desc || !backend_desc_check(desc, &bytes, reason, size))
            continue;
        if (!table && vulkan_elements(desc) > INT32_MAX)
            return backend_explain(reason, size, "%s: %s %u has %lld elements, more than 2^31 - 1",
                                   backend_op_name(op->kind), output ? "output" : "input", slot,
                                   (long long)vulkan_elements(desc));
        if (bytes > device->info->buffer_bytes)
            return backend_explain(reason, size,
                                   "%s: %s %u has %zu bytes; a buffer of this device has at most "
                                   "%llu",
                                   backend_op_name(op->kind), output ? "output" : "input", slot,
                                   bytes, (unsigned long long)device->info->buffer_bytes);
    }
    return true;
}

static bool check_enabled(const retune_backend_device *device, const retune_op_desc *op,
                          char *reason, size_t size) {
    char name[128];
    if (backend_gpu_options_disabled(&device->options, kernels_of(op->kind), name))
        return backend_explain(reason, size, "%s: [backend.vulkan] disable names its shader %s",
                               backend_op_name(op->kind), name);
    return true;
}

bool vulkan_op_accept(const retune_backend_device *device, const retune_op_desc *op, char *reason,
                      size_t size) {
    return backend_op_check(op, vulkan_device_maps(device), reason, size) &&
           check_sizes(device, op, reason, size) && check_enabled(device, op, reason, size);
}

retune_status vulkan_op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error) {
    retune_op_support support = {0};
    support.supported = vulkan_op_accept(device, op, support.reason, sizeof support.reason);
    if (support.supported && vulkan_op_get(op->kind)->workspace)
        support.workspace_bytes = vulkan_op_get(op->kind)->workspace(device, op);
    return backend_fill_struct(out_support, &support, sizeof support, error);
}
