#include "validation.h"

#include "error.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char layer_name[] = "VK_LAYER_KHRONOS_validation";

static bool has_layer(void) {
    uint32_t count = 0;
    bool found = false;
    if (vk.vkEnumerateInstanceLayerProperties(&count, NULL) != VK_SUCCESS)
        return false;
    VkLayerProperties *list = calloc(count ? count : 1, sizeof *list);
    if (list && vk.vkEnumerateInstanceLayerProperties(&count, list) == VK_SUCCESS)
        for (uint32_t n = 0; n < count && !found; n++)
            found = strcmp(list[n].layerName, layer_name) == 0;
    free(list);
    return found;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL keep(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                           VkDebugUtilsMessageTypeFlagsEXT type,
                                           const VkDebugUtilsMessengerCallbackDataEXT *data,
                                           void *user) {
    vulkan_validation *v = user;
    (void)severity;
    (void)type;
    if (!v->objected)
        snprintf(v->message, sizeof v->message, "%s", data->pMessage);
    v->objected = true;
    return VK_FALSE;
}

static VkDebugUtilsMessengerCreateInfoEXT messenger_of(vulkan_validation *v) {
    return (VkDebugUtilsMessengerCreateInfoEXT){
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = keep,
        .pUserData = v};
}

static VkResult create_instance(vulkan_validation *v) {
    const char *layer = layer_name;
    const char *extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                                VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
    const VkValidationFeatureEnableEXT synchronization =
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    const VkValidationFeaturesEXT features = {.sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
                                              .enabledValidationFeatureCount = 1,
                                              .pEnabledValidationFeatures = &synchronization};
    return vulkan_library_create_instance(
        &vk,
        (VkInstanceCreateInfo){.pNext = &features,
                               .enabledLayerCount = 1,
                               .ppEnabledLayerNames = &layer,
                               .enabledExtensionCount = 2,
                               .ppEnabledExtensionNames = extensions},
        &v->instance);
}

static VkResult create_messenger(vulkan_validation *v) {
    PFN_vkCreateDebugUtilsMessengerEXT create =
        (PFN_vkCreateDebugUtilsMessengerEXT)vk.vkGetInstanceProcAddr(
            v->instance, "vkCreateDebugUtilsMessengerEXT");
    const VkDebugUtilsMessengerCreateInfoEXT info = messenger_of(v);
    v->destroy_messenger = (PFN_vkDestroyDebugUtilsMessengerEXT)vk.vkGetInstanceProcAddr(
        v->instance, "vkDestroyDebugUtilsMessengerEXT");
    return create ? create(v->instance, &info, NULL, &v->messenger)
                  : VK_ERROR_EXTENSION_NOT_PRESENT;
}

retune_status vulkan_validation_open(vulkan_validation **out_validation, retune_error *error) {
    *out_validation = NULL;
    if (!has_layer())
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "[backend.vulkan] validation: the layer %s is not installed (Debian: "
                            "vulkan-validationlayers)",
                            layer_name);
    vulkan_validation *v = calloc(1, sizeof *v);
    if (!v)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: validation");
    VkResult result = create_instance(v);
    if (result == VK_SUCCESS)
        result = create_messenger(v);
    if (result == VK_SUCCESS)
        *out_validation = v;
    else
        vulkan_validation_close(v);
    return vulkan_check(result, layer_name, error);
}

void vulkan_validation_close(vulkan_validation *v) {
    if (!v)
        return;
    if (v->messenger && v->destroy_messenger)
        v->destroy_messenger(v->instance, v->messenger, NULL);
    if (v->instance)
        vk.vkDestroyInstance(v->instance, NULL);
    free(v);
}

retune_status vulkan_validation_check(const vulkan_validation *v, retune_error *error) {
    if (!v || !v->objected)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_INTERNAL, "validation: %s", v->message);
}
