#include "platform.h"

#include "cooperative.h"
#include "error.h"
#include "status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAMILIES_MAX = 32 };

/* ---- Asking a driver ------------------------------------------------------------------------ */

static const char *vendor_name(uint32_t id, char text[16]) {
    static const struct {
        uint32_t id;
        const char *name;
    } vendors[] = {
        {0x1002, "AMD"},      {0x1010, "Imagination"},    {0x10de, "NVIDIA"}, {0x13b5, "Arm"},
        {0x14e4, "Broadcom"}, {0x5143, "Qualcomm"},       {0x8086, "Intel"},  {0x106b, "Apple"},
        {0x1ae0, "Google"},   {VK_VENDOR_ID_MESA, "Mesa"}};
    for (size_t n = 0; n < sizeof vendors / sizeof vendors[0]; n++)
        if (vendors[n].id == id)
            return vendors[n].name;
    snprintf(text, 16, "0x%x", id);
    return text;
}

bool vulkan_platform_has_extension(VkPhysicalDevice physical, const char *name) {
    uint32_t count = 0;
    bool found = false;
    if (vk.vkEnumerateDeviceExtensionProperties(physical, NULL, &count, NULL) != VK_SUCCESS)
        return false;
    VkExtensionProperties *list = calloc(count ? count : 1, sizeof *list);
    if (list && vk.vkEnumerateDeviceExtensionProperties(physical, NULL, &count, list) == VK_SUCCESS)
        for (uint32_t n = 0; n < count && !found; n++)
            found = strcmp(list[n].extensionName, name) == 0;
    free(list);
    return found;
}

/* What an extension tells, or what is usual. It decides how work is divided, so that it must not
 * change from run to run. */
static uint32_t compute_units_of(const vulkan_candidate *c) {
    VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nvidia = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
    VkPhysicalDeviceShaderCorePropertiesAMD amd = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    if (vulkan_platform_has_extension(c->physical, VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME)) {
        all.pNext = &nvidia;
        vk.vkGetPhysicalDeviceProperties2(c->physical, &all);
        return nvidia.shaderSMCount;
    }
    if (vulkan_platform_has_extension(c->physical, VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME)) {
        all.pNext = &amd;
        vk.vkGetPhysicalDeviceProperties2(c->physical, &all);
        return amd.shaderEngineCount * amd.shaderArraysPerEngineCount *
               amd.computeUnitsPerShaderArray;
    }
    return c->type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU ? 40
           : c->type == VK_PHYSICAL_DEVICE_TYPE_CPU        ? 2
                                                           : 8;
}

static void describe_limits(vulkan_candidate *c, const VkPhysicalDeviceLimits *limits) {
    c->timestamp_period = limits->timestampPeriod;
    c->group_items = limits->maxComputeWorkGroupInvocations;
    memcpy(c->group_size, limits->maxComputeWorkGroupSize, sizeof c->group_size);
    memcpy(c->group_count, limits->maxComputeWorkGroupCount, sizeof c->group_count);
    c->local_bytes = limits->maxComputeSharedMemorySize;
    c->buffer_bytes = limits->maxStorageBufferRange;
}

static void describe_properties(vulkan_candidate *c) {
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                       .pNext = &id};
    char text[16];
    if (vulkan_platform_has_extension(c->physical, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME))
        id.pNext = &driver;
    vk.vkGetPhysicalDeviceProperties2(c->physical, &all);
    const VkPhysicalDeviceProperties *p = &all.properties;
    c->type = p->deviceType;
    c->vendor_id = p->vendorID;
    c->device_id = p->deviceID;
    c->driver_version = p->driverVersion;
    memcpy(c->device_uuid, id.deviceUUID, VK_UUID_SIZE);
    memcpy(c->driver_uuid, id.driverUUID, VK_UUID_SIZE);
    memcpy(c->cache_uuid, p->pipelineCacheUUID, VK_UUID_SIZE);
    snprintf(c->name, sizeof c->name, "%.127s", p->deviceName);
    snprintf(c->vendor, sizeof c->vendor, "%s", vendor_name(p->vendorID, text));
    if (driver.driverName[0])
        snprintf(c->driver, sizeof c->driver, "%.50s %.70s", driver.driverName, driver.driverInfo);
    else
        snprintf(c->driver, sizeof c->driver, "%#x", p->driverVersion);
    c->quirks = vulkan_quirks_find(driver.driverID, p->driverVersion);
    describe_limits(c, &p->limits);
}

static void describe_features(vulkan_candidate *c) {
    VkPhysicalDeviceShaderFloat16Int8Features arithmetic = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES};
    VkPhysicalDevice16BitStorageFeatures storage = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = &storage};
    if (vulkan_platform_has_extension(c->physical, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME))
        storage.pNext = &arithmetic;
    vk.vkGetPhysicalDeviceFeatures2(c->physical, &all);
    c->storage16 = storage.storageBuffer16BitAccess;
    c->half = arithmetic.shaderFloat16;
}

