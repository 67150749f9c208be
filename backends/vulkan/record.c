#include "record.h"

#include "memory.h"
#include "queue.h"
#include "tensor.h"

VkBuffer vulkan_binding_buffer(const retune_backend_device *device, const vulkan_binding *binding) {
    const vulkan_memory *memory = binding->kind == VULKAN_BINDING_TENSOR
                                      ? vulkan_tensor_memory(binding->tensor)
                                  : binding->kind == VULKAN_BINDING_WORKSPACE ? device->workspace
                                                                              : device->nothing;
    return memory->buffer;
}

/* ---- Barriers ------------------------------------------------------------------------------- */

/* Buffers touched since the last barrier. When there is no room for more, a barrier that nothing
 * asks for makes some. */
enum { TOUCHED_MAX = 128 };

typedef struct touched_buffer {
    VkBuffer buffer;
    bool written;
} touched_buffer;

typedef struct recording {
    const retune_backend_program *program;
    VkCommandBuffer commands;
    touched_buffer touched[TOUCHED_MAX];
    size_t touched_count;
    const vulkan_pipeline *pipeline; /* bound last */
} recording;

static void put_barrier(recording *r) {
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                     .dstAccessMask =
                                         VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    vk.vkCmdPipelineBarrier(r->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                            VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, NULL, 0, NULL);
    r->touched_count = 0;
}

/* True when a dispatch reads or overwrites what an earlier one wrote, or overwrites what it reads.
 */
static bool must_wait(const recording *r, const vulkan_dispatch_record *dispatch) {
    for (uint32_t n = 0; n < dispatch->key.buffers; n++) {
        const vulkan_binding *b = &dispatch->bindings[n];
        VkBuffer buffer = vulkan_binding_buffer(r->program->device, b);
        for (size_t t = 0; t < r->touched_count; t++)
            if (r->touched[t].buffer == buffer && (r->touched[t].written || b->written))
                return true;
    }
    return r->touched_count + dispatch->key.buffers > TOUCHED_MAX;
}

static void touch(recording *r, const vulkan_dispatch_record *dispatch) {
    for (uint32_t n = 0; n < dispatch->key.buffers; n++) {
        const vulkan_binding *b = &dispatch->bindings[n];
        r->touched[r->touched_count++] =
            (touched_buffer){vulkan_binding_buffer(r->program->device, b), b->written};
    }
}

/* ---- Commands ------------------------------------------------------------------------------- */

static void record_dispatch(recording *r, const vulkan_dispatch_record *d) {
    const VkPipelineBindPoint point = VK_PIPELINE_BIND_POINT_COMPUTE;
    const VkDescriptorSet sets[] = {d->set, r->program->run_set};
    if (must_wait(r, d))
        put_barrier(r);
    touch(r, d);
    if (r->pipeline != d->pipeline)
        vk.vkCmdBindPipeline(r->commands, point, d->pipeline->handle);
    r->pipeline = d->pipeline;
    vk.vkCmdBindDescriptorSets(r->commands, point, d->pipeline->layout, 0,
                               d->reads_run_values ? 2 : 1, sets, 0, NULL);
    if (d->push_count)
        vk.vkCmdPushConstants(r->commands, d->pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                              d->push_count * (uint32_t)sizeof d->push[0], d->push);
    vk.vkCmdDispatch(r->commands, d->groups[0], d->groups[1], d->groups[2]);
}

/* Ops that are timed do not overlap: the time between two marks is that of one op. */
static void mark(recording *r, size_t op, uint32_t end) {
    if (!r->program->times)
        return;
    if (!end) {
        put_barrier(r);
        vk.vkCmdResetQueryPool(r->commands, r->program->times, 2 * (uint32_t)op, 2);
    }
    vk.vkCmdWriteTimestamp(r->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, r->program->times,
                           2 * (uint32_t)op + end);
}

retune_status vulkan_record_range(const retune_backend_program *program, VkCommandBuffer commands,
                                  size_t begin, size_t end, retune_error *error) {
    recording r = {.program = program, .commands = commands};
    retune_status status = vulkan_queue_begin(program->device, commands, true, error);
    if (status != RETUNE_OK)
        return status;
    for (size_t n = begin; n < end; n++) {
        const vulkan_step *step = &program->steps[n];
        mark(&r, n, 0);
        for (size_t d = 0; d < step->dispatch_count; d++)
            record_dispatch(&r, &step->dispatches[d]);
        mark(&r, n, 1);
    }
    return vulkan_queue_end(program->device, commands, error);
}
