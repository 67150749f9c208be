#include "program.h"

#include "error.h"
#include "indices.h"
#include "memory.h"
#include "op_slots.h"
#include "ops/ops.h"
#include "queue.h"
#include "record.h"
#include "staging.h"
#include "status.h"
#include "tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Preparing ------------------------------------------------------------------------------ */

static retune_status reserve_tensors(const backend_bound_op *bound, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (uint32_t k = 0; k < 2 * RETUNE_OP_TENSORS_MAX && status == RETUNE_OK; k++)
        if (backend_bound_tensor(bound, k))
            status = vulkan_tensor_reserve(backend_bound_tensor(bound, k), error);
    return status;
}

static retune_status prepare_op(retune_backend_device *device, const void *ops, size_t n,
                                vulkan_step *step, retune_error *error) {
    const retune_op *op = ((const retune_op *const *)ops)[n];
    char reason[256];
    retune_status status =
        backend_op_bind(op, device, vulkan_device_maps(device), &step->bound, error);
    if (status != RETUNE_OK)
        return status;
    const retune_op_desc *desc = &step->bound.desc;
    if (!vulkan_op_accept(device, desc, reason, sizeof reason))
        return backend_fail(error, RETUNE_UNSUPPORTED, "%s", reason);
    status = reserve_tensors(&step->bound, error);
    const vulkan_op *row = vulkan_op_get(desc->kind);
    if (status == RETUNE_OK && row->workspace)
        status =
            vulkan_device_reserve_workspace(device, (size_t)row->workspace(device, desc), error);
    if (status != RETUNE_OK)
        return status;
    vulkan_build b = {.device = device, .op = desc, .step = step, .error = error};
    row->prepare(&b);
    return b.status;
}

static retune_status prepare_steps(retune_backend_program *program, vulkan_step_prepare *prepare,
                                   const void *context, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < program->count && status == RETUNE_OK; n++) {
        program->steps[n].run_first = program->run_count;
        status = prepare(program->device, context, n, &program->steps[n], error);
        program->run_count += program->steps[n].run_count;
    }
    vulkan_pipelines_save(program->device);
    return status;
}

/* NaN is no value of a run: all of them are written before the first. */
static retune_status make_run_values(retune_backend_program *program, retune_error *error) {
    if (program->run_count == 0)
        return RETUNE_OK;
    size_t bytes = program->run_count * sizeof *program->run_values;
    program->run_values = malloc(bytes);
    if (!program->run_values)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: the values of a run");
    for (size_t n = 0; n < program->run_count; n++)
        program->run_values[n] = NAN;
    return vulkan_memory_take(program->device, VULKAN_MEMORY_DEVICE, bytes, "the values of a run",
                              &program->run_memory, error);
}

static retune_status make_times(retune_backend_program *program, retune_error *error) {
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = 2 * (uint32_t)program->count};
    retune_backend_device *device = program->device;
    VkCommandBuffer commands;
    if (!device->options.profiling || !device->info->timestamp_bits || program->count == 0)
        return RETUNE_OK;
    retune_status status = vulkan_check(
        vk.vkCreateQueryPool(device->handle, &info, NULL, &program->times), "times", error);
    if (status != RETUNE_OK)
        return status;
    status = vulkan_queue_allocate(device, &commands, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_begin(device, commands, false, error);
    if (status == RETUNE_OK) {
        vk.vkCmdResetQueryPool(commands, program->times, 0, info.queryCount);
        status = vulkan_queue_end(device, commands, error);
    }
    if (status == RETUNE_OK)
        status = vulkan_queue_submit(device, commands, false, "times", NULL, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_drain(device, "times", error);
    vulkan_queue_free(device, commands);
    return status;
}

/* ---- Descriptors ---------------------------------------------------------------------------- */

static retune_status make_pool(retune_backend_program *program, retune_error *error) {
    VkDescriptorPoolSize size = {.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .descriptorCount = 1};
    uint32_t sets = 1;
    for (size_t n = 0; n < program->count; n++)
        for (size_t d = 0; d < program->steps[n].dispatch_count; d++, sets++)
            size.descriptorCount += program->steps[n].dispatches[d].key.buffers;
    const VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = sets,
                                             .poolSizeCount = 1,
                                             .pPoolSizes = &size};
    return vulkan_check(
        vk.vkCreateDescriptorPool(program->device->handle, &info, NULL, &program->pool),
        "vkCreateDescriptorPool", error);
}

