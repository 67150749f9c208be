/* Compute pipelines from shaders and their constants. They are kept for the life of the device, and
 * what the driver compiled in the user's cache folder, keyed by device and driver. */
#ifndef RETUNE_VULKAN_PIPELINE_H
#define RETUNE_VULKAN_PIPELINE_H

#include "device.h"
#include "shaders.h"

enum {
    VULKAN_BUFFERS_MAX = 12,
    VULKAN_CONSTANTS_MAX = 40, /* the three of the work group's size included */
    VULKAN_PUSH_MAX = 32       /* every device takes 128 bytes */
};

/* What a pipeline is made of. Zeroed where nothing is set, so that two can be compared as bytes. */
typedef struct vulkan_pipeline_key {
    const vulkan_shader *shader;
    uint32_t buffers;
    uint32_t constant_count;
    uint32_t constants[VULKAN_CONSTANTS_MAX]; /* constant_id 0, 1, ... */
} vulkan_pipeline_key;

typedef struct vulkan_pipeline {
    struct vulkan_pipeline *next;
    vulkan_pipeline_key key;
    VkPipeline handle;
    VkPipelineLayout layout;
    VkDescriptorSetLayout buffers; /* set 0: bindings 0, 1, ... */
} vulkan_pipeline;

/* Reads the cache. A default folder that cannot be made is gone without; one that the user named is
 * IO. */
retune_status vulkan_pipelines_open(retune_backend_device *device, retune_error *error);
void vulkan_pipelines_close(retune_backend_device *device);

/* The pipeline for a key. INTERNAL: the driver does not take the shader. */
retune_status vulkan_pipeline_get(retune_backend_device *device, const vulkan_pipeline_key *key,
                                  const vulkan_pipeline **out_pipeline, retune_error *error);

/* Keeps what was compiled since the last time. Failing costs time on the next start and nothing
 * else. */
void vulkan_pipelines_save(retune_backend_device *device);

/* The layout of set 1, the values of a run: one buffer. */
retune_status vulkan_pipelines_run_layout(retune_backend_device *device,
                                          VkDescriptorSetLayout *out_layout, retune_error *error);

/* What the device is to a cache: changes with hardware, driver and shaders. */
void vulkan_pipelines_identity(const retune_backend_device *device, char key[33]);

#endif
