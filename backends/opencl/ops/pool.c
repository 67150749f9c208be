/* pool and pool_grad. */
#include "ops.h"

static bool is_maximum(const opencl_build *b) {
    return b->op->attributes.pooling.kind == RETUNE_POOL_MAX;
}

static void begin(opencl_build *b, const char *kernel, int width) {
    const retune_pooling_attributes *a = &b->op->attributes.pooling;
    opencl_begin(b, "pool", kernel,
                 "-DWIDTH=%d -DX_T=%s -DY_T=%s -DWINDOW_HEIGHT=%u -DWINDOW_WIDTH=%u "
                 "-DSTRIDE_HEIGHT=%u -DSTRIDE_WIDTH=%u -DPAD_TOP=%u -DPAD_LEFT=%u",
                 width, opencl_type_name(b->op->inputs[0]->dtype),
                 opencl_type_name(b->op->outputs[0]->dtype), a->window_height, a->window_width,
                 a->stride_height, a->stride_width, a->pad_top, a->pad_left);
}

/* The sizes of map and result, and the work items: elements of what the kernel writes. */
static void launch(opencl_build *b, const retune_tensor_desc *map, const retune_tensor_desc *result,
                   int width) {
    int64_t count = opencl_elements(b->op->outputs[0]) / width;
    opencl_arg_int(b, map->shape[1]);
    opencl_arg_int(b, map->shape[2]);
    opencl_arg_int(b, result->shape[1]);
    opencl_arg_int(b, result->shape[2]);
    opencl_arg_int(b, opencl_channels(map) / width);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

/* The average of a map in one window, or its gradient: a simpler kernel at several times the speed.
 */
static bool is_whole_average(const opencl_build *b, const retune_tensor_desc *map,
                             const retune_tensor_desc *result) {
    const retune_pooling_attributes *a = &b->op->attributes.pooling;
    return !is_maximum(b) && result->shape[1] == 1 && result->shape[2] == 1 &&
           a->window_height == map->shape[1] && a->window_width == map->shape[2];
}

static void prepare_whole(opencl_build *b, const char *kernel, const retune_tensor_desc *map,
                          int width) {
    int64_t channels = opencl_channels(map) / width, count = map->shape[0] * channels;
    begin(b, kernel, width);
    opencl_arg_input(b, 0);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, map->shape[1] * map->shape[2]);
    opencl_arg_int(b, channels);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_pool(opencl_build *b) {
    const retune_tensor_desc *x = b->op->inputs[0], *y = b->op->outputs[0];
    int width = opencl_width(opencl_channels(x));
    if (is_whole_average(b, x, y)) {
        prepare_whole(b, "pool_average_whole", x, width);
        return;
    }
    begin(b, is_maximum(b) ? "pool_maximum" : "pool_average", width);
    opencl_arg_input(b, 0);
    opencl_arg_output(b, 0);
    if (is_maximum(b)) {
        opencl_arg_output(b, 1);
        opencl_arg_int(b, b->op->outputs[1] != NULL);
    }
    launch(b, x, y, width);
}

static void prepare_pool_grad(opencl_build *b) {
    const retune_tensor_desc *dy = b->op->inputs[0], *dx = b->op->outputs[0];
    int width = opencl_width(opencl_channels(dx));
    if (is_whole_average(b, dx, dy)) {
        prepare_whole(b, "pool_grad_average_whole", dx, width);
        return;
    }
    begin(b, is_maximum(b) ? "pool_grad_maximum" : "pool_grad_average", width);
    opencl_arg_input(b, 0);
    if (is_maximum(b))
        opencl_arg_input(b, 1);
    opencl_arg_output(b, 0);
    launch(b, dx, dy, width);
}

const opencl_op opencl_op_pool = {prepare_pool, NULL,
                                  "pool_average pool_average_whole pool_maximum"};
const opencl_op opencl_op_pool_grad = {
    prepare_pool_grad, NULL, "pool_grad_average pool_grad_average_whole pool_grad_maximum"};