/* ---- Memory and queues ----------------------------------------------------------------------- */

static void describe_memory(vulkan_candidate *c) {
    vk.vkGetPhysicalDeviceMemoryProperties(c->physical, &c->memory);
    for (uint32_t h = 0; h < c->memory.memoryHeapCount; h++) {
        const VkMemoryHeap *heap = &c->memory.memoryHeaps[h];
        if (heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT && heap->size > c->memory_bytes)
            c->memory_bytes = heap->size;
    }
}

/* The first family that computes. */
static bool find_queue_family(vulkan_candidate *c) {
    VkQueueFamilyProperties families[FAMILIES_MAX];
    uint32_t count = FAMILIES_MAX;
    vk.vkGetPhysicalDeviceQueueFamilyProperties(c->physical, &count, families);
    for (uint32_t f = 0; f < count; f++)
        if (families[f].queueFlags & VK_QUEUE_COMPUTE_BIT) {
            c->queue_family = f;
            c->timestamp_bits = families[f].timestampValidBits;
            return true;
        }
    return false;
}

static bool has_version(VkPhysicalDevice physical) {
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    vk.vkGetPhysicalDeviceProperties2(physical, &all);
    return all.properties.apiVersion >= VK_API_VERSION_1_1;
}

/* ---- The list ------------------------------------------------------------------------------- */

typedef struct device_list {
    vulkan_candidate devices[VULKAN_DEVICES_MAX];
    uint32_t count;
} device_list;

static retune_device_type type_of(const vulkan_candidate *c) {
    switch (c->type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return RETUNE_DEVICE_GPU_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return RETUNE_DEVICE_GPU_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return RETUNE_DEVICE_CPU;
    default:
        return RETUNE_DEVICE_ACCELERATOR;
    }
}

/* Above cpu/simd (100) for hardware of its own, below it for an emulation on the same cores, and
 * always below what OpenCL gives the same device. */
static uint32_t score_of(const vulkan_candidate *c) {
    switch (c->type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return 900 + (c->compute_units < 99 ? c->compute_units : 99);
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return 450;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return 400;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return 40;
    default:
        return 250;
    }
}

static retune_status list_physical(VkInstance instance, VkPhysicalDevice *physical,
                                   uint32_t *out_count, retune_error *error) {
    *out_count = VULKAN_DEVICES_MAX;
    VkResult result = vk.vkEnumeratePhysicalDevices(instance, out_count, physical);
    if (result == VK_INCOMPLETE)
        result = VK_SUCCESS;
    if (result == VK_SUCCESS && *out_count > 0)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "the Vulkan loader %s finds no driver for any device (%s)", vk.path,
                        result == VK_SUCCESS ? "no device" : vulkan_result_name(result));
}

/* Puts better devices first; equal ones keep the order in which the loader gave them. */
static void sort(device_list *list) {
    for (uint32_t n = 1; n < list->count; n++)
        for (uint32_t k = n; k > 0; k--) {
            vulkan_candidate *a = &list->devices[k - 1], *b = &list->devices[k], swapped = *a;
            if (score_of(a) >= score_of(b))
                break;
            *a = *b;
            *b = swapped;
        }
}

/* What a user can do about what there is not. */
static const char *const advice[] = {
    [VULKAN_LACKS_NOTHING] = "",
    [VULKAN_LACKS_LOADER] =
        "install the Vulkan loader (Debian: libvulkan1) and the driver of the device",
    [VULKAN_LACKS_VERSION] = "update the Vulkan loader (Debian: libvulkan1) and the driver",
    [VULKAN_LACKS_DRIVER] =
        "install the driver of the device, or mesa-vulkan-drivers to compute on the CPU; to open "
        "the device, a user joins its groups (usermod -aG render,video USER, then log in again)",
    [VULKAN_LACKS_DEVICE] = "update the driver, or name another backend in [backend] order",
};

static retune_status look_up(device_list *list, vulkan_lack *out_lack, retune_error *error) {
    VkPhysicalDevice physical[VULKAN_DEVICES_MAX];
    uint32_t count = 0;
    retune_status status = vulkan_library_load(out_lack, error);
    if (status != RETUNE_OK)
        return status;
    *out_lack = VULKAN_LACKS_DRIVER;
    status = list_physical(vk.instance, physical, &count, error);
    if (status != RETUNE_OK)
        return status;
    for (uint32_t n = 0; n < count; n++) {
        vulkan_candidate *c = &list->devices[list->count];
        *c = (vulkan_candidate){.physical = physical[n]};
        if (!has_version(physical[n]) || !find_queue_family(c))
            continue;
        describe_properties(c);
        describe_features(c);
        c->cooperative = vulkan_cooperative_find(c);
        describe_memory(c);
        c->compute_units = compute_units_of(c);
        list->count++;
    }
    *out_lack = list->count == 0 ? VULKAN_LACKS_DEVICE : VULKAN_LACKS_NOTHING;
    if (list->count == 0)
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "%u Vulkan device%s, but none with Vulkan 1.1 and a compute queue",
                            count, count == 1 ? "" : "s");
    sort(list);
    return RETUNE_OK;
}

