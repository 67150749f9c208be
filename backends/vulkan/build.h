/* How an op becomes dispatches of compute shaders. An op's `prepare` function describes each
 * dispatch: shader, constants, buffers, numbers, work groups. The first failure is kept and the
 * rest does nothing, so that it reads from top to bottom without a check a line.
 *
 *     vulkan_begin(b, "add");
 *     vulkan_constant(b, vulkan_width(count));
 *     vulkan_input(b, 0);
 *     vulkan_input(b, 1);
 *     vulkan_output(b, 0);
 *     vulkan_push_int(b, count);
 *     vulkan_dispatch_items(b, count);
 */
#ifndef RETUNE_VULKAN_BUILD_H
#define RETUNE_VULKAN_BUILD_H

#include "bind.h"
#include "device.h"

/* A number that changes from run to run, from the attributes of the op and the scalars of a run. */
typedef float vulkan_run_value_function(const retune_op_desc *op, const retune_run_args *args);

typedef struct vulkan_step vulkan_step;

typedef struct vulkan_build {
    retune_backend_device *device;
    const retune_op_desc *op;
    vulkan_step *step;
    retune_status status;
    retune_error *error;
} vulkan_build;

/* Begins a dispatch of `shader`, a row of shaders/shaders.def. */
void vulkan_begin(vulkan_build *b, const char *shader);

/* The next specialisation constant. The first call sets constant_id 3, the next 4, and so on: 0, 1
 * and 2 are the size of a work group. A pipeline is made once for each shader and constants. */
void vulkan_constant(vulkan_build *b, int64_t value);

/* The next buffer: binding 0, 1, ... in the order of the calls. A tensor is followed by a constant
 * of its own, its element type (a retune_dtype), which takes the next constant_id like a call of
 * vulkan_constant at this place. An absent optional tensor stands for memory that the shader must
 * not touch: another number tells it so. */
void vulkan_input(vulkan_build *b, uint32_t slot);
void vulkan_output(vulkan_build *b, uint32_t slot);
void vulkan_workspace(
    vulkan_build *b); /* as many bytes as the op's `workspace` said; no constant */

/* The next push constant: 4 bytes each, 32 of them at most. */
void vulkan_push_int(vulkan_build *b, int64_t value); /* fits 32 bits */
void vulkan_push_float(vulkan_build *b, float value);

/* The next push constant is the place of this value in the array `run_values` of
 * shaders/types.glsl. */
void vulkan_push_run_value(vulkan_build *b, vulkan_run_value_function *value);

/* Ends the dispatch: work groups of `local` items. */
void vulkan_dispatch(vulkan_build *b, const uint32_t groups[3], const uint32_t local[3]);

/* How `count` work groups fill the first two dimensions: no more than this device runs in either.
 */
void vulkan_dispatch_fold(const retune_backend_device *device, int64_t count,
                          uint32_t out_groups[2]);

/* Ends a dispatch of one dimension over at least `items` items, in groups of a size that suits the
 * device: the shader compares its number with the number of items it was given. Where there are
 * more groups than one dimension holds, they go on in the second; item_number() of types.glsl
 * counts them.
 */
void vulkan_dispatch_items(vulkan_build *b, int64_t items);

/* Elements of a tensor; 0 for NULL. The last dimension. 4 where vectors of 4 cover rows of
 * `channels` elements exactly, else 1. */
int64_t vulkan_elements(const retune_tensor_desc *desc);
int64_t vulkan_channels(const retune_tensor_desc *desc);
int vulkan_width(int64_t channels);

#endif
