#include "pipeline.h"

#include "cache.h"
#include "cooperative.h"
#include "error.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vulkan_pipelines {
    vulkan_pipeline *list;
    VkDescriptorSetLayout set_layouts[VULKAN_BUFFERS_MAX + 1]; /* by number of buffers */
    VkPipelineLayout layouts[VULKAN_BUFFERS_MAX + 1];
    VkPipelineCache cache;
    char file_name[64];
    bool unsaved;
};

/* Raised when pipelines in old caches must not be used for a reason that no shader shows. */
static const char version[] = "retune vulkan 1";

/* ---- The cache ------------------------------------------------------------------------------ */

static void append_hex(char *text, const uint8_t uuid[VK_UUID_SIZE]) {
    for (size_t n = 0; n < VK_UUID_SIZE; n++)
        sprintf(text + strlen(text), "%02x", uuid[n]);
}

void vulkan_pipelines_identity(const retune_backend_device *device, char key[33]) {
    const vulkan_candidate *c = device->info;
    char ids[3 * 2 * VK_UUID_SIZE + 64];
    uint64_t sum = 0;
    sprintf(ids, "%x %x %x ", c->vendor_id, c->device_id, c->driver_version);
    append_hex(ids, c->device_uuid);
    append_hex(ids, c->driver_uuid);
    append_hex(ids, c->cache_uuid);
    for (const vulkan_shader *s = vulkan_shaders; s->name; s++)
        for (size_t w = 0; w < s->bytes / sizeof *s->code; w++)
            sum = sum * 1099511628211u + s->code[w];
    char shaders[32];
    snprintf(shaders, sizeof shaders, "%016llx", (unsigned long long)sum);
    const char *texts[] = {version, ids, c->name, c->driver, shaders, NULL};
    backend_cache_key(key, texts);
}

/* Drivers must refuse what is not theirs, and some crash instead. */
static bool is_own(const vulkan_candidate *c, const void *data, size_t bytes) {
    VkPipelineCacheHeaderVersionOne head;
    if (bytes < sizeof head)
        return false;
    memcpy(&head, data, sizeof head);
    return head.headerSize >= sizeof head &&
           head.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           head.vendorID == c->vendor_id && head.deviceID == c->device_id &&
           memcmp(head.pipelineCacheUUID, c->cache_uuid, VK_UUID_SIZE) == 0;
}

static bool keeps_pipelines(const retune_backend_device *device) {
    return device->options.cache[0] && !(device->info->quirks & VULKAN_QUIRK_NO_PIPELINE_CACHE);
}

static VkResult create_cache(retune_backend_device *device, const void *data, size_t bytes) {
    const VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                            .initialDataSize = bytes,
                                            .pInitialData = data};
    return vk.vkCreatePipelineCache(device->handle, &info, NULL, &device->pipelines->cache);
}

static retune_status open_cache(retune_backend_device *device, retune_error *error) {
    vulkan_pipelines *p = device->pipelines;
    char key[33];
    size_t bytes = 0;
    vulkan_pipelines_identity(device, key);
    snprintf(p->file_name, sizeof p->file_name, "%s.pipelines", key);
    void *data = keeps_pipelines(device)
                     ? backend_cache_read(device->options.cache, p->file_name, &bytes)
                     : NULL;
    if (data && !is_own(device->info, data, bytes))
        bytes = 0;
    VkResult result = create_cache(device, bytes ? data : NULL, bytes);
    if (result != VK_SUCCESS && bytes)
        result = create_cache(device, NULL, 0);
    free(data);
    return vulkan_check(result, "vkCreatePipelineCache", error);
}

void vulkan_pipelines_save(retune_backend_device *device) {
    vulkan_pipelines *p = device->pipelines;
    size_t bytes = 0;
    if (!p->unsaved || !keeps_pipelines(device))
        return;
    p->unsaved = false;
    if (vk.vkGetPipelineCacheData(device->handle, p->cache, &bytes, NULL) != VK_SUCCESS)
        return;
    void *data = malloc(bytes ? bytes : 1);
    if (data && vk.vkGetPipelineCacheData(device->handle, p->cache, &bytes, data) == VK_SUCCESS)
        backend_cache_write(device->options.cache, p->file_name, data, bytes);
    free(data);
}

static retune_status open_folder(backend_gpu_options *o, retune_error *error) {
    if (!o->cache[0])
        return RETUNE_OK;
    retune_status status = backend_cache_open(o->cache, o->cache_asked ? error : NULL);
    if (status == RETUNE_OK || o->cache_asked)
        return status;
    o->cache[0] = '\0';
    return RETUNE_OK;
}

retune_status vulkan_pipelines_open(retune_backend_device *device, retune_error *error) {
    device->pipelines = calloc(1, sizeof *device->pipelines);
    if (!device->pipelines)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: pipelines");
    retune_status status = open_folder(&device->options, error);
    return status == RETUNE_OK ? open_cache(device, error) : status;
}

void vulkan_pipelines_close(retune_backend_device *device) {
    vulkan_pipelines *p = device->pipelines;
    if (!p)
        return;
    while (p->list) {
        vulkan_pipeline *pipeline = p->list;
        p->list = pipeline->next;
        vk.vkDestroyPipeline(device->handle, pipeline->handle, NULL);
        free(pipeline);
    }
    for (size_t n = 0; n <= VULKAN_BUFFERS_MAX; n++) {
        vk.vkDestroyPipelineLayout(device->handle, p->layouts[n], NULL);
        vk.vkDestroyDescriptorSetLayout(device->handle, p->set_layouts[n], NULL);
    }
    vk.vkDestroyPipelineCache(device->handle, p->cache, NULL);
    free(p);
    device->pipelines = NULL;
}