static retune_status allocate_set(const retune_backend_program *program,
                                  VkDescriptorSetLayout layout, VkDescriptorSet *out_set,
                                  retune_error *error) {
    const VkDescriptorSetAllocateInfo info = {.sType =
                                                  VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                              .descriptorPool = program->pool,
                                              .descriptorSetCount = 1,
                                              .pSetLayouts = &layout};
    return vulkan_check(vk.vkAllocateDescriptorSets(program->device->handle, &info, out_set),
                        "vkAllocateDescriptorSets", error);
}

static void write_set(const retune_backend_device *device, VkDescriptorSet set,
                      const VkBuffer *buffers, uint32_t count) {
    VkDescriptorBufferInfo infos[VULKAN_BUFFERS_MAX];
    VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                  .dstSet = set,
                                  .descriptorCount = count,
                                  .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                  .pBufferInfo = infos};
    for (uint32_t n = 0; n < count; n++)
        infos[n] = (VkDescriptorBufferInfo){buffers[n], 0, VK_WHOLE_SIZE};
    if (count)
        vk.vkUpdateDescriptorSets(device->handle, 1, &write, 0, NULL);
}

static retune_status allocate_sets(retune_backend_program *program, retune_error *error) {
    VkDescriptorSetLayout run_layout;
    retune_status status = make_pool(program, error);
    if (status == RETUNE_OK)
        status = vulkan_pipelines_run_layout(program->device, &run_layout, error);
    if (status == RETUNE_OK)
        status = allocate_set(program, run_layout, &program->run_set, error);
    if (status == RETUNE_OK && program->run_memory)
        write_set(program->device, program->run_set, &program->run_memory->buffer, 1);
    for (size_t n = 0; n < program->count; n++)
        for (size_t d = 0; d < program->steps[n].dispatch_count && status == RETUNE_OK; d++) {
            vulkan_dispatch_record *dispatch = &program->steps[n].dispatches[d];
            status = allocate_set(program, dispatch->pipeline->buffers, &dispatch->set, error);
        }
    return status;
}

static void forget_ranges(retune_backend_program *program) {
    while (program->ranges) {
        vulkan_range *range = program->ranges;
        program->ranges = range->next;
        vulkan_queue_free(program->device, range->commands);
        free(range);
    }
}

/* Gives every dispatch the buffers that its tensors have now. What was recorded with others is
 * void.
 */
static retune_status bind(retune_backend_program *program, retune_error *error) {
    retune_backend_device *device = program->device;
    if (program->generation == device->generation)
        return RETUNE_OK;
    retune_status status = vulkan_queue_drain(device, "a run", error);
    if (status != RETUNE_OK)
        return status;
    forget_ranges(program);
    for (size_t n = 0; n < program->count; n++)
        for (size_t d = 0; d < program->steps[n].dispatch_count; d++) {
            const vulkan_dispatch_record *dispatch = &program->steps[n].dispatches[d];
            VkBuffer buffers[VULKAN_BUFFERS_MAX];
            for (uint32_t m = 0; m < dispatch->key.buffers; m++)
                buffers[m] = vulkan_binding_buffer(device, &dispatch->bindings[m]);
            write_set(device, dispatch->set, buffers, dispatch->key.buffers);
        }
    program->generation = device->generation;
    return RETUNE_OK;
}

/* ---- Making --------------------------------------------------------------------------------- */

static retune_status make(retune_backend_program *program, vulkan_step_prepare *prepare,
                          const void *context, retune_error *error) {
    retune_status status = prepare_steps(program, prepare, context, error);
    if (status == RETUNE_OK)
        status = make_run_values(program, error);
    if (status == RETUNE_OK)
        status = make_times(program, error);
    if (status == RETUNE_OK)
        status = allocate_sets(program, error);
    if (status == RETUNE_OK)
        status = bind(program, error);
    return status == RETUNE_OK ? vulkan_device_check(program->device, error) : status;
}

