/* Cooperative matrices: products of small matrices that a subgroup computes together, on the
 * device's matrix units. Two extensions offer them. VK_KHR_cooperative_matrix is the standard;
 * VK_NV_cooperative_matrix came before it and is what the shader compilers of older systems write.
 * shaders/cooperative.comp is compiled for the latter and translated for devices with the former.
 */
#ifndef RETUNE_VULKAN_COOPERATIVE_H
#define RETUNE_VULKAN_COOPERATIVE_H

#include "platform.h"

/* What a device offers of what the shader needs: matrices of 16 x 16 x 16, fp16 with sums of f32,
 * subgroups of BACKEND_SUBGROUP, arithmetic in fp16. */
vulkan_cooperative vulkan_cooperative_find(const vulkan_candidate *candidate);

/* Asks for the extension and its features in the info of a device; `info` points into `features`
 * afterwards. Nothing for VULKAN_COOPERATIVE_NONE. */
enum { VULKAN_COOPERATIVE_EXTENSIONS = 3 };
typedef struct vulkan_cooperative_features {
    const char *extensions[VULKAN_COOPERATIVE_EXTENSIONS];
    VkPhysicalDeviceShaderFloat16Int8Features half;
    VkPhysicalDeviceVulkanMemoryModelFeatures model;
    struct {
        VkStructureType sType;
        void *pNext;
        VkBool32 matrix, robust;
    } matrix; /* the same of both extensions */
} vulkan_cooperative_features;
void vulkan_cooperative_request(vulkan_cooperative kind, vulkan_cooperative_features *features,
                                VkDeviceCreateInfo *info);

/* True for SPIR-V with cooperative matrices of VK_NV_cooperative_matrix. */
bool vulkan_cooperative_uses(const uint32_t *code, size_t words);

/* The same shader for VK_KHR_cooperative_matrix, in memory that the caller frees; NULL without
 * memory, or when the code is not as shaders/cooperative.comp compiles. */
uint32_t *vulkan_cooperative_translate(const uint32_t *code, size_t words, size_t *out_words);

#endif
