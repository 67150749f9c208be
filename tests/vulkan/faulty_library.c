/* A Vulkan loader that hands every call on to the real one, and fails where a test wants it to.
 *
 *   VULKAN_FAULTS="vkQueueSubmit=-4@3, vkCreateBuffer=-2"
 *       the third call of vkQueueSubmit and all after it answer -4, every vkCreateBuffer -2
 *   VULKAN_WITHOUT=storage16|compute|vkName   no 16-bit storage; no queue that computes; no such
 *                                             function
 *   VULKAN_MEMORY=8388608   what devices say of their memory, in bytes
 *   VULKAN_TYPE=2           what devices say of their type: 2 is a discrete GPU
 *   VULKAN_PRETEND=...      see pretend.h
 *   VULKAN_LOG=FILE         a line "cache BYTES" for each pipeline cache, BYTES of content given
 *
 * REAL_VULKAN, a compile-time path, is the real loader. */
#include "pretend.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PFN_vkGetInstanceProcAddr real_get;

__attribute__((constructor)) static void load(void) {
    void *library = dlopen(REAL_VULKAN, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        abort();
    }
    *(void **)&real_get = dlsym(library, "vkGetInstanceProcAddr");
}

/* ---- Faults --------------------------------------------------------------------------------- */

/* Counts a call; true when it is to answer `result`. */
static bool fails(const char *name, unsigned *calls, VkResult *result) {
    const char *faults = getenv("VULKAN_FAULTS");
    const size_t length = strlen(name);
    ++*calls;
    for (const char *at = faults; at && (at = strstr(at, name)); at += length) {
        int value = 0;
        unsigned from = 1;
        if (sscanf(at + length, "=%d@%u", &value, &from) >= 1 && *calls >= from) {
            *result = (VkResult)value;
            return true;
        }
    }
    return false;
}

/* A wait that fails waits all the same: the work is real, and ends before its memory does. */
#define RESULT(name, parameters, arguments)                                                        \
    static PFN_##name real_##name;                                                                 \
    static VKAPI_ATTR VkResult VKAPI_CALL faulty_##name parameters {                               \
        static unsigned calls;                                                                     \
        VkResult fault;                                                                            \
        if (!fails(#name, &calls, &fault))                                                         \
            return real_##name arguments;                                                          \
        if (strcmp(#name, "vkWaitForFences") == 0)                                                 \
            (void)real_##name arguments;                                                           \
        return fault;                                                                              \
    }
#include "faulty_functions.def"
#undef RESULT

/* ---- Functions that do more ----------------------------------------------------------------- */

static bool is_without(const char *what) {
    const char *without = getenv("VULKAN_WITHOUT");
    return without && strcmp(without, what) == 0;
}

static PFN_vkGetPhysicalDeviceProperties2 real_vkGetPhysicalDeviceProperties2;
static VKAPI_ATTR void VKAPI_CALL faulty_vkGetPhysicalDeviceProperties2(
    VkPhysicalDevice device, VkPhysicalDeviceProperties2 *properties) {
    const char *type = getenv("VULKAN_TYPE");
    real_vkGetPhysicalDeviceProperties2(device, properties);
    if (type)
        properties->properties.deviceType = (VkPhysicalDeviceType)atoi(type);
}

static PFN_vkGetPhysicalDeviceFeatures2 real_vkGetPhysicalDeviceFeatures2;
static VKAPI_ATTR void VKAPI_CALL
faulty_vkGetPhysicalDeviceFeatures2(VkPhysicalDevice device, VkPhysicalDeviceFeatures2 *features) {
    real_vkGetPhysicalDeviceFeatures2(device, features);
    for (VkBaseOutStructure *s = (VkBaseOutStructure *)features; s; s = s->pNext)
        if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES &&
            is_without("storage16"))
            ((VkPhysicalDevice16BitStorageFeatures *)s)->storageBuffer16BitAccess = VK_FALSE;
}

static PFN_vkGetPhysicalDeviceQueueFamilyProperties real_vkGetPhysicalDeviceQueueFamilyProperties;
static VKAPI_ATTR void VKAPI_CALL faulty_vkGetPhysicalDeviceQueueFamilyProperties(
    VkPhysicalDevice device, uint32_t *count, VkQueueFamilyProperties *families) {
    real_vkGetPhysicalDeviceQueueFamilyProperties(device, count, families);
    for (uint32_t f = 0; families && f < *count; f++)
        if (is_without("compute"))
            families[f].queueFlags &= ~(VkQueueFlags)VK_QUEUE_COMPUTE_BIT;
}

static PFN_vkGetPhysicalDeviceMemoryProperties real_vkGetPhysicalDeviceMemoryProperties;
static VKAPI_ATTR void VKAPI_CALL faulty_vkGetPhysicalDeviceMemoryProperties(
    VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties *memory) {
    const char *bytes = getenv("VULKAN_MEMORY");
    real_vkGetPhysicalDeviceMemoryProperties(device, memory);
    for (uint32_t h = 0; bytes && h < memory->memoryHeapCount; h++)
        memory->memoryHeaps[h].size = strtoull(bytes, NULL, 10);
}

static void log_cache(size_t bytes) {
    const char *path = getenv("VULKAN_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "cache %zu\n", bytes);
        fclose(file);
    }
}

static PFN_vkCreatePipelineCache real_vkCreatePipelineCache;
static VKAPI_ATTR VkResult VKAPI_CALL
faulty_vkCreatePipelineCache(VkDevice device, const VkPipelineCacheCreateInfo *info,
                             const VkAllocationCallbacks *allocator, VkPipelineCache *cache) {
    static unsigned calls;
    VkResult fault;
    log_cache(info->initialDataSize);
    return fails("vkCreatePipelineCache", &calls, &fault)
               ? fault
               : real_vkCreatePipelineCache(device, info, allocator, cache);
}

/* ---- The only export ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    void *real; /* the pointer to keep the real function in */
    PFN_vkVoidFunction faulty;
} table[] = {
#define ROW(name)                           {#name, &real_##name, (PFN_vkVoidFunction)faulty_##name},
#define RESULT(name, parameters, arguments) ROW(name)
#include "faulty_functions.def"
#undef RESULT
    ROW(vkGetPhysicalDeviceProperties2) ROW(vkGetPhysicalDeviceFeatures2)
        ROW(vkGetPhysicalDeviceQueueFamilyProperties) ROW(vkGetPhysicalDeviceMemoryProperties)
            ROW(vkCreatePipelineCache)};

PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance, const char *name) {
    PFN_vkVoidFunction real = real_get(instance, name);
    if (is_without(name))
        return NULL;
    for (size_t n = 0; real && n < sizeof table / sizeof table[0]; n++)
        if (strcmp(name, table[n].name) == 0) {
            memcpy(table[n].real, &real, sizeof real);
            return pretend_function(name, table[n].faulty);
        }
    return pretend_function(name, real);
}