retune_status vulkan_program_make(retune_backend_device *device, size_t count,
                                  vulkan_step_prepare *prepare, const void *context,
                                  retune_backend_program **out_program, retune_error *error) {
    *out_program = NULL;
    retune_status status = vulkan_device_check(device, error);
    if (status != RETUNE_OK)
        return status;
    retune_backend_program *program = calloc(1, sizeof *program);
    vulkan_step *steps = calloc(count ? count : 1, sizeof *steps);
    if (!program || !steps) {
        free(program);
        free(steps);
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a program of %zu ops",
                            count);
    }
    *program = (retune_backend_program){.device = device, .count = count, .steps = steps};
    device->program_count++;
    status = make(program, prepare, context, error);
    if (status == RETUNE_OK)
        *out_program = program;
    else
        vulkan_program_destroy(program);
    return vulkan_device_note(device, status);
}

retune_status vulkan_program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error) {
    return vulkan_program_make(device, op_count, prepare_op, ops, out_program, error);
}

void vulkan_program_destroy(retune_backend_program *program) {
    if (!program)
        return;
    retune_backend_device *device = program->device;
    vulkan_queue_drain(device, "the end of a program", NULL);
    forget_ranges(program);
    vk.vkDestroyQueryPool(device->handle, program->times, NULL);
    vk.vkDestroyDescriptorPool(device->handle, program->pool, NULL);
    vulkan_memory_give_back(device, program->run_memory);
    if (--device->program_count == 0)
        vulkan_device_release_workspace(device);
    for (size_t n = 0; n < program->count; n++)
        free(program->steps[n].dispatches);
    free(program->run_values);
    free(program->steps);
    free(program);
}

/* ---- Running -------------------------------------------------------------------------------- */

/* Indices that the host wrote are checked; those of an op are that op's affair, and shaders keep
 * them inside. */
static retune_status check_step(const vulkan_step *step, size_t op, const retune_run_args *args,
                                retune_error *error) {
    char reason[256];
    const retune_backend_tensor *indices = step->bound.inputs[BACKEND_INDEX_SLOT];
    retune_status status = backend_args_check(&step->bound, op, args, error);
    if (status != RETUNE_OK || !indices ||
        backend_op_check_indices(&step->bound.desc, indices->indices, reason, sizeof reason))
        return status;
    return backend_fail(error, RETUNE_INVALID, "op %zu, %s", op, reason);
}

static void forget_indices(const vulkan_step *step) {
    for (uint32_t o = 0; o < RETUNE_OP_TENSORS_MAX; o++)
        if (step->bound.outputs[o])
            backend_indices_forget(&step->bound.outputs[o]->indices);
}

/* Writes the values of a run, in the order of the queue like everything else: a run under way keeps
 * its own. Most runs find what they need there. */
static retune_status write_run_values(retune_backend_program *program, size_t begin, size_t end,
                                      const retune_run_args *args, retune_error *error) {
    size_t first = SIZE_MAX, last = 0;
    for (size_t n = begin; n < end; n++)
        for (size_t r = 0; r < program->steps[n].run_count; r++) {
            const vulkan_step *step = &program->steps[n];
            float value = step->run_values[r](&step->bound.desc, args);
            size_t place = step->run_first + r;
            if (program->run_values[place] == value)
                continue;
            program->run_values[place] = value;
            first = first < place ? first : place;
            last = place;
        }
    if (first == SIZE_MAX)
        return RETUNE_OK;
    return vulkan_staging_write(
        program->device, program->run_memory, first * sizeof *program->run_values,
        (last - first + 1) * sizeof *program->run_values, program->run_values + first, error);
}

