/* pool and pool_grad. */
#include "ops.h"

static bool is_maximum(const vulkan_build *b) {
    return b->op->attributes.pooling.kind == RETUNE_POOL_MAX;
}

static void begin(vulkan_build *b, const char *shader, int width) {
    const retune_pooling_attributes *a = &b->op->attributes.pooling;
    vulkan_begin(b, shader);
    vulkan_constant(b, width);
    vulkan_constant(b, a->window_height);
    vulkan_constant(b, a->window_width);
    vulkan_constant(b, a->stride_height);
    vulkan_constant(b, a->stride_width);
    vulkan_constant(b, a->pad_top);
    vulkan_constant(b, a->pad_left);
}

/* The sizes of map and result, and the work items: elements of what the shader writes. */
static void dispatch(vulkan_build *b, const retune_tensor_desc *map,
                     const retune_tensor_desc *result, int width) {
    int64_t count = vulkan_elements(b->op->outputs[0]) / width;
    vulkan_push_int(b, map->shape[1]);
    vulkan_push_int(b, map->shape[2]);
    vulkan_push_int(b, result->shape[1]);
    vulkan_push_int(b, result->shape[2]);
    vulkan_push_int(b, vulkan_channels(map) / width);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

/* The average of a map in one window, or its gradient: a simpler shader at several times the speed.
 */
static bool is_whole_average(const vulkan_build *b, const retune_tensor_desc *map,
                             const retune_tensor_desc *result) {
    const retune_pooling_attributes *a = &b->op->attributes.pooling;
    return !is_maximum(b) && result->shape[1] == 1 && result->shape[2] == 1 &&
           a->window_height == map->shape[1] && a->window_width == map->shape[2];
}

static void prepare_whole(vulkan_build *b, const char *shader, const retune_tensor_desc *map,
                          int width) {
    int64_t channels = vulkan_channels(map) / width, count = map->shape[0] * channels;
    begin(b, shader, width);
    vulkan_input(b, 0);
    vulkan_output(b, 0);
    vulkan_push_int(b, map->shape[1] * map->shape[2]);
    vulkan_push_int(b, channels);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

static void prepare_pool(vulkan_build *b) {
    const retune_tensor_desc *x = b->op->inputs[0], *y = b->op->outputs[0];
    int width = vulkan_width(vulkan_channels(x));
    if (is_whole_average(b, x, y)) {
        prepare_whole(b, "pool_average_whole", x, width);
        return;
    }
    begin(b, is_maximum(b) ? "pool_maximum" : "pool_average", width);
    vulkan_input(b, 0);
    vulkan_output(b, 0);
    if (is_maximum(b)) {
        vulkan_output(b, 1);
        vulkan_push_int(b, b->op->outputs[1] != NULL);
    }
    dispatch(b, x, y, width);
}

static void prepare_pool_grad(vulkan_build *b) {
    const retune_tensor_desc *dy = b->op->inputs[0], *dx = b->op->outputs[0];
    int width = vulkan_width(vulkan_channels(dx));
    if (is_whole_average(b, dx, dy)) {
        prepare_whole(b, "pool_grad_average_whole", dx, width);
        return;
    }
    begin(b, is_maximum(b) ? "pool_grad_maximum" : "pool_grad_average", width);
    vulkan_input(b, 0);
    if (is_maximum(b))
        vulkan_input(b, 1);
    vulkan_output(b, 0);
    dispatch(b, dx, dy, width);
}

const vulkan_op vulkan_op_pool = {prepare_pool, NULL,
                                  "pool_average pool_average_whole pool_maximum"};
const vulkan_op vulkan_op_pool_grad = {
    prepare_pool_grad, NULL, "pool_grad_average pool_grad_average_whole pool_grad_maximum"};
