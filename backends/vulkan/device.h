/* An opened Vulkan device: its queue, its memory, and what was compiled for it. */
#ifndef RETUNE_VULKAN_DEVICE_H
#define RETUNE_VULKAN_DEVICE_H

#include "block.h"
#include "gpu_options.h"
#include "platform.h"
#include "tuning.h"
#include "validation.h"

typedef struct vulkan_queue vulkan_queue;         /* queue.h */
typedef struct vulkan_memory vulkan_memory;       /* memory.h */
typedef struct vulkan_chunk vulkan_chunk;         /* memory.c */
typedef struct vulkan_staging vulkan_staging;     /* staging.h */
typedef struct vulkan_pipelines vulkan_pipelines; /* pipeline.h */

struct retune_backend_device {
    const vulkan_candidate *info;
    backend_gpu_options options;
    bool is_cpu;                    /* an emulation on the host's cores */
    vulkan_cooperative cooperative; /* how matrix units multiply, where maps are fp16 */
    vulkan_validation *validation;  /* NULL unless it was asked for */
    VkPhysicalDevice physical;
    VkDevice handle;
    bool lost; /* it failed while it computed; nothing on it can be trusted */

    vulkan_queue *queue;
    vulkan_staging *staging;
    vulkan_pipelines *pipelines; /* made so far */
    backend_tuning *tuning;

    /* Memory. `generation` rises whenever a buffer is replaced: programs then bind anew. */
    vulkan_chunk *chunks;
    backend_block *slots;
    uint64_t current_bytes, peak_bytes;
    uint64_t generation;
    vulkan_memory *nothing;   /* stands for absent tensors */
    vulkan_memory *workspace; /* as large as the largest that an op of a program asked for */
    size_t program_count;     /* that share the workspace */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status vulkan_device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error);
void vulkan_device_close(retune_backend_device *device);
retune_status vulkan_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error);
retune_status vulkan_op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error);

/* True when the device does this op; otherwise writes why not into `reason`. */
bool vulkan_op_accept(const retune_backend_device *device, const retune_op_desc *op, char *reason,
                      size_t size);

/* Element types of maps on this device, a backend_maps. */
uint32_t vulkan_device_maps(const retune_backend_device *device);

/* Makes the workspace at least that large. */
retune_status vulkan_device_reserve_workspace(retune_backend_device *device, size_t bytes,
                                              retune_error *error);

/* Gives the workspace back when no program needs it any more. */
void vulkan_device_release_workspace(retune_backend_device *device);

/* DEVICE_LOST once the device has failed, INTERNAL once validation has objected. Every entry that
 * touches the device begins with it, and those that may be at fault end with it. */
retune_status vulkan_device_check(const retune_backend_device *device, retune_error *error);

/* Notes a loss in the answer of a call that waited or submitted, and returns it. */
retune_status vulkan_device_note(retune_backend_device *device, retune_status status);

#endif