/* The range, recorded now if it never was. */
static retune_status find_range(retune_backend_program *program, size_t begin, size_t end,
                                VkCommandBuffer *out_commands, retune_error *error) {
    for (const vulkan_range *range = program->ranges; range; range = range->next)
        if (range->begin == begin && range->end == end) {
            *out_commands = range->commands;
            return RETUNE_OK;
        }
    vulkan_range *range = calloc(1, sizeof *range);
    if (!range)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a range of ops");
    *range = (vulkan_range){.begin = begin, .end = end};
    retune_status status = vulkan_queue_allocate(program->device, &range->commands, error);
    if (status == RETUNE_OK)
        status = vulkan_record_range(program, range->commands, begin, end, error);
    if (status != RETUNE_OK) {
        vulkan_queue_free(program->device, range->commands);
        free(range);
        return status;
    }
    range->next = program->ranges;
    program->ranges = range;
    *out_commands = range->commands;
    return RETUNE_OK;
}

static retune_status check_range(const retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return backend_fail(error, RETUNE_INVALID, "ops %zu to %zu of a program of %zu", begin, end,
                            program->count);
    retune_status status = vulkan_device_check(program->device, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++) {
        status = check_step(&program->steps[n], n, args, error);
        if (status == RETUNE_OK)
            forget_indices(&program->steps[n]);
    }
    return status;
}

retune_status vulkan_program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error) {
    retune_backend_device *device = program->device;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    retune_run_args scalars = backend_args_read(args);
    retune_status status = check_range(program, begin, end, args, error);
    if (status != RETUNE_OK || begin == end)
        return status;
    status = bind(program, error);
    if (status == RETUNE_OK)
        status = write_run_values(program, begin, end, &scalars, error);
    if (status == RETUNE_OK)
        status = find_range(program, begin, end, &commands, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_submit(device, commands, false, "a run", NULL, error);
    return status == RETUNE_OK ? vulkan_device_check(device, error) : status;
}

retune_status vulkan_program_wait(retune_backend_program *program, retune_error *error) {
    retune_status status = vulkan_device_check(program->device, error);
    if (status == RETUNE_OK)
        status = vulkan_queue_drain(program->device, "a run", error);
    return status == RETUNE_OK ? vulkan_device_check(program->device, error) : status;
}

/* ---- Times ---------------------------------------------------------------------------------- */

/* Nanoseconds between the marks of an op; 0 when it did not run. */
static retune_status op_time(const retune_backend_program *program, size_t op,
                             uint64_t *out_nanoseconds, retune_error *error) {
    const vulkan_candidate *info = program->device->info;
    uint64_t marks[2][2] = {{0}}; /* ticks, whether there are any */
    uint64_t mask =
        info->timestamp_bits < 64 ? (UINT64_C(1) << info->timestamp_bits) - 1 : UINT64_MAX;
    *out_nanoseconds = 0;
    VkResult result = vk.vkGetQueryPoolResults(
        program->device->handle, program->times, 2 * (uint32_t)op, 2, sizeof marks, marks,
        sizeof marks[0], VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
    if (result == VK_SUCCESS && marks[0][1] && marks[1][1])
        *out_nanoseconds =
            (uint64_t)((double)((marks[1][0] - marks[0][0]) & mask) * info->timestamp_period);
    return vulkan_check_wait(result == VK_NOT_READY ? VK_SUCCESS : result, "times", error);
}

retune_status vulkan_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error) {
    retune_backend_device *device = program->device;
    memset(out_nanoseconds, 0, count * sizeof *out_nanoseconds);
    if (count != program->count)
        return backend_fail(error, RETUNE_INVALID, "times of %zu ops of a program of %zu", count,
                            program->count);
    if (!device->options.profiling)
        return backend_fail(error, RETUNE_UNSUPPORTED,
                            "times need [backend.vulkan] profiling = on");
    if (!device->info->timestamp_bits)
        return backend_fail(error, RETUNE_UNSUPPORTED, "this device has no timestamps");
    retune_status status = vulkan_program_wait(program, error);
    for (size_t n = 0; n < count && status == RETUNE_OK; n++)
        status = op_time(program, n, &out_nanoseconds[n], error);
    return vulkan_device_note(device, status);
}
