/* gather and cast: copies that may change the element type. */
#include "ops.h"

/* The type of kernels/types.cl that moves elements without a look at them. */
static const char *bits_name(uint32_t dtype) {
    switch (dtype) {
    case RETUNE_U8:
        return "bits8";
    case RETUNE_F16:
    case RETUNE_BF16:
        return "bits16";
    default:
        return "bits32";
    }
}

static void begin_copy(opencl_build *b, const char *kernel, int width) {
    uint32_t from = b->op->inputs[0]->dtype, to = b->op->outputs[0]->dtype;
    bool same = from == to;
    opencl_begin(b, "data", kernel, "-DWIDTH=%d -DX_T=%s -DY_T=%s", width,
                 same ? bits_name(from) : opencl_type_name(from),
                 same ? bits_name(to) : opencl_type_name(to));
}

static void prepare_gather(opencl_build *b) {
    const retune_tensor_desc *table = b->op->inputs[0], *y = b->op->outputs[0];
    int64_t row = opencl_elements(y) / y->shape[0];
    int64_t rows = table->shape[0] < INT32_MAX ? table->shape[0] : INT32_MAX; /* an index's reach */
    int width = opencl_width(row);
    int64_t count = opencl_elements(y) / width;
    begin_copy(b, "gather", width);
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, rows);
    opencl_arg_int(b, row / width);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

static void prepare_cast(opencl_build *b) {
    int64_t elements = opencl_elements(b->op->outputs[0]);
    int width = opencl_width(elements);
    begin_copy(b, "cast", width);
    opencl_arg_input(b, 0);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, elements / width);
    opencl_launch_items(b, elements / width);
}

const opencl_op opencl_op_gather = {prepare_gather, NULL, "gather"};
const opencl_op opencl_op_cast = {prepare_cast, NULL, "cast"};
