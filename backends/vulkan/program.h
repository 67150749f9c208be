/* A program: ops as dispatches of shaders. Command buffers are recorded once for each range that is
 * run, and submitted again and again. */
#ifndef RETUNE_VULKAN_PROGRAM_H
#define RETUNE_VULKAN_PROGRAM_H

#include "build.h"
#include "pipeline.h"

enum { VULKAN_RUN_VALUES_MAX = 4 };

/* What stands behind a buffer of a dispatch. */
typedef enum vulkan_binding_kind {
    VULKAN_BINDING_TENSOR,
    VULKAN_BINDING_WORKSPACE,
    VULKAN_BINDING_NOTHING
} vulkan_binding_kind;

typedef struct vulkan_binding {
    vulkan_binding_kind kind;
    bool written;
    retune_backend_tensor *tensor;
} vulkan_binding;

/* A shader with its buffers, numbers and work groups. */
typedef struct vulkan_dispatch_record {
    vulkan_pipeline_key key; /* while it is being described */
    const vulkan_pipeline *pipeline;
    vulkan_binding bindings[VULKAN_BUFFERS_MAX];
    VkDescriptorSet set;
    uint32_t push[VULKAN_PUSH_MAX];
    uint32_t push_count;
    uint32_t groups[3];
    bool reads_run_values;
} vulkan_dispatch_record;

/* One op. Its run values lie at run_first ... in the program's. */
struct vulkan_step {
    backend_bound_op bound;
    vulkan_dispatch_record *dispatches;
    size_t dispatch_count, dispatch_capacity;
    size_t run_first, run_count;
    vulkan_run_value_function *run_values[VULKAN_RUN_VALUES_MAX];
};

/* The commands of the ops [begin, end). */
typedef struct vulkan_range {
    struct vulkan_range *next;
    size_t begin, end;
    VkCommandBuffer commands;
} vulkan_range;

struct retune_backend_program {
    retune_backend_device *device;
    uint64_t generation; /* of the device's memory, when descriptors were last written */
    size_t count;
    vulkan_step *steps;
    vulkan_range *ranges; /* recorded since then */
    VkDescriptorPool pool;

    /* Scalars that change from run to run, as the device will have them after all that is
     * submitted. */
    size_t run_count;
    float *run_values;
    vulkan_memory *run_memory;
    VkDescriptorSet run_set;

    VkQueryPool times; /* begin and end of each op, when the device profiles */
};

/* Describes step `n`: what it is bound to, and its dispatches. */
typedef retune_status vulkan_step_prepare(retune_backend_device *device, const void *context,
                                          size_t n, vulkan_step *step, retune_error *error);

/* A program of steps that `prepare` describes one by one, with `context`. */
retune_status vulkan_program_make(retune_backend_device *device, size_t count,
                                  vulkan_step_prepare *prepare, const void *context,
                                  retune_backend_program **out_program, retune_error *error);

/* Functions of the plugin table; backend.h documents them. */
retune_status vulkan_program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error);
void vulkan_program_destroy(retune_backend_program *program);
retune_status vulkan_program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error);
retune_status vulkan_program_wait(retune_backend_program *program, retune_error *error);
retune_status vulkan_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error);

#endif
