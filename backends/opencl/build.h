/* How an op becomes launches of kernels. An op's `prepare` function describes each launch: kernel,
 * arguments, work items. The first failure is kept and the rest does nothing, so that it reads from
 * top to bottom without a check a line.
 *
 *     opencl_begin(b, "elementwise", "add", "-DX_T=%s", opencl_type_name(x->dtype));
 *     opencl_arg_input(b, 0);
 *     opencl_arg_output(b, 0);
 *     opencl_arg_int(b, count);
 *     opencl_launch_items(b, count);
 */
#ifndef RETUNE_OPENCL_BUILD_H
#define RETUNE_OPENCL_BUILD_H

#include "bind.h"
#include "device.h"

/* A number that changes from run to run, from the attributes of the op and the scalars of a run. */
typedef float opencl_run_value(const retune_op_desc *op, const retune_run_args *args);

typedef struct opencl_step opencl_step;

typedef struct opencl_build {
    retune_backend_device *device;
    const retune_op_desc *op;
    opencl_step *step;
    retune_status status;
    retune_error *error;
} opencl_build;

/* Begins a launch of `kernel` in kernels/<source>.cl, compiled with these options (printf-style;
 * programs of the same source and options are compiled once). */
void opencl_begin(opencl_build *b, const char *source, const char *kernel, const char *options, ...)
    __attribute__((format(printf, 4, 5)));

/* The next argument of the kernel. An absent optional tensor stands for memory that the kernel must
 * not touch: another argument tells it so. */
void opencl_arg_input(opencl_build *b, uint32_t slot);
void opencl_arg_output(opencl_build *b, uint32_t slot);
void opencl_arg_workspace(opencl_build *b); /* as many bytes as the op's `workspace` said */
void opencl_arg_int(opencl_build *b, int64_t value); /* an int of the kernel: fits 32 bits */
void opencl_arg_float(opencl_build *b, float value);
void opencl_arg_run_value(opencl_build *b, opencl_run_value *value); /* a float of the kernel */

/* Ends the launch. `local` divides `global`. */
void opencl_launch(opencl_build *b, uint32_t dimensions, const size_t *global, const size_t *local);

/* Ends a launch of one dimension over at least `items` work items, in groups of a size that suits
 * the device: the kernel compares get_global_id(0) with the number of items it was given. */
void opencl_launch_items(opencl_build *b, int64_t items);

/* "f32", "f16", "bf16", "u8", "i32": what kernels/types.cl calls a retune_dtype. */
const char *opencl_type_name(uint32_t dtype);

/* Elements of a tensor; 0 for NULL. */
int64_t opencl_elements(const retune_tensor_desc *desc);

/* The last dimension. */
int64_t opencl_channels(const retune_tensor_desc *desc);

/* 4 where vectors of 4 cover rows of `channels` elements exactly, else 1: the WIDTH of types.cl. */
int opencl_width(int64_t channels);

#endif