static retune_status find_devices(const vulkan_candidate **out_devices, uint32_t *out_count,
                                  vulkan_lack *out_lack, retune_error *error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static device_list list;
    retune_status status = RETUNE_OK;
    *out_lack = VULKAN_LACKS_NOTHING;
    pthread_mutex_lock(&lock);
    if (list.count == 0)
        status = look_up(&list, out_lack, error);
    *out_devices = list.devices;
    *out_count = list.count;
    pthread_mutex_unlock(&lock);
    return status;
}

retune_status vulkan_platform_devices(const vulkan_candidate **out_devices, uint32_t *out_count,
                                      retune_error *error) {
    vulkan_lack lack;
    return find_devices(out_devices, out_count, &lack, error);
}

VkPhysicalDevice vulkan_platform_find(VkInstance instance, const vulkan_candidate *device) {
    VkPhysicalDevice physical[VULKAN_DEVICES_MAX];
    uint32_t count = 0;
    if (list_physical(instance, physical, &count, NULL) != RETUNE_OK)
        return VK_NULL_HANDLE;
    for (uint32_t n = 0; n < count; n++) {
        VkPhysicalDeviceIDProperties id = {.sType =
                                               VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
        VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                           .pNext = &id};
        vk.vkGetPhysicalDeviceProperties2(physical[n], &all);
        if (memcmp(id.deviceUUID, device->device_uuid, VK_UUID_SIZE) == 0 &&
            memcmp(id.driverUUID, device->driver_uuid, VK_UUID_SIZE) == 0)
            return physical[n];
    }
    return VK_NULL_HANDLE;
}

/* ---- The plugin's answers ------------------------------------------------------------------- */

retune_status vulkan_probe(retune_probe_report *out_report, retune_error *error) {
    const vulkan_candidate *devices;
    uint32_t count;
    vulkan_lack lack;
    retune_probe_report report = {0};
    retune_status status = find_devices(&devices, &count, &lack, error);
    if (status != RETUNE_OK) {
        snprintf(report.advice, sizeof report.advice, "%s", advice[lack]);
        (void)backend_fill_struct(out_report, &report, sizeof report, NULL);
        return status;
    }
    uint32_t version = VK_API_VERSION_1_0;
    vk.vkEnumerateInstanceVersion(&version);
    snprintf(report.library, sizeof report.library, "%s", vk.path);
    snprintf(report.version, sizeof report.version, "Vulkan %u.%u.%u",
             VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version),
             VK_API_VERSION_PATCH(version));
    return backend_fill_struct(out_report, &report, sizeof report, error);
}

retune_status vulkan_device_count(uint32_t *out_count, retune_error *error) {
    const vulkan_candidate *devices;
    return vulkan_platform_devices(&devices, out_count, error);
}

retune_status vulkan_platform_device(uint32_t index, const vulkan_candidate **out_device,
                                     retune_error *error) {
    const vulkan_candidate *devices;
    uint32_t count;
    *out_device = NULL;
    retune_status status = vulkan_platform_devices(&devices, &count, error);
    if (status != RETUNE_OK)
        return status;
    if (index >= count)
        return backend_fail(error, RETUNE_INVALID, "vulkan: device %u of %u", index, count);
    *out_device = &devices[index];
    return RETUNE_OK;
}

retune_status vulkan_device_info(uint32_t index, retune_device_info *out_info,
                                 retune_error *error) {
    const vulkan_candidate *c;
    retune_status status = vulkan_platform_device(index, &c, error);
    if (status != RETUNE_OK)
        return status;
    retune_device_info info = {.type = type_of(c),
                               .features = RETUNE_FEATURE_DETERMINISTIC,
                               .score = score_of(c),
                               .memory_bytes = c->memory_bytes};
    if (c->storage16)
        info.features |= RETUNE_FEATURE_F16_STORAGE | RETUNE_FEATURE_BF16_STORAGE;
    if (c->half)
        info.features |= RETUNE_FEATURE_F16_ARITHMETIC;
    if (c->cooperative != VULKAN_COOPERATIVE_NONE)
        info.features |= RETUNE_FEATURE_MATRIX_UNITS;
    if (c->timestamp_bits)
        info.features |= RETUNE_FEATURE_TIMESTAMPS;
    snprintf(info.id, sizeof info.id, "vulkan/%u", index);
    snprintf(info.name, sizeof info.name, "%s", c->name);
    snprintf(info.vendor, sizeof info.vendor, "%s", c->vendor);
    snprintf(info.driver, sizeof info.driver, "%s", c->driver);
    vulkan_quirks_text(c->quirks, info.quirks, sizeof info.quirks);
    return backend_fill_struct(out_info, &info, sizeof info, error);
}
