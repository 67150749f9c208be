#include "build.h"

#include "error.h"
#include "op_slots.h"
#include "program.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

/* Work items of a group when nothing in the shader asks for another number; constants that are
 * there before the first of the op's own. */
enum { GROUP_ITEMS = 256, GROUP_CONSTANTS = 3 };

/* ---- Failing -------------------------------------------------------------------------------- */

static bool has_failed(const vulkan_build *b) {
    return b->status != RETUNE_OK;
}

static void fail_internal(vulkan_build *b, const char *what) {
    if (!has_failed(b))
        b->status =
            backend_fail(b->error, RETUNE_INTERNAL, "%s: %s", backend_op_name(b->op->kind), what);
}

/* ---- Dispatches ----------------------------------------------------------------------------- */

/* A new dispatch at the end of the step; NULL when the host is out of memory. */
static vulkan_dispatch_record *add_dispatch(vulkan_step *step) {
    if (step->dispatch_count == step->dispatch_capacity) {
        size_t capacity = step->dispatch_capacity ? 2 * step->dispatch_capacity : 2;
        vulkan_dispatch_record *dispatches =
            realloc(step->dispatches, capacity * sizeof *step->dispatches);
        if (!dispatches)
            return NULL;
        step->dispatches = dispatches;
        step->dispatch_capacity = capacity;
    }
    vulkan_dispatch_record *dispatch = &step->dispatches[step->dispatch_count++];
    memset(dispatch, 0, sizeof *dispatch);
    return dispatch;
}

static vulkan_dispatch_record *current(const vulkan_build *b) {
    return &b->step->dispatches[b->step->dispatch_count - 1];
}

void vulkan_begin(vulkan_build *b, const char *shader) {
    if (has_failed(b))
        return;
    const vulkan_shader *found = vulkan_shaders;
    while (found->name && strcmp(found->name, shader) != 0)
        found++;
    vulkan_dispatch_record *dispatch = add_dispatch(b->step);
    if (!dispatch) {
        b->status = backend_fail(b->error, RETUNE_OUT_OF_MEMORY, "out of memory: a dispatch");
        return;
    }
    if (!found->name) {
        fail_internal(b, "a shader that is not there");
        return;
    }
    dispatch->key.shader = found;
    dispatch->key.constant_count = GROUP_CONSTANTS;
}

void vulkan_dispatch(vulkan_build *b, const uint32_t groups[3], const uint32_t local[3]) {
    if (has_failed(b))
        return;
    const vulkan_candidate *info = b->device->info;
    vulkan_dispatch_record *dispatch = current(b);
    uint64_t items = 1;
    for (uint32_t d = 0; d < 3; d++) {
        dispatch->key.constants[d] = local[d];
        dispatch->groups[d] = groups[d];
        items *= local[d];
        if (groups[d] > info->group_count[d])
            fail_internal(b, "more work groups than this device runs");
        if (local[d] == 0 || local[d] > info->group_size[d])
            fail_internal(b, "a work group of a shape that this device does not run");
    }
    if (items > info->group_items)
        fail_internal(b, "a work group larger than this device runs");
    if (!has_failed(b))
        b->status = vulkan_pipeline_get(b->device, &dispatch->key, &dispatch->pipeline, b->error);
}

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

void vulkan_dispatch_fold(const retune_backend_device *device, int64_t count,
                          uint32_t out_groups[2]) {
    int64_t rows = divide_up(count, device->info->group_count[0]);
    out_groups[0] = (uint32_t)divide_up(count, rows ? rows : 1);
    out_groups[1] = (uint32_t)rows;
}

void vulkan_dispatch_items(vulkan_build *b, int64_t items) {
    uint32_t most = b->device->info->group_items < b->device->info->group_size[0]
                        ? b->device->info->group_items
                        : b->device->info->group_size[0];
    const uint32_t local[3] = {most < GROUP_ITEMS ? most : GROUP_ITEMS, 1, 1};
    uint32_t groups[3] = {0, 0, 1};
    vulkan_dispatch_fold(b->device, divide_up(items, local[0]), groups);
    vulkan_dispatch(b, groups, local);
}

/* ---- Constants and buffers ------------------------------------------------------------------ */

void vulkan_constant(vulkan_build *b, int64_t value) {
    if (has_failed(b))
        return;
    vulkan_pipeline_key *key = &current(b)->key;
    if (key->constant_count == VULKAN_CONSTANTS_MAX)
        fail_internal(b, "too many constants of a shader");
    else if ((int32_t)value != value)
        fail_internal(b, "a constant above 32 bits");
    else
        key->constants[key->constant_count++] = (uint32_t)value;
}

static void add_binding(vulkan_build *b, vulkan_binding binding) {
    if (has_failed(b))
        return;
    vulkan_dispatch_record *dispatch = current(b);
    if (dispatch->key.buffers == VULKAN_BUFFERS_MAX)
        fail_internal(b, "too many buffers of a shader");
    else
        dispatch->bindings[dispatch->key.buffers++] = binding;
}

/* Also what stands for an absent output counts as written: only the shader knows that it is not. */
static void add_tensor(vulkan_build *b, retune_backend_tensor *tensor, bool written) {
    vulkan_binding_kind kind = tensor ? VULKAN_BINDING_TENSOR : VULKAN_BINDING_NOTHING;
    add_binding(b, (vulkan_binding){kind, written, tensor});
    vulkan_constant(b, tensor ? tensor->base.desc.dtype : RETUNE_F32);
}

void vulkan_input(vulkan_build *b, uint32_t slot) {
    add_tensor(b, b->step->bound.inputs[slot], false);
}

void vulkan_output(vulkan_build *b, uint32_t slot) {
    add_tensor(b, b->step->bound.outputs[slot], true);
}

void vulkan_workspace(vulkan_build *b) {
    add_binding(b, (vulkan_binding){VULKAN_BINDING_WORKSPACE, true, NULL});
}

/* ---- Push constants ------------------------------------------------------------------------- */

static void push(vulkan_build *b, uint32_t word) {
    if (has_failed(b))
        return;
    vulkan_dispatch_record *dispatch = current(b);
    if (dispatch->push_count == VULKAN_PUSH_MAX)
        fail_internal(b, "too many numbers of a shader");
    else
        dispatch->push[dispatch->push_count++] = word;
}

void vulkan_push_int(vulkan_build *b, int64_t value) {
    if ((int32_t)value != value)
        fail_internal(b, "a number above 32 bits");
    push(b, (uint32_t)value);
}

void vulkan_push_float(vulkan_build *b, float value) {
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    push(b, word);
}

void vulkan_push_run_value(vulkan_build *b, vulkan_run_value_function *value) {
    vulkan_step *step = b->step;
    if (has_failed(b))
        return;
    if (step->run_count == VULKAN_RUN_VALUES_MAX) {
        fail_internal(b, "too many numbers that change");
        return;
    }
    current(b)->reads_run_values = true;
    push(b, (uint32_t)(step->run_first + step->run_count));
    step->run_values[step->run_count++] = value;
}

/* ---- Small helpers -------------------------------------------------------------------------- */

int64_t vulkan_elements(const retune_tensor_desc *desc) {
    int64_t count = desc ? 1 : 0;
    for (uint32_t d = 0; desc && d < desc->rank; d++)
        count *= desc->shape[d];
    return count;
}

int64_t vulkan_channels(const retune_tensor_desc *desc) {
    return desc->shape[desc->rank - 1];
}

int vulkan_width(int64_t channels) {
    return channels % 4 == 0 ? 4 : 1;
}
