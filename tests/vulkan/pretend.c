#include "pretend.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool pretends(const char *what) {
    const char *value = getenv("VULKAN_PRETEND");
    return value && (!what || strcmp(value, what) == 0);
}

/* ---- What a device says --------------------------------------------------------------------- */

enum { EXTENSIONS = 3 };

static PFN_vkEnumerateDeviceExtensionProperties real_extensions;
static VKAPI_ATTR VkResult VKAPI_CALL pretend_extensions(VkPhysicalDevice device, const char *layer,
                                                         uint32_t *count,
                                                         VkExtensionProperties *list) {
    const char *names[EXTENSIONS] = {pretends("nv") ? "VK_NV_cooperative_matrix"
                                                    : "VK_KHR_cooperative_matrix",
                                     "VK_KHR_vulkan_memory_model", "VK_KHR_shader_float16_int8"};
    VkResult result = real_extensions(device, layer, count, list);
    if (result == VK_SUCCESS && !list)
        *count += EXTENSIONS;
    /* The real ones go to the front of a list that has room for ours behind them. */
    for (uint32_t n = 0; result == VK_SUCCESS && list && n < EXTENSIONS; n++)
        strcpy(list[(*count)++].extensionName, names[n]);
    return result;
}

static PFN_vkGetPhysicalDeviceFeatures2 real_features;
static VKAPI_ATTR void VKAPI_CALL pretend_features(VkPhysicalDevice device,
                                                   VkPhysicalDeviceFeatures2 *features) {
    /* Both cooperative matrix structs begin with the switch; 1000506000 is that of the standard. */
    real_features(device, features);
    for (VkBaseOutStructure *s = features->pNext; s; s = s->pNext)
        if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV ||
            s->sType == (VkStructureType)1000506000)
            ((VkPhysicalDeviceCooperativeMatrixFeaturesNV *)s)->cooperativeMatrix = VK_TRUE;
        else if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES)
            ((VkPhysicalDeviceVulkanMemoryModelFeatures *)s)->vulkanMemoryModel = VK_TRUE;
        else if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES)
            ((VkPhysicalDeviceShaderFloat16Int8Features *)s)->shaderFloat16 = VK_TRUE;
}

static PFN_vkGetPhysicalDeviceProperties2 real_properties;
static VKAPI_ATTR void VKAPI_CALL pretend_properties(VkPhysicalDevice device,
                                                     VkPhysicalDeviceProperties2 *properties) {
    real_properties(device, properties);
    for (VkBaseOutStructure *s = properties->pNext; s; s = s->pNext)
        if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES)
            ((VkPhysicalDeviceSubgroupProperties *)s)->subgroupSize = 32;
}

static VKAPI_ATTR VkResult VKAPI_CALL pretend_sizes_nv(VkPhysicalDevice device, uint32_t *count,
                                                       VkCooperativeMatrixPropertiesNV *list) {
    (void)device;
    *count = 1;
    list[0].MSize = list[0].NSize = list[0].KSize = 16;
    list[0].AType = list[0].BType = VK_COMPONENT_TYPE_FLOAT16_NV;
    list[0].CType = list[0].DType = VK_COMPONENT_TYPE_FLOAT32_NV;
    list[0].scope = VK_SCOPE_SUBGROUP_NV;
    return VK_SUCCESS;
}

/* As the registry has it. */
typedef struct khr_sizes {
    VkStructureType sType;
    void *pNext;
    uint32_t m, n, k, a, b, c, result;
    VkBool32 saturating;
    uint32_t scope;
} khr_sizes;

static VKAPI_ATTR VkResult VKAPI_CALL pretend_sizes_khr(VkPhysicalDevice device, uint32_t *count,
                                                        khr_sizes *list) {
    (void)device;
    *count = 2;
    for (int s = 0; s < 2; s++) {
        uint32_t side = s == 1 && !pretends("small") ? 16 : 8;
        list[s].m = list[s].n = list[s].k = side;
        list[s].a = list[s].b = VK_COMPONENT_TYPE_FLOAT16_NV;
        list[s].c = list[s].result = VK_COMPONENT_TYPE_FLOAT32_NV;
        list[s].saturating = VK_FALSE;
        list[s].scope = VK_SCOPE_SUBGROUP_NV;
    }
    return VK_SUCCESS;
}

/* ---- What it is asked for ------------------------------------------------------------------- */

static PFN_vkCreateDevice real_create_device;
static VKAPI_ATTR VkResult VKAPI_CALL pretend_create_device(VkPhysicalDevice physical,
                                                            const VkDeviceCreateInfo *info,
                                                            const VkAllocationCallbacks *allocator,
                                                            VkDevice *device) {
    VkDeviceCreateInfo plain = *info;
    plain.enabledExtensionCount = 0;
    while (plain.pNext && ((const VkBaseInStructure *)plain.pNext)->sType !=
                              VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES)
        plain.pNext = ((const VkBaseInStructure *)plain.pNext)->pNext;
    return real_create_device(physical, &plain, allocator, device);
}