/* ---- Layouts -------------------------------------------------------------------------------- */

static retune_status get_set_layout(retune_backend_device *device, uint32_t buffers,
                                    VkDescriptorSetLayout *out_layout, retune_error *error) {
    VkDescriptorSetLayout *layout = &device->pipelines->set_layouts[buffers];
    VkDescriptorSetLayoutBinding bindings[VULKAN_BUFFERS_MAX];
    VkResult result = VK_SUCCESS;
    for (uint32_t n = 0; n < buffers; n++)
        bindings[n] =
            (VkDescriptorSetLayoutBinding){.binding = n,
                                           .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                           .descriptorCount = 1,
                                           .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = buffers,
        .pBindings = bindings};
    if (!*layout)
        result = vk.vkCreateDescriptorSetLayout(device->handle, &info, NULL, layout);
    *out_layout = *layout;
    return vulkan_check(result, "vkCreateDescriptorSetLayout", error);
}

retune_status vulkan_pipelines_run_layout(retune_backend_device *device,
                                          VkDescriptorSetLayout *out_layout, retune_error *error) {
    return get_set_layout(device, 1, out_layout, error);
}

static retune_status get_layout(retune_backend_device *device, vulkan_pipeline *pipeline,
                                retune_error *error) {
    VkPipelineLayout *layout = &device->pipelines->layouts[pipeline->key.buffers];
    VkDescriptorSetLayout run_values;
    retune_status status = get_set_layout(device, pipeline->key.buffers, &pipeline->buffers, error);
    if (status == RETUNE_OK)
        status = vulkan_pipelines_run_layout(device, &run_values, error);
    if (status != RETUNE_OK)
        return status;
    const VkDescriptorSetLayout sets[] = {pipeline->buffers, run_values};
    const VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                                      .size = VULKAN_PUSH_MAX * sizeof(uint32_t)};
    const VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                             .setLayoutCount = 2,
                                             .pSetLayouts = sets,
                                             .pushConstantRangeCount = 1,
                                             .pPushConstantRanges = &push};
    VkResult result = VK_SUCCESS;
    if (!*layout)
        result = vk.vkCreatePipelineLayout(device->handle, &info, NULL, layout);
    pipeline->layout = *layout;
    return vulkan_check(result, "vkCreatePipelineLayout", error);
}

/* ---- Pipelines ------------------------------------------------------------------------------ */

static VkResult create_pipeline(retune_backend_device *device, VkShaderModule module,
                                vulkan_pipeline *pipeline) {
    const vulkan_pipeline_key *key = &pipeline->key;
    VkSpecializationMapEntry entries[VULKAN_CONSTANTS_MAX];
    for (uint32_t n = 0; n < key->constant_count; n++)
        entries[n] =
            (VkSpecializationMapEntry){n, n * (uint32_t)sizeof(uint32_t), sizeof(uint32_t)};
    const VkSpecializationInfo constants = {.mapEntryCount = key->constant_count,
                                            .pMapEntries = entries,
                                            .dataSize = sizeof key->constants,
                                            .pData = key->constants};
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &constants},
        .layout = pipeline->layout};
    return vk.vkCreateComputePipelines(device->handle, device->pipelines->cache, 1, &info, NULL,
                                       &pipeline->handle);
}

static VkResult create_module(const retune_backend_device *device, const vulkan_shader *shader,
                              VkShaderModule *out_module) {
    bool narrow = device->info->storage16;
    VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                     .codeSize = narrow ? shader->narrow_bytes : shader->bytes,
                                     .pCode = narrow ? shader->narrow_code : shader->code};
    uint32_t *translated = NULL;
    if (device->cooperative == VULKAN_COOPERATIVE_KHR &&
        vulkan_cooperative_uses(info.pCode, info.codeSize / sizeof *info.pCode)) {
        translated = vulkan_cooperative_translate(info.pCode, info.codeSize / sizeof *info.pCode,
                                                  &info.codeSize);
        info.codeSize *= sizeof *info.pCode;
        info.pCode = translated;
        if (!translated)
            return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    VkResult result = vk.vkCreateShaderModule(device->handle, &info, NULL, out_module);
    free(translated);
    return result;
}

static retune_status compile(retune_backend_device *device, vulkan_pipeline *pipeline,
                             retune_error *error) {
    const vulkan_shader *shader = pipeline->key.shader;
    VkShaderModule module;
    VkResult result = create_module(device, shader, &module);
    if (result == VK_SUCCESS) {
        result = create_pipeline(device, module, pipeline);
        vk.vkDestroyShaderModule(device->handle, module, NULL);
    }
    char what[96];
    snprintf(what, sizeof what, "the shader %s does not compile", shader->name);
    return vulkan_device_note(device, vulkan_check(result, what, error));
}

retune_status vulkan_pipeline_get(retune_backend_device *device, const vulkan_pipeline_key *key,
                                  const vulkan_pipeline **out_pipeline, retune_error *error) {
    vulkan_pipelines *p = device->pipelines;
    *out_pipeline = NULL;
    for (const vulkan_pipeline *known = p->list; known && !*out_pipeline; known = known->next)
        if (memcmp(&known->key, key, sizeof *key) == 0)
            *out_pipeline = known;
    if (*out_pipeline)
        return RETUNE_OK;
    vulkan_pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (!pipeline)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a pipeline");
    pipeline->key = *key;
    retune_status status = get_layout(device, pipeline, error);
    if (status == RETUNE_OK)
        status = compile(device, pipeline, error);
    if (status != RETUNE_OK) {
        free(pipeline);
        return status;
    }
    pipeline->next = p->list;
    p->list = pipeline;
    p->unsaved = true;
    *out_pipeline = pipeline;
    return RETUNE_OK;
}