enum {
    EXTENSION = 10,
    CAPABILITY = 17,
    NV_CAPABILITY = 5357, /* and what follows, to NV_LAST, is of the NV extension */
    NV_LAST = 5362,
    KHR_CAPABILITY = 6022,
    KHR_TYPE = 4456,
    KHR_LOAD = 4457,
    KHR_STORE = 4458,
    KHR_MULTIPLY = 4459
};

/* What is wrong with a shader that uses matrix units by the standard extension. */
static const char *fault_of(const uint32_t *code, size_t words) {
    size_t types = 0, loads = 0, stores = 0, products = 0, at = 5;
    bool named = false;
    for (uint32_t length; at < words; at += length) {
        uint32_t op = code[at] & 0xffff;
        length = code[at] >> 16;
        if (length == 0 || length > words - at)
            return "an instruction that does not end";
        if (op >= NV_CAPABILITY && op <= NV_LAST)
            return "an instruction of the other extension";
        if (op == EXTENSION &&
            strcmp((const char *)&code[at + 1], "SPV_NV_cooperative_matrix") == 0)
            return "the name of the other extension";
        named |= op == EXTENSION &&
                 strcmp((const char *)&code[at + 1], "SPV_KHR_cooperative_matrix") == 0;
        types += op == KHR_TYPE && length == 7;
        loads += op == KHR_LOAD && length >= 6;
        stores += op == KHR_STORE && length >= 5;
        products += op == KHR_MULTIPLY && length >= 6;
        for (uint32_t n = 1; op >= KHR_TYPE && op <= KHR_MULTIPLY && n < 5; n++)
            if (code[at + n] >= code[3])
                return "an id beyond the bound";
    }
    if (!named)
        return "no name of the extension";
    return types == 3 && loads && stores && products ? NULL : "too little of it";
}

static const char *kind_of(const uint32_t *code, size_t words) {
    for (size_t at = 5; at + 1 < words && (code[at] & 0xffff) == CAPABILITY; at += 2)
        if (code[at + 1] == NV_CAPABILITY || code[at + 1] == KHR_CAPABILITY)
            return code[at + 1] == NV_CAPABILITY ? "nv" : "khr";
    return NULL;
}

static PFN_vkCreateShaderModule real_create_module;
static VKAPI_ATTR VkResult VKAPI_CALL pretend_create_module(VkDevice device,
                                                            const VkShaderModuleCreateInfo *info,
                                                            const VkAllocationCallbacks *allocator,
                                                            VkShaderModule *module) {
    const size_t words = info->codeSize / sizeof *info->pCode;
    const char *kind = kind_of(info->pCode, words), *path = getenv("VULKAN_LOG");
    FILE *file = kind && path ? fopen(path, "a") : NULL;
    if (!kind)
        return real_create_module(device, info, allocator, module);
    const char *fault = strcmp(kind, "khr") == 0 ? fault_of(info->pCode, words) : NULL;
    if (file) {
        fprintf(file, "matrices %s: %s\n", kind, fault ? fault : "well-formed");
        fclose(file);
    }
    return VK_ERROR_FEATURE_NOT_PRESENT;
}

/* ---- Functions ------------------------------------------------------------------------------ */

PFN_vkVoidFunction pretend_function(const char *name, PFN_vkVoidFunction real) {
    const struct {
        const char *name;
        void *real; /* the pointer to keep the real function in */
        PFN_vkVoidFunction own;
    } table[] = {
        {"vkEnumerateDeviceExtensionProperties", &real_extensions,
         (PFN_vkVoidFunction)pretend_extensions},
        {"vkGetPhysicalDeviceFeatures2", &real_features, (PFN_vkVoidFunction)pretend_features},
        {"vkGetPhysicalDeviceProperties2", &real_properties,
         (PFN_vkVoidFunction)pretend_properties},
        {"vkCreateDevice", &real_create_device, (PFN_vkVoidFunction)pretend_create_device},
        {"vkCreateShaderModule", &real_create_module, (PFN_vkVoidFunction)pretend_create_module},
        {"vkGetPhysicalDeviceCooperativeMatrixPropertiesNV", NULL,
         (PFN_vkVoidFunction)pretend_sizes_nv},
        {"vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR", NULL,
         (PFN_vkVoidFunction)pretend_sizes_khr},
    };
    for (size_t n = 0; pretends(NULL) && n < sizeof table / sizeof table[0]; n++)
        if (strcmp(name, table[n].name) == 0) {
            if (table[n].real)
                memcpy(table[n].real, &real, sizeof real);
            return table[n].own;
        }
    return real;
}
